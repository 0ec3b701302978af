//! Serving on stdio: streams, signals, the lab in memory, and policy as a client sees it.

use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::program::{BY_VARIABLE, Program, Running};

const HELLO: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;

/// A server that has been greeted.
pub(super) fn greeted(program: Program) -> Running {
    let mut server = program.start();
    server.send(HELLO);
    assert_eq!(answer(&mut server)["id"], 0);
    server.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    server
}

fn answer(server: &mut Running) -> Value {
    serde_json::from_str(&server.line()).expect("a message")
}

pub(super) fn ask(server: &mut Running, method: &str, params: Value) -> Value {
    server.send(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string());
    answer(server)
}

fn tools(server: &mut Running) -> Vec<String> {
    let answer = ask(server, "tools/list", json!({}));
    let tools = answer["result"]["tools"].as_array().expect("tools").clone();
    tools
        .iter()
        .map(|tool| tool["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn stdout_holds_messages_and_stderr_holds_logs() {
    let program = Program::new(&["-f", "devices.json"])
        .file("devices.json", 0o600, BY_VARIABLE)
        .variable("EDGE_PASSWORD", "x")
        .variable("RUST_LOG", "trace");
    let mut server = greeted(program);
    assert!(tools(&mut server).contains(&"get_router_list".to_owned()));
    let ended = server.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    assert!(
        ended.stderr.contains(" INFO  cli: serving on stdio\n"),
        "{}",
        ended.stderr
    );
    // No missing known_hosts file goes unsaid.
    assert!(ended.stderr.contains("[W13]"), "{}", ended.stderr);
    for library in ["rmcp", "russh"] {
        assert!(!ended.stderr.contains(&format!(" {library}::")), "{}", ended.stderr);
    }
}

#[test]
fn logs_can_be_json_and_quiet() {
    let program = || Program::new(&["--lab=1", "--log-format", "json", "--show-secrets"]);
    let ended = program().start().end();
    for line in ended.stderr.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        assert!(
            line["ts"].is_string() && line["level"].is_string() && line["target"] == "cli",
            "{line}"
        );
    }
    assert!(ended.stderr.contains("[W06]"), "{}", ended.stderr);
    let quiet = program().variable("JMCP_LOG_LEVEL", "error").start().end();
    assert_eq!(quiet.stderr, "");
    // RUST_LOG wins over our variable, the command line over both.
    let program = program()
        .variable("JMCP_LOG_LEVEL", "error")
        .variable("RUST_LOG", "warn");
    assert_eq!(program.start().end().stderr.lines().count(), 1);
    let typed = Program::new(&["--lab=1", "--log-level=error", "--show-secrets"]).variable("RUST_LOG", "trace");
    assert_eq!(typed.start().end().stderr, "");
}

#[test]
fn a_lab_in_memory_answers_commands() {
    let mut server = greeted(Program::new(&["--lab=2"]));
    let list = ask(
        &mut server,
        "tools/call",
        json!({"name": "get_router_list", "arguments": {}}),
    );
    let routers = list["result"]["structuredContent"]["routers"]
        .as_array()
        .expect("routers")
        .clone();
    assert_eq!(routers.len(), 2);
    let arguments = json!({"router_name": routers[0]["name"], "command": "show version"});
    let version = ask(
        &mut server,
        "tools/call",
        json!({"name": "execute_junos_command", "arguments": arguments}),
    );
    let text = version["result"]["content"][0]["text"].as_str().expect("text");
    assert!(text.contains("Junos: "), "{version}");
    let ended = server.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // One audit line for each call.
    assert!(ended.stderr.contains("execute_junos_command"), "{}", ended.stderr);
}

#[test]
fn a_lab_over_tcp_is_reached_with_the_inventory_it_wrote() {
    let arguments = [
        "lab",
        "run",
        "--routers=1",
        "--listen=127.0.0.1:0",
        "--write-inventory=lab",
    ];
    let mut lab = Program::new(&arguments).start();
    while !lab.line().starts_with("ready") {}
    let path = |name: &str| lab.path("lab").join(name).display().to_string();
    let (inventory, known_hosts) = (path("devices.json"), path("known_hosts"));
    let mut server = greeted(Program::new(&["-f", &inventory, "--known-hosts-file", &known_hosts]));
    let facts = ask(
        &mut server,
        "tools/call",
        json!({"name": "execute_junos_command_batch", "arguments": {"router_names": ["*"], "commands": ["show version"]}}),
    );
    assert_eq!(
        facts["result"]["structuredContent"]["summary"]["successful"], 1,
        "{facts}"
    );
}

#[test]
fn a_first_signal_ends_an_idle_server_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = greeted(Program::new(&["--lab=1"]));
        server.signal(signal);
        assert_eq!(server.wait(), Some(0));
    }
}

#[test]
fn policy_selects_the_tools_that_are_offered() {
    let mut server = greeted(Program::new(&[
        "--lab=1",
        "--toolsets",
        "inventory",
        "--exclude-tools",
        "read_output",
    ]));
    let offered = tools(&mut server);
    assert!(offered.contains(&"get_router_list".to_owned()) && offered.contains(&"server_status".to_owned()));
    assert!(!offered.contains(&"read_output".to_owned()) && !offered.contains(&"get_junos_config".to_owned()));
    let mut server = greeted(
        Program::new(&["--lab=1", "--tools=get_junos_config"])
            .variable("JMCP_EXCLUDE_TOOLS", "read_output,server_status"),
    );
    let offered = tools(&mut server);
    assert!(
        offered.contains(&"get_junos_config".to_owned()) && !offered.contains(&"server_status".to_owned()),
        "{offered:?}"
    );
    assert!(!offered.contains(&"get_router_list".to_owned()), "{offered:?}");
}

