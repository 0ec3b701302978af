//! The end of a server that is busy: every answer is delivered, a commit is finished and recorded.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use rust_junosmcp::lab::{Action, Event, Fault, Trigger, What};
use rustix::process::Signal;
use serde_json::json;

use super::{
    client::{Reply, connect, rest},
    server::Server,
    site::{begin, site},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// How long the router takes over a command and over a commit.
const COMMAND: Duration = Duration::from_millis(100);
const COMMIT: Duration = Duration::from_millis(1500);

/// A connection that stays open from one request to the next.
struct Kept(BufReader<TcpStream>);

impl Kept {
    fn ask(&mut self, request: &str) -> (u16, String) {
        self.0.get_mut().write_all(request.as_bytes()).expect("sent");
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a status");
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("a header");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.trim().parse().expect("a number");
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        (status, String::from_utf8(body).expect("text"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_delivers_every_answer_and_finishes_the_commit() {
    let (lab, server) = site(&["--max-inflight-requests-per-router=64"]).await;
    let router = &lab.routers()[0];
    let _slow = router.inject(Fault::new(Trigger::rpc("command"), Action::Delay(COMMAND)).always());
    let _commit = router.inject(Fault::new(Trigger::rpc("commit-configuration"), Action::Delay(COMMIT)));
    let command = json!({"router_name": "edge-1", "command": "show version"});
    let change = json!({"router_name": "edge-1", "config_text": "set snmp location here"});
    let readings: Vec<_> = (0..50)
        .map(|_| begin(server.address, 'A', "execute_junos_command", command.clone()))
        .collect();
    let writing = begin(server.address, 'E', "load_and_commit_config", change);
    let is_commit = |event: &Event| {
        matches!(&event.what, What::Fault { .. }) && format!("{event:?}").contains("commit-configuration")
    };
    tokio::time::timeout(PATIENCE, router.wait_for_after(0, is_commit))
        .await
        .expect("the commit is sent");
    let mut kept = Kept(BufReader::new(connect(server.address)));
    let probe = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(kept.ask(probe).0, 200);
    server.running.signal(Signal::TERM);
    let draining = (0..10_000).map(|_| kept.ask(probe)).find(|(status, _)| *status == 503);
    assert_eq!(
        draining.expect("told").1,
        r#"{"status":"not_ready","reasons":["draining"]}"#
    );
    let (status, body) = kept.ask("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(status, 503);
    assert!(body.contains("\"draining\""), "{body}");
    assert!(TcpStream::connect(server.address).is_err(), "no new client comes in");
    let ended = tokio::task::spawn_blocking(move || {
        for mut reading in readings {
            let reply = Reply::read(&rest(&mut reading)).json();
            assert_eq!(reply["result"]["isError"], false, "{reply}");
        }
        let mut writing = writing;
        let reply = Reply::read(&rest(&mut writing)).json();
        assert_eq!(reply["result"]["structuredContent"]["outcome"], "committed", "{reply}");
        let record = server.record("load_and_commit_config");
        assert_eq!(
            (&record["outcome"], &record["result"]["commit"]),
            (&json!("ok"), &json!("committed"))
        );
        assert_eq!(server.log().matches("\"tool\":\"execute_junos_command\"").count(), 50);
        server.running.wait()
    });
    assert_eq!(ended.await.expect("it ends"), Some(0));
    assert!(
        router
            .commits()
            .iter()
            .any(|commit| commit.log.as_ref().is_some_and(|log| log.contains("[mcp:")))
    );
}

#[test]
fn an_idle_server_with_open_streams_ends_at_once() {
    let server = Server::start(&[]);
    let mut stream = server.stream();
    let started = std::time::Instant::now();
    server.running.signal(Signal::TERM);
    assert_eq!(server.running.wait(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    rest(&mut stream);
}
