//! How clients reach the process over HTTP, and what bounds them.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    time::Duration,
};

use ipnet::IpNet;

use super::{host::Hosts, tls::TlsFiles};

/// How clients reach the process over HTTP.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    /// Where to listen; never empty.
    pub(crate) addresses: Vec<IpAddr>,
    /// The port of all of them; 0 takes a free one.
    pub(crate) port: u16,
    /// The certificate; without one plain HTTP is spoken.
    pub(crate) tls: Option<TlsFiles>,
    /// Under which names, and from which pages, the server may be used.
    pub(crate) hosts: Hosts,
    /// The address in front of `/mcp`, where a proxy has another one than we.
    pub(crate) public_url: Option<String>,
    /// Whether clients of the older revisions get no session.
    pub(crate) stateless: bool,
    /// Whose word about the client's address is believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Whether the counters are served.
    pub(crate) metrics: bool,
    /// A listener for counters and probes alone.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// How often files are looked at for changes; none looks never.
    pub(crate) watch: Option<Duration>,
    /// What bounds requests.
    pub(crate) limits: Limits,
    /// What bounds sessions.
    pub(crate) sessions: SessionLimits,
}

/// What bounds requests and connections.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Bytes of one body.
    pub(crate) body: usize,
    /// Connections at a time.
    pub(crate) connections: usize,
    /// Requests running at a time.
    pub(crate) in_flight: Option<usize>,
    /// Those of one principal.
    pub(crate) in_flight_per_token: Option<usize>,
    /// Requests of one address in time.
    pub(crate) per_ip: Option<Rate>,
    /// Requests of one principal in time.
    pub(crate) per_token: Option<Rate>,
}

/// So many a second, and so many at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) per_second: NonZeroU32,
    pub(crate) burst: NonZeroU32,
}

/// What bounds sessions of the older revisions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionLimits {
    /// Sessions at a time.
    pub(crate) all: usize,
    /// Those of one principal.
    pub(crate) per_token: usize,
    /// A session ends when it was not used for this long.
    pub(crate) idle: Duration,
    /// A session ends at this age.
    pub(crate) lifetime: Duration,
}
