//! The one outbound HTTPS of this program: an issuer's keys.

use std::time::Duration;

use serde_json::Value;
use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::tokens::oauth::{KeyFault, KeySet};

/// Time for one answer. Callers wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest answer, as keys are bounded.
const LARGEST: u64 = 256 * 1024;

/// The keys at a URL.
pub(super) fn keys(url: &str) -> Result<KeySet, KeyFault> {
    KeySet::parse(&get(&agent()?, url)?)
}

/// Where an issuer says its keys are, by its OAuth or OpenID metadata.
pub(super) fn key_url(issuer: &str) -> Result<String, KeyFault> {
    let agent = agent()?;
    let [first, second] = metadata_urls(issuer).ok_or_else(|| unreachable("the issuer is no https URL"))?;
    let answer = get(&agent, &first).or_else(|_| get(&agent, &second))?;
    let metadata: Value = serde_json::from_slice(&answer).map_err(|_| unreachable("the metadata are not JSON"))?;
    if metadata["issuer"] != *issuer {
        return Err(unreachable("the metadata are of another issuer"));
    }
    let url = metadata["jwks_uri"].as_str().filter(|url| url.starts_with("https://"));
    url.map(str::to_owned)
        .ok_or_else(|| unreachable("the metadata name no https URL of keys"))
}

/// RFC 8414 puts its name before the path of the issuer, OpenID behind it.
fn metadata_urls(issuer: &str) -> Option<[String; 2]> {
    let rest = issuer.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = path.trim_end_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    Some([
        format!("https://{host}/.well-known/oauth-authorization-server{slash}{path}"),
        format!("https://{host}{slash}{path}/.well-known/openid-configuration"),
    ])
}

/// A client that trusts what the system trusts, follows nobody elsewhere and waits for nobody long.
fn agent() -> Result<Agent, KeyFault> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(unreachable("the system has no certificates of authorities"));
    }
    let roots: Vec<Certificate<'static>> = found
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    let tls = TlsConfig::builder().root_certs(RootCerts::from(roots)).build();
    let config = Agent::config_builder()
        .https_only(true)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .tls_config(tls)
        .build();
    Ok(config.into())
}

fn get(agent: &Agent, url: &str) -> Result<Vec<u8>, KeyFault> {
    let failed = |error: ureq::Error| match error {
        ureq::Error::BodyExceedsLimit(_) => KeyFault::TooLarge,
        other => KeyFault::Unreachable(format!("{url}: {other}")),
    };
    let mut answer = agent.get(url).call().map_err(failed)?;
    if answer.status() != 200 {
        return Err(KeyFault::Unreachable(format!("{url}: status {}", answer.status())));
    }
    answer
        .body_mut()
        .with_config()
        .limit(LARGEST)
        .read_to_vec()
        .map_err(failed)
}

fn unreachable(reason: &str) -> KeyFault {
    KeyFault::Unreachable(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_where_the_standards_put_them() {
        let urls = |issuer| metadata_urls(issuer).expect("https");
        assert_eq!(
            urls("https://id.example.net"),
            [
                "https://id.example.net/.well-known/oauth-authorization-server",
                "https://id.example.net/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            urls("https://id.example.net/realms/net/"),
            [
                "https://id.example.net/.well-known/oauth-authorization-server/realms/net",
                "https://id.example.net/realms/net/.well-known/openid-configuration"
            ]
        );
        assert_eq!(metadata_urls("http://id.example.net"), None);
    }
}
