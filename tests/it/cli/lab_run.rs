//! `lab run`: simulated routers for any SSH client.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
};

use rustix::process::Signal;
use serde_json::Value;

use super::program::Program;

#[test]
fn a_lab_runs_until_a_signal_and_its_inventory_fits() {
    let arguments = [
        "lab",
        "run",
        "--routers",
        "2",
        "--listen",
        "127.0.0.1:0",
        "--write-inventory",
        "lab",
    ];
    let mut running = Program::new(&arguments).start();
    let mut routers = Vec::new();
    loop {
        let line = running.line();
        assert!(!line.is_empty(), "it ended early");
        if line.starts_with("ready") {
            break;
        }
        routers.push(line);
    }
    assert_eq!(routers.len(), 2, "{routers:?}");

    let directory = running.path("lab");
    let mode = |name: &str| {
        fs::metadata(directory.join(name))
            .expect("written")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("id_ed25519"), 0o600);
    let inventory: Value =
        serde_json::from_slice(&fs::read(directory.join("devices.json")).expect("written")).expect("JSON");
    for (_, device) in inventory.as_object().expect("devices") {
        let port = u16::try_from(device["port"].as_u64().expect("a port")).expect("a port");
        TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    }

    let inventory = directory.join("devices.json").display().to_string();
    let known_hosts = directory.join("known_hosts").display().to_string();
    let check = Program::new(&[
        "check",
        "--strict",
        "-f",
        &inventory,
        "--known-hosts-file",
        &known_hosts,
    ])
    .run();
    // Options of the serve form stand before the word `check`; only the inventory may follow.
    assert_eq!(check.code, Some(2));
    let check = Program::new(&[
        "--known-hosts-file",
        &known_hosts,
        "-f",
        &inventory,
        "check",
        "--strict",
    ])
    .run();
    assert_eq!(check.code, Some(0), "{}", check.stdout);

    running.signal(Signal::TERM);
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let ended = Program::new(&["lab", "run", "--listen", &address]).run();
    assert_eq!(ended.code, Some(1));
    let expected = format!("rust-junosmcp: error: cannot bind {address}: ");
    assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
    assert!(ended.stdout.is_empty());
}
