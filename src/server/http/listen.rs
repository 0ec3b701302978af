//! Taking the ports.

use std::{
    fmt, io,
    net::{self, IpAddr, SocketAddr},
};

use tokio::net::{TcpListener, TcpSocket};

use super::{
    errand::{Errand, Errands, errand},
    settings::HttpSettings,
};

/// Connections that the system keeps until we take them: as many as Linux allows. A client that comes when there are more
/// tries again a second later, which the 128 that are usual would make of any burst.
const BACKLOG: u32 = 4096;

/// The ports that were taken.
pub(crate) struct Bound {
    /// Each with what is asked of the task that takes connections from it.
    pub(super) listeners: Vec<(TcpListener, Errands)>,
    heart: Heart,
    pub(super) metrics: Option<TcpListener>,
    /// Where clients find us.
    pub(super) url: String,
}

/// A port that could not be taken.
#[derive(Debug)]
pub(crate) struct BindFault {
    address: SocketAddr,
    error: io::Error,
}

impl fmt::Display for BindFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot bind {}: {}", self.address, self.error)
    }
}

impl std::error::Error for BindFault {}

impl Bound {
    /// Takes the port on every address, unless `sockets` were opened for us: then they are served instead.
    pub(crate) fn new(settings: &HttpSettings, sockets: Vec<net::TcpListener>) -> Result<Self, BindFault> {
        let listeners = match sockets.is_empty() {
            true => open(settings)?,
            false => adopted(sockets)?,
        };
        let metrics = match settings.metrics_listen {
            Some(address) => Some(bind(address.ip(), address.port())?),
            None => None,
        };
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let first = listeners.first().and_then(|listener| listener.local_addr().ok());
        let first = first.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], settings.port)));
        let mut heart = Heart::default();
        let listeners = listeners.into_iter().map(|listener| {
            let (ask, pulse) = errand();
            heart.0.push(ask);
            (listener, pulse)
        });
        Ok(Self {
            listeners: listeners.collect(),
            heart,
            metrics,
            url: format!("{scheme}://{first}/mcp"),
        })
    }

    /// A way to learn whether connections are taken.
    pub(crate) fn heart(&self) -> Heart {
        self.heart.clone()
    }
}

/// Asks all tasks that take connections for a sign of life.
#[derive(Clone, Default)]
pub(crate) struct Heart(Vec<Errand>);

impl Heart {
    /// Waits until every one of them has answered; false if one is gone. The wait has no end of its own.
    pub(crate) async fn beats(&self) -> bool {
        let answers = futures::future::join_all(self.0.iter().map(Errand::run)).await;
        answers.into_iter().all(|is_alive| is_alive)
    }
}

/// The port on every address; the first address decides which one, where any will do.
fn open(settings: &HttpSettings) -> Result<Vec<TcpListener>, BindFault> {
    let mut port = settings.port;
    let mut listeners: Vec<TcpListener> = Vec::new();
    for &address in &settings.addresses {
        match bind(address, port) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |bound| bound.port());
                listeners.push(listener);
            }
            // A name often stands for an IPv6 address too, on hosts that have no IPv6.
            Err(fault) if !listeners.is_empty() && fault.error.kind() == io::ErrorKind::AddrNotAvailable => {
                tracing::warn!("{fault}");
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(listeners)
}

/// Sockets that somebody else has opened.
fn adopted(sockets: Vec<net::TcpListener>) -> Result<Vec<TcpListener>, BindFault> {
    let sockets = sockets.into_iter().map(|socket| {
        let address = socket
            .local_addr()
            .unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
        TcpListener::from_std(socket).map_err(|error| BindFault { address, error })
    });
    sockets.collect()
}

fn bind(address: IpAddr, port: u16) -> Result<TcpListener, BindFault> {
    let address = SocketAddr::new(address, port);
    listen(address).map_err(|error| BindFault { address, error })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A server that starts again need not wait for connections of the former one to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
