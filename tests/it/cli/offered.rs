//! Which tools a process offers, and what becomes of a call of one that it does not offer.

use serde_json::{Value, json};

use super::{
    program::{Program, Running},
    serve::{ask, greeted},
};

const CONFIG: [&str; 7] = [
    "get_junos_config",
    "junos_config_diff",
    "load_and_commit_config",
    "commit_check_config",
    "confirm_commit",
    "rollback_config",
    "discard_candidate",
];

fn server(arguments: &[&str]) -> Running {
    greeted(Program::new(&[&["--lab=1"], arguments].concat()))
}

fn list(server: &mut Running) -> Vec<Value> {
    let answer = ask(server, "tools/list", json!({}));
    assert_eq!(answer["result"]["nextCursor"], Value::Null, "all on one page");
    answer["result"]["tools"].as_array().expect("tools").clone()
}

fn names(tools: &[Value]) -> Vec<&str> {
    tools
        .iter()
        .map(|tool| tool["name"].as_str().expect("a name"))
        .collect()
}

fn call(server: &mut Running, tool: &str, arguments: Value) -> Value {
    ask(server, "tools/call", json!({"name": tool, "arguments": arguments}))
}

fn code(answer: &Value) -> &str {
    answer["result"]["structuredContent"]["error"]["code"]
        .as_str()
        .unwrap_or_default()
}

#[test]
fn lists_are_alike_byte_by_byte_whatever_was_called_between_them() {
    let mut server = server(&[]);
    let first = ask(&mut server, "tools/list", json!({})).to_string();
    call(&mut server, "get_router_list", json!({}));
    call(
        &mut server,
        "execute_junos_command",
        json!({"router_name": "edge-1", "command": "show version"}),
    );
    call(&mut server, "nonsense", json!({}));
    assert_eq!(ask(&mut server, "tools/list", json!({})).to_string(), first);
    let mut other = self::server(&[]);
    assert_eq!(ask(&mut other, "tools/list", json!({})).to_string(), first);
}

#[test]
fn a_toolset_brings_its_tools_in_the_order_of_all() {
    let mut all = server(&[]);
    let all = list(&mut all);
    let mut some = server(&["--toolsets=config"]);
    let some = list(&mut some);
    assert!(
        CONFIG.iter().all(|tool| names(&some).contains(tool)),
        "{:?}",
        names(&some)
    );
    assert!(!names(&some).contains(&"execute_junos_command"));
    let order: Vec<&Value> = all.iter().filter(|tool| some.contains(tool)).collect();
    assert_eq!(order, some.iter().collect::<Vec<_>>());
}

#[test]
fn single_tools_are_named_and_left_out() {
    let mut server = server(&[
        "--tools=execute_junos_command,get_junos_config",
        "--exclude-tools=get_junos_config",
    ]);
    let tools = list(&mut server);
    assert!(names(&tools).contains(&"execute_junos_command") && !names(&tools).contains(&"get_junos_config"));
    for hidden in ["get_junos_config", "gather_device_facts", "nonsense"] {
        let answer = call(&mut server, hidden, json!({"router_name": "edge-1"}));
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        assert_eq!(answer["error"]["message"], format!("Unknown tool: {hidden}"));
    }
}

#[test]
fn a_read_only_process_shows_what_reads_and_confines_what_might_not() {
    let mut server = server(&["--read-only"]);
    let tools = list(&mut server);
    for tool in &tools {
        let hints = &tool["annotations"];
        assert_eq!(
            (&hints["readOnlyHint"], &hints["destructiveHint"]),
            (&json!(true), &json!(false)),
            "{tool}"
        );
    }
    assert!(
        names(&tools).contains(&"execute_junos_pfe_command"),
        "{:?}",
        names(&tools)
    );
    for hidden in [
        "load_and_commit_config",
        "rollback_config",
        "render_and_apply_j2_template",
    ] {
        assert!(!names(&tools).contains(&hidden));
        let answer = call(&mut server, hidden, json!({}));
        assert_eq!(code(&answer), "read_only", "{answer}");
    }
    for (command, expected) in [
        ("show version", ""),
        ("sh version", ""),
        ("ping 127.0.0.1 count 1", ""),
        ("request system reboot", "read_only"),
        ("clear bgp neighbor", "read_only"),
        ("s version", "read_only"),
        ("file delete /var/tmp/x", "read_only"),
    ] {
        let answer = call(
            &mut server,
            "execute_junos_command",
            json!({"router_name": "edge-1", "command": command}),
        );
        assert_eq!(code(&answer), expected, "{command}: {answer}");
        let answer = call(
            &mut server,
            "execute_junos_command_batch",
            json!({"router_names": ["edge-1"], "commands": ["show version", command]}),
        );
        assert_eq!(code(&answer), expected, "{command}: {answer}");
    }
    for (command, expected) in [
        ("show memory", ""),
        ("set memory", "read_only"),
        ("ping 192.0.2.1", "read_only"),
    ] {
        let answer = call(
            &mut server,
            "execute_junos_pfe_command",
            json!({"router_name": "edge-1", "fpc_target": "fpc0", "pfe_command": command}),
        );
        assert_eq!(code(&answer), expected, "{command}: {answer}");
    }
}
