//! Under which names the server may be used, and from which pages: a browser must not be turned against it.

use std::{net::IpAddr, str::FromStr};

use axum::http::{
    HeaderMap, HeaderValue, StatusCode, Uri,
    header::{HOST, ORIGIN},
    uri::Authority,
};

use super::refusal::{Counted, Refusal};

/// Names and pages that are accepted besides those of this host itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    /// Accepted names.
    pub(crate) allowed: Vec<AllowedHost>,
    /// Whether every name is accepted.
    pub(crate) any: bool,
    /// Accepted pages.
    pub(crate) origins: Vec<AllowedOrigin>,
}

/// A name, with a port or with any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedHost {
    name: String,
    port: Option<u16>,
}

/// `scheme://host[:port]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedOrigin {
    scheme: String,
    host: AllowedHost,
}

impl FromStr for AllowedHost {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare_v6 = text.parse::<std::net::Ipv6Addr>().is_ok();
        let text = if bare_v6 { format!("[{text}]") } else { text.to_owned() };
        name_and_port(&text).ok_or("not a host name or address with or without a port")
    }
}

impl FromStr for AllowedOrigin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        origin(text).ok_or("not scheme://host[:port]")
    }
}

impl Hosts {
    /// The authority that the request is meant for, when we may be used under it.
    pub(super) fn accept_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<String, Refusal> {
        let malformed = || Refusal::bad_request("The Host header is missing or malformed", "host");
        let mut named: Vec<&str> = uri.authority().map(Authority::as_str).into_iter().collect();
        for value in headers.get_all(HOST) {
            named.push(value.to_str().map_err(|_| malformed())?);
        }
        let first = (*named.first().ok_or_else(malformed)?).to_owned();
        // A second name would be for somebody else on the way to believe.
        if named.iter().any(|name| !name.eq_ignore_ascii_case(&first)) {
            return Err(malformed());
        }
        let host = name_and_port(&first).ok_or_else(malformed)?;
        if self.any || is_loopback(&host.name) || self.allowed.iter().any(|allowed| allowed.admits(&host)) {
            return Ok(first);
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "host_not_allowed",
            "The server may not be used under this Host; see --allowed-host",
            Counted::Form("host"),
        ))
    }

    /// The page that the request comes from, when it comes from one that may use us.
    pub(super) fn accept_origin(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
        let mut values = headers.get_all(ORIGIN).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let only = values.next().is_none();
        let accepted = only
            && value
                .to_str()
                .ok()
                .and_then(origin)
                .is_some_and(|origin| self.trusts(&origin));
        if accepted {
            return Ok(Some(value.clone()));
        }
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "origin_not_allowed",
            "Pages of this Origin may not use the server; see --allowed-origin",
            Counted::Form("origin"),
        ))
    }

    fn trusts(&self, origin: &AllowedOrigin) -> bool {
        let is_web = matches!(origin.scheme.as_str(), "http" | "https");
        let default = if origin.scheme == "https" { 443 } else { 80 };
        let with_port = |host: &AllowedHost| AllowedHost {
            name: host.name.clone(),
            port: host.port.or(is_web.then_some(default)),
        };
        let from = with_port(&origin.host);
        is_loopback(&origin.host.name)
            || is_web && self.allowed.iter().any(|allowed| allowed.admits(&from))
            || self
                .origins
                .iter()
                .any(|allowed| allowed.scheme == origin.scheme && with_port(&allowed.host) == from)
    }
}

impl AllowedHost {
    fn admits(&self, other: &Self) -> bool {
        self.name == other.name && (self.port.is_none() || self.port == other.port)
    }
}

/// Whether a name always means this host.
fn is_loopback(name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}

fn origin(text: &str) -> Option<AllowedOrigin> {
    let (scheme, authority) = text.split_once("://")?;
    let mut letters = scheme.bytes();
    let is_scheme = letters.next()?.is_ascii_alphabetic()
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some(())?;
    Some(AllowedOrigin {
        scheme: scheme.to_ascii_lowercase(),
        host: name_and_port(authority)?,
    })
}

