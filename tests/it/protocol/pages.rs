//! Lists in pages: every entry once, whatever happens between two pages.

use serde_json::{Map, Value, json};

use super::wire::{Client, ask_as};
use crate::{
    cli::program::Program,
    http::server::{OVER_HTTP, Server},
};

/// An inventory of routers `r001`, `r002`, …, which nobody reaches.
fn inventory(count: usize) -> String {
    let entry = json!({"ip": "192.0.2.1", "username": "lab", "auth": {"type": "ssh_agent", "socket": "/nowhere"}});
    let routers = (1..=count).map(|index| (format!("r{index:03}"), entry.clone()));
    Value::Object(routers.collect::<Map<_, _>>()).to_string()
}

fn uris(answer: &Value) -> Vec<String> {
    let resources = answer["result"]["resources"].as_array();
    let resources = resources.unwrap_or_else(|| panic!("{answer}"));
    let uris = resources.iter().filter_map(|resource| resource["uri"].as_str());
    uris.map(str::to_owned).collect()
}

#[test]
fn resources_come_a_hundred_at_a_time_each_once() {
    let program = Program::new(&["-f", "devices.json"]).file("devices.json", 0o600, &inventory(250));
    let mut client = Client::running(program);
    let mut seen = Vec::new();
    let mut params = json!({});
    loop {
        let page = client.ask("resources/list", params.clone());
        let uris = uris(&page);
        assert!(uris.len() <= 100);
        seen.extend(uris);
        match page["result"]["nextCursor"].as_str() {
            Some(cursor) => params["cursor"] = json!(cursor),
            None => break,
        }
    }
    assert_eq!((seen.len(), seen[0].as_str()), (251, "junos://inventory"));
    assert!(seen[1..].is_sorted());
    assert_eq!(seen.iter().collect::<std::collections::HashSet<_>>().len(), 251);
}

#[test]
fn a_page_goes_on_where_the_last_one_ended_though_routers_have_gone() {
    let program = Program::new(&["-f", "devices.json"]).file("devices.json", 0o600, &inventory(120));
    let mut client = Client::running(program);
    let first = client.ask("resources/list", json!({}));
    let cursor = first["result"]["nextCursor"].as_str().expect("more").to_owned();
    assert_eq!(uris(&first).last().map(String::as_str), Some("junos://r099/facts"));
    let mut fewer: Map<String, Value> = serde_json::from_str(&inventory(110)).expect("JSON");
    // The very router that the cursor names is not there any more.
    fewer.remove("r099");
    std::fs::write(client.server.path("devices.json"), Value::Object(fewer).to_string()).expect("written");
    client.server.signal(rustix::process::Signal::HUP);
    let next = loop {
        // The session may be told meanwhile that the list has changed.
        let id = client.begin("resources/list", json!({"cursor": cursor}));
        let next = std::iter::repeat_with(|| client.next()).find(|message| message["id"] == id);
        let next = next.expect("an answer");
        if uris(&next).len() != 21 {
            break next;
        }
    };
    let expected: Vec<String> = (100..=110).map(|index| format!("junos://r{index}/facts")).collect();
    assert_eq!(uris(&next), expected);
}

#[test]
fn a_cursor_that_was_not_given_to_this_caller_is_unknown() {
    let program = Program::new(&[&["-f", "devices.json"], &OVER_HTTP[..]].concat());
    let server = Server::of(program.file("devices.json", 0o600, &inventory(120)));
    let list = |letter, cursor: Option<&str>| {
        let params = cursor.map_or(json!({}), |cursor| json!({ "cursor": cursor }));
        ask_as(&server, letter, "resources/list", None, params)
    };
    let first = list('A', None);
    let cursor = first["result"]["nextCursor"].as_str().expect("more");
    assert_eq!(uris(&list('A', Some(cursor))).len(), 21);
    // `lead` sees the same routers.
    assert_eq!(list('E', Some(cursor))["error"]["code"], -32602);
    assert_eq!(list('A', Some("nonsense"))["error"]["code"], -32602);
    assert_eq!(list('A', Some(&cursor[1..]))["error"]["code"], -32602);
    // It is no cursor of another list, either.
    let tools = ask_as(&server, 'A', "tools/list", None, json!({ "cursor": cursor }));
    assert_eq!(tools["error"]["code"], -32602);
}
