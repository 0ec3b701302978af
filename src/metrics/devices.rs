//! Connections to routers and what is asked over them.

use std::time::Duration;

use prometheus::{HistogramVec, IntCounterVec};

use super::{Collectors, RouterMetrics, counters, histograms};

/// Bounds in seconds of a login: 20 s is the default limit.
const CONNECT_SECONDS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];

/// Bounds in seconds of one request.
const RPC_SECONDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0, 360.0];

/// Counters of connections. Cheap to clone; clones count together.
#[derive(Clone)]
pub(crate) struct DeviceMetrics {
    connects: IntCounterVec,
    connect_seconds: HistogramVec,
    rpc_seconds: HistogramVec,
    reuse: IntCounterVec,
    routers: Option<RouterMetrics>,
}

impl Default for DeviceMetrics {
    fn default() -> Self {
        Self {
            connects: counters(
                "device_connects_total",
                "Attempts to connect, by how far they came.",
                &["result"],
            ),
            connect_seconds: histograms(
                "device_connect_seconds",
                "Time from dialling to a completed login.",
                &[],
                &CONNECT_SECONDS,
            ),
            rpc_seconds: histograms(
                "device_rpc_seconds",
                "Time from a request to its whole reply.",
                &[],
                &RPC_SECONDS,
            ),
            reuse: counters(
                "device_session_reuse_total",
                "Sessions handed out, by whether they were open already.",
                &["reused"],
            ),
            routers: None,
        }
    }
}

impl DeviceMetrics {
    /// With figures of each router, if `wanted`.
    pub(crate) fn new(wanted: bool) -> Self {
        Self {
            routers: wanted.then(RouterMetrics::new),
            ..Self::default()
        }
    }

    /// The figures of each router.
    pub(super) fn routers(&self) -> Option<&RouterMetrics> {
        self.routers.as_ref()
    }

    /// A connection was made to a router, and no NETCONF session came of it.
    pub(crate) fn without_netconf(&self, router: &str) {
        self.connects.with_label_values(&["netconf"]).inc();
        if let Some(routers) = &self.routers {
            routers.connected(router, false);
        }
    }

    /// An attempt to connect to a router has ended: with `ok`, or the stage that failed.
    pub(crate) fn connected(&self, router: &str, result: &'static str, time: Duration) {
        if let Some(routers) = &self.routers {
            routers.connected(router, result == "ok");
        }
        self.connects.with_label_values(&[result]).inc();
        if result == "ok" {
            let none: [&str; 0] = [];
            self.connect_seconds
                .with_label_values(&none)
                .observe(time.as_secs_f64());
        }
    }

    /// A reply has been read.
    pub(crate) fn replied(&self, time: Duration) {
        let none: [&str; 0] = [];
        self.rpc_seconds.with_label_values(&none).observe(time.as_secs_f64());
    }

    /// A session was handed out.
    pub(crate) fn leased(&self, reused: bool) {
        let reused = if reused { "true" } else { "false" };
        self.reuse.with_label_values(&[reused]).inc();
    }

    pub(super) fn collectors(&self) -> Collectors {
        let mut collectors: Collectors = vec![
            Box::new(self.connects.clone()),
            Box::new(self.connect_seconds.clone()),
            Box::new(self.rpc_seconds.clone()),
            Box::new(self.reuse.clone()),
        ];
        collectors.extend(self.routers.iter().flat_map(RouterMetrics::collectors));
        collectors
    }
}
