//! Counters as a scraper reads them from the real program, after what they count was made to happen.

use std::collections::{BTreeMap, BTreeSet};

use rust_junosmcp::lab::{Action, Event, Fault, Trigger, What};
use serde_json::{Value, json};

use super::{
    client::{Ask, rest},
    server::Server,
    site::{DOWN, ROUTER, begin, site},
};

/// One reading of all counters.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    fn of(server: &Server) -> Self {
        let reply = server.send(&Ask::get("/metrics").authorized());
        assert_eq!(reply.status, 200, "{reply:?}");
        let lines = reply.body.lines().filter(|line| !line.starts_with('#'));
        let series = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            let name = name.strip_prefix("junosmcp_").expect("our prefix");
            (name.to_owned(), value.parse().expect("a number"))
        });
        Self(series.collect())
    }

    /// The value of a series, as it is named in the text; none where it was never counted.
    fn get(&self, series: &str) -> Option<f64> {
        self.0.get(series).copied()
    }

    #[track_caller]
    fn assert(&self, expected: &[(&str, f64)]) {
        for (series, value) in expected {
            assert_eq!(self.get(series), Some(*value), "{series}: {:?}", self.family(series));
        }
    }

    #[track_caller]
    fn assert_some(&self, series: &[&str]) {
        for series in series {
            let some = self.get(series).is_some_and(|value| value > 0.0);
            assert!(some, "{series}: {:?}", self.family(series));
        }
    }

    /// All series of the same name.
    fn family(&self, series: &str) -> Vec<(&String, &f64)> {
        let name = series.split('{').next().unwrap_or_default();
        self.0.iter().filter(|(other, _)| other.starts_with(name)).collect()
    }
}

fn bearer(ask: Ask, letter: char) -> Ask {
    ask.header("Authorization", &format!("Bearer {}", String::from(letter).repeat(43)))
}

fn call(server: &Server, letter: char, tool: &str, arguments: Value) -> Value {
    let reply = server.send(&bearer(Ask::call(tool, arguments), letter));
    reply.json()["result"].clone()
}

fn command(server: &Server, router: &str, command: &str) -> Value {
    let arguments = json!({"router_name": router, "command": command});
    call(server, 'A', "execute_junos_command", arguments)
}

