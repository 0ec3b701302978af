//! What is recorded that is no call: requests refused before they were one, sessions, files taken over, keys trusted.

use serde_json::{Value, json};

use super::{App, Caller};
use crate::{audit::Audit, devices::PinnedKey};

/// Why a session has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionEnd {
    /// It was not used for too long.
    Idle,
    /// It is too old.
    Lifetime,
    /// Its principal is gone, changed or expired.
    Revoked,
    /// Its client has ended it.
    Deleted,
    /// It never came to be of use: the client broke off the opening.
    Unopened,
}

impl SessionEnd {
    /// The word in records and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Lifetime => "lifetime",
            Self::Revoked => "revoked",
            Self::Deleted => "deleted",
            Self::Unopened => "unopened",
        }
    }
}

impl App {
    /// Records that a request was refused before it was a call.
    pub(crate) fn rejected(&self, status: u16, reason: &'static str, peer: &str) {
        self.audit.reject(status, reason, peer);
    }

    /// Records that `caller` has opened a session; `session` is what may be shown of its id.
    pub(crate) fn session_started(&self, caller: &Caller, session: &str) {
        self.audit.note("session_start", session_members(caller, session));
    }

    /// Records that a session of `caller` has ended, and counts it.
    pub(crate) fn session_ended(&self, caller: &Caller, session: &str, end: SessionEnd) {
        let mut members = session_members(caller, session);
        members["reason"] = end.as_str().into();
        self.audit.note("session_end", members);
        if end != SessionEnd::Unopened {
            self.http_metrics().reaped(end.as_str());
        }
    }

    /// Records that something on disk was taken over, was as before, or could not be used: `applied`, `unchanged` or
    /// `refused`. `details` says what is different now.
    pub(crate) fn reloaded(&self, what: &'static str, result: &'static str, details: Value) {
        let mut members = json!({"what": what, "result": result});
        if let (Some(members), Value::Object(details)) = (members.as_object_mut(), details) {
            members.extend(details);
        }
        self.audit.note("reload", members);
        self.services
            .metrics
            .reloads
            .count(what, result, self.services.clock.now());
    }
}

fn session_members(caller: &Caller, session: &str) -> Value {
    let mut recorded = caller.recorded();
    recorded.session = Some(session.to_owned());
    json!({"caller": recorded})
}

/// Records every host key that is trusted on first use.
pub(super) fn recording_pins(audit: &Audit) -> impl Fn(&PinnedKey) + Send + Sync + 'static {
    let audit = audit.clone();
    move |key| {
        let PinnedKey {
            host,
            key_type,
            fingerprint,
        } = key;
        audit.note(
            "host_key_pinned",
            json!({"host": host, "key_type": key_type, "fingerprint": fingerprint}),
        );
    }
}
