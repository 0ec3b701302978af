//! Clients that take a connection and do not go on: they get their time, nobody else waits for them.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::json;

use super::{
    attacks::assert_serves,
    client::{Ask, Reply, connect, rest, secret},
    server::{OVER_HTTP, Server},
};
use crate::cli::program::Program;

#[test]
fn five_thousand_idle_connections_keep_nobody_out() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("as many files as may be");
    let program = Program::new(
        &[
            &OVER_HTTP[..],
            &["--lab=2", "--enable-metrics", "--max-connections=6000"],
        ]
        .concat(),
    );
    // It starts with a limit far below that and raises it.
    let server = Server::of(program.with_few_files());
    let idle: Vec<TcpStream> = (0..5000).map(|_| connect(server.address)).collect();
    let started = Instant::now();
    while server.counter("junosmcp_connections") < 5000 {
        assert!(started.elapsed() < Duration::from_secs(60), "they are taken");
    }
    assert_serves(&server);
    assert_eq!(server.counter("junosmcp_limit_hits_total{limit=\"connections\"}"), 0);
    for mut stream in idle {
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "the server hangs up");
    }
    while server.counter("junosmcp_connections") > 10 {
        assert!(started.elapsed() < Duration::from_secs(120), "they are given back");
    }
    assert_serves(&server);
}

#[test]
fn a_client_that_does_not_take_its_answers_is_given_up() {
    let server = Server::start(&["--audit-format=json", "--enable-metrics"]);
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}});
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": meta}});
    let ask = Ask::message(&list)
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "tools/list")
        .authorized();
    // More than both ends of a connection keep for a reader that is late.
    let asked = 400;
    let again = ask.kept_open().bytes().repeat(asked);
    let mut clients: Vec<TcpStream> = (0..2).map(|_| connect(server.address)).collect();
    for client in &mut clients {
        client.write_all(&again).expect("sent");
    }
    let started = Instant::now();
    // One of them takes nothing, the other one a byte now and then.
    while server.counter("junosmcp_limit_hits_total{limit=\"slow_reader\"}") < 2 {
        clients[1].read_exact(&mut [0]).expect("a byte");
        assert!(started.elapsed() < Duration::from_secs(120), "the server does not wait");
    }
    assert!(started.elapsed() > Duration::from_secs(20), "it waits a while");
    server.refused(408, "slow_reader");
    for mut client in clients {
        let bytes = rest(&mut client);
        let answers = bytes.windows(12).filter(|part| part == b"HTTP/1.1 200").count();
        assert!(answers < asked, "{answers} of {asked} were taken");
    }
    assert_serves(&server);
}

#[test]
fn connections_that_say_nothing_are_closed_and_others_are_served() {
    let server = Server::start(&["--max-connections=20", "--enable-metrics", "--audit-format=json"]);
    let started = Instant::now();
    let mut silent: Vec<_> = (0..100).map(|_| connect(server.address)).collect();
    let mut slow = connect(server.address);
    slow.write_all(b"GET /healthz HTTP/1.1\r\nX-").expect("sent");
    // All places are taken by clients that wait; they are given back without a word from them.
    assert_serves(&server);
    let mut byte = [0];
    assert_eq!(silent[0].read(&mut byte).unwrap_or(0), 0, "the server hangs up");
    assert_eq!(Reply::read(&rest(&mut slow)).status, 408);
    server.refused(408, "malformed");
    assert!(started.elapsed().as_secs() < 120);
    assert!(server.counter("junosmcp_limit_hits_total{limit=\"connections\"}") > 0);
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(&["--audit-format=json"]);
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
    server.refused(408, "malformed");
    assert_serves(&server);
}
