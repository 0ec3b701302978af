//! Counters of what was called, how long it took and why it failed, in the text form of Prometheus and for `server_status`.
//!
//! Label values come from closed sets: nothing that a client sends becomes one.

mod calls;
mod devices;
mod http;
mod recent;
mod reloads;
mod routers;
mod state;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder, core::Collector,
};

pub(crate) use calls::{Calls, Ended};
pub(crate) use devices::DeviceMetrics;
pub(crate) use http::HttpMetrics;
pub(crate) use recent::{Recent, ToolFigures};
pub(crate) use reloads::Reloads;
pub(crate) use routers::RouterMetrics;
pub(crate) use state::Moment;

use state::State;

/// What all names begin with.
const PREFIX: &str = "junosmcp";

/// Everything that one process counts.
pub(crate) struct Metrics {
    registry: Registry,
    /// Calls of tools.
    pub(crate) calls: Calls,
    /// The calls of late, for `server_status`.
    pub(crate) recent: Recent,
    /// Files that were read again.
    pub(crate) reloads: Reloads,
    /// Requests over HTTP.
    pub(crate) http: HttpMetrics,
    /// Calls by router, where the operator asks for them.
    pub(crate) routers: Option<RouterMetrics>,
    state: State,
}

impl Metrics {
    /// Counters at zero, and what `devices` counts for itself.
    pub(crate) fn new(devices: &DeviceMetrics) -> Self {
        let registry = Registry::new();
        let metrics = Self {
            calls: Calls::default(),
            recent: Recent::default(),
            reloads: Reloads::default(),
            http: HttpMetrics::default(),
            routers: devices.routers().cloned(),
            state: State::default(),
            registry,
        };
        let collectors = [
            devices.collectors(),
            metrics.calls.collectors(),
            metrics.reloads.collectors(),
            metrics.http.collectors(),
            metrics.state.collectors(),
        ];
        for collector in collectors.into_iter().flatten() {
            metrics
                .registry
                .register(collector)
                .expect("every name is registered once");
        }
        metrics
    }

    /// All of them in the text form of Prometheus, with what is true at this moment.
    pub(crate) fn text(&self, moment: &Moment) -> String {
        self.state.set(moment);
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .expect("counters are text")
    }
}

/// A counter and everything else of its family.
type Collectors = Vec<Box<dyn Collector>>;

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(options(name, help), labels).expect("names and labels are well-formed")
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(options(name, help), labels).expect("names and labels are well-formed")
}

fn gauge(name: &str, help: &str) -> IntGauge {
    IntGauge::with_opts(options(name, help)).expect("names are well-formed")
}

fn histograms(name: &str, help: &str, labels: &[&str], buckets: &[f64]) -> HistogramVec {
    let options = HistogramOpts::from(options(name, help)).buckets(buckets.to_vec());
    HistogramVec::new(options, labels).expect("names, labels and buckets are well-formed")
}

fn options(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace(PREFIX)
}

#[cfg(test)]
mod tests;
