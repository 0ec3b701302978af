//! Private keys, out of a file or out of memory.

use std::io;

use russh::keys::{Error, HashAlg, PrivateKey, PublicKey, ssh_key};
use secrecy::{ExposeSecret, SecretString};

use super::{DialFault, KeySource};

/// How a key is named in messages: by its type and fingerprint.
pub(super) fn shown(key: &PublicKey) -> String {
    format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))
}

/// The public file beside a private key file.
pub(super) fn public_file(source: &KeySource) -> Option<String> {
    let KeySource::File(path) = source else { return None };
    let public = format!("{}.pub", path.display());
    std::path::Path::new(&public).is_file().then_some(public)
}

/// Reads and decrypts a key.
pub(super) fn load(source: &KeySource, passphrase: Option<&SecretString>) -> Result<PrivateKey, DialFault> {
    let (text, place) = match source {
        KeySource::Memory(text) => (text.expose_secret().to_owned(), "in memory".to_owned()),
        KeySource::File(path) => {
            let shown = path.display();
            let text = std::fs::read_to_string(path).map_err(|error| DialFault::Credential {
                code: "key_file_missing",
                reason: match error.kind() {
                    io::ErrorKind::NotFound => format!("private key file '{shown}' not found"),
                    _ => format!("private key file '{shown}' cannot be read: {error}"),
                },
                hint: "put the key file in place and make it readable for this user; no reload is needed".to_owned(),
            })?;
            (text, format!("file '{shown}'"))
        }
    };
    let passphrase = passphrase.map(ExposeSecret::expose_secret);
    russh::keys::decode_secret_key(&text, passphrase).map_err(|error| {
        let (complaint, hint) = complaint(&error, &text, passphrase.is_some());
        DialFault::Credential {
            code: "auth_failed",
            reason: format!("private key {place} {complaint}"),
            hint: format!("{hint}; nothing was sent to the router"),
        }
    })
}

/// What is wrong with a key, and what to do about it.
fn complaint(error: &Error, text: &str, has_passphrase: bool) -> (String, &'static str) {
    if !text.contains("PRIVATE KEY-----") {
        return ("is not a private key".to_owned(), "correct 'private_key_path'");
    }
    let is_encrypted = text.contains("ENCRYPTED") || matches!(error, Error::KeyIsEncrypted);
    match error {
        _ if is_encrypted && !has_passphrase => (
            "is encrypted: add 'passphrase_env' or 'passphrase_file'".to_owned(),
            "name the passphrase in the inventory, or let an agent hold the key",
        ),
        Error::SshKey(ssh_key::Error::Crypto) => wrong_passphrase(),
        _ if is_encrypted => wrong_passphrase(),
        // The library refuses the one ECDSA key in 256 whose number is short, in OpenSSH's own format only.
        Error::SshKey(_) => (
            format!("cannot be read: {error}"),
            "write it in another format, for instance with ssh-keygen -p -m PKCS8 -f FILE",
        ),
        _ => (
            format!("cannot be read: {error}"),
            "use a key in OpenSSH, PKCS#8 or PEM format",
        ),
    }
}

fn wrong_passphrase() -> (String, &'static str) {
    (
        "is not opened by the passphrase".to_owned(),
        "correct the passphrase in the inventory",
    )
}
