//! What follows when the routers in use are to be replaced, whoever asked for it: a log line, a record, counters, the end of
//! sessions that nobody needs any more, and news for clients.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::news::News;
use crate::{
    audit::Audit,
    clock::Clock,
    devices::Devices,
    inventory::{Attempt, Change, ReloadFault, Trigger},
    metrics::Reloads,
    news::Board,
};

/// Names of one kind in a record, which has a bound of 16 KiB; the counts are exact.
const MOST_NAMES: usize = 50;

/// Everybody who is to know.
pub(super) struct Followers {
    pub(super) audit: Audit,
    pub(super) devices: Devices,
    pub(super) reloads: Reloads,
    pub(super) clock: Clock,
    pub(super) board: Board<News>,
    /// Since when the routers in use are.
    pub(super) since: Mutex<DateTime<Utc>>,
}

impl Followers {
    /// Tells all of them.
    pub(super) fn follow(&self, attempt: &Attempt<'_>) {
        let path = attempt.path.unwrap_or_else(|| Path::new("")).display().to_string();
        let (result, members) = match attempt.result {
            Ok(change) => {
                let result = if change.is_empty() { "unchanged" } else { "applied" };
                self.log(change, &path);
                self.devices.retire(change.retired());
                if result == "applied" {
                    self.board.tell(News::Inventory);
                }
                (result, report(change))
            }
            Err(fault) => {
                let since = self.since().to_rfc3339_opts(SecondsFormat::Secs, true);
                tracing::error!("inventory reload refused: {fault}; keeping the version of {since}");
                ("refused", refusal(fault))
            }
        };
        let now = self.clock.now();
        if attempt.result.is_ok() {
            *self.since() = now;
        }
        let mut record = json!({
            "what": "inventory", "result": result, "trigger": attempt.trigger.as_str(), "inventory_file": path,
        });
        merge(&mut record, members);
        self.audit.note("reload", record);
        // A router that was added was not read from anywhere.
        if attempt.trigger != Trigger::Edit {
            self.reloads.count("inventory", result, now);
        }
    }

    fn log(&self, change: &Change, path: &str) {
        for line in change.current.report() {
            tracing::warn!("{line}");
        }
        tracing::info!(
            previous_router_count = change.previous.routers().len(),
            new_router_count = change.current.routers().len(),
            added = change.added.len(),
            removed = change.removed.len(),
            changed = change.changed.len(),
            blocklist_changed = change.changes_rules(),
            inventory_file = path,
            "the inventory was read again: {} routers",
            change.current.routers().len()
        );
    }

    fn since(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn report(change: &Change) -> Value {
    let names = |names: &[String]| json!(names.iter().take(MOST_NAMES).collect::<Vec<_>>());
    let rules = |rules: &std::collections::BTreeSet<_>| {
        let shown = rules.iter().take(MOST_NAMES).map(ToString::to_string);
        json!(shown.collect::<Vec<String>>())
    };
    let disabled = change.disabled();
    let shown = disabled.iter().take(MOST_NAMES);
    json!({
        "previous_router_count": change.previous.routers().len(),
        "new_router_count": change.current.routers().len(),
        "counts": {"added": change.added.len(), "removed": change.removed.len(), "changed": change.changed.len(),
            "disabled": disabled.len()},
        "added": names(&change.added),
        "removed": names(&change.removed),
        "changed": names(&change.changed),
        "disabled": shown.map(|(name, reason)| json!({"name": name, "reason": reason})).collect::<Vec<_>>(),
        "blocklist_changed": change.changes_rules(),
        "rules_added": rules(&change.rules_added),
        "rules_removed": rules(&change.rules_removed),
        "sha256": change.current.digest().map(|digest| hex(digest)),
    })
}

fn refusal(fault: &ReloadFault) -> Value {
    let details: Vec<String> = match fault {
        ReloadFault::Invalid(problems) => {
            let lines = problems.iter().take(MOST_NAMES);
            lines.map(|(name, text)| format!("device '{name}': {text}")).collect()
        }
        ReloadFault::Weakened(rules) => rules.iter().take(MOST_NAMES).map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    json!({"error": fault.to_string(), "details": details})
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn merge(record: &mut Value, members: Value) {
    if let (Value::Object(record), Value::Object(members)) = (record, members) {
        record.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
    }
}
