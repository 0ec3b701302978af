//! Who is editing a router's configuration.

use serde::Serialize;

use crate::devices::{Node, Reply};

/// Somebody who has the configuration database open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Holder {
    /// The user.
    pub(crate) user: String,
    /// The terminal, for somebody at the CLI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) terminal: Option<String>,
    /// The process id of the session.
    pub(crate) pid: u32,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// Idle for how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idle: Option<String>,
    /// Whether nobody else may edit meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) exclusive: bool,
    /// At which level of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) edit_path: Option<String>,
}

/// Reads a reply to `get-configuration-database-status`.
pub(super) fn read(reply: &Reply) -> Vec<Holder> {
    let tree = reply.tree().unwrap_or_default();
    tree.descendants("database-status")
        .into_iter()
        .filter_map(holder)
        .collect()
}

/// Holders in words, for a message.
pub(super) fn in_words(holders: &[Holder]) -> String {
    holders
        .iter()
        .map(|holder| {
            let since = holder
                .since
                .as_deref()
                .map(|since| format!(" since {since}"))
                .unwrap_or_default();
            format!("{} (pid {}{since})", holder.user, holder.pid)
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn holder(node: &Node) -> Option<Holder> {
    let value = |name: &str| node.value(name).map(str::to_owned);
    Some(Holder {
        user: value("user")?,
        terminal: value("terminal"),
        pid: value("pid")?.parse().ok()?,
        since: value("start-time"),
        idle: value("idle-time"),
        exclusive: ["exclusive", "database-exclusive", "exclusive-lock"]
            .iter()
            .any(|name| node.at(name).is_some()),
        edit_path: value("edit-path"),
    })
}
