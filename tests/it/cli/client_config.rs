//! `client-config`: documents that clients take as they are.

use serde_json::{Value, json};

use super::program::Program;

#[test]
fn the_document_holds_absolute_paths_and_further_arguments() {
    let program = Program::new(&[
        "client-config",
        "claude-code",
        "-f",
        "lab/devices.json",
        "--",
        "--read-only",
    ]);
    let inventory = program.home().join("lab/devices.json");
    let ended = program.run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let server = &document["mcpServers"]["junos"];
    assert_eq!(server["command"], env!("CARGO_BIN_EXE_rust-junosmcp"));
    assert_eq!(server["args"], json!(["-f", inventory, "--read-only"]));
    // Nobody reads a hint that goes to a file.
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
}

#[test]
fn a_server_that_runs_elsewhere_is_named_by_its_url() {
    let ended = Program::new(&["client-config", "vscode", "--http", "https://mcp.example.net/mcp"]).run();
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(document["servers"]["junos"]["url"], "https://mcp.example.net/mcp");
    for wrong in [&["--http", "ftp://x/"][..], &["--http", "http://x/", "--docker", "y"]] {
        let ended = Program::new(&[&["client-config", "vscode"], wrong].concat()).run();
        assert_eq!(ended.code, Some(2), "{wrong:?}");
    }
}

#[test]
fn a_container_and_a_name_can_be_chosen() {
    let ended = Program::new(&["client-config", "vscode", "--docker", "junos:1", "--name", "routers"]).run();
    let document: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let server = &document["servers"]["routers"];
    assert_eq!(server["command"], "docker");
    assert_eq!(server["args"][5], "junos:1");
}
