//! Figures of the pool: how many, how often, how long.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use crate::metrics::DeviceMetrics;

/// Connect times kept for the percentiles.
const CONNECT_SAMPLES: usize = 1000;

#[derive(Default)]
pub(super) struct Counters {
    pub(super) metrics: DeviceMetrics,
    waiting: AtomicI64,
    opened: AtomicU64,
    reused: AtomicU64,
    poisoned: AtomicU64,
    connect_failures: AtomicU64,
    connects: Mutex<VecDeque<Duration>>,
}

/// The pool at one moment.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct PoolStatus {
    /// Routers with at least one connection.
    pub(crate) routers_connected: usize,
    /// Open SSH connections.
    pub(crate) connections: usize,
    /// NETCONF sessions by what they do.
    pub(crate) sessions: SessionCounts,
    /// Sessions opened since start.
    pub(crate) opened_total: u64,
    /// Calls served by a session that was already open.
    pub(crate) reused_total: u64,
    /// Sessions dropped because a reply was missing or unreadable.
    pub(crate) poisoned_total: u64,
    /// Connection attempts that failed.
    pub(crate) connect_failures_total: u64,
    /// Time from dialling to a completed login, in milliseconds.
    pub(crate) connect_ms: ConnectTimes,
}

/// Sessions by what they do.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct SessionCounts {
    /// Serving a call.
    pub(crate) busy: usize,
    /// Open and unused.
    pub(crate) idle: usize,
    /// Calls that wait for a session.
    pub(crate) waiting: u64,
}

/// Percentiles of the connect time; absent without samples.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub(crate) struct ConnectTimes {
    /// Median.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) p50: Option<u64>,
    /// 95th percentile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) p95: Option<u64>,
}

impl Counters {
    pub(super) fn new(per_router: bool) -> Self {
        Self {
            metrics: DeviceMetrics::new(per_router),
            ..Self::default()
        }
    }

    pub(super) fn waiting(&self, change: i64) {
        self.waiting.fetch_add(change, Ordering::Relaxed);
    }

    pub(super) fn opened(&self, pooled: bool) {
        let counter = if pooled { &self.reused } else { &self.opened };
        counter.fetch_add(1, Ordering::Relaxed);
        self.metrics.leased(pooled);
    }

    pub(super) fn poisoned(&self) {
        self.poisoned.fetch_add(1, Ordering::Relaxed);
    }

    /// A dial has ended: with `ok`, or the stage that failed.
    pub(super) fn dialled(&self, router: &str, time: Duration, stage: &'static str) {
        self.metrics.connected(router, stage, time);
        if stage != "ok" {
            self.connect_failures.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut connects = self.connects.lock().expect("no code panics while it holds the lock");
        if connects.len() == CONNECT_SAMPLES {
            connects.pop_front();
        }
        connects.push_back(time);
    }

    /// The figures, with connections, busy and idle sessions counted per pool.
    pub(super) fn status(&self, pools: impl Iterator<Item = (usize, usize, usize)>) -> PoolStatus {
        let (mut routers, mut connections, mut busy, mut idle) = (0, 0, 0, 0);
        for (of_connections, of_busy, of_idle) in pools {
            routers += usize::from(of_connections > 0);
            connections += of_connections;
            busy += of_busy;
            idle += of_idle;
        }
        let mut times: Vec<Duration> = {
            let connects = self.connects.lock().expect("no code panics while it holds the lock");
            connects.iter().copied().collect()
        };
        times.sort_unstable();
        let percentile = |percent: usize| {
            let index = (times.len() * percent).div_ceil(100).checked_sub(1)?;
            times
                .get(index)
                .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
        };
        PoolStatus {
            routers_connected: routers,
            connections,
            sessions: SessionCounts {
                busy,
                idle,
                waiting: u64::try_from(self.waiting.load(Ordering::Relaxed)).unwrap_or(0),
            },
            opened_total: self.opened.load(Ordering::Relaxed),
            reused_total: self.reused.load(Ordering::Relaxed),
            poisoned_total: self.poisoned.load(Ordering::Relaxed),
            connect_failures_total: self.connect_failures.load(Ordering::Relaxed),
            connect_ms: ConnectTimes {
                p50: percentile(50),
                p95: percentile(95),
            },
        }
    }
}
