//! The options that matter over HTTP only, as clap sees them.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use clap::{ArgAction, Args};
use ipnet::IpNet;

use super::options::boolish;
use crate::server::{AllowedHost, AllowedOrigin};

/// Addresses, tokens, certificates, limits and sessions; all of them have a variable.
#[derive(Args, Clone, Debug)]
pub(super) struct HttpOptions {
    /// Address to listen on: IPv4, IPv6, or a name, all of whose addresses are taken
    #[arg(
        short = 'H',
        long,
        value_name = "HOST",
        default_value = "127.0.0.1",
        env = "JMCP_HOST",
        help_heading = "HTTP"
    )]
    pub(super) host: String,
    /// Port to listen on; 0 takes a free one and says which
    #[arg(
        short = 'p',
        long,
        value_name = "PORT",
        default_value_t = 30030,
        env = "JMCP_PORT",
        help_heading = "HTTP"
    )]
    pub(super) port: u16,
    /// Bearer tokens; needed over HTTP unless --allow-no-auth
    #[arg(long, value_name = "PATH", env = "JMCP_TOKENS_FILE", help_heading = "HTTP")]
    pub(super) tokens_file: Option<PathBuf>,
    /// Accept signed access tokens of this issuer as well
    #[arg(long, value_name = "URL", env = "JMCP_OAUTH_ISSUER", help_heading = "HTTP")]
    pub(super) oauth_issuer: Option<String>,
    /// Whom its tokens must be for [default: this server's address and /mcp]
    #[arg(long, value_name = "URI", env = "JMCP_OAUTH_AUDIENCE", help_heading = "HTTP")]
    pub(super) oauth_audience: Option<String>,
    /// Its signing keys, at an https URL or in a file [default: as its metadata say]
    #[arg(long, value_name = "URL|PATH", env = "JMCP_OAUTH_JWKS", help_heading = "HTTP")]
    pub(super) oauth_jwks: Option<String>,
    /// The claim that holds the routers of a token [default: junos_routers]
    #[arg(long, value_name = "NAME", env = "JMCP_OAUTH_ROUTERS_CLAIM", help_heading = "HTTP")]
    pub(super) oauth_routers_claim: Option<String>,
    /// The routers of tokens without that claim
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        env = "JMCP_OAUTH_ROUTERS",
        help_heading = "HTTP"
    )]
    pub(super) oauth_routers: Vec<String>,
    /// Certificate chain in PEM
    #[arg(long, value_name = "PATH", env = "JMCP_TLS_CERT", help_heading = "HTTP")]
    pub(super) tls_cert: Option<PathBuf>,
    /// Its key in PEM: PKCS#8, PKCS#1 or SEC1
    #[arg(long, value_name = "PATH", env = "JMCP_TLS_KEY", help_heading = "HTTP")]
    pub(super) tls_key: Option<PathBuf>,
    /// Demand client certificates of these authorities, besides the token
    #[arg(long, value_name = "PATH", env = "JMCP_TLS_CLIENT_CA", help_heading = "HTTP")]
    pub(super) tls_client_ca: Option<PathBuf>,
    /// Ask for no token; only on a loopback address
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_ALLOW_NO_AUTH", help_heading = "HTTP")]
    pub(super) allow_no_auth: bool,
    /// Allow plain HTTP on an address that others reach
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_ALLOW_INSECURE_BIND", help_heading = "HTTP")]
    pub(super) allow_insecure_bind: bool,
    /// Names under which the server may be used besides localhost; without a port any port
    #[arg(
        long,
        value_name = "HOST[:PORT]",
        value_delimiter = ',',
        env = "JMCP_ALLOWED_HOST",
        help_heading = "HTTP"
    )]
    pub(super) allowed_host: Vec<AllowedHost>,
    /// Accept every Host
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_DISABLE_HOST_CHECK", help_heading = "HTTP")]
    pub(super) disable_host_check: bool,
    /// Pages that may use the server besides those of this host: scheme://host[:port]
    #[arg(
        long,
        value_name = "ORIGIN",
        value_delimiter = ',',
        env = "JMCP_ALLOWED_ORIGIN",
        help_heading = "HTTP"
    )]
    pub(super) allowed_origin: Vec<AllowedOrigin>,
    /// The address that clients use, when a proxy stands in front
    #[arg(long, value_name = "URL", value_parser = public_url, env = "JMCP_PUBLIC_URL", help_heading = "HTTP")]
    pub(super) public_url: Option<String>,
    /// Give clients of the older protocol revisions no session
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_STATELESS", help_heading = "HTTP")]
    pub(super) stateless: bool,
    /// Proxies whose X-Forwarded-For is believed
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = network, env = "JMCP_TRUSTED_PROXY",
        help_heading = "HTTP")]
    pub(super) trusted_proxy: Vec<IpNet>,

    /// Bytes of one request body
    #[arg(long, value_name = "N", default_value_t = 10_485_760,
        value_parser = clap::value_parser!(u64).range(65_536..=268_435_456), env = "JMCP_MAX_REQUEST_BODY_BYTES",
        help_heading = "HTTP limits")]
    pub(super) max_request_body_bytes: u64,
    /// Connections at a time; further ones wait
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=65_535),
        env = "JMCP_MAX_CONNECTIONS", help_heading = "HTTP limits")]
    pub(super) max_connections: u64,
    /// Requests of one token running at a time; 0 sets no limit [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=65_535),
        env = "JMCP_MAX_INFLIGHT_REQUESTS_PER_TOKEN", help_heading = "HTTP limits")]
    pub(super) max_inflight_requests_per_token: Option<u64>,
    /// Requests of one address per second; 0 sets no limit
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000),
        env = "JMCP_MAX_REQUESTS_PER_SECOND_PER_IP", help_heading = "HTTP limits")]
    pub(super) max_requests_per_second_per_ip: u32,
    /// How many of them may come at once
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000),
        env = "JMCP_MAX_REQUEST_BURST_PER_IP", help_heading = "HTTP limits")]
    pub(super) max_request_burst_per_ip: u32,
    /// Requests of one token per second; 0 sets no limit
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000),
        env = "JMCP_MAX_REQUESTS_PER_SECOND_PER_TOKEN", help_heading = "HTTP limits")]
    pub(super) max_requests_per_second_per_token: u32,
    /// How many of them may come at once
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000),
        env = "JMCP_MAX_REQUEST_BURST_PER_TOKEN", help_heading = "HTTP limits")]
    pub(super) max_request_burst_per_token: u32,
    /// Sessions at a time
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=65_535),
        env = "JMCP_MAX_SESSIONS", help_heading = "HTTP limits")]
    pub(super) max_sessions: u64,
    /// Sessions of one token at a time [default: 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=65_535),
        env = "JMCP_MAX_SESSIONS_PER_TOKEN", help_heading = "HTTP limits")]
    pub(super) max_sessions_per_token: Option<u64>,
    /// End a session that was not used for this long
    #[arg(long, value_name = "N", default_value_t = 1800, value_parser = clap::value_parser!(u64).range(30..=604_800),
        env = "JMCP_SESSION_IDLE_TIMEOUT_SECS", help_heading = "HTTP limits")]
    pub(super) session_idle_timeout_secs: u64,
    /// End a session of this age
    #[arg(long, value_name = "N", default_value_t = 86_400,
        value_parser = clap::value_parser!(u64).range(60..=2_592_000), env = "JMCP_SESSION_MAX_LIFETIME_SECS",
        help_heading = "HTTP limits")]
    pub(super) session_max_lifetime_secs: u64,

    /// Serve counters at /metrics
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_ENABLE_METRICS", help_heading = "HTTP")]
    pub(super) enable_metrics: bool,
    /// Count calls and connections of each router too, of the first 1000
    #[arg(long, value_parser = boolish(), action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_value = "false", default_missing_value = "true", value_name = "BOOL", hide_default_value = true,
        hide_possible_values = true, env = "JMCP_METRICS_PER_ROUTER", help_heading = "HTTP")]
    pub(super) metrics_per_router: bool,
    /// Serve counters and probes here too, without a token
    #[arg(long, value_name = "ADDR:PORT", env = "JMCP_METRICS_LISTEN", help_heading = "HTTP")]
    pub(super) metrics_listen: Option<SocketAddr>,
}

/// An absolute address of the web without query and fragment.
pub(super) fn public_url(text: &str) -> Result<String, &'static str> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_good = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"?#\"\\@".contains(&byte));
    is_good
        .then(|| text.to_owned())
        .ok_or("not an absolute http or https URL without query and fragment")
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, &'static str> {
    let text = text.trim();
    let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
    text.parse()
        .ok()
        .or_else(address)
        .ok_or("not an address or a network such as 10.0.0.0/8")
}
