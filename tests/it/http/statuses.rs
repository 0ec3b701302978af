//! Each status code with its body and headers.

use serde_json::json;

use super::{
    client::{Ask, Reply, exchange},
    server::Server,
};

const METADATA: &str = "resource_metadata=\"http://localhost/.well-known/oauth-protected-resource/mcp\"";

fn bearer(letter: char) -> String {
    format!("Bearer {}", String::from(letter).repeat(43))
}

fn assert_reply(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (status, error), "{reply:?}");
}

#[test]
fn every_answer_is_for_its_client_alone() {
    let server = Server::start(&["--enable-metrics"]);
    for ask in [
        Ask::get("/healthz"),
        Ask::get("/readyz"),
        Ask::get("/nowhere"),
        Ask::get("/mcp"),
        Ask::get("/metrics").authorized(),
        Ask::call("get_router_list", json!({})).authorized(),
        Ask::initialize().authorized(),
    ] {
        let reply = server.send(&ask);
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{reply:?}");
        assert_eq!(reply.header("x-request-id").map(str::len), Some(36), "{reply:?}");
        assert_eq!(reply.header("server"), None, "{reply:?}");
    }
}

#[test]
fn a_token_is_asked_for_in_the_words_of_rfc_6750() {
    let server = Server::start(&[]);
    let call = Ask::call("get_router_list", json!({}));
    let reply = server.send(&call);
    assert_reply(&reply, 401, "invalid_request");
    assert_eq!(
        reply.header("www-authenticate"),
        Some(format!("Bearer realm=\"jmcp\", {METADATA}").as_str())
    );
    for value in ["Basic bm9jOm5vYw==".to_owned(), "Bearer".to_owned(), "A".repeat(43)] {
        assert_reply(
            &server.send(&call.clone().header("Authorization", &value)),
            401,
            "invalid_request",
        );
    }
    let invalid = format!(
        "Bearer realm=\"jmcp\", error=\"invalid_token\", error_description=\"The access token is unknown, expired or revoked\", {METADATA}"
    );
    for value in [
        bearer('Z'),
        bearer('D'),
        "Bearer short".to_owned(),
        format!("Bearer {}", "A".repeat(600)),
    ] {
        let reply = server.send(&call.clone().header("Authorization", &value));
        assert_reply(&reply, 401, "invalid_token");
        assert_eq!(reply.header("www-authenticate"), Some(invalid.as_str()));
    }
    let reply = server.send(&call.clone().header("Authorization", &bearer('C')));
    assert_reply(&reply, 403, "insufficient_scope");
    assert!(
        reply
            .header("www-authenticate")
            .expect("a challenge")
            .contains("error=\"insufficient_scope\"")
    );
    for scheme in ["bearer", "BEARER"] {
        let value = bearer('A').replace("Bearer", scheme);
        assert_eq!(server.send(&call.clone().header("Authorization", &value)).status, 200);
    }
    // Nothing of a secret is in the log.
    for letter in ['A', 'Z', 'D'] {
        assert!(!server.log().contains(&String::from(letter).repeat(20)));
    }
}

#[test]
fn a_token_in_the_address_is_refused_before_it_is_looked_at() {
    let server = Server::start(&["--audit-format=json"]);
    for query in ["access_token=x", "a=b&Token=x", "api_key="] {
        let ask = Ask::body_of(&format!("/mcp?{query}"), b"{}").authorized();
        assert_reply(&server.send(&ask), 400, "invalid_request");
    }
    server.refused(400, "query_token");
    let harmless = Ask::body_of("/mcp?trace=1", b"{}").authorized();
    assert_eq!(server.send(&harmless).code(), -32600);
}

