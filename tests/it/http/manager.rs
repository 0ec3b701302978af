//! The server under a service manager: what it tells, and the socket that it is handed. Without one nothing of it happens.

use std::{net::TcpListener, os::unix::net::UnixDatagram, time::Duration};

use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;

use super::{client::Ask, server::Server};
use crate::cli::program::Program;

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A manager that listens.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self { folder, socket }
    }

    /// A program that is to tell it.
    fn given_to(&self, program: Program) -> Program {
        let path = self.folder.path().join("notify");
        program.variable("NOTIFY_SOCKET", path.to_str().expect("text"))
    }

    /// The next message that begins so.
    fn told(&self, beginning: &str) -> String {
        loop {
            let mut message = [0; 4096];
            let length = self.socket.recv(&mut message).expect("a message in time");
            let message = String::from_utf8_lossy(&message[..length]).into_owned();
            if message.starts_with(beginning) {
                return message;
            }
        }
    }
}

fn http(arguments: &[&str]) -> Program {
    let serving = [
        "--lab=2",
        "-t",
        "streamable-http",
        "--tokens-file=tokens.json",
        "--file-watch-secs=0",
    ];
    Program::new(&[&serving, arguments].concat())
}

#[test]
fn the_manager_is_told_of_the_whole_life() {
    let manager = Manager::new();
    let server = Server::of(manager.given_to(http(&["-p", "0"])));
    assert_eq!(manager.told("READY").trim_end(), "READY=1");
    assert_eq!(manager.told("STATUS").trim_end(), "STATUS=2 routers, 0 calls running");
    server.running.signal(Signal::HUP);
    let reloading = manager.told("RELOADING=1\n");
    let since = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    assert!(
        since.is_some_and(|since| since.parse::<u64>().is_ok_and(|since| since > 0)),
        "{reloading}"
    );
    manager.told("READY=1");
    server.running.signal(Signal::TERM);
    manager.told("STOPPING=1");
    assert_eq!(server.running.wait(), Some(0));
}

#[test]
fn a_watchdog_hears_a_server_that_takes_connections() {
    let manager = Manager::new();
    let program = manager
        .given_to(http(&["-p", "0", "--max-connections=1"]))
        .variable("WATCHDOG_USEC", "200000");
    let server = Server::of(program);
    for _ in 0..3 {
        manager.told("WATCHDOG=1");
    }
    // All places are taken and another client waits: the loop that takes connections lives all the same.
    let _held = super::client::connect(server.address);
    let _waits = super::client::connect(server.address);
    for _ in 0..5 {
        manager.told("WATCHDOG=1");
    }
}

#[test]
fn a_server_on_stdio_tells_too() {
    let manager = Manager::new();
    let server = manager.given_to(Program::new(&["--lab=1"])).start();
    manager.told("READY=1");
    let ended = server.end();
    manager.told("STOPPING=1");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn a_manager_that_cannot_be_reached_is_complained_of_and_the_server_serves() {
    let folder = TempDir::new().expect("a folder");
    let nowhere = folder.path().join("nobody");
    let server = Server::of(http(&["-p", "0"]).variable("NOTIFY_SOCKET", nowhere.to_str().expect("text")));
    server.logged("the service manager cannot be told anything");
    assert_eq!(server.send(&Ask::get("/readyz")).status, 200);
}

#[test]
fn a_socket_that_was_handed_over_is_served_instead_of_the_port() {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("bound");
    // The port of the options is taken; nobody asks for it.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port().to_string();
    let server = Server::of(http(&["-p", &port]).handed(socket));
    assert_eq!(server.address, address);
    let list = Ask::call("get_router_list", json!({})).authorized();
    assert_eq!(server.send(&list).status, 200);
}

#[test]
fn the_rules_of_addresses_judge_the_socket_and_not_the_host() {
    let open = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = open.local_addr().expect("bound").port();
    let ended = Program::new(&["--lab=1", "-t", "streamable-http", "--allow-no-auth"])
        .handed(open)
        .run();
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let refusal = format!("--allow-no-auth is loopback-only (host '0.0.0.0:{port}' is not a loopback address)");
    assert!(ended.stderr.contains(&refusal), "{}", ended.stderr);
}

#[test]
fn what_is_no_listening_socket_is_not_served() {
    let datagram = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let ended = http(&[]).file("tokens.json", 0o600, "{}").handed(datagram).run();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("LISTEN_FDS"), "{}", ended.stderr);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let connected = std::net::TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
    let ended = http(&[]).file("tokens.json", 0o600, "{}").handed(connected).run();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
}
