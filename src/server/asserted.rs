//! What a client says about itself: it is written down and never decides anything.

use axum::http::request::Parts;
use rmcp::{RoleServer, service::RequestContext};
use serde_json::Value;

use crate::audit::Asserted;

/// The claims that come with a request: in its opening, in its `_meta`, and in the headers of HTTP.
pub(super) fn claims(context: &RequestContext<RoleServer>) -> Asserted {
    let client = context.client_info();
    let header = |name: &str| {
        let parts = context.extensions.get::<Parts>()?;
        Some(parts.headers.get(name)?.to_str().ok()?.to_owned())
    };
    let meta = |name: &str| member(&context.meta, name);
    Asserted {
        client_name: client.as_ref().map(|client| client.name.clone()),
        client_version: client.map(|client| client.version),
        protocol_version: context.protocol_version().map(|version| version.to_string()),
        user_agent: header("user-agent"),
        traceparent: meta("traceparent").or_else(|| header("traceparent")),
        on_behalf_of: meta("on_behalf_of"),
        change_ref: meta("change_ref"),
        model: meta("model"),
    }
}

/// A text of `_meta` under its plain name, or under one that a vendor has put a prefix before.
fn member(meta: &serde_json::Map<String, Value>, name: &str) -> Option<String> {
    let named = |key: &String| key.rsplit('/').next() == Some(name);
    let value = meta
        .get(name)
        .or_else(|| meta.iter().find(|(key, _)| named(key)).map(|(_, value)| value));
    value?.as_str().map(str::to_owned)
}
