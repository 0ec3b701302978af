//! A colleague's uncommitted work, and every tool there is.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn a_colleagues_uncommitted_work_survives_every_tool_and_the_shutdown() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .edit_as("ann", "set snmp location B7")
        .expect("nobody else edits");
    let before = lab.router("edge1").uncommitted();
    let change = "set snmp contact desk";
    let calls = [
        ("get_router_list", json!({}), ""),
        ("gather_device_facts", json!({"router_name": "edge1"}), ""),
        (
            "execute_junos_command",
            json!({"router_name": "edge1", "command": "show version"}),
            "",
        ),
        (
            "execute_junos_command_batch",
            json!({"router_names": ["*"], "commands": ["show system uptime"]}),
            "",
        ),
        (
            "execute_junos_pfe_command",
            json!({"router_name": "edge1", "fpc_target": "fpc0", "pfe_command": "show memory"}),
            "",
        ),
        ("get_junos_config", json!({"router_name": "edge1"}), ""),
        (
            "junos_config_diff",
            json!({"router_name": "edge1", "version": 0, "database": "candidate"}),
            "",
        ),
        (
            "commit_check_config",
            json!({"router_name": "edge1", "config_text": change}),
            "candidate_dirty",
        ),
        (
            "load_and_commit_config",
            json!({"router_name": "edge1", "config_text": change}),
            "candidate_dirty",
        ),
        (
            "rollback_config",
            json!({"router_name": "edge1", "version": 0}),
            "candidate_dirty",
        ),
        ("confirm_commit", json!({"router_name": "edge1"}), "no_pending_commit"),
        ("discard_candidate", json!({"router_name": "edge1"}), "candidate_in_use"),
        ("server_status", json!({}), ""),
    ];
    for (tool, arguments, code) in calls {
        let reply = lab.call(tool, arguments).await;
        assert_eq!(reply.code(), code, "{tool}: {}", reply.text());
        assert_eq!(lab.router("edge1").uncommitted(), before, "{tool}");
    }
    lab.app().shut_down().await;
    assert_eq!(lab.router("edge1").uncommitted(), before);
}
