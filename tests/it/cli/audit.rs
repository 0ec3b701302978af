//! Audit records of the whole program: one chain in a file, verified by the program itself.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    program::{Ended, Program, Running},
    serve::{ask, greeted},
};

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn call(server: &mut Running, tool: &str, arguments: Value) -> Value {
    ask(server, "tools/call", json!({"name": tool, "arguments": arguments}))["result"].clone()
}

fn secret(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a mode");
}

fn first_router(server: &mut Running) -> Value {
    call(server, "get_router_list", json!({}))["structuredContent"]["routers"][0]["name"].clone()
}

fn records(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn events(records: &[Value]) -> Vec<&str> {
    records.iter().filter_map(|record| record["event"].as_str()).collect()
}

fn verified(file: &Path, more: &[&str]) -> Ended {
    Program::new(&[&["audit", "verify", file.to_str().expect("text")], more].concat()).run()
}

#[test]
fn every_call_is_a_record_of_one_chain_across_restarts() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("audit.jsonl");
    let state = folder.path().join("state");
    let options = [
        "--lab=1",
        "--audit-log-file",
        log.to_str().expect("text"),
        "--state-dir",
    ];
    let start = || greeted(Program::new(&[&options[..], &[state.to_str().expect("text")]].concat()));
    let mut server = start();
    let router = first_router(&mut server);
    let change =
        json!({"router_name": router, "config_text": "set system location building x7", "commit_comment": "c"});
    assert_eq!(
        call(&mut server, "load_and_commit_config", change)["structuredContent"]["outcome"],
        "committed"
    );
    call(
        &mut server,
        "execute_junos_command",
        json!({"router_name": router, "command": "show version", "x": 1}),
    );
    ask(
        &mut server,
        "tools/call",
        json!({"name": "no_such_tool", "arguments": {}}),
    );
    server.send("this is no message");
    assert_eq!(server.end().code, Some(0));
    assert_eq!(start().end().code, Some(0));
    let text = fs::read_to_string(&log).expect("a log");
    let records = records(&text);
    assert_eq!(
        events(&records),
        [
            "chain_start",
            "server_start",
            "tool_call",
            "tool_intent",
            "tool_call",
            "tool_call",
            "tool_call",
            "tool_call",
            "server_stop",
            "server_start",
            "server_stop"
        ]
    );
    let outcomes: Vec<&Value> = records
        .iter()
        .filter(|r| r["event"] == "tool_call")
        .map(|r| &r["outcome"])
        .collect();
    assert_eq!(outcomes, ["ok", "ok", "rejected", "denied", "rejected"]);
    assert_eq!(records[3]["call_id"], records[4]["call_id"]);
    assert_eq!(records[4]["result"]["commit"], "committed");
    assert!(!text.contains("building x7"), "configuration text is never recorded");
    let whole = verified(&log, &[]);
    assert_eq!(
        (whole.code, whole.stdout.starts_with("ok: 11 records, ")),
        (Some(0), true),
        "{}",
        whole.stdout
    );
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(4, 5);
    fs::write(&log, lines.join("\n")).expect("written");
    let broken = verified(&log, &[]);
    assert_eq!(broken.code, Some(1));
    assert_eq!(broken.stdout, format!("broken: {}:5: seq gap\n", log.display()));
    let document: Value = serde_json::from_str(&verified(&log, &["--json"]).stdout).expect("JSON");
    assert_eq!((&document["line"], &document["reason"]), (&5.into(), &"seq gap".into()));
}

#[test]
fn sighup_goes_on_in_a_new_file_and_ends_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, old) = (folder.path().join("audit.jsonl"), folder.path().join("audit.1"));
    let mut server = greeted(Program::new(&[
        "--lab=1",
        "--audit-log-file",
        log.to_str().expect("text"),
    ]));
    first_router(&mut server);
    fs::rename(&log, &old).expect("moved");
    server.signal(Signal::HUP);
    while !log.exists() {
        first_router(&mut server);
    }
    first_router(&mut server);
    assert_eq!(server.end().code, Some(0));
    assert_eq!(verified(&old, &[log.to_str().expect("text")]).code, Some(0));
    assert_eq!(verified(&old, &[]).code, Some(0));
}

