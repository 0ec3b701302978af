//! Host keys: what is on file for a router, and whether the key it shows is one of those.

use std::{
    fs,
    io::{Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use russh::keys::{
    Algorithm, EcdsaCurve, HashAlg, PublicKey,
    ssh_key::known_hosts::{Entry, Marker},
};

use super::{
    host_key_fault::HostKeyFault,
    host_name::{matches, name_of, split_name},
    stamp::Stamp,
};

/// The host-key algorithms that are offered, by kind of key, best first. A router with several kinds shows one of them.
pub(super) const KINDS: [&[Algorithm]; 3] = [
    &[Algorithm::Ed25519],
    &[
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP256,
        },
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP384,
        },
        Algorithm::Ecdsa {
            curve: EcdsaCurve::NistP521,
        },
    ],
    &[
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha512),
        },
        Algorithm::Rsa {
            hash: Some(HashAlg::Sha256),
        },
    ],
];

/// Where the trusted host keys are kept.
#[derive(Clone, Debug)]
pub enum KnownHosts {
    /// A file in OpenSSH's `known_hosts` format, read again when it changes.
    File(PathBuf),
    /// The same format in memory.
    Memory(String),
}

impl KnownHosts {
    /// Those of the given hosts and ports that have no trusted key on file.
    pub(crate) fn unpinned<'a>(
        &self,
        hosts: impl IntoIterator<Item = (&'a str, u16)>,
    ) -> Result<Vec<(&'a str, u16)>, HostKeyFault> {
        let host_keys = HostKeys::new(self.clone(), false);
        let mut unpinned = Vec::new();
        for (host, port) in hosts {
            if host_keys.on_file(host, port)?.trusted.is_empty() {
                unpinned.push((host, port));
            }
        }
        Ok(unpinned)
    }
}

/// The keys on file that concern one host name.
#[derive(Clone, Debug, Default)]
pub(super) struct OnFile {
    name: String,
    trusted: Vec<PublicKey>,
    revoked: Vec<PublicKey>,
}

/// A key that was trusted because it was the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinnedKey {
    /// The host as `known_hosts` names it.
    pub(crate) host: String,
    /// Its kind.
    pub(crate) key_type: String,
    /// Its fingerprint.
    pub(crate) fingerprint: String,
}

/// What a file of host keys holds now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reread {
    /// Its lines that hold a key.
    pub(crate) count: usize,
    /// Whether they are others than those of the last look.
    pub(crate) changed: bool,
}

/// Is told of every key that is trusted on first use.
pub(super) type OnPin = Box<dyn Fn(&PinnedKey) + Send + Sync>;

/// The trusted host keys of all routers.
pub(super) struct HostKeys {
    source: KnownHosts,
    accept_new: bool,
    on_pin: OnPin,
    cache: Mutex<Option<(Stamp, Arc<Vec<Entry>>)>>,
}

impl HostKeys {
    pub(super) fn new(source: KnownHosts, accept_new: bool) -> Self {
        Self::telling(source, accept_new, Box::new(|_| ()))
    }

    /// As [`HostKeys::new`], telling `on_pin` of every key that is trusted on first use.
    pub(super) fn telling(source: KnownHosts, accept_new: bool, on_pin: OnPin) -> Self {
        Self {
            source,
            accept_new,
            on_pin,
            cache: Mutex::new(None),
        }
    }

    /// Looks at the file once more, whether or not it seems to have changed. None where there is no file.
    pub(super) fn reread(&self) -> Option<Result<Reread, HostKeyFault>> {
        let KnownHosts::File(_) = &self.source else { return None };
        let before = self
            .cache
            .lock()
            .expect("no code panics while it holds the lock")
            .take();
        let read = self.entries().map(|entries| Reread {
            count: entries.len(),
            changed: before.is_none_or(|(_, known)| known != entries),
        });
        Some(read)
    }

    /// The keys on file for a host and port; a file that cannot be read refuses every host.
    pub(super) fn on_file(&self, host: &str, port: u16) -> Result<OnFile, HostKeyFault> {
        Ok(OnFile::among(&self.entries()?, name_of(host, port)))
    }

    /// Judges the key that a host shows; with trust on first use a key of an unknown host is written down first.
    pub(super) fn judge(&self, on_file: &OnFile, key: &PublicKey) -> Result<(), HostKeyFault> {
        match on_file.verdict(key) {
            Err(HostKeyFault::Unknown { .. }) if self.accept_new => self.pin(on_file, key),
            verdict => verdict,
        }
    }

