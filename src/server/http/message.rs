//! What a body says before the SDK reads it: one request object, of which era, and not made to exhaust us.

use axum::http::{HeaderMap, StatusCode};
use rmcp::model::ProtocolVersion;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refusal::Refusal;

/// Our own code for what the protocol has none for.
pub(super) const REFUSED: i32 = -31000;

const PARSE_ERROR: i32 = -32700;
pub(super) const INVALID_REQUEST: i32 = -32600;
pub(super) const INTERNAL_ERROR: i32 = -32603;
const UNSUPPORTED_VERSION: i32 = -32022;

/// Values in one message: a batch of a thousand routers with a thousand commands stays below; what is above is made to
/// take many times its size once it is read.
const MOST_VALUES: usize = 200_000;

/// A message this small cannot hold more.
const HARMLESS: usize = MOST_VALUES;

const VERSION: &str = "mcp-protocol-version";
const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// What has to be known of a message before it is handed on.
#[derive(Debug)]
pub(super) struct Head {
    /// The id of the request; none of a notification.
    pub(super) id: Option<Value>,
    method: Option<String>,
    names_version: bool,
}

#[derive(Deserialize)]
struct Envelope {
    jsonrpc: Option<String>,
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    method: Option<String>,
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "_meta")]
    meta: Option<Value>,
}

/// Keeps `null` apart from what is not there.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl Head {
    /// Reads the head of a message.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        let refuse = |id, code, text: &str| Refusal::rpc(StatusCode::BAD_REQUEST, id, code, text);
        if body.len() > HARMLESS && separators(body) > MOST_VALUES {
            return Err(refuse(
                Value::Null,
                INVALID_REQUEST,
                "the message holds too many values",
            ));
        }
        match body.trim_ascii_start().first() {
            Some(b'{') => {}
            Some(b'[') if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => {
                let text = "batches are not supported: send one object per request";
                return Err(refuse(Value::Null, INVALID_REQUEST, text));
            }
            _ if serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok() => {
                return Err(refuse(Value::Null, INVALID_REQUEST, "a message is a JSON object"));
            }
            _ => return Err(refuse(Value::Null, PARSE_ERROR, "the body is not JSON")),
        }
        let envelope: Envelope = serde_json::from_slice(body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                refuse(Value::Null, INVALID_REQUEST, "the object is not a JSON-RPC 2.0 message")
            }
            _ => refuse(Value::Null, PARSE_ERROR, "the body is not JSON"),
        })?;
        let id = envelope.id.filter(|id| id.is_string() || id.is_i64() || id.is_u64());
        if envelope.jsonrpc.as_deref() != Some("2.0") {
            let text = "the object is not a JSON-RPC 2.0 message";
            return Err(refuse(id.unwrap_or_default(), INVALID_REQUEST, text));
        }
        let meta = envelope.params.and_then(|params| params.meta);
        let names_version = meta.is_some_and(|meta| meta.get(META_VERSION).is_some());
        Ok(Self {
            id,
            method: envelope.method,
            names_version,
        })
    }

    /// The id of a request; none of a notification or of an answer to a question of ours.
    pub(super) fn asked(&self) -> Option<&Value> {
        self.id.as_ref().filter(|_| self.method.is_some())
    }

    /// Whether it opens a session of the older revisions.
    pub(super) fn initializes(&self) -> bool {
        self.id.is_some() && self.method.as_deref() == Some("initialize")
    }

    /// Whether it is served without a session whatever else holds.
    pub(super) fn stands_alone(&self, headers: &HeaderMap) -> bool {
        let discovers = self.method.as_deref() == Some("server/discover");
        !self.initializes() && (self.names_version || discovers || is_modern(headers))
    }

    /// Refuses a revision that no header may name.
    pub(super) fn check_version(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(named) = headers.get(VERSION).filter(|_| !self.names_version) else {
            return Ok(());
        };
        let known = ProtocolVersion::KNOWN_VERSIONS;
        if known
            .iter()
            .any(|version| named.as_bytes() == version.as_str().as_bytes())
        {
            return Ok(());
        }
        let text = "unsupported protocol version";
        let supported: Vec<&str> = known.iter().map(|version| version.as_str()).collect();
        let data = json!({"supported": supported, "requested": String::from_utf8_lossy(named.as_bytes())});
        Err(Refusal::rpc(StatusCode::BAD_REQUEST, self.shown_id(), UNSUPPORTED_VERSION, text).data(data))
    }

    /// The id that an answer carries.
    pub(super) fn shown_id(&self) -> Value {
        self.id.clone().unwrap_or_default()
    }
}

/// Whether a header names the revision without sessions, or a later one.
pub(super) fn is_modern(headers: &HeaderMap) -> bool {
    let first = ProtocolVersion::V_2026_07_28;
    headers
        .get(VERSION)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|version| version >= first.as_str())
}

/// The commas between values; those within strings do not count.
fn separators(body: &[u8]) -> usize {
    let mut count = 0;
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b',' => count += 1,
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => {
                            bytes.next();
                        }
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &[u8]) -> Option<i64> {
        let refusal = Head::read(body).err()?;
        assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
        refusal.body["error"]["code"].as_i64()
    }

    #[test]
    fn only_one_object_of_json_rpc_is_a_message() {
        let deep = format!(
            "{{\"jsonrpc\":\"2.0\",\"params\":{}1{}}}",
            "[".repeat(5000),
            "]".repeat(5000)
        );
        let wide = format!("{{\"jsonrpc\":\"2.0\",\"params\":[0{}]}}", ",0".repeat(MOST_VALUES + 1));
        let text = format!(
            "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"{}\\\",\"}}",
            ",".repeat(2 * MOST_VALUES)
        );
        for (body, expected) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, None),
            (
                r#" {"jsonrpc":"2.0","id":"a","method":"ping","params":{"_meta":{}}}"#,
                None,
            ),
            (r#"{"jsonrpc":"2.0","method":"x","params":7}"#, Some(-32600)),
            ("", Some(-32700)),
            ("{", Some(-32700)),
            ("nope", Some(-32700)),
            ("[{]", Some(-32700)),
            ("[]", Some(-32600)),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, Some(-32600)),
            ("7", Some(-32600)),
            ("{}", Some(-32600)),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, Some(-32600)),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, Some(-32600)),
            (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, Some(-32600)),
            (&deep, Some(-32700)),
            (&wide, Some(-32600)),
            (&text, None),
        ] {
            assert_eq!(code(body.as_bytes()), expected, "{:.80}", body);
        }
    }

    #[test]
    fn the_era_is_told_by_the_message_or_by_the_header() {
        let head = |body: &str| Head::read(body.as_bytes()).expect("a message");
        let plain = head(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
        let named = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        let opening = head(r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#);
        let mut modern = HeaderMap::new();
        modern.insert(VERSION, "2026-07-28".parse().expect("a value"));
        assert!(!plain.stands_alone(&HeaderMap::new()) && plain.stands_alone(&modern));
        assert!(head(named).stands_alone(&HeaderMap::new()));
        assert!(opening.initializes() && !opening.stands_alone(&modern));
        let mut strange = HeaderMap::new();
        strange.insert(VERSION, "1999-01-01".parse().expect("a value"));
        assert!(plain.check_version(&strange).is_err() && head(named).check_version(&strange).is_ok());
        assert!(plain.check_version(&modern).is_ok() && plain.check_version(&HeaderMap::new()).is_ok());
    }
}