#[test]
fn a_key_codes_fields_and_guards_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, key) = (folder.path().join("audit.jsonl"), folder.path().join("key"));
    secret(&key, KEY);
    let key = key.to_str().expect("text");
    let mut server = greeted(Program::new(&[
        "--lab=1",
        "--audit-log-file",
        log.to_str().expect("text"),
        "--audit-hmac-key-file",
        key,
        "--audit-redact",
        "routers=hmac,command=drop",
    ]));
    let router = first_router(&mut server);
    call(
        &mut server,
        "execute_junos_command",
        json!({"router_name": router, "command": "show version"}),
    );
    assert_eq!(server.end().code, Some(0));
    let text = fs::read_to_string(&log).expect("a log");
    assert!(
        !text.contains("show version") && !text.contains(router.as_str().expect("a name")),
        "{text}"
    );
    assert!(text.contains("\"routers\":[\"hmac:"), "{text}");
    assert_eq!(
        verified(&log, &[]).stdout,
        format!("broken: {}:1: hash mismatch\n", log.display())
    );
    assert_eq!(verified(&log, &["--audit-hmac-key-file", key]).code, Some(0));
    let anchor = ["--audit-hmac-key-file", key, "--anchor", "00"];
    assert_eq!(verified(&log, &anchor).code, Some(1));
}

#[test]
fn what_the_options_of_records_refuse() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    secret(path("short").as_ref(), "0123");
    for (options, expected) in [
        (
            vec!["--audit-strict".to_owned()],
            "--audit-strict needs --audit-log-file or --audit-journald".to_owned(),
        ),
        (
            vec!["--audit-redact=routers".to_owned()],
            "--audit-redact: 'routers' is not FIELD=TRANSFORM".to_owned(),
        ),
        (
            vec!["--audit-redact=routers=hmac".to_owned()],
            "--audit-redact: hmac needs --audit-hmac-key-file".to_owned(),
        ),
        (
            vec!["--audit-hmac-key-file".to_owned(), path("short")],
            format!("--audit-hmac-key-file '{}': shorter than 32 bytes", path("short")),
        ),
        (
            vec!["--audit-hmac-key-file".to_owned(), path("none")],
            format!(
                "--audit-hmac-key-file '{}': No such file or directory (os error 2)",
                path("none")
            ),
        ),
    ] {
        let mut arguments = vec!["--lab=1"];
        arguments.extend(options.iter().map(String::as_str));
        let ended = Program::new(&arguments).run();
        assert_eq!(ended.code, Some(3), "{options:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains(&format!("rust-junosmcp: refused: {expected}\n")),
            "{}",
            ended.stderr
        );
    }
    let open = Program::new(&["--lab=1", "--audit-hmac-key-file", "key"])
        .file("key", 0o644, KEY)
        .in_open_directory()
        .run();
    assert!(
        open.stderr.contains("'key': readable by others (mode 0644)"),
        "{}",
        open.stderr
    );
}

#[test]
fn one_file_has_one_writer() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("audit.jsonl").display().to_string();
    let mut server = greeted(Program::new(&["--lab=1", "--audit-log-file", &log]));
    first_router(&mut server);
    let second = Program::new(&["--lab=1", "--audit-log-file", &log]).run();
    assert_eq!(second.code, Some(3));
    assert!(
        second
            .stderr
            .contains(&format!("refused: audit log '{log}' is in use by another process\n"))
    );
}

#[test]
fn records_as_json_on_stderr_hold_every_event() {
    let mut server = greeted(Program::new(&[
        "--lab=1",
        "--audit-format=json",
        "--log-level=error",
        "--show-secrets",
    ]));
    first_router(&mut server);
    let records = records(&server.end().stderr);
    assert_eq!(events(&records), ["server_start", "tool_call", "server_stop"]);
    assert_eq!(records[0]["weakened"], json!(["show-secrets"]));
    assert!(records.iter().all(|record| record.get("hash").is_none()));
}
