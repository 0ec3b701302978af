//! What the fixtures are made of: values written as they go over the wire.

use rmcp::model::{CallToolResult, JsonObject};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// One red pixel.
pub(crate) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/// A sound file without a single sample.
pub(crate) const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

/// A value of the protocol, from its JSON.
pub(crate) fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("fixtures have the form of the protocol")
}

/// A result that ends its request, from its JSON. The older revisions do not see the mark.
pub(crate) fn complete<T: DeserializeOwned>(mut result: Value) -> T {
    result["resultType"] = "complete".into();
    typed(result)
}

/// A result of one line.
pub(crate) fn text(words: impl Into<String>) -> CallToolResult {
    content(json!([{"type": "text", "text": words.into()}]))
}

/// A result of these blocks.
pub(crate) fn content(blocks: Value) -> CallToolResult {
    complete(json!({"content": blocks}))
}

/// A string among arguments; empty when it is missing.
pub(crate) fn word<'a>(arguments: Option<&'a JsonObject>, name: &str) -> &'a str {
    arguments
        .and_then(|arguments| arguments.get(name))
        .and_then(Value::as_str)
        .unwrap_or_default()
}
