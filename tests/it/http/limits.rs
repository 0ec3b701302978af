//! Rates, concurrency and sessions: what is refused, in which words, and that it is given back.

use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use super::{
    client::{Ask, connect, rest},
    server::{OVER_HTTP, Server},
};
use crate::cli::program::Program;

fn list() -> Ask {
    Ask::call("get_router_list", json!({}))
}

fn bearer(ask: Ask, letter: char) -> Ask {
    ask.header("Authorization", &format!("Bearer {}", String::from(letter).repeat(43)))
}

#[test]
fn an_address_that_is_too_fast_is_told_when_to_come_back() {
    let server = Server::start(&[
        "--max-requests-per-second-per-ip=1",
        "--max-request-burst-per-ip=3",
        "--trusted-proxy=127.0.0.0/8",
    ]);
    let statuses: Vec<u16> = (0..6).map(|_| server.send(&list().authorized()).status).collect();
    assert_eq!(statuses[..3], [200; 3]);
    let refused = server.send(&list());
    assert_eq!((refused.status, refused.error().as_str()), (429, "rate_limited"));
    assert_eq!(refused.json()["limit"], "ip_rate");
    assert!(
        refused
            .header("retry-after")
            .and_then(|wait| wait.parse::<u64>().ok())
            .is_some_and(|wait| wait >= 1)
    );
    // Another client behind the proxy is another one, probes are not counted.
    let other = list().authorized().header("X-Forwarded-For", "203.0.113.9");
    assert_eq!(server.send(&other).status, 200);
    assert_eq!(server.send(&Ask::get("/readyz")).status, 200);
}

#[test]
fn a_token_that_is_too_fast_is_refused_and_others_are_not() {
    let server = Server::start(&[
        "--max-requests-per-second-per-token=1",
        "--max-request-burst-per-token=2",
    ]);
    let refused = (0..5)
        .map(|_| server.send(&list().authorized()))
        .find(|reply| reply.status == 429);
    let refused = refused.expect("too fast");
    assert_eq!(refused.json()["limit"], "token_rate");
    assert_eq!(server.send(&bearer(list(), 'B')).status, 200);
}

/// A server whose one router accepts connections and says nothing.
struct Silent {
    server: Server,
    router: TcpListener,
}

impl Silent {
    fn start(arguments: &[&str]) -> Self {
        let router = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = router.local_addr().expect("bound").port();
        let inventory = json!({"edge-1": {"ip": "127.0.0.1", "port": port, "username": "lab",
            "auth": {"type": "password", "password_env": "EDGE_PASSWORD"}}});
        let arguments = [&OVER_HTTP[..], &["--connect-timeout-secs=300"], arguments].concat();
        let program = Program::new(&arguments)
            .file("devices.json", 0o600, &inventory.to_string())
            .file(".ssh/known_hosts", 0o600, "")
            .variable("EDGE_PASSWORD", "x");
        Self {
            server: Server::of(program),
            router,
        }
    }

    /// A call that runs; it ends when its router hangs up.
    fn busy(&self) -> (TcpStream, TcpStream) {
        let mut client = connect(self.server.address);
        let call = bearer(Ask::call("gather_device_facts", json!({"router_name": "edge-1"})), 'A');
        std::io::Write::write_all(&mut client, &call.bytes()).expect("sent");
        let (router, _) = self.router.accept().expect("the call has begun");
        (client, router)
    }
}

fn overloaded(reply: &super::client::Reply) -> Value {
    assert_eq!((reply.status, reply.error().as_str()), (503, "overloaded"), "{reply:?}");
    assert_eq!(reply.header("retry-after"), Some("1"));
    reply.json()["limit"].clone()
}

#[test]
fn requests_beyond_the_limit_are_refused_and_not_queued() {
    let silent = Silent::start(&["--max-inflight-requests=1"]);
    let (mut client, router) = silent.busy();
    assert_eq!(
        overloaded(&silent.server.send(&bearer(list(), 'B'))),
        "global_concurrency"
    );
    // Nobody is there any more when the call dials again.
    drop(silent.router);
    drop(router);
    rest(&mut client);
    assert_eq!(silent.server.send(&bearer(list(), 'B')).status, 200);
}

#[test]
fn one_token_cannot_take_all_places() {
    let silent = Silent::start(&["--max-inflight-requests-per-token=1"]);
    let (client, _router) = silent.busy();
    assert_eq!(
        overloaded(&silent.server.send(&list().authorized())),
        "token_concurrency"
    );
    assert_eq!(silent.server.send(&bearer(list(), 'B')).status, 200);
    // A client of the newer revision that leaves ends its call.
    drop(client);
    let again = (0..1000)
        .map(|_| silent.server.send(&list().authorized()))
        .find(|reply| reply.status == 200);
    assert!(again.is_some());
}

#[test]
fn sessions_are_counted_and_given_back() {
    let server = Server::start(&["--max-sessions=2", "--max-sessions-per-token=1"]);
    let session = server.session();
    let limit = |letter| {
        let reply = server.send(&bearer(Ask::initialize(), letter));
        assert_eq!(
            (reply.status, reply.header("retry-after")),
            (503, Some("1")),
            "{reply:?}"
        );
        reply.json()["error"]["data"]["limit"].clone()
    };
    assert_eq!(limit('A'), "token_session_cap");
    assert_eq!(server.send(&bearer(Ask::initialize(), 'B')).status, 200);
    assert_eq!(limit('E'), "session_cap");
    let end = Ask::new("DELETE", "/mcp").authorized().session(&session);
    assert_eq!(server.send(&end).status, 202);
    assert_eq!(server.send(&bearer(Ask::initialize(), 'E')).status, 200);
}
