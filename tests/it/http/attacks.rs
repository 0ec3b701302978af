//! Requests that mean no good: all are refused, and the server goes on.

use std::{
    io::{Read, Write},
    time::Instant,
};

use serde_json::json;

use super::{
    client::{Ask, Reply, connect, exchange, rest, secret},
    server::Server,
};

/// The server still works for its own clients.
fn assert_serves(server: &Server) {
    let reply = server.send(&Ask::call("get_router_list", json!({})).authorized());
    assert_eq!(reply.json()["result"]["isError"], false, "{reply:?}");
}

/// The status of what came back, or none when the connection was closed without a word.
fn status(bytes: &[u8]) -> Option<u16> {
    (!bytes.is_empty()).then(|| Reply::read(bytes).status)
}

#[test]
fn no_garbage_duplicate_or_oversized_credentials_get_in() {
    let server = Server::start(&[]);
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
    let elsewhere = Ask::call("get_router_list", json!({}))
        .header("Cookie", &good)
        .header("X-Api-Key", &secret());
    assert_eq!(server.send(&elsewhere).status, 401);
    assert_serves(&server);
}

#[test]
fn heads_have_an_end() {
    let server = Server::start(&[]);
    let mut huge = b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nX-Fill: ".to_vec();
    huge.resize(10 * 1024 * 1024, b'a');
    let answer = status(&exchange(server.address, &huge));
    assert!(matches!(answer, None | Some(431)), "{answer:?}");
    let many = (0..200).fold(Ask::get("/mcp"), |ask, number| ask.header(&format!("X-{number}"), "a"));
    assert_eq!(status(&exchange(server.address, &many.bytes())), Some(431));
    let long = Ask::get(&format!("/{}", "a".repeat(70_000)));
    let answer = status(&exchange(server.address, &long.bytes()));
    assert!(matches!(answer, None | Some(414 | 431)), "{answer:?}");
    assert_serves(&server);
}

#[test]
fn an_unauthenticated_body_is_not_read() {
    let server = Server::start(&[]);
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Accept: application/json, text/event-stream\r\nContent-Length: 9999999999\r\n\r\n";
    let mut stream = connect(server.address);
    stream.write_all(head.as_bytes()).expect("sent");
    assert_eq!(Reply::read(&rest(&mut stream)).status, 401);
    assert_serves(&server);
}

#[test]
fn bodies_have_an_end() {
    let server = Server::start(&["--max-request-body-bytes=65536"]);
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
    assert_serves(&server);
}

#[test]
fn bombs_of_json_are_refused() {
    let server = Server::start(&[]);
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
    assert_serves(&server);
}

#[test]
fn two_ways_to_read_one_message_are_none() {
    let server = Server::start(&[]);
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
    ] {
        let bytes = exchange(server.address, format!("{head}{framing}{body}{smuggled}").as_bytes());
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("\"status\":\"ok\""), "{framing:?}: {text}");
        assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{framing:?}: {text}");
    }
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

#[test]
fn connections_that_say_nothing_are_closed_and_others_are_served() {
    let server = Server::start(&["--max-connections=20"]);
    let started = Instant::now();
    let mut silent: Vec<_> = (0..100).map(|_| connect(server.address)).collect();
    let mut slow = connect(server.address);
    slow.write_all(b"GET /healthz HTTP/1.1\r\nX-").expect("sent");
    // All places are taken by clients that wait; they are given back without a word from them.
    assert_serves(&server);
    let mut byte = [0];
    assert_eq!(silent[0].read(&mut byte).unwrap_or(0), 0, "the server hangs up");
    assert!(started.elapsed().as_secs() < 120);
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(&[]);
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nContent-Length: 100\r\n\r\n{{",
        secret()
    );
    let mut stream = connect(server.address);
    stream.write_all(head.as_bytes()).expect("sent");
    let started = Instant::now();
    let reply = Reply::read(&rest(&mut stream));
    assert_eq!((reply.status, reply.error().as_str()), (408, "timeout"));
    assert!(
        (25..50).contains(&started.elapsed().as_secs()),
        "{:?}",
        started.elapsed()
    );
    assert_serves(&server);
}
