//! Logging in: each method once, and never a refused secret again.

use std::{path::Path, sync::Arc};

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle, KeyboardInteractiveAuthResponse},
    keys::{
        Algorithm, HashAlg, PrivateKey, PublicKey,
        agent::{AgentIdentity, client::AgentClient},
        key::PrivateKeyWithHashAlg,
    },
};
use secrecy::{ExposeSecret, SecretString};

use super::{connection::Client, fault::DialFault};
use crate::inventory::{Auth, Entry, KeySource, Problem, SecretRef};

/// Servers count every key offered as an attempt and disconnect after about six.
const MAX_AGENT_KEYS: usize = 5;

/// Logs in with what the inventory says; every method is tried once.
pub(super) async fn log_in(handle: &mut Handle<Client>, entry: &Entry) -> Result<(), DialFault> {
    let user = entry.username.as_str();
    match &entry.auth {
        Auth::Password(secret) => with_password(handle, user, &read(secret)?).await,
        Auth::Key { key, passphrase } => {
            let passphrase = passphrase.as_ref().map(read).transpose()?;
            let key = load_key(key, passphrase.as_ref())?;
            with_key(handle, user, key).await
        }
        Auth::Agent { socket, identity } => with_agent(handle, user, socket.as_deref(), identity.as_deref()).await,
    }
}

async fn with_password(handle: &mut Handle<Client>, user: &str, password: &SecretString) -> Result<(), DialFault> {
    let result = handle
        .authenticate_password(user, password.expose_secret())
        .await
        .map_err(lost)?;
    let AuthResult::Failure { remaining_methods, .. } = result else {
        return Ok(());
    };
    // A server that still lists the method has judged the password; only one that does not offer it
    // (TACACS+ and RADIUS set-ups) is asked the interactive way. So a wrong password costs one attempt.
    let judged = remaining_methods.contains(&MethodKind::Password);
    if judged || !remaining_methods.contains(&MethodKind::KeyboardInteractive) {
        return Err(refused(user, &remaining_methods));
    }
    interactively(handle, user, password).await
}

/// Answers one prompt that does not echo with the password; anything else is not for us to answer.
async fn interactively(handle: &mut Handle<Client>, user: &str, password: &SecretString) -> Result<(), DialFault> {
    let mut answered = false;
    let mut response = handle
        .authenticate_keyboard_interactive_start(user, None::<String>)
        .await
        .map_err(lost)?;
    loop {
        let answers = match response {
            KeyboardInteractiveAuthResponse::Success => return Ok(()),
            KeyboardInteractiveAuthResponse::Failure { remaining_methods, .. } => {
                return Err(refused(user, &remaining_methods));
            }
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => match prompts.as_slice() {
                [] => Vec::new(),
                [prompt] if !prompt.echo && !answered => {
                    answered = true;
                    vec![password.expose_secret().to_owned()]
                }
                _ => {
                    return Err(DialFault::Login {
                        user: user.to_owned(),
                        offered: "prompts that a password alone does not answer".to_owned(),
                    });
                }
            },
        };
        response = handle
            .authenticate_keyboard_interactive_respond(answers)
            .await
            .map_err(lost)?;
    }
}

async fn with_key(handle: &mut Handle<Client>, user: &str, key: PrivateKey) -> Result<(), DialFault> {
    let hash = rsa_hash(handle, &key.algorithm()).await?;
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    match handle.authenticate_publickey(user, key).await.map_err(lost)? {
        AuthResult::Success => Ok(()),
        AuthResult::Failure { remaining_methods, .. } => Err(refused(user, &remaining_methods)),
    }
}

async fn with_agent(
    handle: &mut Handle<Client>,
    user: &str,
    socket: Option<&Path>,
    identity: Option<&str>,
) -> Result<(), DialFault> {
    let path = crate::inventory::agent_socket(socket).map_err(credential)?;
    let mut agent = AgentClient::connect_uds(&path)
        .await
        .map_err(|error| agent_fault(&path, &error))?;
    let identities = agent
        .request_identities()
        .await
        .map_err(|error| agent_fault(&path, &error))?;
    let keys = chosen(identities, identity);
    if keys.is_empty() {
        return Err(DialFault::Credential {
            code: "auth_failed",
            reason: format!("the agent at {} holds no key that may be offered", path.display()),
            hint: "add the key with ssh-add, or correct 'identity' in the inventory".to_owned(),
        });
    }
    let mut last = MethodSet::empty();
    for key in keys {
        let hash = rsa_hash(handle, &key.algorithm()).await?;
        let result = handle
            .authenticate_publickey_with(user, key, hash, &mut agent)
            .await
            .map_err(|error| DialFault::Handshake {
                reason: error.to_string(),
            })?;
        match result {
            AuthResult::Success => return Ok(()),
            AuthResult::Failure { remaining_methods, .. } => last = remaining_methods,
        }
    }
    Err(refused(user, &last))
}

