//! Figures of each router, where the operator asks for them: one series per router is too much for most fleets.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus::{IntCounterVec, IntGaugeVec};

use super::{Collectors, counters, gauges};

/// Routers with series of their own; all others are counted together.
const MOST: usize = 1000;

/// What the others are called.
const OTHER: &str = "other";

/// Counters by router. Cheap to clone; clones count together.
#[derive(Clone)]
pub(crate) struct RouterMetrics {
    calls: IntCounterVec,
    up: IntGaugeVec,
    named: Arc<Mutex<HashSet<String>>>,
}

impl RouterMetrics {
    pub(super) fn new() -> Self {
        Self {
            calls: counters(
                "router_calls_total",
                "Calls that ended, by router.",
                &["router", "outcome"],
            ),
            up: gauges(
                "router_up",
                "Whether the last connection to a router came about.",
                &["router"],
            ),
            named: Arc::default(),
        }
    }

    /// A call has ended at a router of the inventory; none stands for a name that is in no inventory.
    pub(crate) fn called(&self, router: Option<&str>, outcome: &'static str) {
        let router = router.map_or(OTHER, |router| self.label(router));
        self.calls.with_label_values(&[router, outcome]).inc();
    }

    /// An attempt to connect to a router of the inventory has ended.
    pub(super) fn connected(&self, router: &str, is_up: bool) {
        let router = self.label(router);
        // Of many routers together nothing true could be said.
        if router != OTHER {
            self.up.with_label_values(&[router]).set(i64::from(is_up));
        }
    }

    fn label<'a>(&self, router: &'a str) -> &'a str {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.contains(router) {
            return router;
        }
        if named.len() >= MOST {
            return OTHER;
        }
        named.insert(router.to_owned());
        router
    }

    pub(super) fn collectors(&self) -> Collectors {
        vec![Box::new(self.calls.clone()), Box::new(self.up.clone())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_routers_have_series_and_the_others_are_one() {
        let metrics = RouterMetrics::new();
        for number in 0..MOST + 5 {
            metrics.called(Some(&format!("r{number}")), "ok");
            metrics.connected(&format!("r{number}"), true);
        }
        metrics.called(Some("r0"), "ok");
        metrics.called(None, "ok");
        assert_eq!(metrics.calls.with_label_values(&["r0", "ok"]).get(), 2);
        assert_eq!(metrics.calls.with_label_values(&[OTHER, "ok"]).get(), 6);
        let series = |collector: &dyn prometheus::core::Collector| collector.collect()[0].get_metric().len();
        assert_eq!((series(&metrics.calls), series(&metrics.up)), (MOST + 1, MOST));
    }
}
