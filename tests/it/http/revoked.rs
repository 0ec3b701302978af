//! Tokens that change while the server runs: what was taken away ends at once by a signal, and soon without one.

use std::{
    io::{BufRead as _, Write as _},
    thread,
    time::Duration,
};

use rust_junosmcp::lab::{Action, Event, Fault, Trigger, What};
use serde_json::json;

use super::{
    client::{Ask, Reply, connect, rest},
    server::Server,
    site::{ROUTER, site},
};
use crate::cli::program::Program;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens the stream of a session; the thread reads it to its end.
fn stream(server: &Server) -> thread::JoinHandle<()> {
    let lines = server.stream().lines();
    thread::spawn(move || lines.map_while(Result::ok).for_each(drop))
}

fn token(server: &Server, arguments: &[&str]) {
    let file = server.running.path("tokens.json").display().to_string();
    let (command, rest) = arguments.split_first().expect("a command");
    let ended = Program::new(&[&["token", command, "--tokens-file", &file], rest].concat()).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

fn is_in(server: &Server) -> bool {
    let status = server
        .send(&Ask::call("get_router_list", serde_json::json!({})).authorized())
        .status;
    assert!(matches!(status, 200 | 401), "{status}");
    status == 200
}

#[test]
fn a_revoked_token_is_out_and_its_stream_ends() {
    for (watch, by_signal) in [("0", true), ("1", false)] {
        let server = Server::start(&["--file-watch-secs", watch]);
        let reading = stream(&server);
        let pid = server.running.pid().to_string();
        let signal = ["--server-pid", pid.as_str()];
        let told: &[&str] = if by_signal { &signal } else { &[] };
        token(&server, &[&["revoke", "--name", "noc"], told].concat());
        reading.join().expect("the stream ends by itself");
        assert!(!is_in(&server), "watch {watch}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_runs_is_answered_and_its_session_is_over() {
    let (lab, server) = site(&["--file-watch-secs=0"]).await;
    let router = &lab.routers()[0];
    let slow = Action::Delay(Duration::from_secs(2));
    let _slow = router.inject(Fault::new(Trigger::rpc("command"), slow));
    let (session, open) = tokio::task::block_in_place(|| (server.session(), stream(&server)));
    let params =
        json!({"name": "execute_junos_command", "arguments": {"router_name": ROUTER, "command": "show version"}});
    let call = Ask::message(&json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}));
    let mut running = connect(server.address);
    let bytes = call.clone().authorized().session(&session).bytes();
    running.write_all(&bytes).expect("sent");
    let fires = |event: &Event| matches!(event.what, What::Fault { .. });
    tokio::time::timeout(PATIENCE, router.wait_for(fires))
        .await
        .expect("it is at the router");
    tokio::task::block_in_place(|| {
        let pid = server.running.pid().to_string();
        token(
            &server,
            &[
                "set-scope",
                "--name",
                "noc",
                "--tools",
                "effect:read",
                "--server-pid",
                &pid,
            ],
        );
        server.record_where(|record| record["event"] == "session_end" && record["caller"]["session"].is_string());
        // The stream that only waits for news ends, nothing begins in the session any more.
        open.join().expect("it ends");
        assert_eq!(server.send(&call.authorized().session(&session)).status, 404);
    });
    let reply = tokio::task::block_in_place(|| Reply::read(&rest(&mut running)));
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert_eq!(
        (&answer["id"], &answer["result"]["isError"]),
        (&json!(7), &json!(false)),
        "{reply:?}"
    );
    lab.stop().await;
}

#[test]
fn a_token_made_anew_lets_nobody_in_with_the_old_secret() {
    let server = Server::start(&["--file-watch-secs", "0"]);
    assert!(is_in(&server));
    let pid = server.running.pid().to_string();
    token(&server, &["rotate", "--name", "noc", "--server-pid", &pid]);
    while is_in(&server) {}
    token(
        &server,
        &[
            "add",
            "--name",
            "next",
            "--routers",
            "*",
            "--tools",
            "*",
            "--server-pid",
            &pid,
        ],
    );
    server.logged("the tokens of");
}

#[test]
fn a_file_that_cannot_be_used_changes_nothing() {
    let server = Server::start(&["--file-watch-secs", "0"]);
    std::fs::write(server.running.path("tokens.json"), "{").expect("written");
    server.running.signal(rustix::process::Signal::HUP);
    server.logged("the tokens in use stay so");
    assert!(is_in(&server));
}
