//! The options of signed tokens: judged, and turned into settings.

use std::{net::Ipv6Addr, path::Path};

use super::{findings::Findings, http_options::HttpOptions};
use crate::{
    app,
    settings::{KeySource, OAuthPolicy, OAuthSettings},
};

/// The claim that holds routers where nobody names another.
const ROUTERS_CLAIM: &str = "junos_routers";

/// Judges the options together; what was found goes to `findings`.
pub(super) fn judge(http: &HttpOptions, findings: &mut Findings) {
    let Some(issuer) = &http.oauth_issuer else {
        let given = [
            ("--oauth-audience", http.oauth_audience.is_some()),
            ("--oauth-jwks", http.oauth_jwks.is_some()),
            ("--oauth-routers-claim", http.oauth_routers_claim.is_some()),
            ("--oauth-routers", !http.oauth_routers.is_empty()),
        ];
        for (flag, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            findings.refuse(26, format!("{flag} needs --oauth-issuer"));
        }
        return;
    };
    if !issuer.starts_with("https://") {
        findings.refuse(26, format!("--oauth-issuer '{issuer}' is not an https URL"));
    }
    if http.port == 0 && http.oauth_audience.is_none() && http.public_url.is_none() {
        let reason =
            "--oauth-issuer with --port 0 needs --oauth-audience: tokens are made for an address that is known before";
        findings.refuse(26, reason.to_owned());
    }
    if let KeySource::File(path) = key_source(http)
        && let Err(reason) = app::readable_keys(&path)
    {
        findings.refuse(26, format!("--oauth-jwks '{}': {reason}", path.display()));
    }
}

/// The settings, where an issuer is named.
pub(super) fn settings(http: &HttpOptions) -> Option<OAuthSettings> {
    let policy = OAuthPolicy {
        issuer: http.oauth_issuer.clone()?,
        audience: http.oauth_audience.clone().unwrap_or_else(|| audience(http)),
        routers_claim: http
            .oauth_routers_claim
            .clone()
            .unwrap_or_else(|| ROUTERS_CLAIM.to_owned()),
        routers: http.oauth_routers.clone(),
    };
    Some(OAuthSettings {
        policy,
        keys: key_source(http),
    })
}

fn key_source(http: &HttpOptions) -> KeySource {
    match &http.oauth_jwks {
        None => KeySource::Metadata,
        Some(url) if url.starts_with("https://") => KeySource::Url(url.clone()),
        Some(path) => KeySource::File(Path::new(path).to_owned()),
    }
}

/// This server, as its clients know it.
fn audience(http: &HttpOptions) -> String {
    if let Some(url) = &http.public_url {
        return format!("{}/mcp", url.trim_end_matches('/').trim_end_matches("/mcp"));
    }
    let scheme = if http.tls_cert.is_some() { "https" } else { "http" };
    let host = match http.host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => http.host.clone(),
    };
    format!("{scheme}://{host}:{}/mcp", http.port)
}
