//! What differs between two readings of the file of tokens, by names alone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Tokens, entry::Entry};

/// The names of tokens that came, went, or are not what they were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Changes {
    /// Tokens that are new.
    pub(crate) added: Vec<String>,
    /// Tokens that are gone, or cannot be used any more.
    pub(crate) removed: Vec<String>,
    /// Tokens with another secret, scope or end.
    pub(crate) changed: Vec<String>,
}

impl Changes {
    /// Whether there are none.
    pub(crate) fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Tokens {
    /// What has become different since `before`.
    pub(crate) fn changes_since(&self, before: &Self) -> Changes {
        let (now, then) = (self.by_name(), before.by_name());
        let mut changes = Changes::default();
        for (name, entry) in &now {
            match then.get(name) {
                None => changes.added.push((*name).to_owned()),
                Some(old) if old != entry => changes.changed.push((*name).to_owned()),
                Some(_) => {}
            }
        }
        let gone = then.keys().filter(|name| !now.contains_key(*name));
        changes.removed = gone.map(|name| (*name).to_owned()).collect();
        changes
    }

    fn by_name(&self) -> BTreeMap<&str, &Entry> {
        let entries = self.entries.iter();
        entries.map(|entry| (entry.grant.name.as_str(), entry)).collect()
    }
}
