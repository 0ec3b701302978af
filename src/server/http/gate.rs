//! The order in which a request is judged before any of its body is read.

use std::sync::Arc;

use axum::http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, VARY,
    },
    request::Parts,
};

use super::{
    authenticate::authenticate,
    client::{Client, Peer},
    message,
    refusal::{Counted, Refusal},
    serve::Server,
};
use crate::app::Caller;

/// Names under which clients put a token into an address, where logs of proxies keep it.
const TOKEN_PARAMETERS: [&str; 6] = ["access_token", "token", "bearer", "authorization", "api_key", "apikey"];

const SESSION: &str = "mcp-session-id";

const METHODS: &str = "GET, POST, DELETE";
const HEADERS: &str =
    "authorization, content-type, accept, mcp-session-id, mcp-protocol-version, mcp-method, mcp-name, last-event-id";
const EXPOSED: &str = "mcp-session-id, www-authenticate, x-request-id";

/// What the answer to a request, its record and the log call it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) String);

/// A request that may use the server under the name it uses, from the page it comes from.
pub(super) struct Welcome {
    /// The name.
    host: String,
    /// The page.
    origin: Option<HeaderValue>,
    client: Client,
}

impl Welcome {
    /// Judges rate, Host and Origin: whoever the client is.
    pub(super) fn judge(server: &Server, parts: &Parts, peer: &Peer) -> Result<Self, Refusal> {
        let client = Client::of(peer, &parts.headers, &server.settings.trusted_proxies);
        server.rates.admit_ip(client.rate_key())?;
        let hosts = &server.settings.hosts;
        Ok(Self {
            host: hosts.accept_host(&parts.uri, &parts.headers)?,
            origin: hosts.accept_origin(&parts.headers)?,
            client,
        })
    }

    /// Whether a browser only asks what it may do.
    pub(super) fn is_preflight(&self, method: &Method) -> bool {
        method == Method::OPTIONS && self.origin.is_some()
    }

    /// The address that the client knows us by.
    pub(super) fn base(&self, server: &Server) -> String {
        match &server.settings.public_url {
            Some(url) => url.trim_end_matches('/').trim_end_matches("/mcp").to_owned(),
            None if server.settings.tls.is_some() => format!("https://{}", self.host),
            None => format!("http://{}", self.host),
        }
    }

    /// Judges who the client is. `mcp` says whether it wants to work, which takes a tool that it may use.
    pub(super) async fn admit(&self, server: &Server, parts: &Parts, peer: &Peer) -> Result<Caller, Refusal> {
        if names_token(parts.uri.query().unwrap_or_default()) {
            let text = "A token belongs into the Authorization header, not into the address";
            return Err(Refusal::bad_request(text, "query_token"));
        }
        let wants_certificate = server.tls.as_ref().is_some_and(|tls| tls.wants_clients());
        let base = self.base(server);
        let caller = authenticate(&server.app, &parts.headers, peer, wants_certificate, &base).await?;
        server.rates.admit_token(caller.owner())?;
        let session = session_id(&parts.headers).map(super::session::short);
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        Ok(caller.arriving(self.client.arrival(peer, session, request_id)))
    }

    /// What a browser wants to read in an answer.
    pub(super) fn permissions(&self) -> Vec<(HeaderName, HeaderValue)> {
        let Some(origin) = &self.origin else { return Vec::new() };
        vec![
            (ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
            (VARY, HeaderValue::from_static("Origin")),
            (ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED)),
            (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS)),
            (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS)),
        ]
    }
}

/// Judges method and media types.
pub(super) fn judge_form(parts: &Parts, stateless: bool) -> Result<(), Refusal> {
    let without_session = stateless || message::is_modern(&parts.headers);
    let allowed = if without_session { "POST" } else { METHODS };
    match parts.method {
        Method::POST => {
            if !is_json(&parts.headers) {
                return Err(Refusal::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "unsupported_media_type",
                    "Content-Type must be application/json",
                    Counted::Form("media"),
                ));
            }
            accepts(&parts.headers, &["application/json", "text/event-stream"])
        }
        Method::GET if !without_session => accepts(&parts.headers, &["text/event-stream"]),
        Method::DELETE if !without_session => Ok(()),
        _ => Err(Refusal::method(allowed)),
    }
}

/// The session that a request names.
pub(super) fn session_id(headers: &HeaderMap) -> Option<&str> {
    headers.get(SESSION).and_then(|value| value.to_str().ok())
}

fn names_token(query: &str) -> bool {
    query.split('&').any(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        TOKEN_PARAMETERS.iter().any(|token| name.eq_ignore_ascii_case(token))
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default();
    values.next().is_none() && kind.trim().eq_ignore_ascii_case("application/json")
}

/// Whether the client takes answers of these types, by name or by wildcard.
fn accepts(headers: &HeaderMap, wanted: &[&str]) -> Result<(), Refusal> {
    let ranges: Vec<&str> = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim())
        .collect();
    let covers = |range: &str, wanted: &str| match range.strip_suffix("/*") {
        Some("*") => true,
        Some(family) => wanted
            .split('/')
            .next()
            .is_some_and(|own| own.eq_ignore_ascii_case(family)),
        None => range.eq_ignore_ascii_case(wanted),
    };
    let is_covered = |wanted: &&str| ranges.iter().any(|range| covers(range, wanted));
    if wanted.iter().all(is_covered) {
        return Ok(());
    }
    let text = format!("Accept must cover {}", wanted.join(" and "));
    Err(Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        "not_acceptable",
        &text,
        Counted::Form("media"),
    ))
}

/// The SDK knows no wildcards: a request that was accepted says both types by name.
pub(super) fn spell_out_accept(headers: &mut HeaderMap) {
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
}

/// What a request occupies while it runs.
pub(super) fn occupy(server: &Server, caller: &Caller) -> Result<super::held::Occupied, Refusal> {
    Ok(Arc::new(server.flight.admit(caller.owner())?))
}
