//! `token`: secrets are shown once and kept nowhere, files keep their mode, and nothing widens by accident.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use serde_json::{Value, json};

use super::program::{BY_VARIABLE, Ended, Program};

fn token(file: &Path, arguments: &[&str]) -> Ended {
    let (command, rest) = arguments.split_first().expect("a command");
    let all = [&["token", command, "--tokens-file", file.to_str().expect("text")], rest].concat();
    Program::new(&all).run()
}

fn add(file: &Path, name: &str, routers: &str, tools: &str) -> Ended {
    token(file, &["add", "--name", name, "--routers", routers, "--tools", tools])
}

fn entries(file: &Path) -> Value {
    let document: Value = serde_json::from_str(&fs::read_to_string(file).expect("a file")).expect("JSON");
    document["tokens"].clone()
}

#[test]
fn a_secret_is_printed_once_and_only_its_hash_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tokens.json");
    let added = add(&file, "noc", "edge-*,tag:core", "toolset:device,commit_check_config");
    assert_eq!(
        (added.code, added.stdout.len(), added.stderr.as_str()),
        (Some(0), 44, "")
    );
    let text = fs::read_to_string(&file).expect("a file");
    assert!(
        !text.contains(added.stdout.trim()) && text.contains("sha256:"),
        "{text}"
    );
    let mode = fs::metadata(&file).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let again = add(&file, "noc", "*", "*");
    assert_eq!(
        (again.code, again.stderr.trim()),
        (Some(1), "rust-junosmcp: error: token 'noc' already exists")
    );
    let listed = token(&file, &["list"]);
    assert!(
        listed.stdout.contains("edge-*,tag:core") && listed.stdout.contains("active"),
        "{}",
        listed.stdout
    );
    assert!(!listed.stdout.contains("sha256:") && !listed.stdout.contains(added.stdout.trim()));
    let rotated = token(&file, &["rotate", "--name", "noc", "--expires-in", "90d"]);
    assert_eq!((rotated.code, rotated.stdout.len()), (Some(0), 44));
    assert_ne!(rotated.stdout, added.stdout);
    assert!(entries(&file)[0]["expires_at"].is_string());
    assert_eq!(token(&file, &["revoke", "--name", "noc"]).stderr, "revoked 'noc'\n");
    let none = token(&file, &["revoke", "--name", "noc"]);
    assert_eq!((none.code, none.stderr.as_str()), (Some(0), "no token named 'noc'\n"));
    let empty = token(&file, &["list"]);
    assert_eq!(
        (empty.code, empty.stdout.as_str(), empty.stderr.as_str()),
        (Some(0), "", "(no tokens)\n")
    );
    assert_eq!(token(&file, &["rotate", "--name", "noc"]).code, Some(1));
}

#[test]
fn scopes_that_mean_nothing_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tokens.json");
    for (routers, tools, reason) in [
        ("*,edge-1", "*", "scope cannot combine '*' with other entries: *,edge-1"),
        (
            "*",
            "get_router_lst",
            "unknown tool 'get_router_lst', did you mean 'get_router_list'",
        ),
        ("*", "toolset:devise", "unknown scope 'toolset:devise'"),
    ] {
        let refused = add(&file, "noc", routers, tools);
        assert_eq!(refused.code, Some(1));
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    }
    assert_eq!(add(&file, "bad name", "*", "*").code, Some(1));
    assert!(!file.exists());
}

#[test]
fn a_wider_scope_has_to_be_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tokens.json");
    add(&file, "noc", "edge-*", "effect:read");
    let change = |arguments: &[&str]| token(&file, &[&["set-scope", "--name", "noc"], arguments].concat());
    for wider in [
        &["--routers", "*"][..],
        &["--tools", "toolset:config"],
        &["--routers", "core-1"],
    ] {
        let refused = change(wider);
        let text = "rust-junosmcp: error: this widens the scope of 'noc'; re-run with --yes\n";
        assert_eq!((refused.code, refused.stderr.as_str()), (Some(1), text), "{wider:?}");
    }
    assert_eq!(entries(&file)[0]["routers"], json!(["edge-*"]));
    let narrower = change(&["--routers", "edge-1", "--tools", "get_router_list"]);
    assert_eq!(narrower.code, Some(0), "{}", narrower.stderr);
    assert!(
        narrower.stdout.starts_with("before: routers=edge-* tools=effect:read"),
        "{}",
        narrower.stdout
    );
    assert_eq!(change(&["--routers", "*", "--yes"]).code, Some(0));
    assert_eq!(change(&[]).code, Some(1));
}

#[test]
fn the_tokens_of_junipers_server_are_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, theirs) = (folder.path().join("tokens.json"), folder.path().join("theirs"));
    let secret = "jmcp_0123456789abcdef0123456789abcdef";
    fs::write(
        &theirs,
        json!({"vscode": {"token": secret, "description": "laptop"}}).to_string(),
    )
    .expect("written");
    let theirs = theirs.to_str().expect("text");
    let imported = token(&file, &["import", theirs, "--routers", "*", "--tools", "*"]);
    assert_eq!(
        (imported.code, imported.stdout.as_str()),
        (Some(0), "vscode\n"),
        "{}",
        imported.stderr
    );
    let text = fs::read_to_string(&file).expect("a file");
    assert!(!text.contains(secret) && text.contains("laptop"), "{text}");
    assert_eq!(
        token(&file, &["import", theirs, "--routers", "*", "--tools", "*"]).code,
        Some(1)
    );
}

#[test]
fn an_audit_finds_what_is_too_wide_too_open_or_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).expect("a mode");
    let file = folder.path().join("tokens.json");
    add(&file, "reader", "edge1", "effect:read");
    let audit = |arguments: &[&str]| {
        let state = ["--state-dir", folder.path().to_str().expect("text")];
        token(&file, &[&["audit"], &state[..], arguments].concat())
    };
    let fine = audit(&[]);
    assert_eq!(fine.code, Some(0), "{}{}", fine.stdout, fine.stderr);
    add(&file, "writer", "*", "effect:write");
    let warned = audit(&["--fail-on", "warn"]);
    assert_eq!(warned.code, Some(1));
    for code in [
        "T04 token 'writer'",
        "T05 token 'writer'",
        "info  T05 token 'reader'",
        "T09 ",
    ] {
        assert!(warned.stdout.contains(code), "{code} is not in {}", warned.stdout);
    }
    assert_eq!(audit(&[]).code, Some(0));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a mode");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
    let open = audit(&["--json"]);
    assert_eq!(open.code, Some(1));
    let findings: Value = serde_json::from_str(&open.stdout).expect("JSON");
    assert_eq!(
        (&findings[0]["level"], &findings[0]["code"]),
        (&json!("error"), &json!("T01"))
    );
}

#[test]
fn routers_that_nobody_has_are_told_when_an_inventory_is_named() {
    let ended = Program::new(&[
        "token",
        "add",
        "--tokens-file",
        "tokens.json",
        "--name",
        "noc",
        "--routers",
        "edge1,core-*",
        "--tools",
        "*",
        "-f",
        "devices.json",
    ])
    .file("devices.json", 0o600, BY_VARIABLE)
    .run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("'core-*' matches no device") && !ended.stderr.contains("edge1"),
        "{}",
        ended.stderr
    );
}
