//! `lab run`: simulated routers for any SSH client.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    time::{Duration, Instant},
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
    lab_of(1, options, faults)
}

fn lab_of(routers: usize, options: &[&str], faults: &str) -> Result<Running, Ended> {
    let routers = format!("--routers={routers}");
    let fixed = ["lab", "run", &routers, "--listen=127.0.0.1:0", "--write-inventory=lab"];
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

#[test]
fn a_mixed_lab_has_every_profile() {
    let Ok(running) = lab_of(5, &["--profile=mix"], "[]") else {
        panic!("it runs")
    };
    let answer = connect(&running).stdout;
    let models: BTreeSet<&str> = answer
        .split("Model: ")
        .skip(1)
        .filter_map(|rest| rest.split('\\').next())
        .collect();
    assert_eq!(models.len(), 5, "{answer}");
}

/// A control socket, as a script speaks to it.
struct Control(BufReader<UnixStream>);

impl Control {
    fn open(running: &Running) -> Self {
        let stream = UnixStream::connect(running.path("control")).expect("it listens");
        let deadline = Some(Duration::from_secs(20));
        stream.set_read_timeout(deadline).expect("a deadline");
        Self(BufReader::new(stream))
    }

    /// The lines of the answer.
    fn ask(&mut self, request: &str) -> Vec<Value> {
        writeln!(self.0.get_mut(), "{request}").expect("it reads");
        let mut answer = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("an answer");
            let value: Value = serde_json::from_str(&line).expect("JSON");
            let last = value.get("ok").is_some();
            answer.push(value);
            if last {
                return answer;
            }
        }
    }
}

#[test]
fn a_running_lab_is_controlled_over_a_socket() {
    let Ok(running) = lab(&["--control=control"], "[]") else {
        panic!("it runs")
    };
    let mode = fs::metadata(running.path("control")).expect("a socket").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let mut control = Control::open(&running);
    let listed = control.ask(r#"{"do": "routers"}"#);
    let name = listed[0]["routers"][0]["name"].as_str().expect("a name").to_owned();
    assert_eq!(listed[0]["routers"][0]["locked_by"], Value::Null);
    let lock = format!(r#"{{"do": "lock", "router": "{name}", "user": "night-shift"}}"#);
    assert_eq!(control.ask(&lock)[0]["ok"], true);
    assert_eq!(
        control.ask(r#"{"do": "routers"}"#)[0]["routers"][0]["locked_by"],
        "night-shift"
    );
    let fault = r#"{"do": "inject", "fault": {"trigger": "auth", "action": "refuse", "count": "always"}}"#;
    assert_eq!(control.ask(fault)[0]["ok"], true);
    assert!(connect(&running).stdout.contains("auth_failed"));
    assert_eq!(control.ask(r#"{"do": "clear"}"#)[0]["ok"], true);
    assert!(connect(&running).stdout.contains("Model: vsrx"));
    let mut events = control.ask(&format!(r#"{{"do": "events", "router": "{name}"}}"#));
    events.pop();
    assert!(events.iter().any(|event| event["what"] == "fault"), "{events:?}");
    let last = events.last().expect("events")["number"].as_u64().expect("a number");
    let later = control.ask(&format!(r#"{{"do": "events", "router": "{name}", "since": {last}}}"#));
    assert!(
        later
            .iter()
            .all(|event| event.get("number").is_none_or(|number| number.as_u64() > Some(last)))
    );
    for wrong in [
        r#"{"do": "explode"}"#,
        r#"{"do": "cut", "router": "nowhere"}"#,
        "nonsense",
    ] {
        assert_eq!(control.ask(wrong)[0]["ok"], false, "{wrong}");
    }
}

/// Starting a thousand listeners takes an eighth of a second; an unoptimised build on a busy machine gets this long.
const START: Duration = Duration::from_secs(20);

#[test]
fn a_thousand_routers_start_and_answer() {
    let begun = Instant::now();
    let Ok(running) = lab_of(1000, &[], "[]") else {
        panic!("it runs")
    };
    assert!(begun.elapsed() < START, "{:?}", begun.elapsed());
    let path = |name: &str| running.path("lab").join(name).display().to_string();
    let (inventory, known_hosts) = (path("devices.json"), path("known_hosts"));
    let devices: Value = serde_json::from_slice(&fs::read(&inventory).expect("written")).expect("JSON");
    let ports = devices
        .as_object()
        .expect("devices")
        .values()
        .map(|device| &device["port"]);
    for port in ports {
        let port = u16::try_from(port.as_u64().expect("a port")).expect("a port");
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.set_read_timeout(Some(START)).expect("a deadline");
        let mut identification = String::new();
        BufReader::new(stream)
            .read_line(&mut identification)
            .expect("it answers");
        assert_eq!(identification, "SSH-2.0-OpenSSH_9.7\r\n");
    }
    // Logins cost an unoptimised build a tenth of a second each, so a few stand for all.
    let arguments = [
        "--known-hosts-file",
        &known_hosts,
        "-f",
        &inventory,
        "check",
        "--json",
        "--connect",
        "edge-*00",
    ];
    let ended = Program::new(&arguments).run();
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let contacts = document["connect"].as_array().expect("contacts");
    assert_eq!(contacts.len(), 8, "{contacts:?}");
    assert!(contacts.iter().all(|contact| contact["status"] == "ok"), "{contacts:?}");
}
