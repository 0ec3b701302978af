//! What was taken over from disk while the process ran.

use chrono::{DateTime, Utc};
use prometheus::{IntCounterVec, IntGaugeVec};

use super::{Collectors, counters, gauges};

/// Counters of reloads. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reloads {
    reloads: IntCounterVec,
    at: IntGaugeVec,
}

impl Default for Reloads {
    fn default() -> Self {
        Self {
            reloads: counters("reloads_total", "Files that were read again.", &["what", "result"]),
            at: gauges(
                "reload_timestamp_seconds",
                "When a file was last read again.",
                &["what"],
            ),
        }
    }
}

impl Reloads {
    /// Something was read again and was `applied`, `unchanged` or `refused`.
    pub(crate) fn count(&self, what: &'static str, result: &'static str, at: DateTime<Utc>) {
        self.reloads.with_label_values(&[what, result]).inc();
        self.at.with_label_values(&[what]).set(at.timestamp());
    }

    pub(super) fn collectors(&self) -> Collectors {
        vec![Box::new(self.reloads.clone()), Box::new(self.at.clone())]
    }
}
