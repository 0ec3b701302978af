//! From options to the HTTP server: addresses, certificates, limits, and every reason not to open a port.

use std::{
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    num::NonZeroU32,
    path::Path,
    time::Duration,
};

use clap::{Args as _, Command};

use super::{
    environment::Parsed,
    findings::{Findings, Section},
    http_options::HttpOptions,
    modes::Exposure,
    oauth,
    options::{Options, Transport},
};
use crate::{
    server::{Hosts, HttpSettings, Limits, Rate, SessionLimits, TlsFiles},
    tokens::{FileFault, Tokens},
    tools,
};

/// Limits of one token where nobody sets them; never more than what all have together.
const IN_FLIGHT_PER_TOKEN: u64 = 64;
const SESSIONS_PER_TOKEN: u64 = 32;

/// A certificate that ends sooner is worth a word: most are renewed a month before.
const EXPIRY_NOTICE: chrono::TimeDelta = chrono::TimeDelta::days(30);

/// Judges what matters over HTTP. None where HTTP is not spoken, or where no address is known. Sockets that were opened for
/// this process are judged instead of the host.
pub(super) fn judge(parsed: &Parsed, inherited: &[SocketAddr], findings: &mut Findings) -> Option<HttpSettings> {
    let options = &parsed.line.options;
    if options.transport == Transport::Stdio {
        warn_of_unused(parsed, findings);
        if !inherited.is_empty() {
            findings.note(Section::Settings, "ignored on stdio: the sockets of LISTEN_FDS");
        }
        return None;
    }
    let http = &options.http;
    let (host, addresses) = match inherited {
        [] => (http.host.clone(), resolve(http, findings)),
        inherited => (listed(inherited), inherited.iter().map(SocketAddr::ip).collect()),
    };
    judge_bind(http, &host, &addresses, findings);
    judge_tls(http, options.insecure_file_modes, findings);
    judge_limits(options, findings);
    judge_metrics(http, findings);
    oauth::judge(http, findings);
    if let Some(path) = &http.tokens_file {
        judge_tokens(path, options.insecure_file_modes, findings);
    }
    (!addresses.is_empty()).then(|| settings(options, addresses))
}

fn warn_of_unused(parsed: &Parsed, findings: &mut Findings) {
    let only_http = HttpOptions::augment_args(Command::new("http"));
    let given: Vec<String> = only_http
        .get_arguments()
        .filter(|argument| {
            let id = argument.get_id().as_str();
            parsed.is_typed(id) || parsed.is_from_environment(id)
        })
        .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
        .collect();
    if !given.is_empty() {
        findings.warn(8, format!("ignored on stdio: {}", given.join(", ")));
    }
}

/// All addresses of the host; none when there is no such host, which is said.
fn resolve(http: &HttpOptions, findings: &mut Findings) -> Vec<IpAddr> {
    let host = http.host.as_str();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = bare.parse() {
        return vec![address];
    }
    let mut addresses: Vec<IpAddr> = Vec::new();
    match (host, 0).to_socket_addrs() {
        Ok(found) => found.for_each(|found| {
            if !addresses.contains(&found.ip()) {
                addresses.push(found.ip());
            }
        }),
        Err(error) => findings.refuse(15, format!("--host '{host}' does not resolve: {error}")),
    }
    addresses
}

fn listed(addresses: &[SocketAddr]) -> String {
    let listed: Vec<String> = addresses.iter().map(SocketAddr::to_string).collect();
    listed.join(", ")
}

