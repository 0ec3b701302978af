//! `check --rules`: the rules of one router, and what they say about a command or a file.

use serde_json::Value;

use super::program::{Ended, Program};

const INVENTORY: &str = r#"{
    "_blocklist_defaults": {
        "commands": [
            {"action": "deny", "pattern": "request {system,chassis} *"},
            {"action": "deny", "pattern": "*"},
            {"action": "allow", "pattern": "show *"}
        ],
        "config": [{"action": "deny", "pattern": "set system root-authentication *"}],
        "pfe_commands": [{"action": "deny", "pattern": "set *"}]
    },
    "edge1": {"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"},
        "blocklist": {"commands": [{"action": "allow", "pattern": "request system reboot"}]}},
    "edge2": {"ip": "192.0.2.2", "username": "lab", "auth": {"type": "password", "password": "x"}, "read_only": true},
    "edge3": {"ip": "192.0.2.3", "auth": {"type": "password", "password": "x"}}
}"#;

fn ask(arguments: &[&str]) -> Ended {
    let arguments: Vec<&str> = ["check", "--rules"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    Program::new(&arguments)
        .file("devices.json", 0o600, INVENTORY)
        .file(
            "change.set",
            0o600,
            "# a change\nset snmp location a\nedit system\nset root-auth encrypted-password x\n",
        )
        .file("other.set", 0o600, "set snmp location a\ncommit\n")
        .run()
}

#[test]
fn the_rules_of_a_router_are_listed_the_strongest_first() {
    let ended = ask(&["edge1"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stderr);
    let expected = "rules of router 'edge1', the strongest first\n\
                    commands:\n  \
                    [21/21]   allow device   request system reboot\n  \
                    [16/17]   deny  defaults request chassis *  (from request {system,chassis} *)\n  \
                    [15/16]   deny  defaults request system *  (from request {system,chassis} *)\n  \
                    [5/6]     allow defaults show *\n  \
                    [0/1]     deny  defaults *\n\
                    config:\n  \
                    [31/32]   deny  defaults set system root-authentication *\n\
                    pfe_commands:\n  \
                    [4/5]     deny  defaults set *\n";
    assert_eq!(ended.stdout, expected);
}

#[test]
fn a_command_gets_its_verdict_with_the_winning_rule() {
    for (router, option, text, code, expected) in [
        (
            "edge1",
            "--command",
            "request system reboot",
            0,
            "allowed: rule 'request system reboot' (allow, device, commands) [21/21]",
        ),
        (
            "edge1",
            "--command",
            "req sys reb",
            1,
            "denied: rule 'request {system,chassis} *' (deny, defaults, commands) [8/9, abbreviated]",
        ),
        (
            "edge1",
            "--command",
            "show version | match x",
            0,
            "allowed: rule 'show *' (allow, defaults, commands) [5/6]",
        ),
        (
            "edge1",
            "--pfe-command",
            "se x",
            1,
            "denied: rule 'set *' (deny, defaults, pfe_commands) [3/4, abbreviated]",
        ),
        ("edge1", "--pfe-command", "show x", 0, "allowed: no rule matches"),
        (
            "edge1",
            "--command",
            "show version | save x",
            1,
            "[code=unsupported_pipe]",
        ),
        ("edge1", "--command", "start shell", 1, "[code=interactive_command]"),
        ("edge1", "--command", "show \"x", 1, "[code=invalid_argument]"),
        ("edge2", "--command", "show version", 0, "allowed: rule 'show *'"),
        ("edge2", "--pfe-command", "test x", 1, "[code=read_only]"),
    ] {
        let ended = ask(&[router, option, text]);
        assert_eq!(ended.code, Some(code), "{text}: {}", ended.stdout);
        assert!(ended.stdout.contains(expected), "{text}: {}", ended.stdout);
        let verdict = if code == 0 {
            "verdict: allowed\n"
        } else {
            "verdict: denied\n"
        };
        assert!(ended.stdout.ends_with(verdict), "{text}: {}", ended.stdout);
    }
}

#[test]
fn an_inner_command_is_judged_by_its_own_list() {
    let ended = Program::new(&[
        "check",
        "--rules",
        "edge1",
        "--command",
        "request pfe execute target fpc0 command \"set x\"",
    ])
    .file(
        "devices.json",
        0o600,
        r#"{"edge1": {"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"},
            "blocklist": {"pfe_commands": [{"action": "deny", "pattern": "set *"}]}}}"#,
    )
    .run();
    assert_eq!(ended.code, Some(1));
    let expected = "denied: rule 'set *' (deny, device, pfe_commands) [4/5]; judged: inner: set x\n";
    assert!(ended.stdout.contains(expected), "{}", ended.stdout);
}

#[test]
fn a_file_of_set_commands_is_judged_line_by_line() {
    let ended = ask(&["edge1", "--config-file", "change.set"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    for text in [
        "line 2: set snmp location a\n  allowed: no rule matches\n",
        "line 4: set root-auth encrypted-password x\n  denied: rule 'set system root-authentication *' (deny, defaults, config)",
        "judged: line 4: set system root-auth encrypted-password x\n",
    ] {
        assert!(ended.stdout.contains(text), "{text}\n{}", ended.stdout);
    }
    let ended = ask(&["edge1", "--config-file", "other.set"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("line 2: commit\n  refused: "), "{}", ended.stdout);
}

#[test]
fn json_says_the_same() {
    let ended = ask(&["edge1", "--config-file", "change.set", "--json"]);
    assert_eq!(ended.code, Some(1));
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert_eq!(document["router"], "edge1");
    assert_eq!(document["allowed"], false);
    let first = &document["rules"]["commands"][1];
    assert_eq!(
        (
            first["pattern"].as_str(),
            first["expanded"].as_str(),
            first["source"].as_str()
        ),
        (
            Some("request {system,chassis} *"),
            Some("request chassis *"),
            Some("defaults")
        )
    );
    assert_eq!(first["rank"], serde_json::json!([16, 17]));
    let denied = &document["rulings"][2];
    assert_eq!(
        (denied["line"].as_u64(), denied["verdict"].as_str()),
        (Some(4), Some("denied"))
    );
    assert_eq!(denied["rule"]["rank"], serde_json::json!([21, 22]));
    assert_eq!(denied["rule"]["abbreviated"], true);
    let ended = ask(&["edge1", "--json", "--command", "start shell"]);
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert_eq!(document["rulings"][0]["code"], "interactive_command");
    let ended = ask(&["edge1", "--json"]);
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert!(document.get("rulings").is_none() && document.get("allowed").is_none());
}

#[test]
fn what_cannot_be_judged_is_an_error_and_never_allowed() {
    for (arguments, text) in [
        (
            &["nobody", "--command", "show version"][..],
            "router 'nobody' not found in device mapping",
        ),
        (&["edge3", "--command", "show version"], "router 'edge3' is disabled"),
        (&["edge1", "--config-file", "nothing.set"], "cannot read 'nothing.set'"),
    ] {
        let ended = ask(arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(text), "{}", ended.stderr);
    }
    for arguments in [
        &["check", "--command", "show version"][..],
        &["check", "--rules", "edge1", "--command", "a", "--pfe-command", "b"],
        &["check", "--rules", "edge1", "--connect", "edge1"],
    ] {
        assert_eq!(Program::new(arguments).run().code, Some(2), "{arguments:?}");
    }
    let ended = Program::new(&["check", "--rules", "edge1"]).run();
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("no inventory"), "{}", ended.stderr);
}
