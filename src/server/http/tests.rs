//! A tool that panics behind HTTP: the client is answered, in every way in, and the server goes on.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{Bound, Hosts, HttpSettings, Limits, SessionLimits, errand::errand, serve};
use crate::server::{responder, tests::misbehaving};

const MODERN: &str = "2026-07-28";
const LEGACY: &str = "2025-11-25";

fn settings(stateless: bool) -> HttpSettings {
    HttpSettings {
        addresses: vec![[127, 0, 0, 1].into()],
        port: 0,
        tls: None,
        hosts: Hosts::default(),
        public_url: None,
        stateless,
        trusted_proxies: Vec::new(),
        metrics: false,
        metrics_listen: None,
        watch: None,
        limits: Limits {
            body: 1 << 20,
            connections: 16,
            in_flight: None,
            in_flight_per_token: None,
            per_ip: None,
            per_token: None,
        },
        sessions: SessionLimits {
            all: 4,
            per_token: 4,
            idle: Duration::from_secs(60),
            lifetime: Duration::from_secs(60),
        },
    }
}

/// What a client sends and gets; a stream's last message is the answer.
fn post(url: &str, message: &Value, headers: &[(&str, &str)]) -> (Option<String>, Value) {
    let mut request = ureq::post(url)
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = request.send(message.to_string()).expect("an answer");
    let session = response.headers().get("mcp-session-id");
    let session = session.map(|id| id.to_str().expect("text").to_owned());
    let body = response.body_mut().read_to_string().expect("text");
    let data = body.lines().rev().find_map(|line| line.strip_prefix("data: "));
    (session, serde_json::from_str(data.unwrap_or(&body)).expect("JSON"))
}

fn behave(how: &str, modern: bool) -> Value {
    let mut params = json!({"name": "behave", "arguments": {"behaviour": how}});
    if modern {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
}

/// The way in: newer clients, older ones with a session, older ones of a server that keeps none.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Modern,
    Session,
    Stateless,
}

fn panics_and_answers(url: &str, way: Way) {
    let session = (way == Way::Session).then(|| {
        let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}});
        post(url, &hello, &[]).0.expect("a session")
    });
    let headers: Vec<(&str, &str)> = match (way, &session) {
        (Way::Modern, _) => vec![
            ("MCP-Protocol-Version", MODERN),
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", "behave"),
        ],
        (_, Some(id)) => vec![("MCP-Protocol-Version", LEGACY), ("Mcp-Session-Id", id)],
        (_, None) => vec![("MCP-Protocol-Version", LEGACY)],
    };
    for _ in 0..2 {
        let (_, answer) = post(url, &behave("panic", way == Way::Modern), &headers);
        assert_eq!(
            answer["result"]["structuredContent"]["error"]["code"], "internal",
            "{way:?}: {answer}"
        );
        assert!(!answer.to_string().contains("hunter2"), "{answer}");
        let (_, answer) = post(url, &behave("answer", way == Way::Modern), &headers);
        assert_eq!(answer["result"]["content"][0]["text"], "done", "{way:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_answered_and_the_server_lives() {
    for way in [Way::Modern, Way::Session, Way::Stateless] {
        let settings = settings(way == Way::Stateless);
        let bound = Bound::new(&settings, Vec::new()).expect("a free port");
        let address = bound.listeners[0].0.local_addr().expect("bound");
        let url = format!("http://{address}/mcp");
        let stop = CancellationToken::new();
        // Nobody asks for anything: what could be asked is kept open all the same.
        let (_errand, reload) = errand();
        let app = misbehaving();
        let responder = responder(&app, settings.stateless);
        let serving = tokio::spawn(serve(app, responder, settings, bound, reload, stop.clone()));
        tokio::task::spawn_blocking(move || panics_and_answers(&url, way))
            .await
            .expect("all is answered");
        stop.cancel();
        assert!(serving.await.expect("it ends in order").is_ok());
    }
}