#[test]
fn read_only_confines_commands() {
    let mut server = greeted(Program::new(&["--lab=1"]).variable("JMCP_READ_ONLY", "yes"));
    let list = ask(
        &mut server,
        "tools/call",
        json!({"name": "get_router_list", "arguments": {}}),
    );
    let name = list["result"]["structuredContent"]["routers"][0]["name"].clone();
    let arguments = json!({"router_name": name, "command": "request system reboot"});
    let refused = ask(
        &mut server,
        "tools/call",
        json!({"name": "execute_junos_command", "arguments": arguments}),
    );
    assert_eq!(
        refused["result"]["structuredContent"]["error"]["code"], "read_only",
        "{refused}"
    );
}

#[test]
fn output_caps_are_those_of_the_command_line() {
    let mut server = greeted(Program::new(&["--lab=1", "--max-output-bytes=1024", "--show-secrets"]));
    let list = ask(
        &mut server,
        "tools/call",
        json!({"name": "get_router_list", "arguments": {}}),
    );
    let name = list["result"]["structuredContent"]["routers"][0]["name"].clone();
    let config = json!({"name": "get_junos_config", "arguments": {"router_name": name}});
    let answer = ask(&mut server, "tools/call", config);
    assert_eq!(answer["result"]["_meta"]["truncated"], true, "{answer}");
    let text = answer["result"]["content"][0]["text"].as_str().expect("text");
    assert!(text.contains("$6$") && !text.contains("<redacted:"), "{text}");
}

/// A server that is busy with a call to a router that accepts connections and then says nothing.
fn busy(arguments: &[&str]) -> (Running, TcpStream) {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = silent.local_addr().expect("bound").port();
    let inventory = json!({"silent": {"ip": "127.0.0.1", "port": port, "username": "lab",
        "auth": {"type": "password", "password_env": "EDGE_PASSWORD"}}});
    let program = Program::new(arguments)
        .file("devices.json", 0o600, &inventory.to_string())
        .file(".ssh/known_hosts", 0o600, "")
        .variable("EDGE_PASSWORD", "x");
    let mut server = greeted(program);
    let arguments = json!({"router_name": "silent", "command": "show version"});
    let params = json!({"name": "execute_junos_command", "arguments": arguments});
    server.send(&json!({"jsonrpc": "2.0", "id": "running", "method": "tools/call", "params": params}).to_string());
    let (stream, _) = silent.accept().expect("the call has begun");
    (server, stream)
}

#[test]
fn calls_that_outlive_the_drain_are_abandoned_with_1() {
    let (server, _stream) = busy(&["--drain-secs=0", "--connect-timeout-secs=300"]);
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(1));
}

#[test]
fn a_second_signal_ends_calls_that_only_read() {
    let (mut server, _stream) = busy(&["--drain-secs=3600", "--connect-timeout-secs=300"]);
    server.signal(Signal::TERM);
    // New calls are refused once the signal has arrived.
    let refused = loop {
        let list = ask(
            &mut server,
            "tools/call",
            json!({"name": "get_router_list", "arguments": {}}),
        );
        if list["result"]["isError"] == true {
            break list;
        }
    };
    assert_eq!(
        refused["result"]["structuredContent"]["error"]["code"], "overloaded",
        "{refused}"
    );
    server.signal(Signal::TERM);
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn the_operator_says_what_has_to_be_confirmed_and_whether_routers_may_be_added() {
    for (confirm, expected) in [
        ("destroy", "committed"),
        ("commits", "confirmation_required"),
        ("strict", "confirmation_unavailable"),
    ] {
        let mut server = greeted(Program::new(&["--lab=1"]).variable("JMCP_CONFIRM", confirm));
        let listed = ask(
            &mut server,
            "tools/call",
            json!({"name": "get_router_list", "arguments": {}}),
        );
        let router = &listed["result"]["structuredContent"]["routers"][0]["name"];
        let arguments = json!({"router_name": router, "config_text": "set snmp location B7"});
        let change = json!({"name": "load_and_commit_config", "arguments": arguments});
        let answer = ask(&mut server, "tools/call", change);
        let told = &answer["result"]["structuredContent"];
        let words = [&told["outcome"], &told["status"], &told["error"]["code"]];
        assert!(words.contains(&&json!(expected)), "{confirm}: {answer}");
    }
    for (flags, expected) in [
        (&[][..], "missing_argument"),
        (&["--inventory-readonly"], "inventory_readonly"),
    ] {
        let program = Program::new(&[&["-f", "devices.json"], flags].concat()).file("devices.json", 0o600, "{}");
        let add = json!({"name": "add_device", "arguments": {}});
        let answer = ask(&mut greeted(program), "tools/call", add);
        let code = &answer["result"]["structuredContent"]["error"]["code"];
        assert_eq!(code, expected, "{flags:?}: {answer}");
    }
}