/// The agent's plain keys, or the one that the inventory names by fingerprint or by its public file.
fn chosen(identities: Vec<AgentIdentity>, identity: Option<&str>) -> Vec<PublicKey> {
    let wanted = identity.map(|text| {
        std::fs::read_to_string(text)
            .ok()
            .and_then(|line| PublicKey::from_openssh(&line).ok())
            .map_or_else(|| text.to_owned(), |key| key.fingerprint(HashAlg::Sha256).to_string())
    });
    identities
        .into_iter()
        .filter_map(|identity| match identity {
            AgentIdentity::PublicKey { key, .. } => Some(key),
            _ => None,
        })
        .filter(|key| {
            wanted
                .as_ref()
                .is_none_or(|wanted| key.fingerprint(HashAlg::Sha256).to_string() == *wanted)
        })
        .take(MAX_AGENT_KEYS)
        .collect()
}

/// The signature hash for an RSA key; asked for RSA keys only, because a server that says nothing costs a second.
async fn rsa_hash(handle: &Handle<Client>, algorithm: &Algorithm) -> Result<Option<HashAlg>, DialFault> {
    if !matches!(algorithm, Algorithm::Rsa { .. }) {
        return Ok(None);
    }
    let supported = handle.best_supported_rsa_hash().await.map_err(lost)?;
    // A server that does not say what it supports still knows SHA-2 unless it is older than Junos 15.
    Ok(supported.unwrap_or(Some(HashAlg::Sha256)))
}

fn load_key(source: &KeySource, passphrase: Option<&SecretString>) -> Result<PrivateKey, DialFault> {
    let passphrase = passphrase.map(ExposeSecret::expose_secret);
    let (text, place) = match source {
        KeySource::Memory(text) => (text.expose_secret().to_owned(), "in memory".to_owned()),
        KeySource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| DialFault::Credential {
                code: "key_file_missing",
                reason: format!("private key file '{}': {error}", path.display()),
                hint: "put the key file in place and make it readable for this user; no reload is needed".to_owned(),
            })?;
            (text, format!("file '{}'", path.display()))
        }
    };
    russh::keys::decode_secret_key(&text, passphrase).map_err(|_| DialFault::Credential {
        code: "auth_failed",
        reason: match passphrase {
            Some(_) => format!("private key {place}: the passphrase does not fit, or it is no private key"),
            None => format!("private key {place}: it is encrypted, or it is no private key"),
        },
        hint: "correct 'private_key_path' or the passphrase in the inventory; nothing was sent to the router"
            .to_owned(),
    })
}

fn read(secret: &SecretRef) -> Result<SecretString, DialFault> {
    secret.read().map_err(credential)
}

fn credential(problem: Problem) -> DialFault {
    DialFault::Credential {
        code: if problem.key_file {
            "key_file_missing"
        } else {
            "router_disabled"
        },
        reason: problem.text,
        hint: "correct the inventory or its environment; the entry is looked at again at the next call".to_owned(),
    }
}

fn agent_fault(path: &Path, error: &russh::keys::Error) -> DialFault {
    DialFault::Credential {
        code: "auth_failed",
        reason: format!("the agent at {} does not answer: {error}", path.display()),
        hint: "start ssh-agent and set SSH_AUTH_SOCK, or correct 'socket' in the inventory".to_owned(),
    }
}

fn refused(user: &str, remaining: &MethodSet) -> DialFault {
    let offered = remaining.iter().map(<&str>::from).collect::<Vec<_>>().join(", ");
    DialFault::Login {
        user: user.to_owned(),
        offered: if offered.is_empty() {
            "nothing further".to_owned()
        } else {
            offered
        },
    }
}

fn lost(error: russh::Error) -> DialFault {
    DialFault::Handshake {
        reason: format!("the connection ended during login: {error}"),
    }
}