    fn entries(&self) -> Result<Arc<Vec<Entry>>, HostKeyFault> {
        let path = match &self.source {
            KnownHosts::Memory(text) => return Ok(Arc::new(parse(text))),
            KnownHosts::File(path) => path,
        };
        let stamp = match Stamp::of(path) {
            Ok(stamp) => stamp,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // With trust on first use the first key creates the file.
                return if self.accept_new {
                    Ok(Arc::default())
                } else {
                    Err(HostKeyFault::Missing { path: path.clone() })
                };
            }
            Err(error) => return Err(unusable(path, &error)),
        };
        let mut cache = self.cache.lock().expect("no code panics while it holds the lock");
        if let Some((seen, entries)) = &*cache
            && *seen == stamp
        {
            return Ok(Arc::clone(entries));
        }
        let text = fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
        let entries = Arc::new(parse(&text));
        *cache = Some((stamp, Arc::clone(&entries)));
        Ok(entries)
    }

    /// Writes down a key that somebody vouches for; one that contradicts the file is refused.
    pub(super) fn enrol(&self, host: &str, port: u16, key: &PublicKey) -> Result<(), HostKeyFault> {
        let on_file = match self.on_file(host, port) {
            Err(HostKeyFault::Missing { .. }) => OnFile::among(&[], name_of(host, port)),
            on_file => on_file?,
        };
        match on_file.verdict(key) {
            Err(HostKeyFault::Unknown { .. }) => self.pin(&on_file, key),
            verdict => verdict,
        }
    }

    /// Appends one line, in one write under the file's lock, then looks it up again: two processes may be at it.
    fn pin(&self, on_file: &OnFile, key: &PublicKey) -> Result<(), HostKeyFault> {
        let KnownHosts::File(path) = &self.source else {
            return on_file.verdict(key);
        };
        let line = key.to_openssh().map_err(|error| HostKeyFault::Unusable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        append(path, &format!("{} {line}\n", on_file.name)).map_err(|error| unusable(path, &error))?;
        let pinned = PinnedKey {
            host: on_file.name.clone(),
            key_type: key.algorithm().to_string(),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        };
        tracing::warn!(
            host = pinned.host,
            fingerprint = pinned.fingerprint,
            "host key written down as trusted"
        );
        (self.on_pin)(&pinned);
        *self.cache.lock().expect("no code panics while it holds the lock") = None;
        let (host, port) = split_name(&on_file.name);
        self.on_file(host, port)?.verdict(key)
    }
}

impl OnFile {
    /// Those of a file's entries that concern one name.
    pub(super) fn among(entries: &[Entry], name: String) -> Self {
        let mut found = Self {
            name,
            ..Self::default()
        };
        for entry in entries {
            if !matches(entry.host_patterns(), &found.name) {
                continue;
            }
            match entry.marker() {
                None => found.trusted.push(entry.public_key().clone()),
                Some(Marker::Revoked) => found.revoked.push(entry.public_key().clone()),
                // A certificate authority vouches for certificates, which Junos does not have.
                Some(Marker::CertAuthority) => {}
            }
        }
        found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.trusted.is_empty()
    }

    pub(super) fn trusts(&self, key: &PublicKey) -> bool {
        self.trusted.iter().any(|other| other.key_data() == key.key_data())
    }

    pub(super) fn revokes(&self, key: &PublicKey) -> bool {
        self.revoked.iter().any(|other| other.key_data() == key.key_data())
    }

    pub(super) fn has_type(&self, key: &PublicKey) -> bool {
        self.trusted
            .iter()
            .any(|other| same_type(&other.algorithm(), &key.algorithm()))
    }

    /// The order in which to offer host-key algorithms: types on file first, so that a router with several keys shows a known one.
    pub(super) fn preference(&self) -> Vec<Algorithm> {
        let known = |algorithm: &Algorithm| self.trusted.iter().any(|key| same_type(&key.algorithm(), algorithm));
        let (mut first, rest): (Vec<_>, Vec<_>) = KINDS.concat().into_iter().partition(known);
        first.extend(rest);
        first
    }

    /// Whether a key may be trusted by what is on file.
    pub(super) fn verdict(&self, key: &PublicKey) -> Result<(), HostKeyFault> {
        let name = self.name.clone();
        let key_type = key.algorithm().to_string();
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        if self.revokes(key) {
            return Err(HostKeyFault::Revoked {
                name,
                key_type,
                fingerprint,
            });
        }
        if self.trusts(key) {
            return Ok(());
        }
        if self.trusted.is_empty() {
            return Err(HostKeyFault::Unknown {
                name,
                key_type,
                fingerprint,
            });
        }
        let known = self
            .trusted
            .iter()
            .map(|key| format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256)))
            .collect::<Vec<_>>()
            .join(", ");
        Err(HostKeyFault::Mismatch {
            name,
            key_type,
            fingerprint,
            known,
        })
    }
}

