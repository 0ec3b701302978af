//! The configuration databases of one router as a state machine: candidate, lock, private copies, commits, confirmation.
//!
//! It knows neither time nor wire: every step is told who asks and what time it is.

mod pending;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::history::{History, Origin};
use super::recorder::Transition;

pub(super) use pending::{Pending, Window};

/// A configuration, as far as its database has to know it.
pub(super) trait Document: Clone + PartialEq {
    /// `theirs` with what changed from `base` to `mine`, and whether both sides changed the same things.
    fn merged(base: &Self, mine: &Self, theirs: &Self) -> (Self, bool);
}

/// Somebody who edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Editor {
    /// Process id; the session id of a NETCONF session.
    pub(super) id: u32,
    /// The account.
    pub(super) user: String,
    /// The terminal of a CLI user.
    pub(super) terminal: Option<String>,
    /// When the editing began.
    pub(super) since: DateTime<Utc>,
}

/// Why a step was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Somebody else holds the lock.
    LockedBy(Editor),
    /// The session has the database open or locked already.
    AlreadyOpen,
    /// The candidate holds uncommitted changes.
    Modified,
    /// The shared candidate holds uncommitted changes, and a private copy was wanted.
    SharedModified,
    /// Nothing is open or locked.
    NotOpen,
    /// A private copy cannot be committed with a window to confirm.
    ConfirmedInPrivate,
    /// Somebody committed changes to the same statements meanwhile; the next commit overrides them.
    Conflict,
}

#[derive(Debug)]
struct Private<C> {
    owner: Editor,
    base: C,
    copy: C,
    /// Whether the owner has been told of a conflict.
    warned: bool,
}

/// The databases of one router.
#[derive(Debug)]
pub(super) struct Databases<C> {
    history: History<C>,
    candidate: C,
    changed: DateTime<Utc>,
    lock: Option<Editor>,
    /// Sessions that have put something into the shared candidate that is still there.
    editors: BTreeMap<u32, Editor>,
    private: BTreeMap<u32, Private<C>>,
    pending: Option<Pending<C>>,
    steps: Vec<Transition>,
}

impl<C: Document> Databases<C> {
    /// The databases of a router that starts with that configuration.
    pub(super) fn new(first: C, now: DateTime<Utc>) -> Self {
        Self {
            history: History::new(first.clone(), now),
            candidate: first,
            changed: now,
            lock: None,
            editors: BTreeMap::new(),
            private: BTreeMap::new(),
            pending: None,
            steps: Vec::new(),
        }
    }

    /// The committed configurations.
    pub(super) fn history(&self) -> &History<C> {
        &self.history
    }

    /// The shared candidate, whoever may edit it.
    pub(super) fn shared(&self) -> &C {
        &self.candidate
    }

    /// Whether the shared candidate holds uncommitted changes.
    pub(super) fn is_dirty(&self) -> bool {
        self.candidate != *self.history.active()
    }

    /// When the shared candidate was last changed.
    pub(super) fn changed(&self) -> DateTime<Utc> {
        self.changed
    }

    /// The commit that waits for its confirmation.
    pub(super) fn pending(&self) -> Option<&Pending<C>> {
        self.pending.as_ref()
    }

    /// Everybody who has a database open or edited, and whether exclusively.
    pub(super) fn editors(&self) -> Vec<(Editor, bool)> {
        let mut list: BTreeMap<u32, (Editor, bool)> = BTreeMap::new();
        let private = self.private.values().map(|private| &private.owner);
        for editor in self.editors.values().chain(private) {
            list.insert(editor.id, (editor.clone(), false));
        }
        if let Some(holder) = &self.lock {
            list.insert(holder.id, (holder.clone(), true));
        }
        list.into_values().collect()
    }