fn is_loopback(address: &IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// The table of addresses, tokens and certificates.
fn judge_bind(http: &HttpOptions, host: &str, addresses: &[IpAddr], findings: &mut Findings) {
    // Where no address is known, only that is worth saying.
    let is_open = addresses.iter().any(|address| !is_loopback(address));
    let has_tokens = http.tokens_file.is_some() || http.oauth_issuer.is_some();
    let wants_tls = http.tls_cert.is_some() || http.tls_key.is_some();
    match (has_tokens, http.allow_no_auth) {
        (false, false) => findings.refuse(1, "--tokens-file or --allow-no-auth required for streamable-http"),
        (false, true) if is_open => findings.refuse(
            2,
            format!("--allow-no-auth is loopback-only (host '{host}' is not a loopback address)"),
        ),
        (false, true) if wants_tls => findings.warn(
            2,
            "--allow-no-auth with TLS: encrypted, but whoever reaches the port has full access",
        ),
        (true, true) => findings.warn(1, "--tokens-file and --allow-no-auth: tokens are asked for"),
        _ => {}
    }
    if has_tokens && is_open && !wants_tls {
        if http.allow_insecure_bind {
            findings.warn(5, format!("--allow-insecure-bind: plain HTTP on '{host}'"));
        } else {
            findings.refuse(
                3,
                format!("plain HTTP on '{host}': add --tls-cert/--tls-key or --allow-insecure-bind"),
            );
        }
    }
    if http.disable_host_check {
        findings.warn(3, "--disable-host-check: every Host is accepted");
    } else if is_open && http.allowed_host.is_empty() {
        findings.warn(
            4,
            format!("host '{host}' is not loopback and there is no --allowed-host: every other Host gets 403"),
        );
    }
}

fn judge_tls(http: &HttpOptions, lenient: bool, findings: &mut Findings) {
    let (Some(_), Some(key)) = (&http.tls_cert, &http.tls_key) else {
        if http.tls_cert.is_some() || http.tls_key.is_some() {
            findings.refuse(4, "--tls-cert and --tls-key must be given together");
        }
        if http.tls_client_ca.is_some() {
            findings.refuse(5, "--tls-client-ca needs --tls-cert and --tls-key");
        }
        return;
    };
    let Some(files) = tls_files(http) else { return };
    match files.load() {
        Err(fault) => findings.refuse(25, fault.to_string()),
        Ok(loaded) => judge_end(loaded.ends, findings),
    }
    let Some(exposure) = Exposure::of(key) else { return };
    let (shown, mode) = (key.display(), exposure.mode());
    if exposure.is_read_by_others {
        let text = format!("--tls-key '{shown}' is readable by others (mode {mode})");
        if lenient {
            findings.warn(9, format!("--insecure-file-modes hides: {text}"));
        } else {
            findings.refuse(25, text);
        }
    } else if exposure.is_read {
        findings.note(
            Section::Tls,
            format!("--tls-key '{shown}' is readable by its group (mode {mode})"),
        );
    }
}

fn judge_end(ends: Option<i64>, findings: &mut Findings) {
    let Some(ends) = ends.and_then(|ends| chrono::DateTime::from_timestamp(ends, 0)) else {
        return;
    };
    let left = ends - chrono::Utc::now();
    if left < EXPIRY_NOTICE {
        let days = left.num_days().max(0);
        findings.note(Section::Tls, format!("the certificate ends in {days} days, at {ends}"));
    }
}

fn judge_limits(options: &Options, findings: &mut Findings) {
    let http = &options.http;
    for (who, rate, burst) in [
        ("ip", http.max_requests_per_second_per_ip, http.max_request_burst_per_ip),
        (
            "token",
            http.max_requests_per_second_per_token,
            http.max_request_burst_per_token,
        ),
    ] {
        if (rate == 0) != (burst == 0) {
            findings.refuse(
                8,
                format!("--max-requests-per-second-per-{who} and --max-request-burst-per-{who} must be set together"),
            );
        }
    }
    for (narrow, own, wide, all) in [
        (
            "--max-inflight-requests-per-token",
            http.max_inflight_requests_per_token,
            "--max-inflight-requests",
            options.max_inflight_requests,
        ),
        (
            "--max-sessions-per-token",
            http.max_sessions_per_token,
            "--max-sessions",
            http.max_sessions,
        ),
    ] {
        if let Some(own) = own.filter(|own| all > 0 && *own > all) {
            findings.refuse(9, format!("{narrow} ({own}) exceeds {wide} ({all})"));
        }
    }
}

fn judge_metrics(http: &HttpOptions, findings: &mut Findings) {
    let Some(address) = http.metrics_listen else { return };
    if !http.enable_metrics {
        findings.refuse(13, "--metrics-listen needs --enable-metrics");
    }
    if !is_loopback(&address.ip()) && !http.allow_insecure_bind {
        findings.refuse(
            13,
            format!("--metrics-listen '{address}' is not loopback: add --allow-insecure-bind"),
        );
    }
}

fn judge_tokens(path: &Path, lenient: bool, findings: &mut Findings) {
    let shown = path.display();
    let registry = tools::registry();
    let tokens = match tools::with_vocabulary(&registry, |known| Tokens::read(path, known)) {
        Ok(tokens) => tokens,
        Err(FileFault::Unreadable(reason)) => {
            return findings.refuse_with_hint(
                22,
                format!("tokens file '{shown}' cannot be read: {reason}"),
                "run token commands as the service user, or chown the file",
            );
        }
        Err(FileFault::Invalid(reason)) => {
            return findings.refuse(24, format!("tokens file '{shown}': {reason}"));
        }
    };
    if let Some(exposure) = Exposure::of(path).filter(|exposure| exposure.is_shared) {
        let text = format!("tokens file '{shown}' has mode {}; it must be 0600", exposure.mode());
        if tokens.len() == 0 {
            findings.note(Section::Tokens, text);
        } else if lenient {
            findings.warn(9, format!("--insecure-file-modes hides: {text}"));
        } else {
            findings.refuse_with_hint(23, text, format!("chmod 600 {shown}"));
        }
    }
    if tokens.usable(chrono::Utc::now()).next().is_none() {
        findings.warn(11, format!("no usable token in '{shown}'"));
    }
}

fn tls_files(http: &HttpOptions) -> Option<TlsFiles> {
    Some(TlsFiles {
        cert: http.tls_cert.clone()?,
        key: http.tls_key.clone()?,
        client_ca: http.tls_client_ca.clone(),
    })
}

fn settings(options: &Options, addresses: Vec<IpAddr>) -> HttpSettings {
    let http = &options.http;
    HttpSettings {
        addresses,
        port: http.port,
        tls: tls_files(http),
        hosts: Hosts {
            allowed: http.allowed_host.clone(),
            any: http.disable_host_check,
            origins: http.allowed_origin.clone(),
        },
        public_url: http.public_url.clone(),
        stateless: http.stateless,
        trusted_proxies: http.trusted_proxy.clone(),
        metrics: http.enable_metrics,
        metrics_listen: http.metrics_listen.filter(|_: &SocketAddr| http.enable_metrics),
        watch: options.watch(),
        limits: limits(options),
        sessions: SessionLimits {
            all: size(http.max_sessions),
            per_token: size(http.max_sessions_per_token.unwrap_or(SESSIONS_PER_TOKEN)),
            idle: Duration::from_secs(http.session_idle_timeout_secs),
            lifetime: Duration::from_secs(http.session_max_lifetime_secs),
        },
    }
}

fn limits(options: &Options) -> Limits {
    let http = &options.http;
    let limit = |number: u64| (number > 0).then(|| size(number));
    let rate = |per_second, burst| {
        let (per_second, burst) = (NonZeroU32::new(per_second)?, NonZeroU32::new(burst)?);
        Some(Rate { per_second, burst })
    };
    Limits {
        body: size(http.max_request_body_bytes),
        connections: size(http.max_connections),
        in_flight: limit(options.max_inflight_requests),
        in_flight_per_token: limit(http.max_inflight_requests_per_token.unwrap_or(IN_FLIGHT_PER_TOKEN)),
        per_ip: rate(http.max_requests_per_second_per_ip, http.max_request_burst_per_ip),
        per_token: rate(http.max_requests_per_second_per_token, http.max_request_burst_per_token),
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
