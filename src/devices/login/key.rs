//! Private keys, out of a file or out of memory.

use std::io;

use russh::keys::{Error, HashAlg, PrivateKey, PublicKey};
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
    russh::keys::decode_secret_key(&text, passphrase).map_err(|error| DialFault::Credential {
        code: "auth_failed",
        reason: format!("private key {place} {}", complaint(&error, &text, passphrase.is_some())),
        hint: "correct 'private_key_path' or the passphrase; nothing was sent to the router".to_owned(),
    })
}

fn complaint(error: &Error, text: &str, has_passphrase: bool) -> String {
    if !text.contains("PRIVATE KEY-----") {
        return "is not a private key".to_owned();
    }
    let encrypted = text.contains("ENCRYPTED") || matches!(error, Error::KeyIsEncrypted | Error::SshKey(_));
    match (encrypted, has_passphrase) {
        (true, false) => "is encrypted: add 'passphrase_env' or 'passphrase_file'".to_owned(),
        (true, true) => "is not opened by the passphrase".to_owned(),
        (false, _) => format!("is of no use: {error}"),
    }
}
