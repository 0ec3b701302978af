//! `check`: what it finds without contacting a router.

use serde_json::Value;

use super::program::{BY_VARIABLE, Program};

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn a_good_start_is_good_and_strict_counts_warnings() {
    let program = |arguments: &[&str]| {
        Program::new(arguments)
            .file("devices.json", 0o600, BY_VARIABLE)
            .variable("EDGE_PASSWORD", "x")
    };
    let ended = program(&["check"]).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    // No known_hosts file.
    assert!(ended.stdout.contains("[W13]"), "{}", ended.stdout);
    assert_eq!(last_line(&ended.stdout), "result: 0 errors, 1 warnings");
    assert_eq!(program(&["check", "--strict"]).run().code, Some(1));
    for section in ["settings:", "inventory:", "blocklist:", "known_hosts:", "files:"] {
        assert!(ended.stdout.lines().any(|line| line.starts_with(section)), "{section}");
    }
}

#[test]
fn every_problem_of_every_device_is_listed() {
    let inventory = r#"{
        "edge1": {"ip": "192.0.2.1", "auth": {"type": "password", "password_env": "NO_SUCH_VARIABLE"}},
        "edge2": {"ip": "192.0.2.2", "username": "lab"},
        "edge3": {"ip": "192.0.2.3", "username": "lab", "auth": {"type": "password", "password_env": "NO_SUCH_VARIABLE"}}
    }"#;
    let ended = Program::new(&["check"]).file("devices.json", 0o600, inventory).run();
    assert_eq!(ended.code, Some(1));
    for text in [
        "error: device 'edge1': missing required field 'username'",
        "error: device 'edge2': no authentication: add 'auth', or 'password' (deprecated)",
        "warning: device 'edge3': environment variable 'NO_SUCH_VARIABLE' (password_env) is not set",
        "no enabled router in the inventory [W10]",
    ] {
        assert!(ended.stdout.contains(text), "{text}\n{}", ended.stdout);
    }
    assert_eq!(last_line(&ended.stdout), "result: 2 errors, 3 warnings");
}

#[test]
fn rules_that_do_less_than_they_seem_to_are_noted() {
    let inventory = r#"{
        "_blocklist_defaults": {"commands": [
            {"action": "deny", "pattern": "request system reboot"},
            {"action": "deny", "pattern": "show version*"},
            {"action": "allow", "pattern": "show version"}
        ]},
        "edge1": {"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"},
            "blocklist": {"commands": [{"action": "deny", "pattern": "file delete *"}, {"action": "deny", "pattern": "file delete *"}]}}
    }"#;
    let ended = Program::new(&["check"]).file("devices.json", 0o600, inventory).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    for text in [
        "note: _blocklist_defaults.commands[0]: deny rule 'request system reboot' does not end in '*'",
        "note: _blocklist_defaults.commands[2]: allow rule 'show version' can never win",
        "note: device 'edge1': blocklist.commands: deny rule 'file delete *' stands here twice",
    ] {
        assert!(ended.stdout.contains(text), "{text}\n{}", ended.stdout);
    }
    assert_eq!(ended.stdout.matches("note: ").count(), 3, "{}", ended.stdout);
}

#[test]
fn files_that_others_can_use_are_errors() {
    let inventory = r#"{"edge1": {"ip": "192.0.2.1", "username": "lab",
        "auth": {"type": "ssh_key", "private_key_path": "key"}}}"#;
    let ended = Program::new(&["check"])
        .in_open_directory()
        .file("devices.json", 0o602, inventory)
        .file("key", 0o644, "-----BEGIN RSA PRIVATE KEY-----\n")
        .file(".ssh/known_hosts", 0o602, "")
        .run();
    for text in [
        "' is writable by others (mode 0602)",
        "key' is readable by group or others (mode 0644)",
    ] {
        assert!(ended.stdout.contains(text), "{text}\n{}", ended.stdout);
    }
    assert!(
        last_line(&ended.stdout).starts_with("result: 3 errors, "),
        "{}",
        ended.stdout
    );
}

#[test]
fn json_is_one_document_with_the_same_counts() {
    let ended = Program::new(&["check", "--json"]).run();
    assert_eq!(ended.code, Some(1));
    let document: Value = serde_json::from_str(&ended.stdout).expect("one document");
    assert_eq!(document["errors"], 1);
    assert_eq!(document["sections"][1]["findings"][0]["code"], "R18");
    assert!(ended.stdout.ends_with("}\n") && ended.stdout.starts_with("{\n  \""));
}

#[test]
fn the_template_has_no_errors() {
    let template = include_str!("../../../devices-template.json");
    let ended = Program::new(&["check"]).file("devices.json", 0o600, template).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
}
