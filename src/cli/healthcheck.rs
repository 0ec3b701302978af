//! `healthcheck`: asks a server on this host whether it is ready, for containers that have no other way to ask.

use std::{net::IpAddr, process::ExitCode, time::Duration};

use anyhow::Context as _;
use ureq::{Agent, tls::TlsConfig};

use super::{
    code,
    http_options::HttpOptions,
    options::{Options, Transport},
};

/// Time for the answer: whoever asks kills this process after five seconds.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks the server that these options would start; good at once where it serves no HTTP.
pub(super) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    if options.transport == Transport::Stdio {
        return Ok(ExitCode::SUCCESS);
    }
    let url = url(&options.http);
    // The certificate carries the server's name, and this is its address; nothing secret is sent.
    let tls = TlsConfig::builder().disable_verification(true).build();
    let agent: Agent = Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .tls_config(tls)
        .build()
        .into();
    let mut answer = agent
        .get(&url)
        .call()
        .with_context(|| format!("no answer from {url}"))?;
    let is_ready = answer.status() == 200;
    if !is_ready {
        let body = answer.body_mut().read_to_string().unwrap_or_default();
        eprintln!("rust-junosmcp: not ready: {} {body}", answer.status());
    }
    Ok(code(is_ready))
}

/// The readiness probe at the address that is served; where every address is, at the loopback one.
fn url(http: &HttpOptions) -> String {
    let scheme = if http.tls_cert.is_some() { "https" } else { "http" };
    let bare = http.host.trim_start_matches('[').trim_end_matches(']');
    let host = match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => bare.to_owned(),
    };
    format!("{scheme}://{host}:{}/readyz", http.port)
}
