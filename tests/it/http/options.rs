//! Options that bound sessions and connections, each by what it does to a real program.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

use rust_junosmcp::lab::{Action, Event, Fault, RouterHandle, Trigger, What};
use serde_json::{Value, json};

use super::{
    client::{Ask, Reply, connect, exchange, rest},
    server::{OVER_HTTP, Server},
    site::{ROUTER, begin, site, site_behind},
};
use crate::cli::program::Program;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn version() -> Value {
    json!({"router_name": ROUTER, "command": "show version"})
}

/// Sends a call of `show version` and gives its result.
async fn ask(address: SocketAddr) -> Value {
    tokio::task::spawn_blocking(move || {
        let mut call = begin(address, 'A', "execute_junos_command", version());
        Reply::read(&rest(&mut call)).json()["result"].clone()
    })
    .await
    .expect("an answer")
}

fn code(result: &Value) -> &str {
    result["structuredContent"]["error"]["code"]
        .as_str()
        .unwrap_or_default()
}

async fn happens(router: &RouterHandle, wanted: impl FnMut(&Event) -> bool) -> Event {
    tokio::time::timeout(PATIENCE, router.wait_for(wanted))
        .await
        .expect("it happens in time")
}

#[test]
fn sessions_end_when_they_are_idle_and_when_they_are_old() {
    let start = |options: &[&str]| Server::start(&[&["--audit-format=json"], options].concat());
    let idle = start(&["--session-idle-timeout-secs=30"]);
    let old = start(&["--session-max-lifetime-secs=60"]);
    let (unused, aged) = (idle.session(), old.session());
    // An open stream is use: this one outlives the other.
    let used = idle.session();
    let ask = Ask::get("/mcp")
        .authorized()
        .session(&used)
        .header("Accept", "text/event-stream");
    let mut stream = connect(idle.address);
    stream.write_all(&ask.bytes()).expect("sent");
    for (server, session, reason) in [(&idle, &unused, "idle"), (&old, &aged, "lifetime")] {
        let ended = server.record_within(Duration::from_secs(120), |record| record["event"] == "session_end");
        assert_eq!(ended["reason"], reason);
        let ping = Ask::message(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).authorized();
        assert_eq!(server.send(&ping.session(session)).status, 404, "{reason}");
    }
    let ping = Ask::message(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"})).authorized();
    assert_eq!(idle.send(&ping.session(&used)).status, 200);
}

#[test]
fn connections_beyond_the_limit_wait_until_there_is_room() {
    let port = TcpListener::bind("127.0.0.1:0")
        .expect("a free port")
        .local_addr()
        .expect("bound")
        .port();
    let listen = format!("--metrics-listen=127.0.0.1:{port}");
    let server = Server::start(&["--max-connections=1", "--enable-metrics", &listen]);
    let apart = SocketAddr::from(([127, 0, 0, 1], port));
    let counted = |series: &str| {
        let text = Reply::read(&exchange(apart, &Ask::get("/metrics").bytes())).body;
        text.lines().any(|line| line == series)
    };
    let first = connect(server.address);
    while !counted("junosmcp_connections 1") {
        thread::yield_now();
    }
    let mut second = connect(server.address);
    second.write_all(&Ask::get("/readyz").bytes()).expect("sent");
    while !counted("junosmcp_limit_hits_total{limit=\"connections\"} 1") {
        thread::yield_now();
    }
    assert!(counted("junosmcp_connections 1"));
    assert!(
        !counted("junosmcp_http_requests_total{path=\"readyz\",status=\"200\"} 1"),
        "it waits"
    );
    first.shutdown(Shutdown::Both).expect("open until now");
    assert_eq!(Reply::read(&rest(&mut second)).status, 200);
}

#[tokio::test]
async fn a_router_serves_as_many_calls_at_a_time_as_it_has_sessions() {
    let (lab, server) = site(&["--router-sessions=1"]).await;
    let router = &lab.routers()[0];
    let slow = Fault::new(Trigger::rpc("command"), Action::Delay(Duration::from_millis(500)));
    let _slow = router.inject(slow.times(2));
    let (one, other) = tokio::join!(ask(server.address), ask(server.address));
    assert_eq!((&one["isError"], &other["isError"]), (&json!(false), &json!(false)));
    let opened = router
        .seen()
        .into_iter()
        .filter(|event| matches!(event.what, What::Channel { .. }));
    assert_eq!(opened.count(), 1);
    lab.stop().await;
}

#[tokio::test]
async fn an_idle_session_is_closed_after_its_time() {
    let (lab, server) = site(&["--pool-idle-secs=1"]).await;
    assert_eq!(ask(server.address).await["isError"], false);
    happens(&lab.routers()[0], |event| event.what == What::Disconnected).await;
    lab.stop().await;
}

#[tokio::test]
async fn a_command_has_the_time_of_the_option() {
    let (lab, server) = site(&["--command-timeout-secs=1"]).await;
    let slow = Fault::new(Trigger::rpc("command"), Action::Hang);
    let _stuck = lab.routers()[0].inject(slow);
    let result = ask(server.address).await;
    assert_eq!(code(&result), "outer_timeout", "{result}");
    lab.stop().await;
}

#[test]
fn a_connection_has_the_time_of_the_option() {
    // It accepts connections and says nothing.
    let router = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = router.local_addr().expect("bound").port();
    let inventory = json!({ROUTER: {"ip": "127.0.0.1", "port": port, "username": "lab",
        "auth": {"type": "password", "password": "x"}}});
    let program = Program::new(&[&OVER_HTTP[..], &["--connect-timeout-secs=1"]].concat())
        .file("devices.json", 0o600, &inventory.to_string())
        .file(".ssh/known_hosts", 0o600, "");
    let server = Server::of(program);
    let result = server
        .send(&Ask::call("execute_junos_command", version()).authorized())
        .json()["result"]
        .clone();
    assert_eq!(code(&result), "connect_timeout", "{result}");
}

/// A way to a router that counts what the server sends.
struct Relay {
    address: SocketAddr,
    sent: Arc<(Mutex<usize>, Condvar)>,
}

impl Relay {
    fn to(router: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let sent: Arc<(Mutex<usize>, Condvar)> = Arc::default();
        let counted = Arc::clone(&sent);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(router) else { return };
                let (mut back, mut to) = (
                    server.try_clone().expect("a handle"),
                    client.try_clone().expect("a handle"),
                );
                thread::spawn(move || std::io::copy(&mut back, &mut to));
                let counted = Arc::clone(&counted);
                thread::spawn(move || {
                    let (mut client, mut server) = (client, server);
                    let mut bytes = [0; 4096];
                    while let Ok(length @ 1..) = client.read(&mut bytes) {
                        if server.write_all(&bytes[..length]).is_err() {
                            return;
                        }
                        *counted.0.lock().expect("not poisoned") += length;
                        counted.1.notify_all();
                    }
                });
            }
        });
        Self { address, sent }
    }

    fn sent(&self) -> usize {
        *self.sent.0.lock().expect("not poisoned")
    }

    /// Waits until more was sent.
    fn sends_more_than(&self, before: usize) {
        let sent = self.sent.0.lock().expect("not poisoned");
        let (_sent, waited) = self
            .sent
            .1
            .wait_timeout_while(sent, PATIENCE, |sent| *sent <= before)
            .expect("not poisoned");
        assert!(!waited.timed_out());
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_alive() {
    let (lab, server, relay) = site_behind(&["--keepalive-secs=1"], Relay::to, |relay| relay.address).await;
    assert_eq!(ask(server.address).await["isError"], false);
    // Nobody asks anything: twice more something is sent all the same.
    tokio::task::spawn_blocking(move || {
        for _ in 0..2 {
            relay.sends_more_than(relay.sent());
        }
    })
    .await
    .expect("it is sent");
    lab.stop().await;
}