#[tokio::test]
async fn calls_routers_outputs_and_commits_are_counted() {
    let options = [
        "--enable-metrics",
        "--metrics-per-router",
        "--state-dir=state",
        "--max-output-bytes=1024",
        "--output-store-bytes=4096",
        "--output-store-secs=4",
    ];
    let (lab, server) = site(&options).await;
    tokio::task::spawn_blocking(move || {
        for _ in 0..4 {
            let shown = command(&server, ROUTER, "show configuration");
            assert_eq!(shown["_meta"]["truncated"], true, "{shown}");
        }
        command(&server, ROUTER, "request system reboot");
        command(&server, DOWN, "show version");
        command(&server, "nowhere", "show version");
        let change = json!({"router_name": ROUTER, "config_text": "set snmp community s3cret authorization read-only"});
        let refused = call(&server, 'A', "load_and_commit_config", change.clone());
        assert_eq!(
            refused["structuredContent"]["error"]["code"], "tool_scope_denied",
            "{refused}"
        );
        let made = call(&server, 'E', "load_and_commit_config", change);
        assert_eq!(made["structuredContent"]["outcome"], "committed", "{made}");
        let batch = json!({"router_names": [ROUTER, DOWN], "commands": ["show version"]});
        call(&server, 'A', "execute_junos_command_batch", batch);
        server.send(&Ask::call("no_such_tool", json!({})).authorized());

        let scrape = Scrape::of(&server);
        scrape.assert(&[
            ("ready", 1.0),
            ("inflight_calls{effect=\"operate\"}", 0.0),
            ("tool_calls_total{outcome=\"ok\",tool=\"execute_junos_command\"}", 4.0),
            ("tool_calls_total{outcome=\"denied\",tool=\"other\"}", 1.0),
            (
                "tool_errors_total{code=\"blocked\",tool=\"execute_junos_command\"}",
                1.0,
            ),
            (
                "tool_errors_total{code=\"connect_failed\",tool=\"execute_junos_command\"}",
                1.0,
            ),
            (
                "tool_duration_seconds_count{result=\"ok\",tool=\"execute_junos_command\"}",
                4.0,
            ),
            ("denials_total{reason=\"blocklist\"}", 1.0),
            ("denials_total{reason=\"tool_scope\"}", 1.0),
            ("denials_total{reason=\"unknown_router\"}", 1.0),
            ("denials_total{reason=\"not_offered\"}", 1.0),
            ("blocklist_denials_total{list=\"commands\",stage=\"input\"}", 1.0),
            ("output_bytes_count{tool=\"execute_junos_command\"}", 4.0),
            ("output_truncated_total{tool=\"execute_junos_command\"}", 4.0),
            ("device_connects_total{result=\"ok\"}", 1.0),
            ("device_connects_total{result=\"tcp\"}", 2.0),
            ("device_connect_seconds_count", 1.0),
            ("device_sessions{state=\"idle\"}", 1.0),
            ("device_sessions{state=\"busy\"}", 0.0),
            ("device_session_reuse_total{reused=\"false\"}", 1.0),
            ("commits_total{confirmed=\"false\",outcome=\"committed\"}", 1.0),
            ("inventory_routers{state=\"enabled\"}", 2.0),
            ("inventory_routers{state=\"disabled\"}", 0.0),
            ("tokens{state=\"active\"}", 5.0),
            ("tokens{state=\"expired\"}", 1.0),
            ("tokens{state=\"disabled\"}", 0.0),
            ("jobs{state=\"succeeded\"}", 1.0),
            ("jobs{state=\"running\"}", 0.0),
            ("jobs{state=\"queued\"}", 0.0),
            ("audit_records_total{event=\"tool_intent\"}", 1.0),
            ("tls_cert_expiry_timestamp_seconds", 0.0),
            ("router_calls_total{outcome=\"ok\",router=\"edge-1\"}", 6.0),
            ("router_calls_total{outcome=\"denied\",router=\"edge-1\"}", 1.0),
            ("router_calls_total{outcome=\"error\",router=\"edge-2\"}", 2.0),
            ("router_calls_total{outcome=\"denied\",router=\"other\"}", 1.0),
            ("router_up{router=\"edge-1\"}", 1.0),
            ("router_up{router=\"edge-2\"}", 0.0),
        ]);
        scrape.assert_some(&[
            "start_time_seconds",
            "connections",
            "device_rpc_seconds_count",
            "device_session_reuse_total{reused=\"true\"}",
            "output_store_bytes",
            "output_store_entries",
            "output_store_evictions_total{reason=\"size\"}",
            "secrets_redacted_total{kind=\"hash\"}",
            "secrets_redacted_total{kind=\"community\"}",
            "audit_records_total{event=\"tool_call\"}",
            "http_requests_total{path=\"mcp\",status=\"200\"}",
        ]);
        assert!(scrape.0.keys().any(|series| series.starts_with("build_info{")));
        // What is kept goes by itself when it is not read.
        let aged = "output_store_evictions_total{reason=\"age\"}";
        while Scrape::of(&server).get(aged).is_none_or(|count| count < 1.0) {
            std::thread::yield_now();
        }
    })
    .await
    .expect("they are counted");
    lab.stop().await;
}

#[test]
fn without_the_option_no_series_names_a_router() {
    let server = Server::start(&["--enable-metrics"]);
    command(&server, "lab1", "show version");
    let scrape = Scrape::of(&server);
    assert!(
        !scrape.0.keys().any(|series| series.contains("router=")),
        "{:?}",
        scrape.0
    );
}

