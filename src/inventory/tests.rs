use std::path::Path;

use serde_json::json;

use super::*;

fn parse(value: &Value) -> Inventory {
    Inventory::parse(value.to_string().as_bytes(), Path::new(".")).expect("a usable file")
}

fn fault(text: &str) -> String {
    Inventory::parse(text.as_bytes(), Path::new("."))
        .expect_err("a fault")
        .to_string()
}

/// The problems of one entry laid over a good one; `null` takes a key away.
fn problems(changes: Value) -> Vec<String> {
    let mut entry = json!({"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"}});
    for (key, value) in changes.as_object().expect("an object") {
        entry[key] = value.clone();
    }
    let inventory = parse(&json!({ "edge-1": entry }));
    let router = inventory.get("edge-1").expect("kept, whatever is wrong with it");
    router.problems.iter().map(|problem| problem.text.clone()).collect()
}

#[test]
fn both_forms_load() {
    let entry =
        json!({"ip": "192.0.2.1", "port": 830, "username": "lab", "auth": {"type": "password", "password": "x"}});
    for file in [
        json!({"edge-1": entry, "_comment": "kept", "_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "request *"}]}}),
        json!({"version": 1, "devices": {"edge-1": entry}, "policy": {"commands": [{"action": "deny", "pattern": "request *"}]}}),
    ] {
        let inventory = parse(&file);
        let router = inventory.get("edge-1").expect("there");
        let entry = router.entry.as_ref().expect("usable");
        assert_eq!((entry.port, entry.scp_port), (830, 22));
        assert_eq!(inventory.defaults().commands.len(), 1);
        assert_eq!(router.problem(), None);
    }
}

#[test]
fn a_file_of_the_python_server_loads_with_its_deprecated_password() {
    let inventory = parse(&json!({"r1": {"ip": "192.0.2.1", "port": 22, "username": "u", "password": "p"}}));
    assert_eq!(
        inventory
            .get("r1")
            .expect("there")
            .entry
            .as_ref()
            .expect("usable")
            .auth
            .kind(),
        "password"
    );
    assert_eq!(inventory.warnings().len(), 1);
}

#[test]
fn every_problem_has_its_text() {
    let table = [
        (json!({"ip": null}), "missing required field 'ip'"),
        (json!({"username": null}), "missing required field 'username'"),
        (
            json!({"port": "22"}),
            "'port' must be an integer from 1 to 65535, got \"22\"",
        ),
        (json!({"port": 0}), "'port' must be an integer from 1 to 65535, got 0"),
        (
            json!({"ip": "300.1.1.1"}),
            "'ip' must be an IPv4 address, an IPv6 address or a host name, got \"300.1.1.1\"",
        ),
        (
            json!({"auth": null}),
            "no authentication: add 'auth', or 'password' (deprecated)",
        ),
        (
            json!({"auth": {}}),
            "'auth.type' is missing: use 'password', 'ssh_key' or 'ssh_agent'",
        ),
        (
            json!({"auth": {"type": "x"}}),
            "unsupported auth type 'x': use 'password', 'ssh_key' or 'ssh_agent'",
        ),
        (
            json!({"auth": {"type": "password"}}),
            "auth type 'password' needs exactly one of 'password', 'password_env', 'password_file'",
        ),
        (
            json!({"auth": {"type": "ssh_key"}}),
            "auth type 'ssh_key' needs 'private_key_path'",
        ),
        (
            json!({"auth": {"type": "ssh_key", "private_key_path": "/nonexistent/key"}}),
            "private key file '/nonexistent/key' not found",
        ),
        (
            json!({"auth": {"type": "password", "password_env": "JMCP_TEST_NOT_SET"}}),
            "environment variable 'JMCP_TEST_NOT_SET' (password_env) is not set",
        ),
        (
            json!({"ssh_config": "/nonexistent/config"}),
            "ssh_config '/nonexistent/config' not found",
        ),
        (
            json!({"blocklist": {"commands": [{"action": "deny", "pattern": "show [abc"}]}}),
            "blocklist.commands[0]: unclosed '['",
        ),
    ];
    for (changes, expected) in table {
        assert_eq!(problems(changes), [expected]);
    }
}

#[test]
fn a_secret_of_the_wrong_type_is_not_quoted() {
    let texts = problems(json!({"auth": {"type": "password", "password": 12345}}));
    assert!(texts.iter().all(|text| !text.contains("12345")), "{texts:?}");
}

#[test]
fn one_bad_entry_leaves_the_others_and_all_problems_are_reported_together() {
    let good = json!({"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"}});
    let mut file = serde_json::Map::new();
    for number in 0..11 {
        file.insert(format!("r{number}"), good.clone());
    }
    file.insert("bad".to_owned(), json!({"port": "x"}));
    let inventory = parse(&Value::Object(file));
    assert_eq!(inventory.routers().filter(|router| router.entry.is_some()).count(), 11);
    let report = inventory.report();
    assert!(report[0].ends_with("4 problems in 1 of 12 devices"), "{report:?}");
    assert_eq!(report.len(), 5);
}

#[test]
fn a_key_file_that_appears_later_is_found_without_a_reload() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key");
    let entry = json!({"ip": "192.0.2.1", "username": "u", "auth": {"type": "ssh_key", "private_key_path": "key"}});
    let text = json!({ "r1": entry }).to_string();
    let inventory = Inventory::parse(text.as_bytes(), folder.path()).expect("a usable file");
    let router = inventory.get("r1").expect("there");
    assert!(router.problem().is_some_and(|problem| problem.key_file));
    std::fs::write(&path, "-----BEGIN PRIVATE KEY-----\n").expect("written");
    assert_eq!(router.problem(), None);
}

