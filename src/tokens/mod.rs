//! Bearer tokens: whose they are, until when, and what they may do.
//!
//! Pure: reads its own file and nothing else. The names of tools and toolsets come from above as a [`Vocabulary`].

mod changes;
mod check;
mod document;
mod entry;
mod file;
pub(crate) mod oauth;
mod scope;
#[cfg(test)]
mod tests;
mod usage;

pub(crate) use changes::Changes;
pub(crate) use check::{Refused, is_well_formed};
pub(crate) use document::{Document, EditFault, Row, Wanted};
pub(crate) use entry::Grant;
pub(crate) use file::{FileFault, Finding};
pub(crate) use scope::{Granted, Scopes, Tool};
pub(crate) use usage::{Usage, Used, on_file as usage_on_file};

use std::sync::Arc;

use entry::Entry;

/// The words that scopes may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vocabulary<'a> {
    /// Names of all tools of this program.
    pub(crate) tools: &'a [&'a str],
    /// Names of all toolsets.
    pub(crate) toolsets: &'a [&'a str],
    /// Words for what a tool may do.
    pub(crate) effects: &'a [&'a str],
}

/// The tokens of one reading of the file.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    entries: Vec<Entry>,
    disabled: usize,
    findings: Vec<Finding>,
}

impl Tokens {
    /// What is wrong with single entries; each of them only takes access away.
    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many entries the file holds, those included that cannot be used.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() + self.disabled
    }

    /// The names of the tokens that can be used, those included that have expired.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.grant.name.as_str())
    }

    /// How many let somebody in at `now`, how many have expired, and how many cannot be used at all.
    pub(crate) fn counts(&self, now: chrono::DateTime<chrono::Utc>) -> [(&'static str, usize); 3] {
        let active = self.usable(now).count();
        [
            ("active", active),
            ("expired", self.entries.len() - active),
            ("disabled", self.disabled),
        ]
    }

    /// What the tokens grant that have not expired by `now`.
    pub(crate) fn usable(&self, now: chrono::DateTime<chrono::Utc>) -> impl Iterator<Item = &Arc<Grant>> {
        let valid = self.entries.iter().filter(move |entry| !entry.has_expired(now));
        valid.map(|entry| &entry.grant)
    }
}
