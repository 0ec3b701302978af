//! The record of a running call, which is written whatever becomes of the call.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Audit, Unavailable,
    facts::{Confirmed, End, Outcome, RequestFacts, ResultFacts},
    record::Draft,
};

/// The record of a running call. Dropping it unfinished writes it, too: as a panic while panicking, else as cancelled.
pub(crate) struct OpenRecord {
    audit: Audit,
    started: Instant,
    notes: RecordNotes,
    open: bool,
}

impl OpenRecord {
    pub(super) fn new(audit: Audit, draft: Draft) -> Self {
        Self {
            audit,
            started: Instant::now(),
            notes: RecordNotes(Arc::new(Mutex::new(draft))),
            open: true,
        }
    }

    /// A way to note more about the call from where it runs.
    pub(crate) fn notes(&self) -> RecordNotes {
        self.notes.clone()
    }

    /// Writes down that the call is about to change these routers, on disk before this returns. An error means that the
    /// operator wants no change then.
    pub(crate) async fn intends(&self, routers: &[String]) -> Result<(), Unavailable> {
        let members = self.notes.draft().intent(routers);
        self.audit.write_durably("tool_intent", members).await
    }

    /// Writes the record.
    pub(crate) fn finish(mut self, end: &End) {
        self.close(end);
    }

    fn close(&mut self, end: &End) {
        if !std::mem::take(&mut self.open) {
            return;
        }
        let took = self.started.elapsed();
        self.audit.write("tool_call", || self.notes.draft().members(took, end));
        if self.notes.draft().changes() {
            self.audit.sync_soon();
        }
    }
}

impl Drop for OpenRecord {
    fn drop(&mut self) {
        let (outcome, code) = if std::thread::panicking() {
            (Outcome::Panic, "internal")
        } else {
            (Outcome::Cancelled, "cancelled")
        };
        self.close(&End::failed(outcome, code, None));
    }
}

/// Adds facts to an open record. Cheap to clone; notes that come after the end are lost.
#[derive(Clone)]
pub(crate) struct RecordNotes(Arc<Mutex<Draft>>);

impl RecordNotes {
    /// Notes that the call concerns this router; each name counts once.
    pub(crate) fn router(&self, name: &str) {
        self.draft().router(name);
    }

    /// Notes that a router did not get what a call for several of them wanted.
    pub(crate) fn router_failed(&self, name: &str) {
        self.draft().router_failed(name);
    }

    /// The routers that the call concerns, each with whether it did not get what the call wanted.
    pub(crate) fn routers(&self) -> Vec<(String, bool)> {
        self.draft().routers()
    }

    /// Notes how long the call waited for sessions to routers.
    pub(crate) fn queued(&self, time: Duration) {
        self.draft().queued(time);
    }

    /// Notes facts about what was asked.
    pub(crate) fn request(&self, note: impl FnOnce(&mut RequestFacts)) {
        note(&mut self.draft().request);
    }

    /// Notes facts about what came of it.
    pub(crate) fn result(&self, note: impl FnOnce(&mut ResultFacts)) {
        note(&mut self.draft().result);
    }

    /// Notes how the change was confirmed.
    pub(crate) fn confirmed(&self, how: Confirmed) {
        self.draft().confirmed = Some(how);
    }

    fn draft(&self) -> MutexGuard<'_, Draft> {
        // A half-noted fact is better than no record.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
