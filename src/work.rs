//! What a piece of work carries downward: its deadline, its cancellation, and where it reports progress.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use tokio_util::sync::CancellationToken;

/// How far a piece of work has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Step {
    /// Units done so far; never decreases within one piece of work.
    pub(crate) done: u64,
    /// Units in all, when known.
    pub(crate) total: Option<u64>,
    /// A short text for people, such as `edge-1: connecting`.
    pub(crate) message: String,
}

/// The deadline, the cancellation and the progress of one call, and how long it stood in a queue. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    deadline: Instant,
    cancel: CancellationToken,
    progress: Arc<watch::Sender<Step>>,
    /// Microseconds in all; no value until something was waited for.
    queued: Arc<AtomicU64>,
}

/// Nothing was waited for so far.
const NEVER: u64 = u64::MAX;

impl Work {
    /// Work that has `timeout` from now and stops when `cancel` fires; its progress goes nowhere until somebody subscribes.
    pub(crate) fn new(timeout: Duration, cancel: CancellationToken) -> Self {
        Self {
            deadline: Instant::now() + timeout,
            cancel,
            progress: Arc::new(watch::Sender::new(Step::default())),
            queued: Arc::new(AtomicU64::new(NEVER)),
        }
    }

    /// The same work reporting to `progress` instead.
    pub(crate) fn reporting_to(mut self, progress: Arc<watch::Sender<Step>>) -> Self {
        self.progress = progress;
        self
    }

    /// The same work with `timeout` from now, or what is left of it if that is less.
    pub(crate) fn narrowed(&self, timeout: Duration) -> Self {
        let mut work = self.clone();
        work.deadline = work.deadline.min(Instant::now() + timeout);
        work
    }

    /// When the work must be over.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// What is left until the deadline; zero when it has passed.
    pub(crate) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Fires when nobody wants the result any more.
    pub(crate) fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Says that the work has waited for its turn at a router; several waits add up.
    pub(crate) fn waited(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let added = |before: u64| match before {
            NEVER => time,
            before => before.saturating_add(time),
        };
        // The closure always gives a value.
        let _ = self
            .queued
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |before| Some(added(before)));
    }

    /// How long the work has waited for its turns at routers; none when no router was needed.
    pub(crate) fn queued(&self) -> Option<Duration> {
        match self.queued.load(Ordering::Relaxed) {
            NEVER => None,
            time => Some(Duration::from_micros(time)),
        }
    }

    /// Says how far the work has come; the latest step replaces the earlier ones.
    pub(crate) fn report(&self, step: Step) {
        self.progress.send_replace(step);
    }
}
