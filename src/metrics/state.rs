//! What is true at the moment somebody looks: set when the text is made, not while calls run.

use std::collections::BTreeMap;

use prometheus::{IntCounterVec, IntGauge, IntGaugeVec};

use super::{Collectors, counters, gauge, gauges};

/// The process at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moment {
    /// When the process started, in seconds of Unix time.
    pub(crate) started: i64,
    /// Whether it takes calls.
    pub(crate) ready: bool,
    /// The routers of the inventory, by whether they can be used.
    pub(crate) routers: Vec<(&'static str, usize)>,
    /// The tokens of the file, by whether they let anybody in.
    pub(crate) tokens: Vec<(&'static str, usize)>,
    /// Jobs, by how far they have come.
    pub(crate) jobs: Vec<(&'static str, usize)>,
    /// Sessions to routers that wait and that work.
    pub(crate) sessions_idle: usize,
    /// Those that work.
    pub(crate) sessions_busy: usize,
    /// Stored outputs.
    pub(crate) stored: usize,
    /// Their size.
    pub(crate) stored_bytes: usize,
    /// Outputs that left the store, by why.
    pub(crate) evictions: BTreeMap<&'static str, u64>,
    /// Secrets that were replaced, by what they were.
    pub(crate) redacted: BTreeMap<&'static str, u64>,
    /// Audit records so far, by event.
    pub(crate) audit_records: BTreeMap<&'static str, u64>,
    /// Audit records that a sink refused, by sink.
    pub(crate) audit_failures: BTreeMap<&'static str, u64>,
}

pub(super) struct State {
    build: IntGaugeVec,
    started: IntGauge,
    ready: IntGauge,
    routers: IntGaugeVec,
    tokens: IntGaugeVec,
    jobs: IntGaugeVec,
    sessions: IntGaugeVec,
    stored: IntGauge,
    stored_bytes: IntGauge,
    evictions: IntCounterVec,
    redacted: IntCounterVec,
    audit_records: IntCounterVec,
    audit_failures: IntCounterVec,
}

impl Default for State {
    fn default() -> Self {
        Self {
            build: gauges("build_info", "The version that runs.", &["version", "commit"]),
            started: gauge("start_time_seconds", "When the process started, in Unix time."),
            ready: gauge("ready", "Whether calls are taken."),
            routers: gauges("inventory_routers", "Routers of the inventory.", &["state"]),
            tokens: gauges("tokens", "Tokens of the file.", &["state"]),
            jobs: gauges("jobs", "Jobs that are known.", &["state"]),
            sessions: gauges("device_sessions", "NETCONF sessions to routers.", &["state"]),
            stored: gauge("output_store_entries", "Cut texts that can be read on."),
            stored_bytes: gauge("output_store_bytes", "Their size."),
            evictions: counters("output_store_evictions_total", "Cut texts that are gone.", &["reason"]),
            redacted: counters("secrets_redacted_total", "Secrets that were replaced.", &["kind"]),
            audit_records: counters("audit_records_total", "Audit records.", &["event"]),
            audit_failures: counters("audit_failures_total", "Audit records that a sink refused.", &["sink"]),
        }
    }
}

impl State {
    pub(super) fn set(&self, moment: &Moment) {
        let commit = option_env!("RUST_JUNOSMCP_COMMIT").unwrap_or("unknown");
        self.build
            .with_label_values(&[env!("CARGO_PKG_VERSION"), commit])
            .set(1);
        self.started.set(moment.started);
        self.ready.set(i64::from(moment.ready));
        let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        for (gauges, counts) in [
            (&self.routers, &moment.routers),
            (&self.tokens, &moment.tokens),
            (&self.jobs, &moment.jobs),
        ] {
            for (state, count) in counts {
                gauges.with_label_values(&[state]).set(size(*count));
            }
        }
        for (state, count) in [("idle", moment.sessions_idle), ("busy", moment.sessions_busy)] {
            self.sessions.with_label_values(&[state]).set(size(count));
        }
        self.stored.set(size(moment.stored));
        self.stored_bytes.set(size(moment.stored_bytes));
        raise(&self.evictions, &moment.evictions);
        raise(&self.redacted, &moment.redacted);
        raise(&self.audit_records, &moment.audit_records);
        raise(&self.audit_failures, &moment.audit_failures);
    }

    pub(super) fn collectors(&self) -> Collectors {
        vec![
            Box::new(self.build.clone()),
            Box::new(self.started.clone()),
            Box::new(self.ready.clone()),
            Box::new(self.routers.clone()),
            Box::new(self.tokens.clone()),
            Box::new(self.jobs.clone()),
            Box::new(self.evictions.clone()),
            Box::new(self.redacted.clone()),
            Box::new(self.sessions.clone()),
            Box::new(self.stored.clone()),
            Box::new(self.stored_bytes.clone()),
            Box::new(self.audit_records.clone()),
            Box::new(self.audit_failures.clone()),
        ]
    }
}

/// Counters that are kept elsewhere, taken over; they only grow there.
fn raise(counters: &IntCounterVec, now: &BTreeMap<&'static str, u64>) {
    for (label, count) in now {
        let counter = counters.with_label_values(&[label]);
        counter.inc_by(count.saturating_sub(counter.get()));
    }
}
