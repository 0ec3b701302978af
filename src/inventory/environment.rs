//! What an entry needs from outside its file: environment variables, key files, the agent's socket.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::Problem;

/// A key file is far smaller; a larger one is something else.
const MAX_KEY_FILE: u64 = 256 * 1024;

/// A variable of this process; one that is empty counts as absent.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The socket of the agent: the given one, else the environment's.
pub(crate) fn agent_socket(given: Option<&Path>) -> Result<PathBuf, Problem> {
    given
        .map(Path::to_owned)
        .or_else(|| variable("SSH_AUTH_SOCK").map(PathBuf::from))
        .ok_or_else(|| Problem::passing("no agent: SSH_AUTH_SOCK is not set and 'socket' is not given"))
}

/// A path as OpenSSH would read it: `~/` is the home directory.
pub(crate) fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), variable("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

/// What is wrong with a private key file now.
pub(super) fn key_problem(path: &Path, has_passphrase: bool) -> Option<Problem> {
    let shown = path.display();
    let problem = |text: String| {
        Some(Problem {
            key_file: true,
            ..Problem::passing(text)
        })
    };
    let text = match read_key(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return problem(format!("private key file '{shown}' not found"));
        }
        Err(error) => {
            let owner = fs::metadata(path).map_or_else(
                |_| String::new(),
                |metadata| format!("uid {} mode {:04o}; ", metadata.uid(), metadata.mode() & 0o7777),
            );
            let user = rustix::process::geteuid().as_raw();
            return problem(format!(
                "private key file '{shown}' cannot be read: {error} ({owner}process uid {user})"
            ));
        }
    };
    if !text.contains("PRIVATE KEY-----") {
        return problem(format!("private key file '{shown}' is not a private key"));
    }
    if !has_passphrase && is_encrypted(&text) {
        return problem(format!(
            "private key file '{shown}' is encrypted: add 'passphrase_env' or 'passphrase_file'"
        ));
    }
    None
}

fn read_key(path: &Path) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() > MAX_KEY_FILE {
        return Ok(String::new());
    }
    match fs::read(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(error),
    }
}

/// Whether a key needs a passphrase: PEM says so in its header, OpenSSH's format in its first bytes.
fn is_encrypted(text: &str) -> bool {
    if text.contains("ENCRYPTED") {
        return true;
    }
    openssh_format_is_encrypted(text)
}

fn openssh_format_is_encrypted(text: &str) -> bool {
    // `openssh-key-v1\0`, then the cipher's name with its length; in base64 the unencrypted start is always this.
    const PLAIN: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU";
    let Some(body) = text.split("BEGIN OPENSSH PRIVATE KEY-----").nth(1) else {
        return false;
    };
    let body: String = body.chars().filter(|c| !c.is_whitespace()).take(PLAIN.len()).collect();
    body != PLAIN
}
