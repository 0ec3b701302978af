//! Calls of tools.

use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus::{HistogramVec, IntCounterVec, IntGauge, IntGaugeVec};

use super::{Collectors, counters, gauges, histograms};

/// Bounds in seconds: from an answer out of memory to an upgrade.
const SECONDS: [f64; 14] = [
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0,
];

/// Bounds in bytes, from a line to more than any model reads.
const BYTES: [f64; 8] = [
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    16_777_216.0,
];

/// How one call ended.
pub(crate) struct Ended {
    /// The tool.
    pub(crate) tool: &'static str,
    /// The outcome, as audit records name it.
    pub(crate) outcome: &'static str,
    /// The code of its failure.
    pub(crate) code: Option<&'static str>,
    /// The guard that refused it.
    pub(crate) denial: Option<&'static str>,
    /// Whether a rule refused it before any work: such calls count neither as success nor as failure.
    pub(crate) refused: bool,
    /// The size of its text, where it has one, and whether it was cut.
    pub(crate) output: Option<(usize, bool)>,
    /// What became of a commit, and whether it waits to be confirmed.
    pub(crate) commit: Option<(&'static str, bool)>,
    /// How long it took.
    pub(crate) duration: Duration,
    /// When it ended.
    pub(crate) at: DateTime<Utc>,
}

/// Counters of calls.
pub(crate) struct Calls {
    calls: IntCounterVec,
    errors: IntCounterVec,
    seconds: HistogramVec,
    inflight: IntGaugeVec,
    denials: IntCounterVec,
    blocked: IntCounterVec,
    output_bytes: HistogramVec,
    truncated: IntCounterVec,
    commits: IntCounterVec,
    file_bytes: IntCounterVec,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            calls: counters("tool_calls_total", "Calls that ended.", &["tool", "outcome"]),
            errors: counters("tool_errors_total", "Calls that failed, by code.", &["tool", "code"]),
            seconds: histograms(
                "tool_duration_seconds",
                "Time of whole calls.",
                &["tool", "result"],
                &SECONDS,
            ),
            inflight: gauges("inflight_calls", "Calls that run.", &["effect"]),
            denials: counters("denials_total", "Calls that a guard refused.", &["reason"]),
            blocked: counters(
                "blocklist_denials_total",
                "Refusals by an operator's rule.",
                &["list", "stage"],
            ),
            output_bytes: histograms("output_bytes", "Size of texts before they are cut.", &["tool"], &BYTES),
            truncated: counters("output_truncated_total", "Texts that were cut.", &["tool"]),
            commits: counters("commits_total", "Commits that were sent.", &["outcome", "confirmed"]),
            file_bytes: counters(
                "file_transfer_bytes_total",
                "Bytes of files that were copied.",
                &["direction"],
            ),
        }
    }
}

impl Calls {
    /// Counts one.
    pub(crate) fn count(&self, ended: &Ended) {
        self.calls.with_label_values(&[ended.tool, ended.outcome]).inc();
        if let Some(code) = ended.code {
            self.errors.with_label_values(&[ended.tool, code]).inc();
        }
        if let Some(reason) = ended.denial {
            self.denials.with_label_values(&[reason]).inc();
        }
        let result = match (ended.code, ended.refused) {
            (None, _) => "ok",
            (Some(_), true) => "denied",
            (Some(_), false) => "error",
        };
        let seconds = self.seconds.with_label_values(&[ended.tool, result]);
        seconds.observe(ended.duration.as_secs_f64());
        if let Some((bytes, is_cut)) = ended.output {
            self.output_bytes.with_label_values(&[ended.tool]).observe(bytes as f64);
            if is_cut {
                self.truncated.with_label_values(&[ended.tool]).inc();
            }
        }
        if let Some((outcome, confirmed)) = ended.commit {
            let confirmed = if confirmed { "true" } else { "false" };
            self.commits.with_label_values(&[outcome, confirmed]).inc();
        }
    }

    /// Counts a call of a tool that does not exist; its name is the client's and no label.
    pub(crate) fn count_unknown(&self, outcome: &'static str, denial: Option<&'static str>) {
        self.calls.with_label_values(&["other", outcome]).inc();
        if let Some(reason) = denial {
            self.denials.with_label_values(&[reason]).inc();
        }
    }

    /// Counts a refusal by a rule: of which list, and whether before anything was sent or for what a load would have changed.
    pub(crate) fn blocked(&self, list: &'static str, stage: &'static str) {
        self.blocked.with_label_values(&[list, stage]).inc();
    }

    /// Counts bytes of a file on their way `to_router` or `from_router`.
    pub(crate) fn transferred(&self, direction: &'static str, bytes: u64) {
        self.file_bytes.with_label_values(&[direction]).inc_by(bytes);
    }

    /// Counts a call that runs for as long as the result lives.
    pub(crate) fn running(&self, effect: &'static str) -> Running {
        let gauge = self.inflight.with_label_values(&[effect]);
        gauge.inc();
        Running(gauge)
    }

    pub(super) fn collectors(&self) -> Collectors {
        vec![
            Box::new(self.calls.clone()),
            Box::new(self.errors.clone()),
            Box::new(self.seconds.clone()),
            Box::new(self.inflight.clone()),
            Box::new(self.denials.clone()),
            Box::new(self.blocked.clone()),
            Box::new(self.output_bytes.clone()),
            Box::new(self.truncated.clone()),
            Box::new(self.commits.clone()),
            Box::new(self.file_bytes.clone()),
        ]
    }
}

/// A call that runs.
pub(crate) struct Running(IntGauge);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}
