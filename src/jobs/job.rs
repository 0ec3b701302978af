//! One job: in the hands of the work that it is, and as others see it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    desk::Desk,
    record::{Record, State},
    store::StoreFault,
};

/// A job in memory.
pub(super) struct Live {
    id: String,
    record: Mutex<Record>,
    changed: watch::Sender<()>,
    cancel: CancellationToken,
    call_over: CancellationToken,
}

impl Live {
    pub(super) fn new(record: Record, call_over: CancellationToken) -> Self {
        Self {
            id: record.job_id.clone(),
            record: Mutex::new(record),
            changed: watch::Sender::new(()),
            cancel: CancellationToken::new(),
            call_over,
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The record as others may see it, once the job has begun.
    pub(super) fn begun(&self) -> Option<Record> {
        let mut record = self.record().clone();
        record.listed |= self.call_over.is_cancelled();
        (record.state != State::Queued).then_some(record)
    }
}

/// A job in the hands of its work. Dropped before it has begun it leaves no trace, dropped before it has ended it failed.
pub(crate) struct Job {
    live: Arc<Live>,
    desk: Arc<Desk>,
    /// Whether it was left to somebody else to end it.
    left: AtomicBool,
}

/// A job as others see it.
#[derive(Clone)]
pub(crate) struct JobView {
    live: Arc<Live>,
    desk: Arc<Desk>,
}

impl Job {
    pub(super) fn new(live: Arc<Live>, desk: Arc<Desk>) -> Self {
        Self {
            live,
            desk,
            left: AtomicBool::new(false),
        }
    }

    /// `j-` and 16 hexadecimal digits.
    pub(crate) fn id(&self) -> &str {
        self.live.id()
    }

    /// The job as others see it.
    pub(crate) fn view(&self) -> JobView {
        JobView {
            live: Arc::clone(&self.live),
            desk: Arc::clone(&self.desk),
        }
    }

    /// Begins with a phase, written down before this returns. If it cannot be written the work must not be done.
    pub(crate) fn begin(&self, phase: &str) -> Result<(), StoreFault> {
        let now = self.desk.now();
        let record = {
            let mut record = self.live.record();
            record.state = State::Running;
            record.started_at = now;
            record.enter(phase, now);
            record.clone()
        };
        let written = self.desk.store.put(&record);
        if written.is_err() {
            self.live.record().state = State::Queued;
        }
        tell(&self.live, &self.desk);
        written
    }

    /// Enters another phase, and writes that down.
    pub(crate) fn phase(&self, phase: &str) {
        self.change(|record| record.enter(phase, self.desk.now()));
    }

    /// From here on the job cannot be stopped any more.
    #[allow(dead_code, reason = "used by work that can be stopped at first")]
    pub(crate) fn point_of_no_return(&self, phase: &str) {
        self.change(|record| {
            record.cancellable = false;
            record.enter(phase, self.desk.now());
        });
    }

    /// Writes a line of the log, which is kept with the next phase.
    pub(crate) fn log(&self, line: &str) {
        let line = format!("{} {}", self.desk.now().format("%H:%M:%S"), self.desk.clean(line));
        self.live.record().write(line);
    }

    /// Fires when somebody wants it stopped before the point of no return.
    #[allow(dead_code, reason = "used by work that can be stopped at first")]
    pub(crate) fn cancellation(&self) -> &CancellationToken {
        &self.live.cancel
    }

    /// Makes it worth listing, whatever becomes of its call.
    pub(crate) fn list(&self) {
        self.live.record().listed = true;
    }

    /// Ends it: it did what it was asked to.
    pub(crate) fn succeed(&self, result: Value) {
        self.end(State::Succeeded, Some(result), None);
    }

    /// Ends it: it did not. `known` is what was learnt all the same, `error` a code, a message and a hint.
    pub(crate) fn fail(&self, error: Value, known: Option<Value>) {
        self.end(State::Failed, known, Some(error));
    }

    /// Ends it: it was stopped in time and has cleaned up.
    #[allow(dead_code, reason = "used by work that can be stopped at first")]
    pub(crate) fn cancelled(&self) {
        self.end(State::Cancelled, None, None);
    }

    /// Ends it because the process ends.
    pub(crate) fn interrupt(&self) {
        let now = self.desk.now();
        self.close(|record| record.interrupt(now));
    }

    /// Says that whoever holds it will end it, however long that takes.
    pub(crate) fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
    }

    /// Whether it was left to somebody else to end it.
    pub(crate) fn is_left(&self) -> bool {
        self.left.load(Ordering::Relaxed)
    }

    fn end(&self, state: State, result: Option<Value>, error: Option<Value>) {
        let result = result.map(|value| self.desk.cleaned(value));
        let error = error.map(|value| self.desk.cleaned(value));
        let now = self.desk.now();
        self.close(|record| {
            record.state = state;
            record.finished_at = Some(now);
            record.cancellable = false;
            record.result = result;
            record.error = error;
        });
    }

    /// Ends it once; an end that cannot be written is kept in memory.
    fn close(&self, end: impl FnOnce(&mut Record)) {
        if self.live.record().state != State::Running {
            return;
        }
        let listed = self.live.call_over.is_cancelled();
        let written = self.change(|record| {
            end(record);
            record.listed |= listed;
        });
        if written {
            self.desk.live().remove(self.live.id());
        }
    }

    fn change(&self, change: impl FnOnce(&mut Record)) -> bool {
        changed(&self.live, &self.desk, change)
    }
}

fn changed(live: &Live, desk: &Desk, change: impl FnOnce(&mut Record)) -> bool {
    let record = {
        let mut record = live.record();
        change(&mut record);
        record.clone()
    };
    let written = desk.store.put(&record);
    if let Err(fault) = &written {
        tracing::error!(job_id = live.id(), "{fault}");
    }
    tell(live, desk);
    written.is_ok()
}

fn tell(live: &Live, desk: &Desk) {
    live.changed.send_replace(());
    desk.news.tell(live.id().to_owned());
}

impl Drop for Job {
    fn drop(&mut self) {
        let state = self.live.record().state;
        match state {
            State::Queued => drop(self.desk.live().remove(self.live.id())),
            State::Running => {
                let verify = self.live.record().verify.clone();
                let error = json!({
                    "code": "internal", "message": "the job ended in an internal error", "hint": verify, "retryable": false,
                });
                self.fail(error, None);
            }
            _ => {}
        }
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Job").field(&self.id()).finish()
    }
}

impl JobView {
    pub(super) fn new(live: Arc<Live>, desk: Arc<Desk>) -> Self {
        Self { live, desk }
    }

    /// `j-` and 16 hexadecimal digits.
    pub(crate) fn id(&self) -> &str {
        self.live.id()
    }

    /// What is known of it, once it has begun.
    pub(crate) fn begun(&self) -> Option<Record> {
        self.live.begun()
    }

    /// Tells of every change from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.live.changed.subscribe()
    }

    /// Asks it to stop before the point of no return; false after that.
    pub(crate) fn cancel(&self) -> bool {
        let cancellable = self.live.record().cancellable;
        if cancellable {
            self.live.cancel.cancel();
        }
        cancellable
    }

    /// Replaces the result of an ended job by what the tool has answered.
    pub(crate) fn answered(&self, result: Option<Value>, error: Option<Value>) {
        if !self.live.record().state.is_final() {
            return;
        }
        let result = result.map(|value| self.desk.cleaned(value));
        let error = error.map(|value| self.desk.cleaned(value));
        changed(&self.live, &self.desk, |record| {
            record.result = result.or(record.result.take());
            record.error = error.or(record.error.take());
        });
    }
}

impl std::fmt::Debug for JobView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("JobView").field(&self.id()).finish()
    }
}