#[test]
fn methods_and_media_types_are_judged_after_the_token() {
    let server = Server::start(&["--audit-format=json"]);
    for method in ["PUT", "PATCH", "HEAD", "TRACE", "CONNECT", "PROPFIND", "OPTIONS"] {
        let reply = exchange(server.address, &Ask::new(method, "/mcp").authorized().bytes());
        let status = Reply::read(&reply).status;
        assert!(
            status == 405 || method == "CONNECT" && status >= 400,
            "{method}: {status}"
        );
        let anonymous = exchange(server.address, &Ask::new(method, "/mcp").bytes());
        let status = Reply::read(&anonymous).status;
        assert!(
            status == 401 || method == "CONNECT" && status >= 400,
            "{method}: {status}"
        );
    }
    let reply = server.send(&Ask::new("PUT", "/mcp").authorized());
    assert_reply(&reply, 405, "method_not_allowed");
    assert_eq!(reply.header("allow"), Some("GET, POST, DELETE"));
    for method in ["GET", "DELETE"] {
        let modern = Ask::new(method, "/mcp")
            .authorized()
            .header("MCP-Protocol-Version", "2026-07-28");
        let reply = server.send(&modern.header("Accept", "text/event-stream"));
        assert_reply(&reply, 405, "method_not_allowed");
        assert_eq!(reply.header("allow"), Some("POST"));
    }
    server.refused(405, "method");
    let call = Ask::call("get_router_list", json!({})).authorized();
    for kind in ["text/plain", "application/json-seq", ""] {
        let ask = call.clone().without("Content-Type").header("Content-Type", kind);
        assert_reply(&server.send(&ask), 415, "unsupported_media_type");
    }
    for accept in ["application/json", "text/event-stream", "text/*", ""] {
        let ask = call.clone().without("Accept").header("Accept", accept);
        assert_reply(&server.send(&ask), 406, "not_acceptable");
    }
    for accept in [
        "*/*",
        "application/*, text/*;q=0.5",
        "Application/JSON, Text/Event-Stream",
    ] {
        let ask = call.clone().without("Accept").header("Accept", accept);
        assert_eq!(server.send(&ask).status, 200, "{accept}");
    }
    let with_charset = call
        .without("Content-Type")
        .header("Content-Type", "application/json; charset=utf-8");
    assert_eq!(server.send(&with_charset).status, 200);
}

#[test]
fn probes_and_counters_have_their_pages() {
    let server = Server::start(&["--enable-metrics"]);
    assert_eq!(server.send(&Ask::get("/healthz")).json(), json!({"status": "ok"}));
    assert_eq!(server.send(&Ask::get("/readyz")).json(), json!({"status": "ready"}));
    assert_reply(&server.send(&Ask::new("POST", "/healthz")), 405, "method_not_allowed");
    assert_eq!(server.send(&Ask::get("/metrics")).status, 401);
    server.send(&Ask::call("get_router_list", json!({})).authorized());
    let counters = server.send(&Ask::get("/metrics").authorized());
    for expected in [
        "junosmcp_tool_calls_total{outcome=\"ok\",tool=\"get_router_list\"} 1",
        "junosmcp_http_requests_total{path=\"healthz\",status=\"405\"} 1",
        "junosmcp_http_rejects_total{reason=\"method\"} 1",
        "junosmcp_auth_failures_total{reason=\"missing\"} 1",
        "junosmcp_connections ",
    ] {
        assert!(counters.body.contains(expected), "{expected}: {}", counters.body);
    }
    let without = Server::open(&[]);
    assert_reply(&without.send(&Ask::get("/metrics")), 404, "not_found");
}

#[test]
fn counters_may_have_a_listener_of_their_own() {
    // A port that is free now; nobody else takes it within a moment.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("bound")
        .port();
    let listen = format!("--metrics-listen=127.0.0.1:{port}");
    let server = Server::start(&["--enable-metrics", &listen]);
    let apart = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    for (target, status) in [("/metrics", 200), ("/healthz", 200), ("/readyz", 200), ("/mcp", 404)] {
        let reply = Reply::read(&exchange(apart, &Ask::get(target).host("monitor.example.net").bytes()));
        assert_eq!(reply.status, status, "{target}");
    }
    assert_eq!(server.send(&Ask::get("/metrics")).status, 401);
}

#[test]
fn the_metadata_says_where_tokens_are_taken() {
    let server = Server::start(&[]);
    for target in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
    ] {
        let body = server.send(&Ask::get(target)).json();
        assert_eq!(body["resource"], "http://localhost/mcp");
        assert_eq!(body["bearer_methods_supported"], json!(["header"]));
        assert_eq!(body["authorization_servers"], json!(null));
    }
    let open = Server::open(&[]);
    assert_eq!(
        open.send(&Ask::get("/.well-known/oauth-protected-resource")).status,
        404
    );
    let public = Server::start(&["--public-url=https://mcp.example.net/junos/mcp"]);
    let body = public.send(&Ask::get("/.well-known/oauth-protected-resource")).json();
    assert_eq!(body["resource"], "https://mcp.example.net/junos/mcp");
}

#[test]
fn paths_are_what_they_are() {
    let server = Server::start(&["--audit-format=json"]);
    for target in [
        "/",
        "//mcp",
        "/mcp//",
        "/MCP",
        "/mcp/x",
        "/mcp%2f",
        "/%6dcp",
        "/mcp/../mcp",
        "/mcp/..",
        "/./mcp",
        "/mcp;x",
        "/mcp.",
        "/healthz/../mcp",
        "/metrics",
        "/.well-known/../mcp",
        "/.well-known/oauth-authorization-server",
    ] {
        let reply = server.send(&Ask::body_of(target, b"{}").authorized());
        assert_reply(&reply, 404, "not_found");
    }
    server.refused(404, "not_found");
}
