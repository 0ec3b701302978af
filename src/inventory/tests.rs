//! Inventories in every form, and every problem with its text.

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
        (json!({"auth": {"type": 5}}), "'auth.type' must be a string, got 5"),
        (
            json!({"auth": {"type": "ssh_key", "private_key_path": "/dev/null", "passphrase": "a", "passphrase_env": "B"}}),
            "at most one of 'passphrase', 'passphrase_env', 'passphrase_file'",
        ),
        (
            json!({"auth": {"type": "ssh_key", "private_key_path": "/dev/null"}}),
            "private key file '/dev/null' is not a private key",
        ),
        (
            json!({"auth": {"type": "ssh_agent", "socket": "/run/agent", "identity": "work"}}),
            "'auth.identity' must be 'SHA256:…' or the path of a .pub file, got \"work\"",
        ),
        (
            json!({"tags": ["a b"]}),
            "'tags' must be at most 16 tags of letters, digits and . _ -, got a list",
        ),
        (
            json!({"description": "é".repeat(257)}),
            &format!(
                "'description' must be a string of at most 256 characters, got \"{}…",
                "é".repeat(39)
            ),
        ),
        (
            json!({"max_sessions": 33}),
            "'max_sessions' must be an integer from 1 to 32, got 33",
        ),
        (
            json!({"read_only": "no"}),
            "'read_only' must be true or false, got \"no\"",
        ),
    ];
    for (changes, expected) in table {
        assert_eq!(problems(changes), [expected]);
    }
}

#[test]
fn problems_of_secret_files_and_keys_name_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("sealed"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n").expect("written");
    let sealed = format!(
        "private key file '{}' is encrypted: add 'passphrase_env' or 'passphrase_file'",
        path("sealed")
    );
    assert_eq!(
        problems(json!({"auth": {"type": "ssh_key", "private_key_path": path("sealed")}})),
        [sealed]
    );
    let absent = problems(json!({"auth": {"type": "password", "password_file": path("absent")}}));
    let start = format!("secret file '{}' (password_file): No such file", path("absent"));
    assert!(absent[0].starts_with(&start), "{absent:?}");
}

#[test]
fn a_name_that_cannot_be_used_disables_its_entry() {
    let entry = json!({"ip": "192.0.2.1", "username": "u", "password": "p"});
    for name in [
        "",
        "a/b",
        "..",
        "-a",
        " a",
        "a*",
        "a,b",
        "a\"b",
        "a\u{7}",
        &"x".repeat(129),
    ] {
        let inventory = parse(&json!({ name: entry }));
        let problem = inventory.get(name).expect("kept").problem().expect("disabled");
        assert!(problem.text.starts_with("invalid name: "), "{}", problem.text);
    }
    let inventory = parse(&json!({"r 1 (büro)": entry}));
    assert_eq!(inventory.get("r 1 (büro)").expect("there").problem(), None);
}

#[test]
fn something_that_is_no_entry_is_refused_without_being_quoted() {
    let inventory = parse(&json!({"r1": "hunter2", "r2": 7}));
    let text = |name| inventory.get(name).expect("kept").problem().expect("disabled").text;
    assert_eq!(text("r1"), "'r1' must be an object, got a string");
    assert_eq!(text("r2"), "'r2' must be an object, got 7");
}

#[test]
fn a_broken_entry_keeps_its_tags_and_shows_nothing_secret() {
    let inventory = parse(&json!({"r1": {
        "ip": {"password": "hunter2"}, "username": "u", "auth": {"type": "password", "password": "hunter2"},
        "tags": ["core"], "site": "lab", "API_Token": "hunter2"
    }}));
    let router = inventory.get("r1").expect("kept");
    assert!(router.entry.is_none());
    let shown = Value::Object(router.public().clone());
    assert!(!shown.to_string().contains("hunter2"), "{shown}");
    assert_eq!(
        (&shown["site"], &shown["auth"]["type"]),
        (&json!("lab"), &json!("password"))
    );
    assert_eq!(
        inventory.select(&["tag:core".to_owned()], |_| true),
        Ok(vec!["r1".to_owned()])
    );
}

#[test]
fn entries_without_rules_of_their_own_share_the_defaults() {
    let entry = json!({"ip": "192.0.2.1", "username": "u", "password": "p"});
    let rules = json!({"commands": [{"action": "deny", "pattern": "request *"}]});
    let mut own = entry.clone();
    own["blocklist"] = json!({"config": [{"action": "deny", "pattern": "delete *"}]});
    let inventory = parse(&json!({"a": entry, "b": entry, "c": own, "_blocklist_defaults": rules}));
    let rules = |name| {
        Arc::clone(
            &inventory
                .get(name)
                .expect("there")
                .entry
                .as_ref()
                .expect("usable")
                .rules,
        )
    };
    assert!(Arc::ptr_eq(&rules("a"), &rules("b")));
    assert!(rules("c").has_config_rules() && !rules("a").has_config_rules());
}

#[test]
fn the_old_place_of_the_password_is_deprecated_once_for_all() {
    let entry = json!({"ip": "192.0.2.1", "username": "u", "password": "p"});
    let inventory = parse(&json!({"a": entry, "b": entry, "c": entry, "d": entry}));
    assert_eq!(
        inventory.warnings(),
        ["the top-level 'password' is deprecated, use 'auth': a, b, c and 1 more"]
    );
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

#[test]
fn the_template_lacks_nothing_but_its_surroundings() {
    let template = include_bytes!("../../devices-template.json");
    let inventory = Inventory::parse(template, Path::new("/nonexistent")).expect("a usable file");
    assert_eq!(inventory.warnings(), [""; 0]);
    for router in inventory.routers() {
        assert!(router.entry.is_some(), "{}: {:?}", router.name, router.problems);
    }
    let rules = &inventory
        .get("core-1")
        .expect("there")
        .entry
        .as_ref()
        .expect("usable")
        .rules;
    let reboot = crate::junos::Command::parse("req sys reb", None).expect("a command");
    assert!(rules.permit(&reboot).is_err());
}
