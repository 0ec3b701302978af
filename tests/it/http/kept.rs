//! A connection that is used again after a refusal: a client that was asked for a token comes back with it at once.

use std::io::Write as _;

use serde_json::json;

use super::{
    client::{Ask, Reply, connect, rest},
    server::Server,
};

/// The request as it is sent when the connection shall stay open: its head and its body.
fn open(ask: &Ask) -> (Vec<u8>, Vec<u8>) {
    let text = String::from_utf8(ask.bytes()).expect("text");
    let (head, body) = text.split_once("Connection: close\r\n\r\n").expect("a head");
    (format!("{head}\r\n").into_bytes(), body.as_bytes().to_vec())
}

#[test]
fn the_connection_outlives_a_refusal_before_the_body_came() {
    let server = Server::start(&[]);
    let call = Ask::call("get_router_list", json!({}));
    let (head, body) = open(&call);
    let mut stream = connect(server.address);
    stream.write_all(&head).expect("sent");
    // By now the server has had time to judge the head.
    assert_eq!(server.send(&Ask::get("/healthz")).status, 200);
    stream.write_all(&body).expect("sent");
    stream.write_all(&call.authorized().bytes()).expect("sent");
    let said = String::from_utf8(rest(&mut stream)).expect("text");
    let (refused, answered) = said.split_at(said.rfind("HTTP/1.1 ").expect("a reply"));
    assert_eq!(Reply::read(refused.as_bytes()).status, 401);
    let answered = Reply::read(answered.as_bytes());
    assert_eq!(answered.status, 200);
    assert!(answered.body.contains("edge-1"), "{}", answered.body);
}

#[test]
fn a_refusal_says_so_when_the_connection_ends_with_it() {
    let server = Server::start(&[]);
    let large = vec![b' '; 1 << 20];
    let (head, _) = open(&Ask::body_of("/mcp", &large));
    let mut stream = connect(server.address);
    stream.write_all(&head).expect("sent");
    let reply = Reply::read(&rest(&mut stream));
    assert_eq!((reply.status, reply.header("connection")), (401, Some("close")));
}
