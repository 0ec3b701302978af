//! What records say of requests over HTTP: sessions, eras, who asks and what is only claimed.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    client::{Ask, rest},
    server::Server,
    site::{ROUTER, begin, unknown_site},
};

fn routers() -> Ask {
    let params = json!({"name": "get_router_list", "arguments": {}});
    Ask::message(&json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}))
}

fn event<'a>(name: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |record| record["event"] == name
}

/// What records show of the id of a session.
fn shown(session: &str) -> String {
    let digest = Sha256::digest(session.as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_session_leaves_a_start_its_calls_and_an_end() {
    let server = Server::start(&["--audit-format=json", "--file-watch-secs=0"]);
    let id = server.session();
    let start = server.record_where(event("session_start"));
    assert_eq!(
        start["caller"],
        json!({"kind": "token", "name": "noc", "fp": start["caller"]["fp"], "peer": "127.0.0.1",
            "session": shown(&id), "transport": "streamable-http", "era": "legacy"})
    );
    let answer = server.send(&routers().authorized().session(&id));
    let call = server.record("get_router_list");
    assert_eq!(
        (&call["caller"]["session"], &call["caller"]["era"], &call["rpc_id"]),
        (&json!(shown(&id)), &json!("legacy"), &json!("7"))
    );
    assert_eq!(call["request_id"].as_str(), answer.header("x-request-id"));
    assert_eq!(call["asserted"]["client_name"], "test");
    let end = Ask::new("DELETE", "/mcp").authorized().session(&id);
    assert_eq!(server.send(&end).status, 202);
    let ended = server.record_where(event("session_end"));
    assert_eq!(
        (&ended["reason"], &ended["caller"]["session"], &ended["caller"]["name"]),
        (&json!("deleted"), &json!(shown(&id)), &json!("noc"))
    );

    let id = server.session();
    std::fs::write(server.running.path("tokens.json"), r#"{"version": 1, "tokens": []}"#).expect("written");
    server.running.signal(rustix::process::Signal::HUP);
    let revoked = server.record_where(|record| event("session_end")(record) && record["reason"] == "revoked");
    assert_eq!(revoked["caller"]["session"], shown(&id));
    let log = server.log();
    assert!(!log.contains(&id), "an id of a session is never recorded: {log}");
    assert_eq!(log.matches("\"event\":\"session_end\"").count(), 2, "{log}");
}

#[test]
fn a_call_without_a_session_is_of_the_newer_era_and_claims_are_kept_apart() {
    let server = Server::start(&["--audit-format=json"]);
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "com.example/on_behalf_of": "kim", "com.example/change_ref": "CHG-4711", "model": "m".repeat(500)});
    let params = json!({"name": "get_router_list", "arguments": {}, "_meta": meta});
    let ask = Ask::message(&json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": params}))
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/call")
        .header("Mcp-Name", "get_router_list")
        .header("User-Agent", "noc-client/3")
        .authorized();
    let answer = server.send(&ask);
    assert_eq!(answer.status, 200, "{answer:?}");
    let record = server.record("get_router_list");
    let caller = &record["caller"];
    assert_eq!(
        (&caller["name"], &caller["era"], &caller["session"]),
        (&json!("noc"), &json!("2026-07-28"), &Value::Null)
    );
    let claimed = &record["asserted"];
    assert_eq!(
        (&claimed["user_agent"], &claimed["on_behalf_of"], &claimed["change_ref"]),
        (&json!("noc-client/3"), &json!("kim"), &json!("CHG-4711"))
    );
    assert!(
        claimed["traceparent"]
            .as_str()
            .is_some_and(|trace| trace.starts_with("00-0af"))
    );
    assert!(
        claimed["model"]
            .as_str()
            .is_some_and(|model| model.len() <= 128 && model.ends_with('…'))
    );
}

#[tokio::test]
async fn a_host_key_trusted_on_first_use_is_recorded_before_the_call_that_met_it() {
    let (lab, server) = unknown_site(&["--ssh-accept-new-host-keys"]).await;
    let ask = json!({"router_name": ROUTER, "command": "show version"});
    let mut call = begin(server.address, 'A', "execute_junos_command", ask);
    tokio::task::spawn_blocking(move || {
        rest(&mut call);
        let pinned = server.record_where(event("host_key_pinned"));
        let file = std::fs::read_to_string(server.running.path(".ssh/known_hosts")).expect("written");
        let host = pinned["host"].as_str().expect("a host");
        assert!(
            file.starts_with(host) && host.starts_with("[127.0.0.1]:"),
            "{pinned} {file}"
        );
        assert!(
            pinned["fingerprint"]
                .as_str()
                .is_some_and(|print| print.starts_with("SHA256:"))
        );
        assert_eq!(pinned["key_type"], file.split(' ').nth(1).expect("a type"));
        let call = server.record("execute_junos_command");
        assert_eq!(call["outcome"], "ok", "{call}");
        assert!(
            call["queue_ms"].is_u64(),
            "it waited for a session, if only for no time: {call}"
        );
    })
    .await
    .expect("it is recorded");
    lab.stop().await;
}
