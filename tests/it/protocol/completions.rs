//! Completions as clients ask for them.

use serde_json::{Value, json};

use super::wire::{Client, ask_as, modern};
use crate::http::server::Server;

const CONFIG: &str = "junos://{router}/config{?path,format}";

fn of_prompt(prompt: &str, name: &str, typed: &str) -> Value {
    json!({"ref": {"type": "ref/prompt", "name": prompt}, "argument": {"name": name, "value": typed}})
}

fn of_resource(template: &str, name: &str, typed: &str) -> Value {
    json!({"ref": {"type": "ref/resource", "uri": template}, "argument": {"name": name, "value": typed}})
}

fn values(answer: &Value) -> Vec<&str> {
    let values = answer["result"]["completion"]["values"].as_array();
    let values = values.unwrap_or_else(|| panic!("{answer}"));
    values.iter().filter_map(Value::as_str).collect()
}

#[test]
fn router_names_and_tags_are_completed() {
    let mut client = Client::of(&["--lab=3"]);
    let answer = client.ask("completion/complete", of_prompt("triage_router", "router_name", "e"));
    // What begins with it comes before what only holds it.
    assert_eq!(values(&answer), ["edge-1", "edge-2", "core-1"]);
    let completion = &answer["result"]["completion"];
    assert_eq!(
        (&completion["total"], &completion["hasMore"]),
        (&json!(3), &json!(false))
    );
    let answer = client.ask(
        "completion/complete",
        modern(of_resource("junos://{router}/facts", "router", "core")),
    );
    assert_eq!(values(&answer), ["core-1"]);
    let several = of_prompt("compare_routers", "router_names", "edge-1, edge");
    assert_eq!(values(&client.ask("completion/complete", several)), ["edge-1, edge-2"]);
    let tags = client.ask(
        "completion/complete",
        of_prompt("compare_routers", "router_names", "tag:"),
    );
    assert!(values(&tags) == ["tag:lab"], "{tags}");
    // One router is never a tag.
    let tags = client.ask("completion/complete", of_prompt("triage_router", "router_name", "tag:"));
    assert!(values(&tags).is_empty(), "{tags}");
}

#[test]
fn paths_and_formats_are_completed() {
    let mut client = Client::of(&["--lab=1"]);
    let answer = client.ask("completion/complete", of_resource(CONFIG, "path", "protocols b"));
    assert_eq!(
        values(&answer),
        ["protocols bfd", "protocols bgp", "protocols bgp group"]
    );
    let answer = client.ask(
        "completion/complete",
        of_prompt("compare_routers", "config_path", "snmp t"),
    );
    assert_eq!(values(&answer), ["snmp trap-group"]);
    let answer = client.ask("completion/complete", of_resource(CONFIG, "format", ""));
    assert_eq!(values(&answer), ["text", "set", "xml", "json"]);
    let answer = client.ask("completion/complete", of_resource(CONFIG, "path", ""));
    let completion = &answer["result"]["completion"];
    assert_eq!((values(&answer).len(), &completion["hasMore"]), (100, &json!(true)));
    assert!(
        completion["total"].as_u64().is_some_and(|total| total > 100),
        "{completion}"
    );
}

#[test]
fn the_ids_of_own_outputs_are_completed() {
    let mut client = Client::of(&["--lab=1"]);
    let arguments = json!({"router_name": "edge-1", "command": "show configuration", "max_lines": 1});
    let cut = client.ask(
        "tools/call",
        json!({"name": "execute_junos_command", "arguments": arguments}),
    );
    let id = cut["result"]["_meta"]["output_id"].as_str().expect("an id").to_owned();
    let answer = client.ask("completion/complete", of_resource("junos://outputs/{id}", "id", "o-"));
    assert_eq!(values(&answer), [id]);
    let answer = client.ask("completion/complete", of_resource("junos://jobs/{id}", "id", "j-"));
    assert!(values(&answer).is_empty(), "{answer}");
}

#[test]
fn what_is_not_known_is_completed_by_nothing() {
    let mut client = Client::of(&["--lab=1"]);
    for params in [
        of_prompt("no_such_prompt", "router_name", ""),
        of_prompt("triage_router", "no_such_argument", ""),
        of_prompt("triage_router", "symptom", ""),
        of_resource("junos://{x}/facts", "x", ""),
        of_resource("file:///{path}", "path", ""),
        of_resource(CONFIG, "id", ""),
    ] {
        let answer = client.ask("completion/complete", params.clone());
        assert_eq!(
            answer["result"]["completion"],
            json!({"values": [], "total": 0, "hasMore": false}),
            "{params}"
        );
    }
}

#[test]
fn completions_end_at_the_scope_of_the_token() {
    let server = Server::start(&[]);
    let routers = |letter, typed| {
        let params = of_resource("junos://{router}/facts", "router", typed);
        let answer = ask_as(&server, letter, "completion/complete", None, params);
        values(&answer).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = routers('A', "");
    let own = routers('B', "");
    let in_scope: Vec<String> = all.iter().filter(|name| name.starts_with("edge-")).cloned().collect();
    assert_eq!(own, in_scope);
    assert!(own.len() < all.len() && !own.is_empty(), "{all:?}");
    // A template that nothing can be read by is not there.
    let params = of_resource("junos://{router}/facts", "router", "");
    let answer = ask_as(&server, 'C', "completion/complete", None, params);
    assert!(answer["result"].is_null(), "a token without tools is refused: {answer}");
}
