//! The commit history of a router, and what is pending in it.

use serde::Serialize;

use crate::devices::{Node, Reply};

/// One line of the commit history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct HistoryEntry {
    /// Who committed.
    pub(crate) user: String,
    /// By which way: `cli`, `netconf`, `other` …
    pub(crate) client: String,
    /// When, as the router prints it.
    pub(crate) at: String,
    /// The commit's log text or comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
    #[serde(skip)]
    texts: Vec<String>,
    #[serde(skip)]
    pending: bool,
}

/// The commit history, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<HistoryEntry>);

impl History {
    /// Reads a reply to `get-commit-information`.
    pub(crate) fn read(reply: &Reply) -> Self {
        reply.tree().as_ref().map(Self::of).unwrap_or_default()
    }

    pub(super) fn of(tree: &Node) -> Self {
        Self(tree.descendants("commit-history").into_iter().map(entry).collect())
    }

    pub(super) fn entries(&self) -> &[HistoryEntry] {
        &self.0
    }

    /// The latest commit.
    pub(crate) fn latest(&self) -> Option<&HistoryEntry> {
        self.0.first()
    }

    /// The latest commit, if it will be rolled back unless somebody confirms it.
    pub(crate) fn pending(&self) -> Option<&HistoryEntry> {
        self.latest().filter(|entry| entry.pending)
    }

    /// The commit of a call.
    pub(crate) fn of_call(&self, call_id: &str) -> Option<&HistoryEntry> {
        self.0.iter().find(|entry| entry.is_of_call(call_id))
    }
}

impl HistoryEntry {
    /// Whether the commit carries the id of this call.
    pub(crate) fn is_of_call(&self, call_id: &str) -> bool {
        let mark = mark(call_id);
        self.texts.iter().any(|text| text.contains(&mark))
    }

    /// Whether the router itself went back to the configuration before.
    pub(crate) fn is_automatic_rollback(&self) -> bool {
        self.user == "root" && self.client == "other"
    }
}

/// How a call's id stands in the log text of its commit.
pub(super) fn mark(call_id: &str) -> String {
    format!("[mcp:{call_id}]")
}

fn entry(node: &Node) -> HistoryEntry {
    let value = |name: &str| node.value(name).unwrap_or_default().to_owned();
    let texts: Vec<String> = ["log", "comment"]
        .into_iter()
        .filter_map(|name| node.value(name))
        .map(str::to_owned)
        .collect();
    // The number in the comment counts down and its wording differs by release; the element says it plainly where it exists.
    let pending = node.at("commit-confirmed").is_some()
        || texts
            .iter()
            .any(|text| text.starts_with("commit confirmed, rollback in"));
    HistoryEntry {
        user: value("user"),
        client: value("client"),
        at: value("date-time"),
        comment: texts.first().cloned(),
        texts,
        pending,
    }
}
