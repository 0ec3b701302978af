//! The committed configurations of a router, newest first.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// Committed configurations a router keeps: the active one and 49 to go back to.
pub(super) const RING: usize = 50;

/// One committed configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Commit<C> {
    /// What was committed.
    pub(super) configuration: C,
    /// Who committed it.
    pub(super) user: String,
    /// Over what: `cli`, `netconf` or `other`.
    pub(super) client: &'static str,
    /// When; no two commits of a router share a second.
    pub(super) at: DateTime<Utc>,
    /// What the committer wrote.
    pub(super) log: Option<String>,
    /// Counts the commits of a router from 0.
    pub(super) revision: u64,
}

/// Who commits, and what for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// The account.
    pub(super) user: String,
    /// `cli`, `netconf` or `other`.
    pub(super) client: &'static str,
    /// The log text.
    pub(super) log: Option<String>,
}

/// The ring of commits; never empty.
#[derive(Debug, Clone)]
pub(super) struct History<C> {
    ring: VecDeque<Commit<C>>,
    commits: u64,
}

impl<C: Clone> History<C> {
    /// A router whose first configuration was committed then.
    pub(super) fn new(first: C, at: DateTime<Utc>) -> Self {
        let mut history = Self {
            ring: VecDeque::new(),
            commits: 0,
        };
        let origin = Origin {
            user: "root".to_owned(),
            client: "other",
            log: None,
        };
        history.push(first, origin, at);
        history
    }

    /// Adds a commit on top.
    pub(super) fn push(&mut self, configuration: C, origin: Origin, now: DateTime<Utc>) {
        let after_last = self.ring.front().map(|last| last.at + TimeDelta::seconds(1));
        self.ring.push_front(Commit {
            configuration,
            user: origin.user,
            client: origin.client,
            at: after_last.map_or(now, |earliest| earliest.max(now)),
            log: origin.log,
            revision: self.commits,
        });
        self.commits += 1;
        self.ring.truncate(RING);
    }

    /// Changes the active configuration without a commit.
    pub(super) fn amend(&mut self, change: impl FnOnce(&mut C)) {
        let last = self.ring.front_mut();
        change(
            &mut last
                .expect("the ring starts with one commit and never shrinks")
                .configuration,
        );
    }

    /// The commit that is active.
    pub(super) fn last(&self) -> &Commit<C> {
        self.ring
            .front()
            .expect("the ring starts with one commit and never shrinks")
    }

    /// The active configuration.
    pub(super) fn active(&self) -> &C {
        &self.last().configuration
    }

    /// The configuration that many commits back.
    pub(super) fn back(&self, number: usize) -> Option<&C> {
        self.ring.get(number).map(|commit| &commit.configuration)
    }

    /// All commits, newest first.
    pub(super) fn commits(&self) -> impl Iterator<Item = &Commit<C>> {
        self.ring.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_fifty_and_seconds_never_repeat() {
        let now = DateTime::UNIX_EPOCH;
        let mut history = History::new(0, now);
        for number in 1..=60 {
            let origin = Origin {
                user: "ops".to_owned(),
                client: "cli",
                log: None,
            };
            history.push(number, origin, now);
        }
        assert_eq!(
            (*history.active(), history.back(49), history.back(50)),
            (60, Some(&11), None)
        );
        assert_eq!(history.last().at, now + TimeDelta::seconds(60));
        assert_eq!(history.last().revision, 60);
    }
}
