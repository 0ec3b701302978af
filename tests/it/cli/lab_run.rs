//! `lab run`: simulated routers for any SSH client.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
};

use rustix::process::Signal;
use serde_json::Value;

use super::program::{Ended, Program, Running};

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

/// A lab of one router with these options, and its standard error when it ended early.
fn lab(options: &[&str], faults: &str) -> Result<Running, Ended> {
    let fixed = [
        "lab",
        "run",
        "--routers=1",
        "--listen=127.0.0.1:0",
        "--write-inventory=lab",
    ];
    let program = Program::new(&[&fixed, options].concat()).file("faults.json", 0o600, faults);
    let mut running = program.start();
    loop {
        match running.line().as_str() {
            "" => return Err(running.end()),
            line if line.starts_with("ready") => return Ok(running),
            _ => {}
        }
    }
}

fn connect(running: &Running) -> Ended {
    let path = |name: &str| running.path("lab").join(name).display().to_string();
    let (inventory, known_hosts) = (path("devices.json"), path("known_hosts"));
    let mut server = Program::new(&["-f", &inventory, "--known-hosts-file", &known_hosts]).start();
    let hello = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;
    server.send(hello);
    server.line();
    server.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"execute_junos_command_batch","arguments":{"router_names":["*"],"commands":["show version"]}}}"#;
    server.send(call);
    let stdout = server.line();
    Ended { stdout, ..server.end() }
}

#[test]
fn the_faults_of_a_file_happen_and_the_profile_shows() {
    let refused = r#"[{"trigger": "auth", "action": "refuse", "count": "always"}]"#;
    let Ok(running) = lab(&["--faults=faults.json"], refused) else {
        panic!("it runs")
    };
    assert!(connect(&running).stdout.contains("auth_failed"));
    let Ok(running) = lab(&["--faults=faults.json", "--profile=vmx-22.4"], "[]") else {
        panic!("it runs")
    };
    let answer = connect(&running).stdout;
    assert!(answer.contains("Model: vmx"), "{answer}");
}

#[test]
fn what_cannot_be_simulated_is_said() {
    let elsewhere =
        r#"[{"trigger": "hello", "action": "drop"}, {"router": "nowhere", "trigger": "hello", "action": "drop"}]"#;
    for (options, words) in [
        (
            &["--faults=faults.json"][..],
            "cannot use the faults in 'faults.json': fault 2: no router 'nowhere' in this lab\n",
        ),
        (
            &["--faults=absent.json"],
            "cannot use the faults in 'absent.json': No such file",
        ),
        (&["--profile=pdp-11"], "error: "),
    ] {
        let Err(ended) = lab(options, elsewhere) else {
            panic!("{options:?} runs")
        };
        assert_eq!(ended.code, Some(1), "{options:?}");
        assert!(
            ended.stderr.contains(words) && !ended.stderr.contains("cannot bind"),
            "{options:?}: {}",
            ended.stderr
        );
    }
}
