//! Keys and passwords of a lab, all made from its seed.

use russh::keys::ssh_key::private::Ed25519Keypair;
use russh::keys::ssh_key::{LineEnding, PrivateKey};
use sha2::{Digest, Sha256};

/// The one account every simulated router has.
pub(super) const USER: &str = "lab";

/// How a client logs in to any router of one lab.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    /// The password of [`USER`].
    pub(super) password: String,
    /// The key of [`USER`].
    pub(super) key: PrivateKey,
}

impl Credentials {
    /// The credentials of the lab with that seed.
    pub(super) fn new(seed: u64) -> Self {
        let digest = derive(seed, "password", "");
        let password = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self {
            password,
            key: key(&derive(seed, "user key", "")),
        }
    }

    /// The private key as an OpenSSH file.
    pub(super) fn private_key(&self) -> String {
        self.key
            .to_openssh(LineEnding::LF)
            .expect("an unencrypted Ed25519 key can be written")
            .to_string()
    }
}

/// The host key of a router; each generation is a new key.
pub(super) fn host_key(seed: u64, router: &str, generation: u32) -> PrivateKey {
    key(&derive(seed, &format!("host key {generation}"), router))
}

/// A line for a `known_hosts` file.
pub(super) fn known_hosts_line(key: &PrivateKey, host: &str, port: u16) -> String {
    let public = key
        .public_key()
        .to_openssh()
        .expect("an Ed25519 public key can be written");
    match port {
        22 => format!("{host} {public}"),
        port => format!("[{host}]:{port} {public}"),
    }
}

fn key(seed: &[u8; 32]) -> PrivateKey {
    PrivateKey::from(Ed25519Keypair::from_seed(seed))
}

fn derive(seed: u64, purpose: &str, name: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [
        b"junos lab".as_slice(),
        &seed.to_be_bytes(),
        purpose.as_bytes(),
        name.as_bytes(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_keys_and_other_names_give_others() {
        let one = Credentials::new(1);
        assert_eq!(one.private_key(), Credentials::new(1).private_key());
        assert_ne!(one.password, Credentials::new(2).password);
        let line = known_hosts_line(&host_key(1, "edge1", 0), "127.0.0.1", 2200);
        assert!(line.starts_with("[127.0.0.1]:2200 ssh-ed25519 "), "{line}");
        assert_eq!(line, known_hosts_line(&host_key(1, "edge1", 0), "127.0.0.1", 2200));
        assert_ne!(line, known_hosts_line(&host_key(1, "edge2", 0), "127.0.0.1", 2200));
        assert_ne!(line, known_hosts_line(&host_key(1, "edge1", 1), "127.0.0.1", 2200));
    }
}
