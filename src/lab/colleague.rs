//! Other people at the same router: what they edit, lock and commit at its own command line.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::RouterHandle;
use super::candidate::{Editor, Refusal, Window};
use super::config::{LoadAction, LoadFormat, Severity, Tree};
use super::configuration;
use super::fault::{Doing, Errand};
use super::history::{Origin, RING};
use super::router::Router;
use super::rpc;
use super::state::State;

/// Why a colleague could not do what a test asked of him.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{user}: {reason}")]
pub struct Refused {
    /// The colleague.
    pub user: String,
    /// Why.
    pub reason: String,
}

/// One commit in a router's history.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// Who committed.
    pub user: String,
    /// Over what: `cli`, `netconf`, `other`.
    pub client: &'static str,
    /// When.
    pub at: DateTime<Utc>,
    /// The log text.
    pub log: Option<String>,
    /// Whether it waits for its confirmation.
    pub pending: bool,
}

impl RouterHandle {
    /// Edits the shared candidate as that user, with `set` lines, and leaves the work uncommitted.
    ///
    /// # Errors
    /// When somebody else holds the lock, or a line is wrong.
    pub fn edit_as(&self, user: &str, set_lines: &str) -> Result<(), Refused> {
        self.act(user, |router, state, who, now| {
            let mut tree = state.databases.editable(who).map_err(words)?.clone();
            let seed = router.world.settings.seed;
            let report = configuration::load(&mut tree, LoadAction::Set, LoadFormat::Set, set_lines, seed);
            if let Some(error) = report.errors.first() {
                return Err(error.message.clone());
            }
            state.databases.edit(who, tree, now).map_err(words)
        })
    }

    /// Locks the candidate as that user (`configure exclusive`).
    ///
    /// # Errors
    /// When the candidate is locked or dirty.
    pub fn lock_as(&self, user: &str) -> Result<(), Refused> {
        self.act(user, |_, state, who, _| state.databases.lock(who).map_err(words))
    }

    /// Gives that user's lock back; what was not committed is discarded.
    ///
    /// # Errors
    /// When the user holds no lock.
    pub fn unlock_as(&self, user: &str) -> Result<(), Refused> {
        self.act(user, |_, state, who, _| state.databases.unlock(who).map_err(words))
    }

    /// Commits the shared candidate as that user.
    ///
    /// # Errors
    /// When somebody else holds the lock, or the checks fail.
    pub fn commit_as(&self, user: &str) -> Result<(), Refused> {
        self.act(user, |router, state, who, now| commit(router, state, who, None, now))
    }

    /// Commits the shared candidate as that user, to be confirmed within that many minutes.
    ///
    /// # Errors
    /// When somebody else holds the lock, or the checks fail.
    pub fn commit_confirmed_as(&self, user: &str, minutes: u32) -> Result<(), Refused> {
        let window = Some(Window::Minutes(minutes));
        self.act(user, |router, state, who, now| commit(router, state, who, window, now))
    }

    /// Checks the shared candidate as that user, which confirms a pending commit.
    ///
    /// # Errors
    /// When somebody else holds the lock, or the checks fail.
    pub fn commit_check_as(&self, user: &str) -> Result<(), Refused> {
        self.act(user, |_, state, who, _| {
            let tree = state.databases.committable(who, false).map_err(words)?;
            passes(&tree)?;
            state.databases.checked();
            Ok(())
        })
    }

    /// Sets the shared candidate back to the configuration of that many commits ago, as that user.
    ///
    /// # Errors
    /// When somebody else holds the lock, or there are not that many commits.
    pub fn roll_back_as(&self, user: &str, number: usize) -> Result<(), Refused> {
        self.act(user, |_, state, who, now| {
            let tree = state.databases.history().back(number.min(RING)).cloned();
            let tree = tree.ok_or_else(|| format!("there is no rollback {number}"))?;
            state.databases.restore(who, tree, now).map_err(words)
        })
    }

