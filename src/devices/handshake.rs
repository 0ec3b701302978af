//! The SSH key exchange with a host whose key must be one of those on file.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex},
    time::Duration,
};

use russh::{
    Preferred, cipher,
    client::{self, Handle},
    keys::{HashAlg, PublicKeyOrCertificate},
};

use super::{
    dial::Stream,
    fault::DialFault,
    host_key::{HostKeys, OnFile},
    host_key_fault::HostKeyFault,
    line::{Hold, Line},
};

/// Misses of the keepalive after which a connection counts as dead.
const KEEPALIVE_MISSES: usize = 3;

/// How hosts are greeted: which keys are trusted, and how often an idle connection is tested.
#[derive(Clone)]
pub(super) struct Greeting {
    pub(super) host_keys: Arc<HostKeys>,
    pub(super) keepalive: Duration,
}

/// A connection whose peer has shown a trusted key; nobody is logged in.
pub(super) struct Greeted {
    pub(super) handle: Handle<Client>,
    /// Of the key that was shown.
    pub(super) fingerprint: String,
    pub(super) hold: Hold,
}

impl Greeting {
    /// The keys on file for a host; a file that cannot be used refuses before anything is contacted.
    pub(super) fn on_file(&self, host: &str, port: u16) -> Result<OnFile, DialFault> {
        Ok(self.host_keys.on_file(host, port)?)
    }

    /// Exchanges keys and judges the one that is shown.
    pub(super) async fn shake_hands(&self, stream: Box<dyn Stream>, on_file: OnFile) -> Result<Greeted, DialFault> {
        let config = client::Config {
            preferred: preferred(&on_file),
            keepalive_interval: (!self.keepalive.is_zero()).then_some(self.keepalive),
            keepalive_max: KEEPALIVE_MISSES,
            ..client::Config::default()
        };
        let seen = Arc::new(Mutex::new(Seen::default()));
        let client = Client {
            host_keys: Arc::clone(&self.host_keys),
            on_file,
            seen: Arc::clone(&seen),
        };
        let (line, hold) = Line::new(stream);
        let result = client::connect_stream(Arc::new(config), line, client).await;
        let seen = std::mem::take(&mut *seen.lock().expect("no code panics while it holds the lock"));
        match (result, seen.refused) {
            (Ok(handle), _) => Ok(Greeted {
                handle,
                fingerprint: seen.fingerprint,
                hold,
            }),
            (Err(_), Some(fault)) => Err(DialFault::HostKey(fault)),
            (Err(error), None) => Err(broken(&error)),
        }
    }
}

/// An SSH connection that ended before its keys were exchanged.
pub(super) fn broken(error: &russh::Error) -> DialFault {
    match error {
        russh::Error::IO(error) => DialFault::Connect {
            reason: format!("the connection ended during the SSH handshake: {error}"),
            retryable: error.kind() == std::io::ErrorKind::ConnectionReset,
        },
        error => DialFault::Handshake {
            reason: error.to_string(),
        },
    }
}

fn preferred(on_file: &OnFile) -> Preferred {
    // AES-GCM moves several times the bytes per second of the library's first choice on machines with AES instructions.
    const CIPHERS: &[cipher::Name] = &[
        cipher::AES_256_GCM,
        cipher::AES_128_GCM,
        cipher::CHACHA20_POLY1305,
        cipher::AES_256_CTR,
        cipher::AES_192_CTR,
        cipher::AES_128_CTR,
    ];
    Preferred {
        key: Cow::Owned(on_file.preference()),
        cipher: Cow::Borrowed(CIPHERS),
        ..Preferred::default()
    }
}

/// What became of the key that the host showed.
#[derive(Default)]
struct Seen {
    fingerprint: String,
    refused: Option<HostKeyFault>,
}

/// The side of the SSH library's callbacks: it judges the host key, and notes why it refused one.
pub(super) struct Client {
    host_keys: Arc<HostKeys>,
    on_file: OnFile,
    seen: Arc<Mutex<Seen>>,
}

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        let refused = self.host_keys.judge(&self.on_file, key).err();
        let trusted = refused.is_none();
        *self.seen.lock().expect("no code panics while it holds the lock") = Seen {
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
            refused,
        };
        Ok(trusted)
    }
}
