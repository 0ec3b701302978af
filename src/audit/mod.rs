//! Who did what: exactly one record for every call, whatever happens to it.

mod facts;
mod record;
mod sink;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::clock::Clock;
use record::Draft;

pub(crate) use facts::{Asserted, CallHead, Caller, Denial, End, Outcome, RequestFacts, ResultFacts};
pub(crate) use sink::{Sink, Stderr};

/// How records appear on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditFormat {
    /// Not at all.
    Off,
    /// One line of text.
    #[default]
    Text,
    /// One JSON object on a line.
    Json,
}

/// What an operator chose about records.
#[derive(Clone, Debug, Default)]
pub struct AuditSettings {
    /// Their form on standard error.
    pub format: AuditFormat,
}

/// Takes secrets out of a text, whatever the settings.
type Redact = Box<dyn Fn(&str) -> String + Send + Sync>;

/// Where records go. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Audit(Arc<Inner>);

struct Inner {
    sinks: Vec<Box<dyn Sink>>,
    redact: Redact,
    clock: Clock,
    next: Mutex<u64>,
}

impl Audit {
    /// An audit that writes to standard error; `redact` must take out secrets even where a model may see them.
    pub(crate) fn new(
        settings: &AuditSettings,
        clock: Clock,
        redact: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let sinks: Vec<Box<dyn Sink>> = match settings.format {
            AuditFormat::Off => Vec::new(),
            format => vec![Box::new(Stderr::new(format))],
        };
        Self::to(sinks, clock, redact)
    }

    /// An audit with these sinks.
    pub(crate) fn to(
        sinks: Vec<Box<dyn Sink>>,
        clock: Clock,
        redact: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        let inner = Inner {
            sinks,
            redact: Box::new(redact),
            clock,
            next: Mutex::new(0),
        };
        Self(Arc::new(inner))
    }

    /// Opens the record of a call. It is written when it is finished or dropped.
    pub(crate) fn open(&self, head: CallHead) -> OpenRecord {
        let draft = Arc::new(Mutex::new(Draft::new(head)));
        OpenRecord {
            audit: self.clone(),
            started: Instant::now(),
            notes: RecordNotes(draft),
            open: true,
        }
    }

    fn write(&self, draft: &Draft, end: &End, started: Instant) {
        // One lock for number and write keeps the records of every sink in the order of their numbers.
        let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        let line = draft.line(*next, self.0.clock.now(), started.elapsed(), end, &self.0.redact);
        for sink in &self.0.sinks {
            sink.write(&line);
        }
        *next += 1;
    }
}

/// The record of a running call. Dropping it unfinished writes it, too: as a panic while panicking, else as cancelled.
pub(crate) struct OpenRecord {
    audit: Audit,
    started: Instant,
    notes: RecordNotes,
    open: bool,
}

impl OpenRecord {
    /// A way to note more about the call from where it runs.
    pub(crate) fn notes(&self) -> RecordNotes {
        self.notes.clone()
    }

    /// Writes the record.
    pub(crate) fn finish(mut self, end: &End) {
        self.close(end);
    }

    fn close(&mut self, end: &End) {
        if std::mem::take(&mut self.open) {
            self.audit.write(&self.notes.draft(), end, self.started);
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

    /// Notes facts about what was asked.
    pub(crate) fn request(&self, note: impl FnOnce(&mut RequestFacts)) {
        note(&mut self.draft().request);
    }

    /// Notes facts about what came of it.
    pub(crate) fn result(&self, note: impl FnOnce(&mut ResultFacts)) {
        note(&mut self.draft().result);
    }

    fn draft(&self) -> MutexGuard<'_, Draft> {
        // A half-noted fact is better than no record.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
