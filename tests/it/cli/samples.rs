//! Calls as sample clients of Juniper's server make them: every name and every spelling of an argument goes on working.

use serde_json::{Value, json};

use super::{
    program::Program,
    serve::{ask, greeted},
};

const ROUTER: &str = "edge-1";
const CHANGE: &str = "set snmp location \"rack 7\"";

/// Tool, arguments, and what only a good answer holds.
fn calls() -> Vec<(&'static str, Value, &'static str)> {
    let template = "set snmp location {{ place }}";
    vec![
        ("get_router_list", json!({}), "\"edge-1\":{\"ip\":"),
        ("get_router_list", json!({"routers": [ROUTER]}), "\"edge-1\":{\"ip\":"),
        (
            "gather_device_facts",
            json!({"router_name": ROUTER, "timeout": 360}),
            "edge-1",
        ),
        ("gather_device_facts", json!({"router": ROUTER}), "edge-1"),
        ("gather_device_facts", json!({"device": ROUTER}), "edge-1"),
        (
            "execute_junos_command",
            json!({"router_name": ROUTER, "command": "show version", "timeout": 360}),
            "Hostname: edge-1",
        ),
        (
            "execute_junos_command",
            json!({"router": ROUTER, "command": "show version", "format": "json"}),
            "\"host-name\":\"edge-1\"",
        ),
        (
            "execute_junos_command",
            json!({"device": ROUTER, "command": "show version | display xml", "timeout": null}),
            "<host-name>edge-1</host-name>",
        ),
        (
            "execute_junos_command_batch",
            json!({"router_names": [ROUTER, "core-1"], "command": "show version", "timeout": 60}),
            "\"end_time\":",
        ),
        (
            "execute_junos_command_batch",
            json!({"routers": [ROUTER], "commands": ["show version"], "max_concurrent_devices": 2}),
            "Hostname: edge-1",
        ),
        (
            "execute_junos_command_batch",
            json!({"devices": ROUTER, "commands": "show version"}),
            "Hostname: edge-1",
        ),
        (
            "execute_junos_command_batch",
            json!({"router": ROUTER, "command": "show version"}),
            "Hostname: edge-1",
        ),
        (
            "execute_junos_command_batch",
            json!({"router_name": ROUTER, "command": "show version"}),
            "Hostname: edge-1",
        ),
        (
            "execute_junos_command_batch",
            json!({"device": ROUTER, "command": "show version"}),
            "Hostname: edge-1",
        ),
        (
            "execute_junos_pfe_command",
            json!({"router_name": ROUTER, "fpc_target": "fpc0", "pfe_command": "show memory", "timeout": 60}),
            "SENT: Ukern command: show memory",
        ),
        (
            "execute_junos_pfe_command",
            json!({"router": ROUTER, "target": "fpc0", "command": "show memory"}),
            "SENT: Ukern command: show memory",
        ),
        ("get_junos_config", json!({"router_name": ROUTER}), "host-name edge-1;"),
        (
            "get_junos_config",
            json!({"router_name": ROUTER, "filter": "system services", "format": "set"}),
            "set system services",
        ),
        (
            "get_junos_config",
            json!({"device": ROUTER, "path": "system services", "output_format": "set"}),
            "set system services",
        ),
        (
            "commit_check_config",
            json!({"router_name": ROUTER, "config": CHANGE, "format": "set"}),
            "location \\\"rack 7\\\"",
        ),
        (
            "load_and_commit_config",
            json!({"router_name": ROUTER, "config_text": CHANGE, "config_format": "set",
                "commit_comment": "Configuration loaded via MCP"}),
            "\"outcome\":\"committed\"",
        ),
        (
            "load_and_commit_config",
            json!({"router": ROUTER, "config": "set snmp contact noc", "format": "set", "commit": true}),
            "\"outcome\":\"committed\"",
        ),
        (
            "junos_config_diff",
            json!({"router_name": ROUTER, "version": 1}),
            "contact noc;",
        ),
        (
            "load_and_commit_config",
            json!({"router_name": ROUTER, "config_text": "set system login user guardx class read-only", "format": "set",
                "commit": true, "commit_comment": "User password updated via MCP"}),
            "\"outcome\":\"committed\"",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": template, "vars_content": "{\"place\": \"here\"}"}),
            "set snmp location here",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": template, "vars_content": {"place": "here"}, "router_name": ROUTER,
                "dry_run": true}),
            "set snmp location here",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": template, "vars_content": "{\"place\": \"there\"}", "device_name": ROUTER,
                "apply_config": true, "commit_comment": "as rendered"}),
            "set snmp location there",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": template, "vars_content": "{\"place\": \"here\"}", "router_names": [ROUTER],
                "apply_config": true, "dry_run": true}),
            "set snmp location here",
        ),
        (
            "render_and_apply_j2_template",
            json!({"template_content": template, "vars_content": "{\"place\": \"here\"}", "device_names": [ROUTER],
                "apply_config": true, "dry_run": true}),
            "set snmp location here",
        ),
    ]
}

#[test]
fn every_sample_call_works() {
    let mut server = greeted(Program::new(&["--lab=2"]));
    for (tool, arguments, expected) in calls() {
        let shown = arguments.to_string();
        let answer = ask(&mut server, "tools/call", json!({"name": tool, "arguments": arguments}));
        let result = &answer["result"];
        assert_eq!(result["isError"], false, "{tool} {shown}: {answer}");
        let text = result["content"][0]["text"].as_str().expect("text");
        let structured = result["structuredContent"].to_string();
        assert!(
            text.contains(expected) || structured.contains(expected),
            "{tool} {shown}: {answer}"
        );
    }
}

#[test]
fn what_would_mean_something_else_here_is_refused() {
    let mut server = greeted(Program::new(&["--lab=2"]));
    for (tool, arguments, code) in [
        (
            "load_and_commit_config",
            json!({"router_name": ROUTER, "config_text": CHANGE, "commit": false}),
            "invalid_argument",
        ),
        (
            "load_and_commit_config",
            json!({"router_name": ROUTER, "config_text": CHANGE, "config": CHANGE}),
            "conflicting_arguments",
        ),
        (
            "execute_junos_command",
            json!({"router_name": ROUTER, "device": ROUTER, "command": "show version"}),
            "conflicting_arguments",
        ),
        (
            "get_junos_config",
            json!({"router_name": ROUTER, "filter": "system", "path": "system"}),
            "conflicting_arguments",
        ),
    ] {
        let answer = ask(&mut server, "tools/call", json!({"name": tool, "arguments": arguments}));
        assert_eq!(
            answer["result"]["structuredContent"]["error"]["code"], code,
            "{tool}: {answer}"
        );
    }
}
