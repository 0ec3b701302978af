//! What a record holds: who called, what was asked, how it ended.

use serde::Serialize;

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

impl Denial {
    /// The word in records and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotOffered => "not_offered",
            Self::ToolScope => "tool_scope",
            Self::RouterScope => "router_scope",
            Self::UnknownRouter => "unknown_router",
            Self::RouterDisabled => "router_disabled",
            Self::ReadOnly => "read_only",
            Self::Blocklist => "blocklist",
            Self::Pipe => "pipe",
            Self::RedactedMarker => "redacted_marker",
            Self::InventoryReadonly => "inventory_readonly",
            Self::Confirmation => "confirmation",
            Self::Limit => "limit",
            Self::Audit => "audit",
        }
    }
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
    /// The proxy that named this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) via: Option<String>,
    /// Whose certificate it showed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_subject: Option<String>,
    /// SHA-256 of its certificate, in hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_fp: Option<String>,
    /// The protocol session, as eight hex digits of its hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
    /// `stdio` or `streamable-http`.
    pub(crate) transport: &'static str,
    /// `2026-07-28` or `legacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) era: Option<&'static str>,
}

/// How a change was confirmed before it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Confirmed {
    /// By the token of a plan.
    #[serde(rename = "plan")]
    ByPlan,
    /// By a person who was asked.
    #[serde(rename = "person")]
    ByPerson,
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
    /// The program that speaks HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    /// The trace that the call is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<String>,
    /// The person whom the client works for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on_behalf_of: Option<String>,
    /// The change or ticket that the call belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) change_ref: Option<String>,
    /// The model that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
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
    /// The file that was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basename: Option<String>,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
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
    /// What the call ended with asking for: `plan` or `person`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<&'static str>,
    /// The job that goes on after the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job_id: Option<String>,
}

/// What is known when a call begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallHead {
    /// The id that also stands in the commit log.
    pub(crate) call_id: String,
    /// The id of the HTTP request, also in its answer and in logs.
    pub(crate) request_id: Option<String>,
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
    #[cfg(test)]
    pub(crate) fn denied_by(mut self, denial: Denial) -> Self {
        self.denial = Some(denial);
        self
    }
}