fn same_type(one: &Algorithm, other: &Algorithm) -> bool {
    match (one, other) {
        (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }) => true,
        _ => one == other,
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> HostKeyFault {
    HostKeyFault::Unusable {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Whether a line, its name hashed or not, is about this name.
pub(super) fn names_only(line: &str, name: &str) -> bool {
    line.parse::<Entry>()
        .is_ok_and(|entry| matches(entry.host_patterns(), name))
}

/// Reads every good line; a bad one is skipped with a warning, as OpenSSH does.
pub(super) fn parse(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.parse() {
            Ok(entry) => entries.push(entry),
            Err(_) => tracing::warn!(line = index + 1, "known_hosts: a line that cannot be read is skipped"),
        }
    }
    entries
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = fs::OpenOptions::new().create(true).read(true).append(true).open(path)?;
    file.lock()?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    // A last line without its end would swallow the new one.
    let line = if last == [b'\n'] {
        line.to_owned()
    } else {
        format!("\n{line}")
    };
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use ring::hmac;
    use russh::keys::ssh_key::known_hosts::HostPatterns;

    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkpbpLL+OZwKjBQfQqsz3L0OVkbc04YSKZPhOLn1jbi";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBnW1tfQp0zq1+ZrSzEqq2TcQ7Ou8ObpSxT1rDKK3fV";

    fn key(text: &str) -> PublicKey {
        PublicKey::from_openssh(text).expect("a public key")
    }

    fn verdict(file: &str, host: &str, port: u16) -> Result<(), &'static str> {
        let keys = HostKeys::new(KnownHosts::Memory(file.to_owned()), false);
        let on_file = keys.on_file(host, port).expect("memory can be read");
        keys.judge(&on_file, &key(KEY)).map_err(|fault| fault.code())
    }

    #[test]
    fn names_ports_patterns_and_markers_are_read_as_openssh_does() {
        let table = [
            (format!("192.0.2.1 {KEY}"), 22, Ok(())),
            (format!("192.0.2.1 {KEY}"), 830, Err("host_key_unknown")),
            (format!("[192.0.2.1]:830 {KEY}"), 830, Ok(())),
            (format!("192.0.2.* {KEY}"), 22, Ok(())),
            (format!("192.0.2.*,!192.0.2.1 {KEY}"), 22, Err("host_key_unknown")),
            (format!("192.0.2.1 {OTHER}"), 22, Err("host_key_mismatch")),
            (
                format!("192.0.2.1 {KEY}\n@revoked * {KEY}"),
                22,
                Err("host_key_revoked"),
            ),
            (format!("garbage\n# comment\n\n192.0.2.1 {KEY}"), 22, Ok(())),
        ];
        for (file, port, expected) in table {
            assert_eq!(verdict(&file, "192.0.2.1", port), expected, "{file}");
        }
    }

    #[test]
    fn a_hashed_name_is_found() {
        // HMAC-SHA1 of the name under the salt, as ssh-keygen -H writes it.
        let salt = [7_u8; 20];
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt),
            b"192.0.2.1",
        );
        let hash: [u8; 20] = tag.as_ref().try_into().expect("20 bytes");
        let patterns = HostPatterns::HashedName {
            salt: salt.to_vec(),
            hash,
        };
        assert!(matches(&patterns, "192.0.2.1"));
        assert!(!matches(&patterns, "192.0.2.2"));
    }

    #[test]
    fn an_absent_file_refuses_and_trust_on_first_use_pins_but_never_replaces() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("known_hosts");
        let strict = HostKeys::new(KnownHosts::File(path.clone()), false);
        assert_eq!(
            strict.on_file("192.0.2.1", 830).map_err(|fault| fault.code()).err(),
            Some("known_hosts_missing")
        );
        let trusting = HostKeys::new(KnownHosts::File(path), true);
        let on_file = trusting.on_file("192.0.2.1", 830).expect("no file is no obstacle");
        assert_eq!(trusting.judge(&on_file, &key(KEY)), Ok(()));
        let on_file = trusting.on_file("192.0.2.1", 830).expect("the pinned key");
        assert_eq!(
            trusting.judge(&on_file, &key(OTHER)).map_err(|fault| fault.code()),
            Err("host_key_mismatch")
        );
    }
}
