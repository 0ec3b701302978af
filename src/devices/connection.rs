//! One authenticated SSH connection to a router, shared by the sessions that run over it.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use russh::{
    ChannelOpenFailure, ChannelReadHalf, ChannelWriteHalf, Disconnect,
    client::{Handle, Msg},
};
use tokio::time::{Instant, timeout};

use super::{
    handshake::{Client, Greeted},
    line::Hold,
    wire::SshWire,
};

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

/// Both directions of a channel.
type Halves = (ChannelReadHalf, ChannelWriteHalf<Msg>);

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
    fingerprint: String,
    _hold: Hold,
    full: AtomicBool,
    used: Mutex<Instant>,
}

impl Connection {
    /// One on which somebody has logged in.
    pub(super) fn over(greeted: Greeted) -> Self {
        Self {
            handle: greeted.handle,
            fingerprint: greeted.fingerprint,
            _hold: greeted.hold,
            full: AtomicBool::new(false),
            used: Mutex::new(Instant::now()),
        }
    }

    /// Of the host key that the router showed.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Opens a channel with the NETCONF server behind it, without waiting for the server's consent: a refusal shows when reading.
    pub(super) async fn channel(&self, entrance: Entrance) -> Result<SshWire, OpenFault> {
        let (reader, writer) = self.open().await?;
        let asked = match entrance {
            Entrance::Subsystem => writer.request_subsystem(true, "netconf").await,
            Entrance::Exec => writer.exec(true, "netconf").await,
            Entrance::XmlMode => writer.exec(true, "xml-mode netconf need-trailer").await,
        };
        asked.map_err(|_| OpenFault::Gone)?;
        Ok(SshWire { reader, writer })
    }

    /// Opens a channel with a command behind it; a refusal shows when reading.
    pub(super) async fn run(&self, command: &str) -> Result<Halves, OpenFault> {
        let (reader, writer) = self.open().await?;
        writer.exec(true, command).await.map_err(|_| OpenFault::Gone)?;
        Ok((reader, writer))
    }

    async fn open(&self) -> Result<Halves, OpenFault> {
        match self.handle.channel_open_session().await {
            Ok(channel) => Ok(channel.split()),
            Err(russh::Error::ChannelOpenFailure(
                ChannelOpenFailure::AdministrativelyProhibited
                | ChannelOpenFailure::ResourceShortage
                | ChannelOpenFailure::ConnectFailed
                | ChannelOpenFailure::UnknownChannelType,
            )) => {
                self.full.store(true, Ordering::Relaxed);
                Err(OpenFault::Refused)
            }
            Err(_) => Err(OpenFault::Gone),
        }
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
