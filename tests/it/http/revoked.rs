//! Tokens that change while the server runs: what was taken away ends at once by a signal, and soon without one.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    thread,
};

use super::{
    client::{Ask, connect},
    server::Server,
};
use crate::cli::program::Program;

/// Opens the stream of a session; the thread reads it to its end.
fn stream(server: &Server) -> thread::JoinHandle<()> {
    let session = server.session();
    let ask = Ask::get("/mcp")
        .authorized()
        .session(&session)
        .header("Accept", "text/event-stream");
    let mut stream = connect(server.address);
    stream.write_all(&ask.bytes()).expect("sent");
    let mut lines = BufReader::new(stream).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "HTTP/1.1 200 OK");
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
