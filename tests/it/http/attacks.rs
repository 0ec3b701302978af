//! Requests that mean no good: all are refused and recorded, and the server goes on.

use std::io::Write;

use serde_json::{Value, json};

use super::{
    client::{Ask, Reply, connect, exchange, rest, secret},
    server::Server,
};

/// A server that says on standard error what it records.
fn start(arguments: &[&str]) -> Server {
    Server::start(&[&["--audit-format=json", "--enable-metrics"], arguments].concat())
}

/// Waits for the record of a message that could not be read.
fn unreadable(server: &Server) -> Value {
    server.record_where(|record| record["event"] == "tool_call" && record["outcome"] == "rejected")
}

/// The server still works for its own clients.
pub(super) fn assert_serves(server: &Server) {
    let reply = server.send(&Ask::call("get_router_list", json!({})).authorized());
    assert_eq!(reply.json()["result"]["isError"], false, "{reply:?}");
}

/// The status of what came back, or none when the connection was closed without a word.
fn status(bytes: &[u8]) -> Option<u16> {
    (!bytes.is_empty()).then(|| Reply::read(bytes).status)
}

#[test]
fn no_garbage_duplicate_or_oversized_credentials_get_in() {
    let server = start(&[]);
    let call = Ask::call("get_router_list", json!({}));
    let good = format!("Bearer {}", secret());
    for values in [
        &[][..],
        &[""],
        &["Bearer "],
        &["Bearer \t"],
        &["Bearer \u{7f}"],
        &["Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,x"],
        &["Basic QUFB"],
        &[good.as_str(), good.as_str()],
        &[good.as_str(), "Basic QUFB"],
        &["Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
        &["Bearer aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
        &["Bearer ' OR '1'='1"],
    ] {
        let ask = values
            .iter()
            .fold(call.clone(), |ask, value| ask.header("Authorization", value));
        let reply = exchange(server.address, &ask.bytes());
        let status = status(&reply);
        assert!(matches!(status, Some(401 | 400)), "{values:?}: {status:?}");
    }
    let oversized = call.header("Authorization", &format!("Bearer {}", "A".repeat(40_000)));
    assert_eq!(server.send(&oversized).status, 401);
    for reason in ["missing", "scheme", "unknown"] {
        assert_eq!(server.refused(401, reason)["peer"], "127.0.0.1");
        let counter = format!("junosmcp_auth_failures_total{{reason=\"{reason}\"}}");
        assert!(server.counter(&counter) > 0, "{counter}");
    }
    let elsewhere = Ask::call("get_router_list", json!({}))
        .header("Cookie", &good)
        .header("X-Api-Key", &secret());
    assert_eq!(server.send(&elsewhere).status, 401);
    assert_serves(&server);
}

#[test]
fn heads_have_an_end() {
    let server = start(&[]);
    let mut huge = b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nX-Fill: ".to_vec();
    huge.resize(10 * 1024 * 1024, b'a');
    let answer = status(&exchange(server.address, &huge));
    assert!(matches!(answer, None | Some(431)), "{answer:?}");
    let many = (0..200).fold(Ask::get("/mcp"), |ask, number| ask.header(&format!("X-{number}"), "a"));
    assert_eq!(status(&exchange(server.address, &many.bytes())), Some(431));
    let long = Ask::get(&format!("/{}", "a".repeat(70_000)));
    let answer = status(&exchange(server.address, &long.bytes()));
    assert!(matches!(answer, None | Some(414 | 431)), "{answer:?}");
    assert_eq!(server.refused(431, "malformed")["peer"], "127.0.0.1");
    assert_serves(&server);
}

#[test]
fn an_unauthenticated_body_is_not_read() {
    let server = start(&[]);
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Accept: application/json, text/event-stream\r\nContent-Length: 9999999999\r\n\r\n";
    let mut stream = connect(server.address);
    stream.write_all(head.as_bytes()).expect("sent");
    assert_eq!(Reply::read(&rest(&mut stream)).status, 401);
    server.refused(401, "missing");
    assert_serves(&server);
}

#[test]
fn bodies_have_an_end() {
    let server = start(&["--max-request-body-bytes=65536"]);
    let large = Ask::body_of("/mcp", &vec![b' '; 65_537]).authorized();
    let reply = server.send(&large);
    assert_eq!((reply.status, reply.error().as_str()), (413, "too_large"));
    assert_eq!(reply.json()["limit"], "request_body");
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        secret()
    );
    let mut endless = head.into_bytes();
    for _ in 0..20 {
        endless.extend(b"4000\r\n");
        endless.extend(vec![b' '; 0x4000]);
        endless.extend(b"\r\n");
    }
    assert_eq!(status(&exchange(server.address, &endless)), Some(413));
    server.refused(413, "request_body");
    assert_serves(&server);
}

#[test]
fn bombs_of_json_are_refused() {
    let server = start(&[]);
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{{\"a\":{}}}}}",
        "[".repeat(100_000)
    );
    assert_eq!(
        server.send(&Ask::body_of("/mcp", deep.as_bytes()).authorized()).code(),
        -32700
    );
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{{\"a\":{}1{}}}}}",
        "{\"a\":".repeat(5_000),
        "}".repeat(5_000)
    );
    let reply = server.send(&Ask::body_of("/mcp", deep.as_bytes()).authorized());
    assert_eq!((reply.status, reply.code()), (400, -32600));
    let wide = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{{\"a\":[0{}]}}}}",
        ",0".repeat(4_000_000)
    );
    assert_eq!(
        server.send(&Ask::body_of("/mcp", wide.as_bytes()).authorized()).code(),
        -32600
    );
    let record = unreadable(&server);
    assert_eq!(record["caller"]["name"], "noc", "{record}");
    assert_serves(&server);
}

#[test]
fn two_ways_to_read_one_message_are_none() {
    let server = start(&[]);
    let secret = secret();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n"
    );
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (framing, body) in [
        ("Content-Length: 4\r\nContent-Length: 0\r\n\r\n", "{}  "),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: gzip\r\n\r\n", "{}"),
        ("Transfer-Encoding: chunked, gzip\r\n\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding : chunked\r\n\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n\r\n", "zz\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n\r\n", "ffffffffffffffffff\r\n\r\n"),
        ("Content-Length: -1\r\n\r\n", ""),
        ("Content-Length: +4\r\n\r\n", "{}  "),
        ("Content-Length: 0x4\r\n\r\n", "{}  "),
        ("X-A: b\r\n folded: c\r\nContent-Length: 2\r\n\r\n", "{}"),
        (
            "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n",
            "0\r\n\r\n",
        ),
        ("Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n", "{}"),
        ("Transfer-Encoding: xchunked\r\n\r\n", "0\r\n\r\n"),
        // Whoever takes a line for the rest of the one before it sees another message than we do.
        (
            "X-A: b\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
            "0\r\n\r\n",
        ),
        (
            "X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
            "0\r\n\r\n",
        ),
        ("X-A: b\0c\r\nContent-Length: 2\r\n\r\n", "{}"),
        ("Transfer-Encoding: chunked\r\n\r\n", "2;a\nb\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n\r\n", "2\r\n{}junk\r\n0\r\n\r\n"),
    ] {
        let bytes = exchange(server.address, format!("{head}{framing}{body}{smuggled}").as_bytes());
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("\"status\":\"ok\""), "{framing:?}: {text}");
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{framing:?}: {text}");
    }
    let extension = "a".repeat(1_000_000);
    let body = format!("Transfer-Encoding: chunked\r\n\r\n2;{extension}\r\n{{}}\r\n0\r\n\r\n");
    let answer = status(&exchange(server.address, format!("{head}{body}").as_bytes()));
    assert!(matches!(answer, None | Some(400)), "{answer:?}");
    server.refused(400, "malformed");
    assert!(server.counter("junosmcp_http_rejects_total{reason=\"malformed\"}") > 0);
    for line in [
        "GET /healthz HTTP/9.9",
        "GET  /healthz HTTP/1.1",
        "GET /healthz",
        "\0\0\0",
        "PRI * HTTP/2.0",
    ] {
        let bytes = exchange(server.address, format!("{line}\r\nHost: localhost\r\n\r\n").as_bytes());
        assert!(!String::from_utf8_lossy(&bytes).contains("\"status\":\"ok\""), "{line}");
    }
    assert_serves(&server);
}
