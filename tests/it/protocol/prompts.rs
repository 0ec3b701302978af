//! Prompts as clients list and get them.

use serde_json::{Value, json};

use super::wire::{Client, ask_as, modern};
use crate::http::server::Server;

fn names(answer: &Value) -> Vec<&str> {
    let prompts = answer["result"]["prompts"].as_array();
    let prompts = prompts.unwrap_or_else(|| panic!("{answer}"));
    prompts.iter().filter_map(|prompt| prompt["name"].as_str()).collect()
}

#[test]
fn five_prompts_are_listed_in_both_eras_with_what_they_take() {
    let mut client = Client::of(&["--lab=2"]);
    let legacy = client.ask("prompts/list", json!({}));
    let all = [
        "triage_router",
        "triage_bgp_neighbor",
        "plan_config_change",
        "compare_routers",
        "upgrade_readiness",
    ];
    assert_eq!(names(&legacy), all);
    let listed = client.ask("prompts/list", modern(json!({})));
    assert_eq!(names(&listed), all);
    let hints = (&listed["result"]["ttlMs"], &listed["result"]["cacheScope"]);
    assert_eq!(hints, (&json!(300_000), &json!("private")));
    let neighbor = &listed["result"]["prompts"][1]["arguments"][1];
    assert_eq!(
        (&neighbor["name"], &neighbor["required"]),
        (&json!("neighbor"), &json!(true))
    );
    let cursor = client.ask("prompts/list", json!({"cursor": "x"}));
    assert_eq!(cursor["error"]["code"], -32602);
}

#[test]
fn a_prompt_is_one_message_of_the_user_with_the_arguments_in_it() {
    let mut client = Client::of(&["--lab=2"]);
    let arguments = json!({"router_name": "edge-1", "neighbor": "192.0.2.77"});
    let answer = client.ask(
        "prompts/get",
        json!({"name": "triage_bgp_neighbor", "arguments": arguments}),
    );
    let messages = answer["result"]["messages"].as_array().expect("messages");
    assert_eq!((messages.len(), &messages[0]["role"]), (1, &json!("user")));
    let text = messages[0]["content"]["text"].as_str().expect("text");
    assert!(
        text.contains("edge-1") && text.contains("show bgp neighbor 192.0.2.77"),
        "{text}"
    );
    for params in [
        json!({"name": "no_such_prompt"}),
        json!({"name": "triage_bgp_neighbor", "arguments": {"router_name": "edge-1"}}),
        json!({"name": "triage_bgp_neighbor"}),
        json!({"arguments": {}}),
    ] {
        let answer = client.ask("prompts/get", params.clone());
        assert_eq!(answer["error"]["code"], -32602, "{params}");
        let answer = client.ask("prompts/get", modern(params.clone()));
        assert_eq!(answer["error"]["code"], -32602, "{params}");
    }
}

#[test]
fn a_prompt_whose_tools_are_hidden_is_not_there() {
    let mut client = Client::of(&["--lab=2", "--exclude-tools", "execute_junos_command"]);
    let listed = client.ask("prompts/list", json!({}));
    assert_eq!(names(&listed), ["plan_config_change", "compare_routers"]);
    let arguments = json!({"router_name": "edge-1"});
    let answer = client.ask("prompts/get", json!({"name": "triage_router", "arguments": arguments}));
    assert_eq!(answer["error"]["code"], -32602);
    let mut client = Client::of(&["--lab=2", "--read-only"]);
    let listed = client.ask("prompts/list", json!({}));
    assert!(!names(&listed).contains(&"plan_config_change"), "{listed}");
}

#[test]
fn a_token_gets_the_prompts_that_its_tools_can_follow() {
    let server = Server::start(&[]);
    // noc may operate and read, desk may read.
    let noc = ask_as(&server, 'A', "prompts/list", None, json!({}));
    assert_eq!(
        names(&noc),
        [
            "triage_router",
            "triage_bgp_neighbor",
            "compare_routers",
            "upgrade_readiness"
        ]
    );
    let desk = ask_as(&server, 'B', "prompts/list", None, json!({}));
    assert_eq!(names(&desk), ["compare_routers"]);
    let params = json!({"name": "compare_routers", "arguments": {"router_names": "edge-*"}});
    let got = ask_as(&server, 'B', "prompts/get", Some("compare_routers"), params);
    let text = got["result"]["messages"][0]["content"]["text"].as_str().expect("text");
    assert!(
        text.contains("get_junos_config") && !text.contains("execute_junos_command"),
        "{text}"
    );
}
