//! The record of one call, and its two spellings.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::sink::Line;

/// Raised when a field is renamed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

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

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It did what was asked.
    Ok,
    /// It failed.
    Error,
    /// It was refused.
    Denied,
    /// Its arguments were not acceptable.
    Rejected,
    /// Nobody wanted the result any more.
    Cancelled,
    /// Its time was over.
    Timeout,
    /// A commit may or may not have happened.
    Unknown,
    /// It panicked.
    Panic,
}

impl Outcome {
    /// The word in records and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Denied => "denied",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Unknown => "unknown",
            Self::Panic => "panic",
        }
    }
}

/// Which guard refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Denial {
    /// This process does not offer the tool.
    NotOffered,
    /// The caller may not use the tool.
    ToolScope,
    /// The caller may not use the router.
    RouterScope,
    /// There is no such router.
    UnknownRouter,
    /// The router's entry cannot be used.
    RouterDisabled,
    /// Only reading is allowed.
    ReadOnly,
    /// An operator's rule.
    Blocklist,
    /// A pipe that is not available.
    Pipe,
    /// A redaction mark in an argument.
    RedactedMarker,
    /// The inventory must not be changed.
    InventoryReadonly,
    /// A missing or wrong confirmation.
    Confirmation,
    /// A limit.
    Limit,
    /// Records cannot be written.
    Audit,
}

/// The caller as verified by the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Caller {
    /// `token`, `oauth`, `stdio` or `no_auth`.
    pub(crate) kind: &'static str,
    /// Its name.
    pub(crate) name: String,
    /// Eight hex digits of the token's hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fp: Option<String>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) peer: Option<String>,
    /// The protocol session, as eight hex digits of its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
    /// `stdio` or `streamable-http`.
    pub(crate) transport: &'static str,
    /// The protocol era.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) era: Option<String>,
}

/// What a client claims about itself; never used for decisions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Asserted {
    /// The name of the client program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_name: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_version: Option<String>,
    /// The protocol revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) protocol_version: Option<String>,
}

/// What was asked, without configuration text, variables or passwords.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct RequestFacts {
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// How many commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command_count: Option<usize>,
    /// The configuration path read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_path: Option<String>,
    /// `set`, `text`, `xml` or `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_format: Option<&'static str>,
    /// The size of the configuration sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_bytes: Option<usize>,
    /// Its lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_lines: Option<usize>,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_sha256: Option<String>,
    /// The digest of the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) template_sha256: Option<String>,
    /// The rollback number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u8>,
    /// Minutes of a confirmed commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirm_minutes: Option<u16>,
    /// Whether nothing was to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dry_run: Option<bool>,
    /// Whether a comment was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment_present: Option<bool>,
    /// The names of the arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) arg_keys: Vec<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct ResultFacts {
    /// The size of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<usize>,
    /// Whether it was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) truncated: Option<bool>,
    /// Where the rest is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_id: Option<String>,
    /// Rows that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows_ok: Option<usize>,
    /// Rows that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows_failed: Option<usize>,
    /// `committed`, `rejected` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<&'static str>,
    /// When the router rolls back by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rollback_deadline: Option<String>,
}

/// What is known when a call begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallHead {
    /// The id that also stands in the commit log.
    pub(crate) call_id: String,
    /// The JSON-RPC id as text.
    pub(crate) rpc_id: Option<String>,
    /// The tool's name as sent.
    pub(crate) tool: String,
    /// Its toolset, for known tools.
    pub(crate) toolset: Option<&'static str>,
    /// Its effect, for known tools.
    pub(crate) effect: Option<&'static str>,
    /// Who calls.
    pub(crate) caller: Caller,
    /// What the client says about itself.
    pub(crate) asserted: Asserted,
}

/// What is known when it ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct End {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// The code of the failure.
    pub(crate) code: Option<&'static str>,
    /// Its text.
    pub(crate) error: Option<String>,
    /// The guard that refused.
    pub(crate) denial: Option<Denial>,
}

impl End {
    /// A success.
    pub(crate) fn ok() -> Self {
        Self {
            outcome: Outcome::Ok,
            code: None,
            error: None,
            denial: None,
        }
    }

