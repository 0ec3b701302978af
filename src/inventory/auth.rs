//! How to log in to a router: what the inventory says, with secrets read when they are needed.

use std::{fmt::Write as _, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{Problem, environment};

/// A secret may come from a mounted file; a longer one is no secret.
const MAX_SECRET_FILE: u64 = 4096;

/// Where a secret is.
#[derive(Clone, Debug)]
pub(crate) enum SecretRef {
    /// In the inventory itself.
    Inline(SecretString),
    /// In an environment variable, for the inventory field of the second name.
    Env(String, &'static str),
    /// In a file, read at each connect, for the inventory field of the second name.
    File(PathBuf, &'static str),
}

impl SecretRef {
    /// The secret as it is now.
    pub(crate) fn read(&self) -> Result<SecretString, Problem> {
        match self {
            Self::Inline(secret) => Ok(secret.clone()),
            Self::Env(name, field) => environment::variable(name)
                .map(SecretString::from)
                .ok_or_else(|| Problem::passing(format!("environment variable '{name}' ({field}) is not set"))),
            Self::File(path, field) => {
                let unreadable = |error: &dyn std::fmt::Display| {
                    Problem::passing(format!("secret file '{}' ({field}): {error}", path.display()))
                };
                let length = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
                if length > MAX_SECRET_FILE {
                    return Err(unreadable(&format!("larger than {MAX_SECRET_FILE} bytes")));
                }
                let mut text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
                if text.ends_with('\n') {
                    text.pop();
                    if text.ends_with('\r') {
                        text.pop();
                    }
                }
                Ok(text.into())
            }
        }
    }

    fn identity(&self) -> String {
        match self {
            // Two logins are the same only if their secrets are; the secret itself goes nowhere.
            Self::Inline(secret) => {
                Sha256::digest(secret.expose_secret())
                    .iter()
                    .fold(String::new(), |mut text, byte| {
                        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
                        text
                    })
            }
            Self::Env(name, _) => format!("env:{name}"),
            Self::File(path, _) => format!("file:{}", path.display()),
        }
    }
}

/// Where a private key is.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// In a file.
    File(PathBuf),
    /// In memory, as OpenSSH or PKCS#8 text.
    Memory(SecretString),
}

/// The way to log in.
#[derive(Clone, Debug)]
pub(crate) enum Auth {
    /// A password; keyboard-interactive where the router offers only that.
    Password(SecretRef),
    /// A private key, perhaps encrypted.
    Key {
        /// The key.
        key: KeySource,
        /// What decrypts it.
        passphrase: Option<SecretRef>,
    },
    /// A key that an agent holds.
    Agent {
        /// The agent's socket, when it is not the environment's.
        socket: Option<PathBuf>,
        /// The key's fingerprint or its public file, when only one is to be offered.
        identity: Option<String>,
    },
}

impl Auth {
    /// The word of the file for this kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Password(_) => "password",
            Self::Key { .. } => "ssh_key",
            Self::Agent { .. } => "ssh_agent",
        }
    }

    /// What tells this login from others, without holding a secret.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::Password(secret) => format!("password:{}", secret.identity()),
            Self::Key { key, passphrase } => {
                let key = match key {
                    KeySource::File(path) => path.display().to_string(),
                    KeySource::Memory(text) => SecretRef::Inline(text.clone()).identity(),
                };
                match passphrase {
                    Some(passphrase) => format!("key:{key}:{}", passphrase.identity()),
                    None => format!("key:{key}"),
                }
            }
            Self::Agent { socket, identity } => format!("agent:{socket:?}:{identity:?}"),
        }
    }

    /// What outside the file keeps this login from working now.
    pub(super) fn environment_problem(&self) -> Option<Problem> {
        match self {
            Self::Password(secret) => secret.read().err(),
            Self::Key { key, passphrase } => {
                let passphrase = match passphrase.as_ref().map(SecretRef::read).transpose() {
                    Ok(passphrase) => passphrase,
                    Err(problem) => return Some(problem),
                };
                match key {
                    KeySource::File(path) => environment::key_problem(path, passphrase.is_some()),
                    KeySource::Memory(_) => None,
                }
            }
            Self::Agent { socket, .. } => environment::agent_socket(socket.as_deref()).err(),
        }
    }
}
