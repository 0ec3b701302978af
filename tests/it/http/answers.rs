//! What is no proper call is answered as the protocol says, with and without a session, and the server goes on.

use serde_json::{Value, json};

use super::{client::Ask, server::Server};

const LARGE: usize = 100 << 20;

/// A message as a client of one era sends it.
fn ask(session: Option<&str>, method: &str, mut params: Value, name: &str) -> Ask {
    if session.is_none() {
        params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}});
    }
    let message = json!({"jsonrpc": "2.0", "id": 3, "method": method, "params": params});
    in_era(Ask::message(&message), session, method, name)
}

fn in_era(ask: Ask, session: Option<&str>, method: &str, name: &str) -> Ask {
    let ask = ask.authorized();
    match session {
        Some(id) => ask.session(id),
        None => ask
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", method)
            .header("Mcp-Name", name),
    }
}

#[test]
fn nothing_that_a_client_sends_ends_the_server() {
    let server = Server::start(&[]);
    let id = server.session();
    for session in [Some(id.as_str()), None] {
        let call = |name: &str, arguments: Value| {
            ask(
                session,
                "tools/call",
                json!({"name": name, "arguments": arguments}),
                name,
            )
        };
        let unknown = server.send(&call("nonsense", json!({})));
        assert_eq!(unknown.code(), -32602, "{unknown:?}");
        assert_eq!(unknown.json()["error"]["message"], "Unknown tool: nonsense");
        assert_eq!(
            server.send(&ask(session, "tools/nothing", json!({}), "")).code(),
            -32601
        );
        assert_eq!(server.send(&call("get_router_list", json!([]))).code(), -32602);
        for (body, code) in [
            (&b"{\"jsonrpc\": \"2.0\""[..], -32700),
            (b"garbage", -32700),
            (br#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
        ] {
            let reply = server.send(&in_era(Ask::body_of("/mcp", body), session, "tools/call", "x"));
            assert_eq!((reply.status, reply.code()), (400, code), "{reply:?}");
        }
        let large = json!({"router_name": "edge-1", "command": "x".repeat(LARGE)});
        let reply = server.send(&call("execute_junos_command", large));
        assert_eq!((reply.status, reply.error().as_str()), (413, "too_large"), "{reply:?}");
        let strange = json!({"router_name": "edge-1", "comand": "hunter2"});
        let refused = server.send(&call("execute_junos_command", strange)).json();
        let error = &refused["result"]["structuredContent"]["error"];
        assert_eq!(error["code"], "unknown_argument", "{refused}");
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
        let good = server.send(&call("get_router_list", json!({}))).json();
        assert_eq!(good["result"]["isError"], false, "{good}");
    }
}