/// A name in lower case, addresses in their shortest form, and the port where there is one.
fn name_and_port(text: &str) -> Option<AllowedHost> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let (bare, port) = match host.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']')?;
            (IpAddr::V6(inner.parse().ok()?).to_string(), text.get(host.len()..)?)
        }
        None => (host.to_ascii_lowercase(), text.get(host.len()..)?),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    if bare.is_empty() || !bare.bytes().all(plain) || text.contains('@') {
        return None;
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some(port) => Some(port.parse().ok()?),
    };
    Some(AllowedHost { name: bare, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        Hosts {
            allowed: vec![
                "mcp.example.net".parse().expect("a host"),
                "10.0.0.1:443".parse().expect("a host"),
            ],
            any: false,
            origins: vec!["https://desk.example.net".parse().expect("an origin")],
        }
    }

    fn headers(name: axum::http::HeaderName, values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(&name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_names_of_this_host_and_allowed_ones_are_accepted() {
        for (value, expected) in [
            ("localhost", true),
            ("LOCALHOST:1", true),
            ("127.0.0.1:30030", true),
            ("[::1]:80", true),
            ("[0:0:0:0:0:0:0:1]", true),
            ("mcp.example.net:8443", true),
            ("MCP.example.net", true),
            ("10.0.0.1:443", true),
            ("10.0.0.1", false),
            ("10.0.0.1:80", false),
            ("127.0.0.2", false),
            ("localhost.example.net", false),
            ("localhost.", false),
            ("evil.example.net", false),
            ("localhost@evil.example.net", false),
            ("evil.example.net@localhost", false),
            ("localhost:x", false),
            ("localhost:99999", false),
            ("::1", false),
            ("", false),
        ] {
            let accepted = hosts().accept_host(&Uri::from_static("/mcp"), &headers(HOST, &[value]));
            assert_eq!(accepted.is_ok(), expected, "{value}");
        }
    }

    #[test]
    fn two_names_are_one_too_many() {
        let uri = Uri::from_static("/mcp");
        assert!(hosts().accept_host(&uri, &HeaderMap::new()).is_err());
        let two = headers(HOST, &["localhost", "mcp.example.net"]);
        assert!(hosts().accept_host(&uri, &two).is_err());
        let absolute = Uri::from_static("http://evil.example.net/mcp");
        assert!(hosts().accept_host(&absolute, &headers(HOST, &["localhost"])).is_err());
        assert!(
            hosts()
                .accept_host(&absolute, &headers(HOST, &["evil.example.net"]))
                .is_err()
        );
    }

    #[test]
    fn only_pages_of_this_host_and_allowed_ones_are_accepted() {
        for (value, expected) in [
            ("http://localhost:6274", true),
            ("https://127.0.0.1", true),
            ("vscode-webview://localhost", true),
            ("http://[::1]:1", true),
            ("https://desk.example.net", true),
            ("https://desk.example.net:443", true),
            ("http://desk.example.net", false),
            ("https://desk.example.net:8443", false),
            ("https://mcp.example.net", true),
            ("http://mcp.example.net:81", true),
            ("https://10.0.0.1", true),
            ("http://10.0.0.1", false),
            ("ftp://mcp.example.net", false),
            ("null", false),
            ("https://evil.example.net", false),
            ("https://localhost@evil.example.net", false),
            ("https://", false),
            ("localhost", false),
            ("", false),
        ] {
            let accepted = hosts().accept_origin(&headers(ORIGIN, &[value]));
            assert_eq!(accepted.is_ok(), expected, "{value}");
        }
        assert!(matches!(hosts().accept_origin(&HeaderMap::new()), Ok(None)));
        let two = headers(ORIGIN, &["http://localhost", "http://localhost"]);
        assert!(hosts().accept_origin(&two).is_err());
    }
}
