//! The record of one call, and its two spellings.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::facts::{Asserted, CallHead, Confirmed, End, RequestFacts, ResultFacts};
use crate::junos::char_floor;

/// Raised when a field is renamed or changes its meaning.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// Most router names in a record; the count is always right.
const ROUTERS: usize = 20;

/// Longest tool name, as a client may send anything.
const TOOL: usize = 64;

/// Longest claim of a client.
const CLAIM: usize = 128;

/// Longest other text, so that a record stays below 16 KiB.
const TEXT: usize = 512;

/// Most items of a list.
const ITEMS: usize = 32;

/// A record while its call runs.
#[derive(Debug)]
pub(super) struct Draft {
    head: CallHead,
    /// With whether its row failed.
    routers: IndexMap<String, bool>,
    queued: Option<Duration>,
    pub(super) request: RequestFacts,
    pub(super) result: ResultFacts,
    pub(super) confirmed: Option<Confirmed>,
}

impl Draft {
    pub(super) fn new(head: CallHead) -> Self {
        Self {
            head,
            routers: IndexMap::new(),
            queued: None,
            request: RequestFacts::default(),
            result: ResultFacts::default(),
            confirmed: None,
        }
    }

    pub(super) fn router(&mut self, name: &str) {
        self.routers.entry(name.to_owned()).or_default();
    }

    pub(super) fn router_failed(&mut self, name: &str) {
        self.routers.insert(name.to_owned(), true);
    }

    /// The routers so far, each with whether its row failed; as many as one call may name.
    pub(super) fn routers(&self) -> Vec<(String, bool)> {
        self.routers
            .iter()
            .map(|(name, failed)| (name.clone(), *failed))
            .collect()
    }

    /// Notes how long the call waited for sessions to routers.
    pub(super) fn queued(&mut self, time: Duration) {
        self.queued = Some(time);
    }

    /// Whether the call may change something.
    pub(super) fn changes(&self) -> bool {
        matches!(self.head.effect, Some("write" | "destroy"))
    }

    /// The request with names of arguments that fit: a client may send any.
    fn named(&self) -> RequestFacts {
        let mut request = self.request.clone();
        request.arg_keys.iter_mut().for_each(|key| *key = cut(key, TOOL));
        request
    }

    /// How a change was confirmed; calls that change nothing say nothing of it.
    fn confirm(&self) -> Value {
        match self.confirmed {
            Some(how) => json!(how),
            None if self.changes() => json!("none"),
            None => Value::Null,
        }
    }

    /// The members of the finished record.
    pub(super) fn members(&self, took: Duration, end: &End) -> Value {
        let head = &self.head;
        json!({
            "call_id": head.call_id,
            "request_id": head.request_id,
            "rpc_id": head.rpc_id,
            "tool": cut(&head.tool, TOOL),
            "toolset": head.toolset,
            "effect": head.effect,
            "routers": self.routers.keys().take(ROUTERS).collect::<Vec<_>>(),
            "router_count": self.routers.len(),
            "outcome": end.outcome,
            "code": end.code,
            "error": end.error,
            "denial": end.denial,
            "duration_ms": milliseconds(took),
            "queue_ms": self.queued.map(milliseconds),
            "confirm": self.confirm(),
            "caller": head.caller,
            "asserted": claims(&head.asserted),
            "request": self.named(),
            "result": self.result,
        })
    }

    /// The members of the record that is written before a change may reach a router.
    pub(super) fn intent(&self, routers: &[String]) -> Value {
        let head = &self.head;
        json!({
            "call_id": head.call_id,
            "request_id": head.request_id,
            "rpc_id": head.rpc_id,
            "tool": cut(&head.tool, TOOL),
            "toolset": head.toolset,
            "effect": head.effect,
            "routers": routers.iter().take(ROUTERS).collect::<Vec<_>>(),
            "router_count": routers.len(),
            "caller": head.caller,
            "asserted": claims(&head.asserted),
            "request": self.named(),
        })
    }
}

/// A record with what all of them begin with.
pub(super) fn framed(seq: u64, now: DateTime<Utc>, event: &str, members: &Map<String, Value>) -> Map<String, Value> {
    let mut record = Map::new();
    record.insert("schema_version".to_owned(), SCHEMA_VERSION.into());
    record.insert("seq".to_owned(), seq.into());
    record.insert("ts".to_owned(), now.to_rfc3339_opts(SecondsFormat::Micros, true).into());
    record.insert("event".to_owned(), event.into());
    record.extend(members.clone());
    record
}

/// A record as one line for people: calls in a fixed form, other events with all that they hold besides what is nested.
pub(super) fn text(event: &str, members: &Map<String, Value>) -> String {
    let member = |name: &str| members.get(name).unwrap_or(&Value::Null);
    if event != "tool_call" {
        let words = members.iter().filter_map(|(name, value)| match value {
            Value::Object(parts) => parts.get("name").map(|value| format!(" {name}={}", word(value))),
            value => Some(format!(" {name}={}", word(value))),
        });
        return format!("AUDIT {event}{}", words.collect::<String>());
    }
    format!(
        "AUDIT {} {} routers={} caller={} code={} {}ms call={}",
        word(member("outcome")),
        word(member("tool")),
        word(member("routers")),
        word(&member("caller")["name"]),
        word(member("code")),
        member("duration_ms"),
        word(member("call_id")),
    )
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn claims(asserted: &Asserted) -> Value {
    let mut claims = json!(asserted);
    for claim in claims.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Value::String(text) = claim {
            *text = cut(text, CLAIM);
        }
    }
    claims
}

/// Redacts and cuts every string, shortens lists, and leaves out what is not there.
pub(super) fn tidy(value: &mut Value, redact: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = shortened(redact(text), TEXT),
        Value::Array(items) => {
            items.truncate(ITEMS);
            items.iter_mut().for_each(|item| tidy(item, redact));
        }
        Value::Object(members) => {
            members.values_mut().for_each(|member| tidy(member, redact));
            members.retain(|_, member| !is_nothing(member));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn cut(text: &str, most: usize) -> String {
    shortened(text.to_owned(), most)
}

fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(char_floor(&text, most - '…'.len_utf8()));
        text.push('…');
    }
    text
}

/// A value for the line of text: nothing in it can end the line or look like another field.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(word).collect::<Vec<_>>().join(","),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => text
            .chars()
            .map(|c| if c.is_control() || c.is_whitespace() { '_' } else { c })
            .collect(),
        other => other.to_string().replace(char::is_whitespace, "_"),
    }
}