#[test]
fn what_http_refuses_is_counted_by_why() {
    let server = Server::start(&[
        "--enable-metrics",
        "--max-request-body-bytes=65536",
        "--max-sessions=2",
        "--max-sessions-per-token=1",
    ]);
    let list = || Ask::call("get_router_list", json!({}));
    server.send(&list());
    server.send(&list().header("Authorization", "Basic eDp5"));
    server.send(&bearer(list(), 'Z'));
    server.send(&bearer(list(), 'D'));
    // A token that grants nothing is no failure of those that dashboards know.
    server.send(&bearer(list(), 'C'));
    server.send(&list().authorized().host("evil.example"));
    server.send(&list().authorized().host("a b"));
    server.send(&list().authorized().header("Origin", "null"));
    server.send(&Ask::get("/mcp?access_token=x").authorized());
    server.send(&Ask::new("PUT", "/mcp").authorized());
    server.send(
        &list()
            .authorized()
            .without("Content-Type")
            .header("Content-Type", "text/plain"),
    );
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(70_000));
    server.send(&Ask::body_of("/mcp", large.as_bytes()).authorized());
    server.send(&Ask::body_of("/mcp", b"no JSON").authorized());
    let session = server.session();
    server.send(&Ask::initialize().authorized());
    server.send(&bearer(Ask::initialize(), 'B'));
    server.send(&bearer(Ask::initialize(), 'E'));
    let scrape = Scrape::of(&server);
    scrape.assert(&[
        ("auth_failures_total{reason=\"missing\"}", 1.0),
        ("auth_failures_total{reason=\"scheme\"}", 1.0),
        ("auth_failures_total{reason=\"unknown\"}", 1.0),
        ("auth_failures_total{reason=\"expired\"}", 1.0),
        ("auth_failures_total{reason=\"other\"}", 1.0),
        ("http_rejects_total{reason=\"host\"}", 2.0),
        ("http_rejects_total{reason=\"malformed\"}", 1.0),
        ("http_rejects_total{reason=\"origin\"}", 1.0),
        ("http_rejects_total{reason=\"query_token\"}", 1.0),
        ("http_rejects_total{reason=\"method\"}", 1.0),
        ("http_rejects_total{reason=\"media\"}", 1.0),
        ("limit_hits_total{limit=\"request_body\"}", 1.0),
        ("limit_hits_total{limit=\"token_session_cap\"}", 1.0),
        ("limit_hits_total{limit=\"session_cap\"}", 1.0),
        ("active_sessions", 2.0),
    ]);
    scrape.assert_some(&["audit_records_total{event=\"http_reject\"}"]);
    server.send(&Ask::new("DELETE", "/mcp").authorized().session(&session));
    Scrape::of(&server).assert(&[
        ("active_sessions", 1.0),
        ("sessions_reaped_total{reason=\"deleted\"}", 1.0),
    ]);
}

#[tokio::test]
async fn a_router_that_has_enough_calls_is_a_limit_that_is_counted() {
    let options = ["--enable-metrics", "--max-inflight-requests-per-router=1"];
    let (lab, server) = site(&options).await;
    let router = &lab.routers()[0];
    let stuck = router.inject(Fault::new(Trigger::rpc("command"), Action::Hang));
    let ask = json!({"router_name": ROUTER, "command": "show version"});
    let mut running = begin(server.address, 'A', "execute_junos_command", ask);
    let fires = |event: &Event| matches!(event.what, What::Fault { .. });
    tokio::time::timeout(std::time::Duration::from_secs(60), router.wait_for(fires))
        .await
        .expect("the first call is at the router");
    tokio::task::spawn_blocking(move || {
        let refused = command(&server, ROUTER, "show version");
        let text = refused["content"][0]["text"].as_str().expect("text").to_owned();
        assert!(text.contains("router 'edge-1' has 1 calls in progress"), "{text}");
        Scrape::of(&server).assert(&[
            ("limit_hits_total{limit=\"router_concurrency\"}", 1.0),
            ("inflight_calls{effect=\"operate\"}", 1.0),
            ("device_sessions{state=\"busy\"}", 1.0),
        ]);
        stuck.remove();
        // The first client leaves, and with it the call.
        running.shutdown(std::net::Shutdown::Both).expect("open until now");
        rest(&mut running);
        while command(&server, ROUTER, "show version")["isError"] == true {
            std::thread::yield_now();
        }
    })
    .await
    .expect("it is counted");
    lab.stop().await;
}

#[test]
fn labels_come_from_closed_sets_whatever_clients_send() {
    let server = Server::start(&["--enable-metrics", "--metrics-per-router"]);
    for word in ["../../etc", "a\"b", "é", "x".repeat(300).as_str(), "lab1{", "\u{7f}"] {
        let arguments = json!({"router_name": word, "command": word, word: word});
        let message = json!({"jsonrpc": "2.0", "id": word, "method": "tools/call", "params":
            {"name": word, "arguments": arguments, "_meta": {"io.modelcontextprotocol/protocolVersion": word}}});
        server.send(&Ask::message(&message).authorized());
        command(&server, word, word);
        server.send(&Ask::get("/no/such/page").authorized());
    }
    let known: BTreeSet<&str> = [
        "version",
        "commit",
        "tool",
        "outcome",
        "code",
        "result",
        "effect",
        "state",
        "reason",
        "list",
        "stage",
        "reused",
        "confirmed",
        "what",
        "path",
        "status",
        "limit",
        "event",
        "sink",
        "kind",
        "router",
        "le",
    ]
    .into();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte);
    for series in Scrape::of(&server).0.keys() {
        let labels = series
            .split_once('{')
            .map_or("", |(_, labels)| labels.trim_end_matches('}'));
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (name, value) = label.split_once('=').expect("a label");
            let value = value.trim_matches('"');
            assert!(known.contains(name), "{series}");
            assert!(value.len() <= 40 && value.bytes().all(plain), "{series}");
        }
    }
}
