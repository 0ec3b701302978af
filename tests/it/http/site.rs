//! A router over TCP in the test's process, and a server over HTTP that reaches it.

use std::{
    io::Write as _,
    net::{SocketAddr, TcpStream},
};

use rust_junosmcp::lab::{Lab, LabSettings};
use serde_json::{Value, json};

use super::{
    client::{Ask, connect},
    server::{OVER_HTTP, Server},
};
use crate::cli::program::Program;

/// The name of the router.
pub(super) const ROUTER: &str = "edge-1";

/// The name of a router that cannot be reached.
pub(super) const DOWN: &str = "edge-2";

/// A router whose host key is on file, and a server that reaches it.
pub(super) async fn site(arguments: &[&str]) -> (Lab, Server) {
    let (lab, server, _) = site_behind(arguments, |address| address, |address| *address).await;
    (lab, server)
}

/// As [`site`], with something between the server and the router: `make` is given the router's address, `address` says where
/// the server finds it instead.
pub(super) async fn site_behind<T>(
    arguments: &[&str],
    make: impl FnOnce(SocketAddr) -> T,
    address: impl FnOnce(&T) -> SocketAddr,
) -> (Lab, Server, T) {
    let lab = lab().await;
    let router = &lab.routers()[0];
    let between = make(router.address().expect("it listens"));
    let address = address(&between);
    let known_host = format!("{}\n", router.host_key_line(&address.ip().to_string(), address.port()));
    let server = server(&lab, address, &known_host, arguments).await;
    (lab, server, between)
}

/// A router that nobody has met, and a server with an empty file of host keys.
pub(super) async fn unknown_site(arguments: &[&str]) -> (Lab, Server) {
    let lab = lab().await;
    let address = lab.routers()[0].address().expect("it listens");
    let server = server(&lab, address, "", arguments).await;
    (lab, server)
}

async fn lab() -> Lab {
    let mut settings = LabSettings::new(1).on_loopback();
    settings.names = vec![ROUTER.to_owned()];
    Lab::start(settings).await.expect("a lab")
}

async fn server(lab: &Lab, address: SocketAddr, known_hosts: &str, arguments: &[&str]) -> Server {
    let router = &lab.routers()[0];
    let login = json!({"type": "password", "password": router.password()});
    let devices = json!({
        ROUTER: {"ip": address.ip().to_string(), "port": address.port(), "username": router.username(), "auth": login,
            "blocklist": {"commands": [{"action": "deny", "pattern": "request system *"}]}},
        // Nobody listens there.
        DOWN: {"ip": address.ip().to_string(), "port": 1, "username": "lab", "auth": login},
    });
    let arguments = [&OVER_HTTP[..], &["--audit-format=json"], arguments].concat();
    let program = Program::new(&arguments)
        .file("devices.json", 0o600, &devices.to_string())
        .file(".ssh/known_hosts", 0o600, known_hosts);
    tokio::task::spawn_blocking(move || Server::of(program))
        .await
        .expect("it starts")
}

/// A call that has been sent.
pub(super) fn begin(address: SocketAddr, letter: char, tool: &str, arguments: Value) -> TcpStream {
    let token = format!("Bearer {}", String::from(letter).repeat(43));
    let mut stream = connect(address);
    let call = Ask::call(tool, arguments).header("Authorization", &token);
    stream.write_all(&call.bytes()).expect("sent");
    stream
}
