//! Both eras on one address, and sessions that belong to one principal.

use std::io::BufRead;

use serde_json::{Value, json};

use super::{client::Ask, server::Server};

fn request(method: &str, params: Value) -> Ask {
    Ask::message(&json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
}

fn routers() -> Ask {
    request("tools/call", json!({"name": "get_router_list", "arguments": {}}))
}

fn bearer(ask: Ask, letter: char) -> Ask {
    ask.header("Authorization", &format!("Bearer {}", String::from(letter).repeat(43)))
}

#[test]
fn both_eras_are_served_at_one_address() {
    let server = Server::start(&[]);
    let session = server.session();
    for _ in 0..3 {
        let modern = server.send(&Ask::call("get_router_list", json!({})).authorized());
        assert_eq!(modern.header("content-type"), Some("application/json"), "{modern:?}");
        assert_eq!(modern.header("mcp-session-id"), None);
        let modern = modern.json();
        assert_eq!(modern["result"]["resultType"], "complete", "{modern}");
        let legacy = server.send(&routers().authorized().session(&session));
        assert_eq!(legacy.header("content-type"), Some("text/event-stream"));
        assert_eq!(legacy.header("x-accel-buffering"), Some("no"));
        let legacy = legacy.json();
        assert_eq!(legacy["result"]["resultType"], Value::Null, "{legacy}");
        assert_eq!(
            legacy["result"]["structuredContent"],
            modern["result"]["structuredContent"]
        );
    }
    let slash = Ask::body_of("/mcp/", br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    assert_eq!(
        server.send(&slash.authorized().session(&session)).json()["result"],
        json!({})
    );
}

#[test]
fn notifications_are_accepted_without_a_body() {
    let server = Server::start(&[]);
    let session = server.session();
    let note = Ask::message(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).authorized();
    let legacy = server.send(&note.clone().session(&session));
    assert_eq!((legacy.status, legacy.body.as_str()), (202, ""));
    let modern = note
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "notifications/initialized");
    assert_eq!(server.send(&modern).status, 202);
}

#[test]
fn a_session_of_another_principal_is_like_none() {
    let server = Server::start(&["--audit-format=json"]);
    let session = server.session();
    assert!(session.len() >= 32, "{session}");
    let unknown = "0".repeat(session.len());
    let stream = || Ask::get("/mcp").header("Accept", "text/event-stream");
    let end = || Ask::new("DELETE", "/mcp");
    for ask in [routers(), stream(), end()] {
        let foreign = server.send(&bearer(ask.clone(), 'B').session(&session));
        let none = server.send(&bearer(ask.clone(), 'B').session(&unknown));
        assert_eq!((foreign.status, &foreign.body), (404, &none.body));
        assert_eq!((none.status, none.code()), (404, -32600), "{none:?}");
    }
    // Who has tried it is recorded; what has no body leaves the record of a request.
    let tried = server.record_where(|record| record["outcome"] == "rejected");
    assert_eq!(tried["caller"]["name"], "desk", "{tried}");
    server.refused(404, "session");
    // A request that claims to need no session does not get into one, either.
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2025-06-18"});
    let params = json!({"name": "get_router_list", "arguments": {}, "_meta": meta});
    let sly = bearer(request("tools/call", params), 'B').header("MCP-Protocol-Version", "2025-06-18");
    assert_eq!(server.send(&sly.session(&session)).status, 404);
    // Its owner still has it, until it ends it.
    assert_eq!(server.send(&routers().authorized().session(&session)).status, 200);
    assert_eq!(server.send(&end().authorized().session(&session)).status, 202);
    assert_eq!(server.send(&routers().authorized().session(&session)).status, 404);
}

#[test]
fn older_requests_need_a_session_unless_the_server_keeps_none() {
    let server = Server::start(&[]);
    let reply = server.send(&routers().authorized());
    assert_eq!((reply.status, reply.code()), (400, -32600), "{reply:?}");
    for method in ["GET", "DELETE"] {
        let ask = Ask::new(method, "/mcp")
            .authorized()
            .header("Accept", "text/event-stream");
        assert_eq!(server.send(&ask).status, 400, "{method}");
    }
    let server = Server::start(&["--stateless"]);
    let opened = server.send(&Ask::initialize().authorized());
    assert_eq!(
        (opened.status, opened.header("mcp-session-id")),
        (200, None),
        "{opened:?}"
    );
    assert_eq!(opened.json()["result"]["protocolVersion"], "2025-06-18");
    assert_eq!(server.send(&routers().authorized()).json()["result"]["isError"], false);
    for method in ["GET", "DELETE"] {
        let ask = Ask::new(method, "/mcp")
            .authorized()
            .header("Accept", "text/event-stream");
        assert_eq!(server.send(&ask).status, 405, "{method}");
    }
}

#[test]
fn what_is_no_request_is_told_in_json_rpc() {
    let server = Server::start(&["--audit-format=json"]);
    for (body, code) in [
        (&b"{"[..], -32700),
        (b"", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (br#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        (br#""ping""#, -32600),
        (br#"{"jsonrpc":"2.0"}"#, -32600),
        (br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600),
    ] {
        let reply = server.send(&Ask::body_of("/mcp", body).authorized());
        assert_eq!((reply.status, reply.code()), (400, code), "{reply:?}");
        assert_eq!(reply.json()["jsonrpc"], "2.0");
    }
    // Each of them is recorded with its caller.
    server.logged("\"outcome\":\"rejected\"");
    let strange = request("tools/list", json!({}))
        .authorized()
        .header("MCP-Protocol-Version", "1999-12-31");
    let reply = server.send(&strange);
    assert_eq!((reply.status, reply.code()), (400, -32022), "{reply:?}");
    assert_eq!(reply.json()["error"]["data"]["requested"], "1999-12-31");
    let call = Ask::call("get_router_list", json!({})).authorized();
    for (name, value) in [
        ("Mcp-Method", "tools/list"),
        ("Mcp-Name", "server_status"),
        ("MCP-Protocol-Version", "2025-06-18"),
    ] {
        let reply = server.send(&call.clone().without(name).header(name, value));
        assert_eq!((reply.status, reply.code()), (400, -32020), "{name}: {reply:?}");
    }
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}});
    let unknown = request("nothing/here", json!({"_meta": meta})).authorized();
    let reply = server.send(
        &unknown
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", "nothing/here"),
    );
    assert_eq!((reply.status, reply.code()), (404, -32601), "{reply:?}");
}

#[test]
fn callers_see_what_their_token_grants() {
    let server = Server::start(&[]);
    let list = |letter| {
        let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}});
        let ask = request("tools/list", json!({"_meta": meta}));
        let ask = ask
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", "tools/list");
        let listed = server.send(&bearer(ask, letter)).json();
        assert_eq!(listed["result"]["cacheScope"], "private");
        let tools = listed["result"]["tools"].as_array().expect("tools").clone();
        tools
            .iter()
            .map(|tool| tool["name"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    let (noc, desk, lead) = (list('A'), list('B'), list('E'));
    let has = |tools: &[String], name: &str| tools.iter().any(|tool| tool == name);
    assert!(has(&noc, "execute_junos_command") && !has(&noc, "load_and_commit_config"));
    assert!(!has(&desk, "execute_junos_command") && has(&desk, "get_junos_config"));
    assert!(has(&lead, "load_and_commit_config") && !has(&lead, "execute_junos_command"));
    let seen = server
        .send(&bearer(Ask::call("get_router_list", json!({})), 'B'))
        .json();
    assert_eq!(
        seen["result"]["structuredContent"]["routers"].as_array().map(Vec::len),
        Some(1),
        "{seen}"
    );
    let code = |ask| server.send(&ask).json()["result"]["structuredContent"]["error"]["code"].clone();
    let facts = |router: &str| Ask::call("gather_device_facts", json!({"router_name": router}));
    assert_eq!(code(bearer(facts("core-1"), 'B')), "router_scope_denied");
    assert_eq!(code(bearer(facts("edge-9"), 'B')), "router_scope_denied");
    assert_eq!(code(bearer(facts("edge-9"), 'A')), "unknown_router");
    let command = |text: &str| {
        Ask::call(
            "execute_junos_command",
            json!({"router_name": "edge-1", "command": text}),
        )
    };
    assert_eq!(code(bearer(command("show version"), 'B')), "tool_scope_denied");
    assert_eq!(code(bearer(command("request system reboot"), 'A')), "read_only");
    let confined = server.send(&bearer(command("show version"), 'A')).json();
    assert_eq!(confined["result"]["isError"], false, "{confined}");
}

#[test]
fn records_say_who_called_from_where() {
    let server = Server::start(&["--audit-format=json", "--trusted-proxy=127.0.0.1"]);
    let session = server.session();
    server.send(
        &routers()
            .authorized()
            .session(&session)
            .header("X-Forwarded-For", "192.0.2.1, 203.0.113.9"),
    );
    let record = server.record("get_router_list");
    let caller = &record["caller"];
    assert_eq!(
        (&caller["kind"], &caller["name"], &caller["fp"]),
        (&json!("token"), &json!("noc"), &json!("0f007385"))
    );
    assert_eq!(
        (&caller["peer"], &caller["via"]),
        (&json!("203.0.113.9"), &json!("127.0.0.1"))
    );
    assert_eq!(caller["session"].as_str().map(str::len), Some(8), "{record}");
    assert_eq!(caller["transport"], "streamable-http");
    assert!(!record.to_string().contains(&session) && !server.log().contains(&session));
}

#[test]
fn a_stream_stays_open_and_is_kept_awake() {
    let server = Server::start(&[]);
    // The comment comes after a quarter of a minute without news.
    let lines = server.stream().lines();
    let comment = lines.map_while(Result::ok).find(|line| line.starts_with(':'));
    assert!(comment.is_some());
}
