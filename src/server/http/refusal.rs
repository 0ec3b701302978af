//! What a refused request is told: the status, a word, a sentence, and how to do better.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// Seconds after which a client that met a limit may try again.
const AGAIN: u64 = 1;

/// The same when the server is about to end.
const AFTER_RESTART: u64 = 5;

/// A request that is not served.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// What it is counted as; refused messages are recorded as calls instead.
    counted: Option<Counted>,
    pub(super) status: StatusCode,
    pub(super) body: Value,
    headers: Vec<(HeaderName, String)>,
}

/// What a refusal is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Something of its form is not acceptable.
    Form(&'static str),
    /// Nobody we know, or not by this credential.
    Credential(&'static str),
    /// A limit is met.
    Limit(&'static str),
    /// There is nothing under this path.
    Nowhere,
}

impl Counted {
    /// The word in audit records.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Form(reason) | Self::Credential(reason) | Self::Limit(reason) => reason,
            Self::Nowhere => "not_found",
        }
    }
}

impl Refusal {
    /// A refusal before anything of the body was understood.
    pub(super) fn new(status: StatusCode, error: &str, description: &str, counted: Counted) -> Self {
        Self {
            counted: Some(counted),
            status,
            body: json!({"error": error, "error_description": description}),
            headers: Vec::new(),
        }
    }

    /// A refusal of a message, in the terms of JSON-RPC.
    pub(super) fn rpc(status: StatusCode, id: Value, code: i32, message: &str) -> Self {
        Self {
            counted: None,
            status,
            body: json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}),
            headers: Vec::new(),
        }
    }

    /// Counted and recorded as this.
    pub(super) fn counted(mut self, counted: Counted) -> Self {
        self.counted = Some(counted);
        self
    }

    /// With facts for programs beside the message.
    pub(super) fn data(mut self, data: Value) -> Self {
        self.body["error"]["data"] = data;
        self
    }

    /// What is wrong, in words.
    pub(super) fn message(&self) -> &str {
        let words = match &self.body["error"] {
            Value::Object(error) => error.get("message"),
            _ => self.body.get("error_description"),
        };
        words.and_then(Value::as_str).unwrap_or_default()
    }

    fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn member(mut self, name: &str, value: &str) -> Self {
        if let Some(members) = self.body.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
        self
    }

    pub(super) fn bad_request(description: &str, reason: &'static str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            description,
            Counted::Form(reason),
        )
    }

    pub(super) fn unauthorized(error: &str, description: &str, reason: &'static str, challenge: String) -> Self {
        let counted = Counted::Credential(reason);
        Self::new(StatusCode::UNAUTHORIZED, error, description, counted).header(WWW_AUTHENTICATE, challenge)
    }

    pub(super) fn insufficient_scope(challenge: String) -> Self {
        let counted = Counted::Credential("scope");
        Self::new(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "The token grants no tool",
            counted,
        )
        .header(WWW_AUTHENTICATE, challenge)
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing here",
            Counted::Nowhere,
        )
    }

    pub(super) fn method(allowed: &'static str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "The method is not served here",
            Counted::Form("method"),
        )
        .header(ALLOW, allowed)
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let text = format!("The body is larger than {limit} bytes");
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            &text,
            Counted::Limit("request_body"),
        )
        .member("limit", "request_body")
    }

    pub(super) fn too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "The body did not arrive in time",
            Counted::Form("malformed"),
        )
    }

    pub(super) fn rate_limited(limit: &'static str, wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0);
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "Too many requests",
            Counted::Limit(limit),
        )
        .member("limit", limit)
        .header(RETRY_AFTER, format!("{seconds}"))
    }

    pub(super) fn overloaded(limit: &'static str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too many requests are running",
            Counted::Limit(limit),
        )
        .member("limit", limit)
        .header(RETRY_AFTER, AGAIN.to_string())
    }

    /// The same for a session, which is asked for in a message.
    pub(super) fn too_many_sessions(id: Value, limit: &'static str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::rpc(status, id, super::message::REFUSED, "too many sessions are open")
            .counted(Counted::Limit(limit))
            .data(json!({"error": "overloaded", "limit": limit}))
            .header(RETRY_AFTER, AGAIN.to_string())
    }

    pub(super) fn draining() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "The server is shutting down",
            Counted::Form("draining"),
        )
        .header(RETRY_AFTER, AFTER_RESTART.to_string())
    }

    pub(super) fn internal(request_id: &str) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal", "Internal error", Counted::Form("internal")).member("request_id", request_id)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json_response(self.status, &self.body, self.headers);
        if let Some(counted) = self.counted {
            response.extensions_mut().insert(counted);
        }
        response
    }
}

/// An answer in JSON.
pub(super) fn json_response(status: StatusCode, body: &Value, headers: Vec<(HeaderName, String)>) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        // Our own texts and a Host that was accepted are all there is in them.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
