//! Reading configurations and their differences.

use serde_json::{Value, json};

use crate::lab::Lab;

async fn read(lab: &Lab, arguments: Value) -> String {
    let mut arguments = arguments;
    arguments["router_name"] = json!("edge1");
    let reply = lab.call("get_junos_config", arguments).await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    reply.text().to_owned()
}

#[tokio::test]
async fn the_whole_configuration_comes_in_every_form() {
    let lab = Lab::new().router("edge1").start().await;
    for (form, expected) in [
        ("text", "host-name edge1;"),
        ("set", "set system host-name edge1"),
        ("xml", "<host-name>edge1</host-name>"),
        ("json", "\"host-name\""),
    ] {
        let text = read(&lab, json!({"output_format": form})).await;
        assert!(text.contains(expected), "{form}: {text}");
    }
}

#[tokio::test]
async fn a_path_narrows_it_down() {
    let lab = Lab::new().router("edge1").start().await;
    let text = read(&lab, json!({"filter": "system services"})).await;
    assert!(text.contains("netconf") && !text.contains("interfaces"), "{text}");
    let text = read(&lab, json!({"config_path": "system services", "format": "set"})).await;
    assert!(
        text.lines().all(|line| line.starts_with("set system services")),
        "{text}"
    );
}

#[tokio::test]
async fn nothing_there_is_said() {
    let lab = Lab::new().router("edge1").start().await;
    let text = read(&lab, json!({"config_path": "protocols isis"})).await;
    assert_eq!(text, "## nothing configured under [edit protocols isis]");
}

#[tokio::test]
async fn a_path_cannot_smuggle_a_pipe_or_a_statement() {
    let lab = Lab::new().router("edge1").start().await;
    for path in ["system | save x", "system; reboot", "system {", "a\nb"] {
        let reply = lab
            .call("get_junos_config", json!({"router_name": "edge1", "config_path": path}))
            .await;
        assert_eq!(reply.code(), "invalid_argument", "{path}");
    }
    assert!(lab.seen_by("edge1").is_empty());
}

#[tokio::test]
async fn rules_for_commands_hold_for_configuration_reads_too() {
    let lab = Lab::new()
        .router("edge1")
        .deny("show configuration system*")
        .start()
        .await;
    let reply = lab
        .call(
            "get_junos_config",
            json!({"router_name": "edge1", "config_path": "system login"}),
        )
        .await;
    assert_eq!(reply.code(), "blocked");
    assert!(lab.seen_by("edge1").is_empty());
}

#[tokio::test]
async fn the_candidate_shows_what_a_colleague_has_not_committed() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .edit_as("ann", "set snmp location B7")
        .expect("nobody else edits");
    let text = read(
        &lab,
        json!({"database": "candidate", "output_format": "set", "config_path": "snmp location"}),
    )
    .await;
    assert_eq!(text, "set snmp location B7");
    let committed = read(&lab, json!({"config_path": "snmp location"})).await;
    assert!(!committed.contains("B7"), "{committed}");
    let arguments = json!({"router_name": "edge1", "database": "candidate", "version": 0});
    let diff = lab.call("junos_config_diff", arguments).await;
    assert!(
        diff.text().contains("+") && diff.text().contains("location B7;"),
        "{}",
        diff.text()
    );
    assert!(lab.router("edge1").uncommitted().contains("B7"));
}

#[tokio::test]
async fn the_candidate_below_a_path_needs_the_set_form() {
    let lab = Lab::new().router("edge1").start().await;
    let arguments = json!({"router_name": "edge1", "database": "candidate", "config_path": "system"});
    assert_eq!(lab.call("get_junos_config", arguments).await.code(), "invalid_argument");
}

#[tokio::test]
async fn the_running_configuration_does_not_differ_from_itself() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab
        .call("junos_config_diff", json!({"router_name": "edge1", "version": 0}))
        .await;
    assert_eq!(
        reply.text(),
        "(no differences between the active configuration and rollback 0)"
    );
}

#[tokio::test]
async fn a_commit_shows_in_the_diff() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .edit_as("ann", "set snmp location B7")
        .expect("nobody else edits");
    lab.router("edge1").commit_as("ann").expect("a good change");
    let reply = lab.call("junos_config_diff", json!({"router_name": "edge1"})).await;
    assert!(reply.text().contains("location B7;"), "{}", reply.text());
}

#[tokio::test]
async fn an_absent_rollback_is_an_error_of_the_router() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab
        .call("junos_config_diff", json!({"router_name": "edge1", "version": 49}))
        .await;
    assert_eq!(reply.code(), "device_error", "{}", reply.text());
}
