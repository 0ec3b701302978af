//! Requests over HTTP, what was refused of them, and sessions of clients.

use prometheus::{IntCounterVec, IntGauge};

use super::{Collectors, counters, gauge};

/// Why requests are refused for their form.
const REJECTS: [&str; 7] = [
    "host",
    "origin",
    "query_token",
    "method",
    "media",
    "malformed",
    "draining",
];

/// Why credentials are not accepted.
const AUTH_FAILURES: [&str; 5] = ["missing", "scheme", "unknown", "expired", "client_cert"];

/// The label, if it is one of those that dashboards know.
fn one_of(known: &[&'static str], label: &'static str) -> &'static str {
    if known.contains(&label) { label } else { "other" }
}

/// Counters of the HTTP transport.
pub(crate) struct HttpMetrics {
    requests: IntCounterVec,
    rejects: IntCounterVec,
    auth_failures: IntCounterVec,
    limits: IntCounterVec,
    reaped: IntCounterVec,
    connections: IntGauge,
    sessions: IntGauge,
    certificate_ends: IntGauge,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self {
            requests: counters(
                "http_requests_total",
                "Requests that were answered.",
                &["path", "status"],
            ),
            rejects: counters("http_rejects_total", "Requests refused for their form.", &["reason"]),
            auth_failures: counters(
                "auth_failures_total",
                "Requests without a usable credential.",
                &["reason"],
            ),
            limits: counters(
                "limit_hits_total",
                "Requests and connections that met a limit.",
                &["limit"],
            ),
            reaped: counters("sessions_reaped_total", "Sessions that were ended.", &["reason"]),
            connections: gauge("connections", "Open connections of clients."),
            sessions: gauge("active_sessions", "Sessions of clients."),
            certificate_ends: gauge(
                "tls_cert_expiry_timestamp_seconds",
                "When the certificate in use ends; 0 without TLS.",
            ),
        }
    }
}

impl HttpMetrics {
    /// A request was answered. `path` is one of those that are served, or `other`.
    pub(crate) fn answered(&self, path: &'static str, status: u16) {
        self.requests.with_label_values(&[path, &status.to_string()]).inc();
    }

    /// A request was refused for its form.
    pub(crate) fn rejected(&self, reason: &'static str) {
        let reason = one_of(&REJECTS, reason);
        self.rejects.with_label_values(&[reason]).inc();
    }

    /// A request had no usable credential.
    pub(crate) fn unauthenticated(&self, reason: &'static str) {
        let reason = one_of(&AUTH_FAILURES, reason);
        self.auth_failures.with_label_values(&[reason]).inc();
    }

    /// A limit refused a request.
    pub(crate) fn limited(&self, limit: &'static str) {
        self.limits.with_label_values(&[limit]).inc();
    }

    /// A session was ended.
    pub(crate) fn reaped(&self, reason: &'static str) {
        self.reaped.with_label_values(&[reason]).inc();
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> &IntGauge {
        &self.connections
    }

    /// How many sessions there are.
    pub(crate) fn sessions(&self) -> &IntGauge {
        &self.sessions
    }

    /// When the certificate in use ends, in seconds of Unix time.
    pub(crate) fn certificate_ends(&self, at: i64) {
        self.certificate_ends.set(at);
    }

    pub(super) fn collectors(&self) -> Collectors {
        vec![
            Box::new(self.requests.clone()),
            Box::new(self.rejects.clone()),
            Box::new(self.auth_failures.clone()),
            Box::new(self.limits.clone()),
            Box::new(self.reaped.clone()),
            Box::new(self.connections.clone()),
            Box::new(self.sessions.clone()),
            Box::new(self.certificate_ends.clone()),
        ]
    }
}
