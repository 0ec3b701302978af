//! Why a change was not made, or not known to be made.

use super::{Cleanup, HistoryEntry, Holder, Search};
use crate::{
    blocklist::Denied,
    devices::Fault,
    jobs::JobView,
    junos::{DeviceMessage, DeviceText},
};

/// A transaction that did not end as asked. `code` is a word of the closed list of failure codes.
#[derive(Debug)]
pub(crate) struct ChangeFault {
    /// The stable word for this kind of failure.
    pub(crate) code: &'static str,
    /// One sentence that names the router.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: String,
    /// The router's own errors.
    pub(crate) errors: Vec<DeviceMessage>,
    /// What the router warned of before.
    pub(crate) warnings: Vec<DeviceMessage>,
    /// The difference, once it was known.
    pub(crate) diff: Option<DeviceText>,
    /// `rejected`, `invalid`, `unknown` or another word for the state, where there is one to tell.
    pub(crate) outcome: Option<&'static str>,
    /// Who else is editing.
    pub(crate) holders: Vec<Holder>,
    /// The entry of the commit history that this is about.
    pub(crate) entry: Option<HistoryEntry>,
    /// The rule that forbids the change.
    pub(crate) denied: Option<Denied>,
    /// How the router was left; absent where nothing was opened.
    pub(crate) cleanup: Option<Cleanup>,
    /// What has still to be found out, where the outcome is unknown.
    pub(crate) search: Option<Search>,
    /// The job of the commit, once it was sent.
    pub(crate) job: Option<JobView>,
}

impl ChangeFault {
    /// A failure with one sentence that names the router, and what to do next.
    pub(crate) fn new(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            errors: Vec::new(),
            warnings: Vec::new(),
            diff: None,
            outcome: None,
            holders: Vec::new(),
            entry: None,
            denied: None,
            cleanup: None,
            search: None,
            job: None,
        }
    }

    pub(super) fn panicked() -> Self {
        Self::new(
            "internal",
            "the change ended in an internal error; what it did is in the router's commit history",
            "look at 'show system commit' and at junos_config_diff with database candidate before trying again",
        )
    }

    /// What the router refused, all of it.
    pub(super) fn refused(
        router: &str,
        code: &'static str,
        what: &str,
        errors: Vec<DeviceMessage>,
        hint: &str,
    ) -> Self {
        let words: Vec<String> = errors.iter().map(in_words).collect();
        let mut fault = Self::new(code, format!("router '{router}': {what}: {}", words.join("; ")), hint);
        fault.errors = errors;
        fault
    }

    /// The same failure with a word for the state it leaves.
    pub(crate) fn outcome(mut self, outcome: &'static str) -> Self {
        self.outcome = Some(outcome);
        self
    }

    /// The same failure under another code, where the step gives it another meaning.
    pub(super) fn recoded(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }
}

impl From<Fault> for ChangeFault {
    fn from(fault: Fault) -> Self {
        Self {
            errors: fault.errors,
            ..Self::new(fault.code, fault.message, fault.hint)
        }
    }
}

fn in_words(message: &DeviceMessage) -> String {
    let mut text = message.message.clone();
    if let Some(element) = message
        .bad_element
        .as_deref()
        .filter(|element| !text.contains(*element))
    {
        text.push_str(&format!(" ({element})"));
    }
    match &message.path {
        Some(path) => format!("{path} {text}"),
        None => text,
    }
}