    /// The user leaves configuration mode: a lock goes, plain edits stay.
    pub fn leave_as(&self, user: &str) {
        self.router.with_state((0, None), |state, now| {
            if let Some(who) = state.colleagues.remove(user) {
                state.databases.end(who.id, now);
            }
        });
    }

    /// The active configuration in braces.
    pub fn active(&self) -> String {
        self.read(|state| state.databases.history().active().text(&[]).unwrap_or_default())
    }

    /// The shared candidate in braces.
    pub fn candidate(&self) -> String {
        self.read(|state| state.databases.shared().text(&[]).unwrap_or_default())
    }

    /// What the shared candidate would change, as `show | compare` prints it; empty when it is clean.
    pub fn uncommitted(&self) -> String {
        self.read(|state| configuration::compared(state.databases.history().active(), state.databases.shared()))
    }

    /// Who holds the lock.
    pub fn locked_by(&self) -> Option<String> {
        self.read(|state| {
            let editors = state.databases.editors();
            editors
                .into_iter()
                .find(|(_, exclusive)| *exclusive)
                .map(|(editor, _)| editor.user)
        })
    }

    /// The commits of the router, newest first.
    pub fn commits(&self) -> Vec<Committed> {
        self.read(|state| {
            let pending = state.databases.pending().is_some();
            let commits = state.databases.history().commits().enumerate();
            commits
                .map(|(number, commit)| Committed {
                    user: commit.user.clone(),
                    client: commit.client,
                    at: commit.at,
                    log: commit.log.clone(),
                    pending: pending && number == 0,
                })
                .collect()
        })
    }

    fn read<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        self.router.with_state((0, None), |state, _| read(state))
    }

    fn act(
        &self,
        user: &str,
        act: impl FnOnce(&Router, &mut State, &Editor, DateTime<Utc>) -> Result<(), String>,
    ) -> Result<(), Refused> {
        let router: &Arc<Router> = &self.router;
        let id = router.process_id();
        let done = router.with_state((0, None), |state, now| {
            let terminal = router.free_terminal(state.colleagues.values());
            let who = state.colleagues.entry(user.to_owned()).or_insert_with(|| Editor {
                id,
                user: user.to_owned(),
                terminal: Some(terminal),
                since: now,
            });
            let who = who.clone();
            act(router, state, &who, now)
        });
        done.map_err(|reason| Refused {
            user: user.to_owned(),
            reason,
        })
    }
}

/// Sends somebody to the router's command line.
pub(super) fn go(router: &Arc<Router>, errand: &Errand) -> Result<(), Refused> {
    let there = RouterHandle {
        router: router.clone(),
        address: None,
    };
    let user = &errand.user;
    for doing in &errand.does {
        match doing {
            Doing::Edit(lines) => there.edit_as(user, lines)?,
            Doing::Lock => there.lock_as(user)?,
            Doing::Unlock => there.unlock_as(user)?,
            Doing::Commit => there.commit_as(user)?,
            Doing::CommitConfirmed(minutes) => there.commit_confirmed_as(user, *minutes)?,
            Doing::Rollback(number) => there.roll_back_as(user, *number)?,
            Doing::Leave => there.leave_as(user),
        }
    }
    Ok(())
}

fn commit(
    router: &Router,
    state: &mut State,
    who: &Editor,
    window: Option<Window>,
    now: DateTime<Utc>,
) -> Result<(), String> {
    let tree = state.databases.committable(who, window.is_some()).map_err(words)?;
    passes(&tree)?;
    let origin = Origin {
        user: who.user.clone(),
        client: "cli",
        log: None,
    };
    state.databases.activate(who, tree, origin, window, now);
    rpc::log_commit(state, now, &router.name, who, None);
    Ok(())
}

fn passes(tree: &Tree) -> Result<(), String> {
    let findings = configuration::check(tree);
    let error = findings.into_iter().find(|finding| finding.severity == Severity::Error);
    match error {
        Some(error) => Err(error.message),
        None => Ok(()),
    }
}

fn words(refusal: Refusal) -> String {
    match refusal {
        Refusal::LockedBy(holder) => format!("the configuration database is locked by {}", holder.user),
        other => format!("{other:?}"),
    }
}