    /// Anything else.
    pub(crate) fn failed(outcome: Outcome, code: &'static str, error: Option<String>) -> Self {
        Self {
            outcome,
            code: Some(code),
            error,
            denial: None,
        }
    }

    /// The same end, refused by this guard.
    pub(crate) fn denied_by(mut self, denial: Denial) -> Self {
        self.denial = Some(denial);
        self
    }
}

/// A record while its call runs.
#[derive(Debug)]
pub(super) struct Draft {
    head: CallHead,
    routers: Vec<String>,
    router_count: usize,
    pub(super) request: RequestFacts,
    pub(super) result: ResultFacts,
}

impl Draft {
    pub(super) fn new(head: CallHead) -> Self {
        Self {
            head,
            routers: Vec::new(),
            router_count: 0,
            request: RequestFacts::default(),
            result: ResultFacts::default(),
        }
    }

    pub(super) fn router(&mut self, name: &str) {
        if self.routers.iter().any(|known| known == name) {
            return;
        }
        self.router_count += 1;
        if self.routers.len() < ROUTERS {
            self.routers.push(name.to_owned());
        }
    }

    /// The request with names of arguments that fit: a client may send any.
    fn named(&self) -> RequestFacts {
        let mut request = self.request.clone();
        request.arg_keys.iter_mut().for_each(|key| *key = cut(key, TOOL));
        request
    }

    /// The finished record. Every string is redacted and cut.
    pub(super) fn line(
        &self,
        seq: u64,
        now: DateTime<Utc>,
        took: Duration,
        end: &End,
        redact: &dyn Fn(&str) -> String,
    ) -> Line {
        let head = &self.head;
        let mut record = json!({
            "schema_version": SCHEMA_VERSION,
            "seq": seq,
            "ts": now.to_rfc3339_opts(SecondsFormat::Micros, true),
            "event": "tool_call",
            "call_id": head.call_id,
            "rpc_id": head.rpc_id,
            "tool": cut(&head.tool, TOOL),
            "toolset": head.toolset,
            "effect": head.effect,
            "routers": self.routers,
            "router_count": self.router_count,
            "outcome": end.outcome,
            "code": end.code,
            "error": end.error,
            "denial": end.denial,
            "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "caller": head.caller,
            "asserted": claims(&head.asserted),
            "request": self.named(),
            "result": self.result,
        });
        tidy(&mut record, redact);
        let text = format!(
            "AUDIT {} {} routers={} caller={} code={} {}ms call={}",
            end.outcome.as_str(),
            plain(&record["tool"]),
            plain_list(&record["routers"]),
            plain(&record["caller"]["name"]),
            end.code.unwrap_or("-"),
            took.as_millis(),
            plain(&record["call_id"]),
        );
        Line {
            text,
            json: record.to_string(),
        }
    }
}

fn claims(asserted: &Asserted) -> Value {
    let shortened = |claim: &Option<String>| claim.as_ref().map(|claim| cut(claim, CLAIM));
    json!(Asserted {
        client_name: shortened(&asserted.client_name),
        client_version: shortened(&asserted.client_version),
        protocol_version: shortened(&asserted.protocol_version),
    })
}

/// Redacts and cuts every string, shortens lists, and leaves out what is not there.
fn tidy(value: &mut Value, redact: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = cut(&redact(text), TEXT),
        Value::Array(items) => {
            items.truncate(ITEMS);
            items.iter_mut().for_each(|item| tidy(item, redact));
        }
        Value::Object(members) => {
            let taken = std::mem::take(members);
            *members = taken
                .into_iter()
                .map(|(name, mut member)| {
                    tidy(&mut member, redact);
                    (name, member)
                })
                .filter(|(_, member)| !is_nothing(member))
                .collect::<Map<_, _>>();
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
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(most - '…'.len_utf8())])
}

/// A value for the line of text: nothing in it can end the line or look like another field.
fn plain(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() || c.is_whitespace() { '_' } else { c })
        .collect();
    if plain.is_empty() { "-".to_owned() } else { plain }
}

fn plain_list(value: &Value) -> String {
    let names: Vec<String> = value.as_array().into_iter().flatten().map(plain).collect();
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(",")
    }
}
