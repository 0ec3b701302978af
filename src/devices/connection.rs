//! One authenticated SSH connection to a router, shared by the sessions that run over it.

use std::{
    borrow::Cow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use russh::{
    ChannelOpenFailure, Disconnect, Preferred, cipher,
    client::{self, Handle},
    keys::PublicKeyOrCertificate,
};
use tokio::time::{Instant, timeout};

use super::{
    dial::{Dial, Stream},
    fault::DialFault,
    host_key::{HostKeyFault, HostKeys, OnFile},
    login,
    wire::SshWire,
};
use crate::inventory::Entry;

/// A connection that was refused or reset is tried once more after this time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Misses of the keepalive after which a connection counts as dead.
const KEEPALIVE_MISSES: usize = 3;

/// How long taking leave of the router may take.
const GOODBYE_TIME: Duration = Duration::from_secs(2);

/// What opens the NETCONF server on a channel; later ones are tried when a router refuses the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entrance {
    Subsystem,
    Exec,
    XmlMode,
}

impl Entrance {
    pub(super) fn next(self) -> Option<Self> {
        match self {
            Self::Subsystem => Some(Self::Exec),
            Self::Exec => Some(Self::XmlMode),
            Self::XmlMode => None,
        }
    }
}

/// Why a channel could not be opened.
#[derive(Debug)]
pub(super) enum OpenFault {
    /// The router refuses further channels on this connection.
    Refused,
    /// The connection is dead.
    Gone,
}

/// An authenticated connection.
pub(super) struct Connection {
    handle: Handle<Client>,
    full: AtomicBool,
    used: Mutex<Instant>,
}

/// What connecting needs to know beside the entry.
pub(super) struct Route<'a> {
    pub(super) dial: &'a Dial,
    pub(super) host_keys: &'a Arc<HostKeys>,
    pub(super) keepalive: Duration,
    pub(super) timeout: Duration,
}

/// Where a connection attempt stands, for the message when its time runs out.
type Stage = Mutex<&'static str>;

impl Connection {
    /// Connects and logs in within the time for connecting.
    pub(super) async fn open(entry: &Entry, route: &Route<'_>) -> Result<Self, DialFault> {
        let stage = Stage::new("resolving the name");
        let attempt = async {
            match Self::attempt(entry, route, &stage).await {
                Err(DialFault::Connect { retryable: true, .. }) => {
                    tokio::time::sleep(RETRY_AFTER).await;
                    Self::attempt(entry, route, &stage).await
                }
                result => result,
            }
        };
        match timeout(route.timeout, attempt).await {
            Ok(result) => result,
            Err(_) => Err(DialFault::Timeout {
                seconds: route.timeout.as_secs(),
                stage: *stage.lock().expect("no code panics while it holds the lock"),
            }),
        }
    }

    async fn attempt(entry: &Entry, route: &Route<'_>, stage: &Stage) -> Result<Self, DialFault> {
        let at = |text| *stage.lock().expect("no code panics while it holds the lock") = text;
        let on_file = route.host_keys.on_file(&entry.host, entry.port)?;
        at("opening the TCP connection");
        let stream = route.dial.open(&entry.host, entry.port).await?;
        at("waiting for the router's SSH server");
        let mut handle = shake_hands(stream, on_file, route).await?;
        at("logging in");
        login::log_in(&mut handle, entry).await?;
        Ok(Self {
            handle,
            full: AtomicBool::new(false),
            used: Mutex::new(Instant::now()),
        })
    }

    /// Opens a channel with the NETCONF server behind it, without waiting for the server's consent: a refusal shows when reading.
    pub(super) async fn channel(&self, entrance: Entrance) -> Result<SshWire, OpenFault> {
        let channel = match self.handle.channel_open_session().await {
            Ok(channel) => channel,
            Err(russh::Error::ChannelOpenFailure(
                ChannelOpenFailure::AdministrativelyProhibited
                | ChannelOpenFailure::ResourceShortage
                | ChannelOpenFailure::ConnectFailed
                | ChannelOpenFailure::UnknownChannelType,
            )) => {
                self.full.store(true, Ordering::Relaxed);
                return Err(OpenFault::Refused);
            }
            Err(_) => return Err(OpenFault::Gone),
        };
        let (reader, writer) = channel.split();
        let asked = match entrance {
            Entrance::Subsystem => writer.request_subsystem(true, "netconf").await,
            Entrance::Exec => writer.exec(true, "netconf").await,
            Entrance::XmlMode => writer.exec(true, "xml-mode netconf need-trailer").await,
        };
        asked.map_err(|_| OpenFault::Gone)?;
        Ok(SshWire { reader, writer })
    }

    /// Whether the connection may be asked for another channel.
    pub(super) fn has_room(&self) -> bool {
        !self.handle.is_closed() && !self.full.load(Ordering::Relaxed)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// A session on this connection ended: there may be room again, and idle time counts from now.
    pub(super) fn session_ended(&self) {
        self.full.store(false, Ordering::Relaxed);
        *self.used.lock().expect("no code panics while it holds the lock") = Instant::now();
    }

    pub(super) fn idle_since(&self) -> Instant {
        *self.used.lock().expect("no code panics while it holds the lock")
    }

    /// Takes leave of the router, within a short time.
    pub(super) async fn goodbye(&self) {
        let farewell = self.handle.disconnect(Disconnect::ByApplication, "", "en");
        // The router may be gone already; there is nobody left to tell.
        let _ = timeout(GOODBYE_TIME, farewell).await;
    }
}

async fn shake_hands(stream: Box<dyn Stream>, on_file: OnFile, route: &Route<'_>) -> Result<Handle<Client>, DialFault> {
    let config = client::Config {
        preferred: preferred(&on_file),
        keepalive_interval: (!route.keepalive.is_zero()).then_some(route.keepalive),
        keepalive_max: KEEPALIVE_MISSES,
        ..client::Config::default()
    };
    let verdict = Arc::new(Mutex::new(None));
    let client = Client {
        host_keys: Arc::clone(route.host_keys),
        on_file,
        verdict: Arc::clone(&verdict),
    };
    match client::connect_stream(Arc::new(config), stream, client).await {
        Ok(handle) => Ok(handle),
        Err(error) => {
            let refused = verdict.lock().expect("no code panics while it holds the lock").take();
            Err(match (refused, error) {
                (Some(fault), _) => DialFault::HostKey(fault),
                (None, russh::Error::IO(error)) => DialFault::Connect {
                    reason: format!("the connection ended during the SSH handshake: {error}"),
                    retryable: error.kind() == std::io::ErrorKind::ConnectionReset,
                },
                (None, error) => DialFault::Handshake {
                    reason: error.to_string(),
                },
            })
        }
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

/// The side of the SSH library's callbacks: it judges the host key, and notes why it refused one.
pub(super) struct Client {
    host_keys: Arc<HostKeys>,
    on_file: OnFile,
    verdict: Arc<Mutex<Option<HostKeyFault>>>,
}

impl client::Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        match self.host_keys.judge(&self.on_file, key) {
            Ok(()) => Ok(true),
            Err(fault) => {
                *self.verdict.lock().expect("no code panics while it holds the lock") = Some(fault);
                Ok(false)
            }
        }
    }
}
