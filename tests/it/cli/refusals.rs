//! Starts that are refused: their texts, their order, their code.

use super::program::{BY_VARIABLE, INLINE, Program};

/// The lines that say refused or hint, in order.
fn refusals(program: Program) -> Vec<String> {
    let ended = program.run();
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.stdout.is_empty(), "{}", ended.stdout);
    ended
        .stderr
        .lines()
        .filter(|line| line.starts_with("rust-junosmcp: "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_missing_inventory_is_refused_with_a_way_out() {
    assert_eq!(
        refusals(Program::new(&[])),
        [
            "rust-junosmcp: refused: inventory file 'devices.json' not found",
            "rust-junosmcp: hint: create it from devices-template.json, pass -f PATH, or try --lab",
        ]
    );
}

#[test]
fn a_directory_is_no_inventory() {
    let lines = refusals(Program::new(&["-f", "."]));
    assert!(
        lines[0]
            .starts_with("rust-junosmcp: refused: inventory file '.' cannot be read: not a regular file (file uid "),
        "{lines:?}"
    );
}

#[test]
fn an_unusable_inventory_is_refused_with_its_reason() {
    for (text, reason) in [
        ("[]", "top level must be an object"),
        ("{", "not valid JSON at line 1 column 1"),
        (r#"{"a": {}, "a": {}}"#, "duplicate key 'a'"),
        (r#"{"version": 2, "devices": {}}"#, "unsupported version 2"),
        (
            r#"{"_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "show [abc"}]}}"#,
            "_blocklist_defaults.commands[0]: unclosed '['",
        ),
    ] {
        let lines = refusals(Program::new(&[]).file("devices.json", 0o600, text));
        let expected = format!("rust-junosmcp: refused: inventory file 'devices.json': {reason}");
        assert!(lines[0].starts_with(&expected), "{lines:?}");
    }
}

#[test]
fn inline_passwords_that_others_can_read_are_refused() {
    let lines = refusals(
        Program::new(&[])
            .in_open_directory()
            .file("devices.json", 0o644, INLINE),
    );
    assert_eq!(
        lines,
        [
            "rust-junosmcp: refused: inventory file 'devices.json' holds inline passwords and is readable by group or others (mode 0644)",
            "rust-junosmcp: hint: chmod 600 devices.json, or use password_env / password_file",
        ]
    );
}

#[test]
fn file_modes_may_be_waived_and_a_closed_directory_is_enough() {
    let waived = Program::new(&["--insecure-file-modes", "check"])
        .in_open_directory()
        .file("devices.json", 0o644, INLINE)
        .run();
    assert_eq!(waived.code, Some(0), "{}", waived.stdout);
    assert!(waived.stdout.contains("[W09]"), "{}", waived.stdout);
    let closed = Program::new(&["check"]).file("devices.json", 0o644, INLINE).run();
    assert_eq!(closed.code, Some(0), "{}", closed.stdout);
    let by_variable = Program::new(&["check"])
        .in_open_directory()
        .file("devices.json", 0o644, BY_VARIABLE)
        .run();
    assert_eq!(by_variable.code, Some(0), "{}", by_variable.stdout);
}

#[test]
fn lab_and_inventory_exclude_each_other_where_both_come_from_one_place() {
    let refused = "rust-junosmcp: refused: --lab and --device-mapping are mutually exclusive";
    assert_eq!(refusals(Program::new(&["--lab", "-f", "x.json"])), [refused]);
    let both_set = Program::new(&[])
        .variable("JMCP_LAB", "2")
        .variable("JMCP_DEVICE_MAPPING", "x.json");
    assert_eq!(refusals(both_set), [refused]);
    let typed_lab = Program::new(&["--lab", "2", "check"])
        .variable("JMCP_DEVICE_MAPPING", "x.json")
        .run();
    assert_eq!(typed_lab.code, Some(0), "{}", typed_lab.stdout);
    assert!(typed_lab.stdout.contains("2 simulated routers"), "{}", typed_lab.stdout);
    let typed_inventory = Program::new(&["-f", "x.json", "check"]).variable("JMCP_LAB", "2").run();
    assert!(typed_inventory.stdout.contains("[R18]"), "{}", typed_inventory.stdout);
}

#[test]
fn unknown_tools_are_refused_with_the_nearest_name() {
    let lines = refusals(Program::new(&[
        "--lab",
        "--toolsets",
        "devise",
        "--tools",
        "get_router_lst,zzzzzzzz",
    ]));
    assert_eq!(
        lines,
        [
            "rust-junosmcp: refused: unknown toolset 'devise' in --toolsets",
            "rust-junosmcp: hint: did you mean 'device'",
            "rust-junosmcp: refused: unknown tool 'get_router_lst' in --tools",
            "rust-junosmcp: hint: did you mean 'get_router_list'",
            "rust-junosmcp: refused: unknown tool 'zzzzzzzz' in --tools",
        ]
    );
}

#[test]
fn a_selection_that_leaves_nothing_is_refused() {
    let arguments = ["--lab", "--tools", "get_router_list"];
    let everything_else = "get_router_list,read_output,server_status,get_job,list_jobs,cancel_job";
    let offered = Program::new(&arguments).start().end();
    assert_eq!(offered.code, Some(0), "{}", offered.stderr);
    let known: Vec<&str> = everything_else
        .split(',')
        .filter(|tool| {
            let ended = Program::new(&["--lab", "--exclude-tools", tool, "check"]).run();
            ended.code == Some(0)
        })
        .collect();
    let program = Program::new(&arguments).variable("JMCP_EXCLUDE_TOOLS", &known.join(","));
    assert_eq!(
        refusals(program),
        ["rust-junosmcp: refused: --toolsets, --tools, --exclude-tools and --read-only leave no tool enabled"]
    );
}

#[test]
fn all_refusals_come_at_once_in_the_order_of_the_table() {
    let lines = refusals(Program::new(&["--lab", "-f", "x.json", "--exclude-tools", "qqqqqqqq"]));
    assert_eq!(
        lines,
        [
            "rust-junosmcp: refused: --lab and --device-mapping are mutually exclusive",
            "rust-junosmcp: refused: unknown tool 'qqqqqqqq' in --exclude-tools",
        ]
    );
    let lines = refusals(Program::new(&["--tools", "qqqqqqqq"]));
    assert_eq!(lines[0], "rust-junosmcp: refused: unknown tool 'qqqqqqqq' in --tools");
    assert_eq!(
        lines[1],
        "rust-junosmcp: refused: inventory file 'devices.json' not found"
    );
}

#[test]
fn an_inventory_is_either_left_alone_or_takes_passwords() {
    let arguments = ["--inventory-readonly", "--allow-password-auth-add"];
    let lines = refusals(Program::new(&arguments).file("devices.json", 0o600, "{}"));
    assert_eq!(
        lines[0],
        "rust-junosmcp: refused: --inventory-readonly and --allow-password-auth-add are mutually exclusive"
    );
}