#[test]
fn files_that_cannot_be_used_at_all_say_why() {
    let table = [
        ("[]", "top level must be an object"),
        ("{\"a\": {}, \"a\": {}}", "duplicate key 'a'"),
        ("{\"version\": 9, \"devices\": {}}", "unsupported version 9"),
        (
            "{\"_blocklist_defaults\": {\"commands\": [{\"action\": \"deny\", \"pattern\": \"{a\"}]}}",
            "_blocklist_defaults.commands[0]: unclosed '{'",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(fault(text), expected);
    }
    assert!(fault("{\n  \"a\": }").starts_with("not valid JSON at line 2 column"));
}

#[test]
fn nothing_secret_is_public() {
    let inventory = parse(&json!({"r1": {
        "ip": "192.0.2.1", "username": "u", "auth": {"type": "password", "password": "hunter2"}, "tags": ["core"],
        "site": {"name": "lab", "api_token": "hunter2", "nested": [{"snmp_secret": "hunter2", "rack": 7}]},
        "enable_password": "hunter2", "_note": "hunter2", "vault_file": "hunter2", "ssh_config": "/dev/null"
    }}));
    let shown = Value::Object(inventory.get("r1").expect("there").public().clone());
    assert!(!shown.to_string().contains("hunter2"), "{shown}");
    assert_eq!(shown["site"]["nested"][0]["rack"], 7);
    assert_eq!(shown["auth"], json!({"type": "password"}));
    assert_eq!(shown["tags"], json!(["core"]));
}

#[test]
fn names_patterns_and_tags_select_in_order_of_first_mention() {
    let entry = |tags: Value| json!({"ip": "192.0.2.1", "username": "u", "password": "p", "tags": tags});
    let inventory = parse(&json!({
        "edge-2": entry(json!([])), "edge-1": entry(json!(["core"])), "core-1": entry(json!(["core"])), "spare": entry(json!([]))
    }));
    let select = |selectors: &[&str]| {
        let selectors: Vec<String> = selectors.iter().map(|text| (*text).to_owned()).collect();
        inventory.select(&selectors, |router| router.name != "spare")
    };
    let chosen = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(select(&["edge-*", "tag:core"]), chosen(&["edge-1", "edge-2", "core-1"]));
    assert_eq!(select(&["absent", "[!e]*-?"]), chosen(&["absent", "core-1"]));
    assert_eq!(select(&["*"]), chosen(&["core-1", "edge-1", "edge-2"]));
    assert_eq!(select(&["spar?"]), Err(SelectFault::Nothing("spar?".to_owned())));
}

#[test]
fn near_names_are_few_and_close() {
    let names = ["edge-1", "edge-2", "edge-10", "core-1", "border"];
    assert_eq!(near_names("edge1", names.into_iter()), ["edge-1", "edge-10", "edge-2"]);
    assert_eq!(near_names("EDGE-2", names.into_iter())[0], "edge-2");
    assert!(near_names("zzz", names.into_iter()).is_empty());
}
