//! Who a request comes from: the client's certificate, the bearer token, and what it may do at all.

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::{client::Peer, refusal::Refusal};
use crate::{
    app::{App, Caller},
    tokens::Refused,
};

/// What every challenge begins with.
const REALM: &str = "Bearer realm=\"jmcp\"";

/// The principal of a request. `base` is the address that the client knows us by.
pub(super) async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    peer: &Peer,
    wants_certificate: bool,
    base: &str,
) -> Result<Caller, Refusal> {
    let metadata = format!("resource_metadata=\"{base}/.well-known/oauth-protected-resource/mcp\"");
    if wants_certificate && peer.certificate.is_none() {
        return Err(Refusal::unauthorized(
            "client_certificate_required",
            "A client certificate is required",
            "client_cert",
            format!("{REALM}, {metadata}"),
        ));
    }
    if !app.asks_for_tokens() {
        return Ok(Caller::no_auth());
    }
    let secret = bearer(headers).map_err(|(reason, description)| {
        Refusal::unauthorized("invalid_request", description, reason, format!("{REALM}, {metadata}"))
    })?;
    let caller = app.caller_of(secret).await.map_err(|refused| {
        let reason = match refused {
            Refused::Unknown => "unknown",
            Refused::Expired => "expired",
        };
        let description = "The access token is unknown, expired or revoked";
        let error = "error=\"invalid_token\"";
        Refusal::unauthorized(
            "invalid_token",
            description,
            reason,
            format!("{REALM}, {error}, error_description=\"{description}\", {metadata}"),
        )
    })?;
    if !app.serves(&caller) {
        let error = "error=\"insufficient_scope\", error_description=\"The token grants no tool\"";
        return Err(Refusal::insufficient_scope(format!("{REALM}, {error}, {metadata}")));
    }
    Ok(caller)
}

/// The one bearer token of a request; otherwise what is wrong with it, as a word and as a sentence.
fn bearer(headers: &HeaderMap) -> Result<&str, (&'static str, &'static str)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values
        .next()
        .ok_or(("missing", "An Authorization header is required"))?;
    if values.next().is_some() {
        return Err(("scheme", "There is more than one Authorization header"));
    }
    let text = value
        .to_str()
        .map_err(|_| ("scheme", "The Authorization header is not text"))?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim_matches(' ')),
        _ => Err(("scheme", "The Authorization scheme is not Bearer")),
    }
}
