//! Taking the ports.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
};

use tokio::net::TcpListener;

use super::settings::HttpSettings;

/// The ports that were taken.
pub(crate) struct Bound {
    pub(super) listeners: Vec<TcpListener>,
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
    /// Takes the port on every address; the first address decides which one, where any will do.
    pub(crate) async fn new(settings: &HttpSettings) -> Result<Self, BindFault> {
        let mut port = settings.port;
        let mut listeners: Vec<TcpListener> = Vec::new();
        for &address in &settings.addresses {
            match bind(address, port).await {
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
        let metrics = match settings.metrics_listen {
            Some(address) => Some(bind(address.ip(), address.port()).await?),
            None => None,
        };
        let scheme = if settings.tls.is_some() { "https" } else { "http" };
        let first = settings
            .addresses
            .first()
            .copied()
            .unwrap_or(IpAddr::from([127, 0, 0, 1]));
        Ok(Self {
            listeners,
            metrics,
            url: format!("{scheme}://{}/mcp", SocketAddr::new(first, port)),
        })
    }
}

async fn bind(address: IpAddr, port: u16) -> Result<TcpListener, BindFault> {
    let address = SocketAddr::new(address, port);
    TcpListener::bind(address)
        .await
        .map_err(|error| BindFault { address, error })
}
