//! The text that a scraper reads.

use std::{collections::BTreeMap, time::Duration};

use chrono::DateTime;

use super::*;

fn ended(tool: &'static str, code: Option<&'static str>) -> Ended {
    Ended {
        tool,
        outcome: if code.is_some() { "error" } else { "ok" },
        code,
        denial: None,
        refused: false,
        output: Some((1500, true)),
        commit: Some(("committed", true)),
        duration: Duration::from_millis(300),
        at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn what_was_counted_is_in_the_text() {
    let devices = DeviceMetrics::default();
    let metrics = Metrics::new(&devices);
    metrics.calls.count(&ended("get_router_list", None));
    metrics.calls.count(&ended("get_router_list", Some("auth_failed")));
    metrics.calls.count_unknown("denied", Some("not_offered"));
    let _running = metrics.calls.running("read");
    devices.connected("edge-1", "ok", Duration::from_millis(80));
    devices.connected("edge-1", "auth", Duration::from_secs(3));
    metrics.http.answered("mcp", 200);
    let moment = Moment {
        ready: true,
        audit_records: BTreeMap::from([("tool_call", 3)]),
        ..Moment::default()
    };
    metrics.text(&moment);
    let text = metrics.text(&moment);
    for line in [
        r#"junosmcp_tool_calls_total{outcome="ok",tool="get_router_list"} 1"#,
        r#"junosmcp_tool_calls_total{outcome="denied",tool="other"} 1"#,
        r#"junosmcp_tool_errors_total{code="auth_failed",tool="get_router_list"} 1"#,
        r#"junosmcp_tool_duration_seconds_bucket{result="ok",tool="get_router_list",le="0.25"} 0"#,
        r#"junosmcp_tool_duration_seconds_bucket{result="ok",tool="get_router_list",le="0.5"} 1"#,
        r#"junosmcp_denials_total{reason="not_offered"} 1"#,
        r#"junosmcp_inflight_calls{effect="read"} 1"#,
        r#"junosmcp_output_truncated_total{tool="get_router_list"} 2"#,
        r#"junosmcp_commits_total{confirmed="true",outcome="committed"} 2"#,
        r#"junosmcp_device_connects_total{result="auth"} 1"#,
        "junosmcp_device_connect_seconds_count 1",
        r#"junosmcp_http_requests_total{path="mcp",status="200"} 1"#,
        // Looking twice does not count twice.
        r#"junosmcp_audit_records_total{event="tool_call"} 3"#,
        "junosmcp_ready 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_call_that_ended_is_not_in_flight() {
    let metrics = Metrics::new(&DeviceMetrics::default());
    drop(metrics.calls.running("write"));
    let text = metrics.text(&Moment::default());
    assert!(text.contains("junosmcp_inflight_calls{effect=\"write\"} 0"), "{text}");
}