    /// The steps taken since the last call, for the record.
    pub(super) fn steps(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.steps)
    }

    /// What this session sees as its candidate.
    pub(super) fn seen_by(&self, who: &Editor) -> &C {
        match self.private.get(&who.id) {
            Some(private) => &private.copy,
            None => &self.candidate,
        }
    }

    /// The database this session may edit.
    pub(super) fn editable(&self, who: &Editor) -> Result<&C, Refusal> {
        if !self.private.contains_key(&who.id) {
            self.check_lock(who)?;
        }
        Ok(self.seen_by(who))
    }

    /// Puts an edited configuration in place of the one [`Databases::editable`] gave.
    pub(super) fn edit(&mut self, who: &Editor, edited: C, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.put(who, edited, now, Transition::Edited)
    }

    /// Puts a committed configuration in place of the one this session edits.
    pub(super) fn restore(&mut self, who: &Editor, committed: C, now: DateTime<Utc>) -> Result<(), Refusal> {
        self.put(who, committed, now, Transition::Restored)
    }

    fn put(&mut self, who: &Editor, edited: C, now: DateTime<Utc>, step: Transition) -> Result<(), Refusal> {
        self.editable(who)?;
        if let Some(private) = self.private.get_mut(&who.id) {
            private.copy = edited;
            self.steps.push(Transition::EditedPrivate);
            return Ok(());
        }
        self.candidate = edited;
        self.changed = now;
        self.editors.entry(who.id).or_insert_with(|| who.clone());
        self.forget_editors_when_clean();
        self.steps.push(step);
        Ok(())
    }

    /// Locks the shared candidate for this session alone.
    pub(super) fn lock(&mut self, who: &Editor) -> Result<(), Refusal> {
        if self.private.contains_key(&who.id) || self.lock.as_ref().is_some_and(|holder| holder.id == who.id) {
            return Err(Refusal::AlreadyOpen);
        }
        self.check_lock(who)?;
        if self.is_dirty() {
            return Err(Refusal::Modified);
        }
        self.lock = Some(who.clone());
        self.steps.push(Transition::Locked);
        Ok(())
    }

    /// Gives the lock back; what was not committed is discarded.
    pub(super) fn unlock(&mut self, who: &Editor) -> Result<(), Refusal> {
        if self.lock.as_ref().is_none_or(|holder| holder.id != who.id) {
            return Err(Refusal::NotOpen);
        }
        self.release(Transition::Unlocked);
        Ok(())
    }

    /// Opens a private copy of the active configuration.
    pub(super) fn open_private(&mut self, who: &Editor) -> Result<(), Refusal> {
        let holds_lock = self.lock.as_ref().is_some_and(|holder| holder.id == who.id);
        if holds_lock || self.private.contains_key(&who.id) {
            return Err(Refusal::AlreadyOpen);
        }
        if self.is_dirty() {
            return Err(Refusal::SharedModified);
        }
        let private = Private {
            owner: who.clone(),
            base: self.history.active().clone(),
            copy: self.history.active().clone(),
            warned: false,
        };
        self.private.insert(who.id, private);
        self.steps.push(Transition::OpenedPrivate);
        Ok(())
    }

    /// Closes a private or exclusive database; what was not committed is discarded.
    pub(super) fn close(&mut self, who: &Editor) -> Result<(), Refusal> {
        if self.private.remove(&who.id).is_some() {
            self.steps.push(Transition::Closed);
            return Ok(());
        }
        if self.lock.as_ref().is_none_or(|holder| holder.id != who.id) {
            return Err(Refusal::NotOpen);
        }
        self.release(Transition::Closed);
        Ok(())
    }

    /// What a commit of this session would make active.
    pub(super) fn committable(&mut self, who: &Editor, confirmed: bool) -> Result<C, Refusal> {
        self.check_lock(who)?;
        let dirty = self.is_dirty();
        let Some(private) = self.private.get_mut(&who.id) else {
            return Ok(self.candidate.clone());
        };
        if confirmed {
            return Err(Refusal::ConfirmedInPrivate);
        }
        if dirty {
            return Err(Refusal::SharedModified);
        }
        let (merged, conflict) = C::merged(&private.base, &private.copy, self.history.active());
        if conflict && !private.warned {
            private.warned = true;
            return Err(Refusal::Conflict);
        }
        Ok(merged)
    }

    /// Makes what [`Databases::committable`] gave active. Confirms what was pending.
    pub(super) fn activate(
        &mut self,
        who: &Editor,
        configuration: C,
        origin: Origin,
        window: Option<Window>,
        now: DateTime<Utc>,
    ) {
        let before = self.history.active().clone();
        let earlier = self.pending.take();
        self.history.push(configuration.clone(), origin, now);
        self.candidate = configuration.clone();
        self.editors.clear();
        if let Some(private) = self.private.get_mut(&who.id) {
            private.base = configuration.clone();
            private.copy = configuration;
            private.warned = false;
        }
        match window {
            Some(window) => {
                // A second window restarts the time and keeps the configuration to go back to.
                let restore = earlier.map_or(before, |earlier| earlier.restore);
                self.pending = Some(Pending::new(restore, who.id, window, now));
                self.steps.push(Transition::CommittedPending);
            }
            None => {
                self.steps.push(Transition::Committed);
                if earlier.is_some() {
                    self.steps.push(Transition::Confirmed);
                }
            }
        }
    }

    /// Notes that a check passed, which confirms a pending commit that the router itself waits for.
    pub(super) fn checked(&mut self) {
        self.steps.push(Transition::Checked);
        if self.pending.as_ref().is_some_and(Pending::is_native) {
            self.pending = None;
            self.steps.push(Transition::Confirmed);
        }
    }

    /// Notes that a commit was refused by its checks.
    pub(super) fn check_failed(&mut self) {
        self.steps.push(Transition::CommitRefused);
    }

    /// Rolls back what was not confirmed in time.
    pub(super) fn expire(&mut self, now: DateTime<Utc>) {
        if self.pending.as_ref().is_some_and(|pending| now >= pending.due()) {
            self.roll_back(now);
        }
    }

    /// Ends a session: its lock, its private copy and the confirmed commit it owns go; plain edits stay.
    pub(super) fn end(&mut self, session: u32, now: DateTime<Utc>) {
        self.private.remove(&session);
        self.editors.remove(&session);
        if self.lock.as_ref().is_some_and(|holder| holder.id == session) {
            self.release(Transition::Unlocked);
        }
        let owned = |pending: &Pending<C>| pending.session == session && !pending.is_native();
        if self.pending.as_ref().is_some_and(owned) {
            self.roll_back(now);
        }
    }

    /// Ends a session by force: its plain edits and its pending commit go as well.
    pub(super) fn kill(&mut self, session: u32, now: DateTime<Utc>) {
        if self.editors.contains_key(&session) {
            self.candidate = self.history.active().clone();
            self.editors.clear();
            self.steps.push(Transition::Restored);
        }
        if self.pending.as_ref().is_some_and(|pending| pending.session == session) {
            self.roll_back(now);
        }
        self.end(session, now);
    }

    /// Starts again: what was not confirmed is rolled back, nobody is left who could edit.
    pub(super) fn restart(&mut self, now: DateTime<Utc>) {
        if self.lock.is_some() {
            self.release(Transition::Unlocked);
        }
        self.private.clear();
        self.editors.clear();
        self.roll_back(now);
    }

    /// Changes what is active without a commit, and the shared candidate with it.
    pub(super) fn rewrite(&mut self, change: impl Fn(&mut C)) {
        self.history.amend(&change);
        change(&mut self.candidate);
    }

    /// How long until something happens by itself.
    pub(super) fn next_event(&self, now: DateTime<Utc>) -> Option<Duration> {
        let pending = self.pending.as_ref()?;
        Some((pending.due() - now).to_std().unwrap_or_default())
    }

    fn roll_back(&mut self, now: DateTime<Utc>) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        // Uncommitted edits on top of the withdrawn commit stay, on top of what is active again.
        let (candidate, _) = C::merged(self.history.active(), &self.candidate, &pending.restore);
        let origin = Origin {
            user: "root".to_owned(),
            client: "other",
            log: None,
        };
        self.history.push(pending.restore, origin, now);
        self.candidate = candidate;
        self.forget_editors_when_clean();
        self.steps.push(Transition::RolledBack);
    }

    fn check_lock(&self, who: &Editor) -> Result<(), Refusal> {
        match &self.lock {
            Some(holder) if holder.id != who.id => Err(Refusal::LockedBy(holder.clone())),
            _ => Ok(()),
        }
    }

    fn release(&mut self, step: Transition) {
        self.lock = None;
        self.candidate = self.history.active().clone();
        self.editors.clear();
        self.steps.push(step);
    }

    fn forget_editors_when_clean(&mut self) {
        if !self.is_dirty() {
            self.editors.clear();
        }
    }
}

#[cfg(test)]
mod tests;
