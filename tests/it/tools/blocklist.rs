//! The operator's table of verdicts, through the tools and down to the router.

use serde_json::{Value, json};

use crate::lab::Lab;

/// Reads `D- pattern ;; V+ pattern` into the rules of the defaults and those of the router.
fn rules(list: &str, text: &str) -> (Value, Value) {
    let (mut defaults, mut own) = (Vec::new(), Vec::new());
    for rule in text.split(" ;; ") {
        let (head, pattern) = rule.split_at(3);
        let action = if head.contains('-') { "deny" } else { "allow" };
        let rule = json!({"action": action, "pattern": pattern});
        if head.starts_with('D') {
            defaults.push(rule);
        } else {
            own.push(rule);
        }
    }
    (json!({list: defaults}), json!({list: own}))
}

#[tokio::test]
async fn every_verdict_of_the_table_holds_down_to_the_router() {
    let table = include_str!("../../vectors/blocklist.txt");
    let mut denied = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(" ¦ ").collect();
        let [number, list, rule, to, input, verdict] = fields[..6] else {
            panic!("{line}");
        };
        let input = input.replace('␠', " ").replace('⇥', "\t");
        let (tool, arguments) = match to {
            "command" => (
                "execute_junos_command",
                json!({"router_name": "edge1", "command": input}),
            ),
            "pfe" => (
                "execute_junos_pfe_command",
                json!({"router_name": "edge1", "fpc_target": "fpc0", "pfe_command": input}),
            ),
            "line" => (
                "commit_check_config",
                json!({"router_name": "edge1", "config_text": input}),
            ),
            _ => continue,
        };
        let (defaults, own) = rules(list, rule);
        let lab = Lab::new()
            .router("edge1")
            .with("blocklist", own)
            .rules(defaults)
            .start()
            .await;
        let reply = lab.call(tool, arguments).await;
        assert_eq!(
            reply.code() == "blocked",
            verdict == "deny",
            "vector {number}: {}",
            reply.text()
        );
        assert_eq!(lab.seen_by("edge1").is_empty(), verdict == "deny", "vector {number}");
        if verdict == "deny" {
            let head = format!("denied by blocklist: {tool} on 'edge1' matched rule '");
            assert!(reply.text().starts_with(&head), "vector {number}: {}", reply.text());
            denied += 1;
        }
    }
    assert_eq!(denied, 26);
}

#[tokio::test]
async fn a_batch_with_one_denied_inner_command_is_refused_as_a_whole() {
    let lab = Lab::new()
        .router("edge1")
        .router("edge2")
        .with(
            "blocklist",
            json!({"pfe_commands": [{"action": "deny", "pattern": "set *"}]}),
        )
        .start()
        .await;
    let inner = "request pfe execute target fpc0 command \"set jnh 0 x\"";
    let arguments = json!({"router_names": ["edge1", "edge2"], "commands": ["show version", inner]});
    let reply = lab.call("execute_junos_command_batch", arguments).await;
    assert_eq!(reply.code(), "blocked");
    let expected = "denied by blocklist: execute_junos_command_batch on 'edge2' matched rule 'set *' \
                    (action=deny, source=device); input: inner: set jnh 0 x [code=blocked]\n\
                    hint: this is operator policy; use another command or ask the operator";
    assert_eq!(reply.text(), expected);
    assert!(lab.seen_by("edge1").is_empty() && lab.seen_by("edge2").is_empty());
}

#[tokio::test]
async fn the_same_denied_text_is_denied_through_every_tool_that_can_carry_it() {
    let lab = Lab::new()
        .router("edge1")
        .deny("show configuration*")
        .deny_in("pfe_commands", "show configuration*")
        .deny_in("config", "*")
        .start()
        .await;
    let one = |arguments: Value| {
        let mut arguments = arguments;
        arguments["router_name"] = json!("edge1");
        arguments
    };
    let calls = [
        ("execute_junos_command", one(json!({"command": "sh conf"}))),
        (
            "execute_junos_command",
            one(json!({"command": "show configuration | display set"})),
        ),
        (
            "execute_junos_command_batch",
            json!({"router_names": ["*"], "commands": ["run show configuration"]}),
        ),
        (
            "execute_junos_pfe_command",
            one(json!({"fpc_target": "fpc0", "pfe_command": "show configuration"})),
        ),
        ("get_junos_config", one(json!({}))),
        (
            "get_junos_config",
            one(json!({"config_path": "system", "database": "candidate", "output_format": "set"})),
        ),
        ("junos_config_diff", one(json!({}))),
        ("junos_config_diff", one(json!({"database": "candidate", "version": 0}))),
        (
            "load_and_commit_config",
            one(json!({"config_text": "set snmp location x"})),
        ),
        (
            "commit_check_config",
            one(json!({"config_text": "set snmp location x"})),
        ),
    ];
    for (tool, arguments) in calls {
        let reply = lab.call(tool, arguments.clone()).await;
        assert_eq!(reply.code(), "blocked", "{tool} {arguments}: {}", reply.text());
    }
    assert!(lab.seen_by("edge1").is_empty());
}

#[tokio::test]
async fn a_denied_secret_is_not_told_back() {
    let lab = Lab::new()
        .router("edge1")
        .deny_in("config", "set system root-authentication *")
        .start()
        .await;
    let secret = "plantedsecret".repeat(12);
    let line = format!("set system root-authentication plain-text-password-value {secret}");
    for config_text in [line.clone(), format!("set snmp location a\n{line}")] {
        let arguments = json!({"router_name": "edge1", "config_text": config_text});
        let reply = lab.call("load_and_commit_config", arguments).await;
        assert_eq!(reply.code(), "blocked");
        assert!(!reply.text().contains("planted"), "{}", reply.text());
        assert!(!reply.structured().to_string().contains("planted"));
    }
    assert!(lab.seen_by("edge1").is_empty());
}
