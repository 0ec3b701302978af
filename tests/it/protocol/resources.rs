//! Resources as clients list and read them: the content of a tool, by the way of that tool.

use serde_json::{Value, json};

use super::wire::{Client, ask_as, modern};
use crate::http::server::Server;

/// The one content of a resource.
fn content(answer: &Value) -> &Value {
    let contents = answer["result"]["contents"].as_array();
    let contents = contents.unwrap_or_else(|| panic!("{answer}"));
    assert_eq!(contents.len(), 1);
    &contents[0]
}

fn text(answer: &Value) -> &str {
    content(answer)["text"].as_str().expect("text")
}

fn structured(answer: &Value) -> &Value {
    &answer["result"]["structuredContent"]
}

fn uris(answer: &Value) -> Vec<&str> {
    let resources = answer["result"]["resources"].as_array();
    let resources = resources.unwrap_or_else(|| panic!("{answer}"));
    resources
        .iter()
        .filter_map(|resource| resource["uri"].as_str())
        .collect()
}

fn read(client: &mut Client, uri: &str) -> Value {
    client.ask("resources/read", modern(json!({ "uri": uri })))
}

#[test]
fn the_inventory_and_the_facts_of_each_router_are_listed() {
    let mut client = Client::of(&["--lab=2"]);
    let listed = client.ask("resources/list", modern(json!({})));
    assert_eq!(
        uris(&listed),
        ["junos://inventory", "junos://core-1/facts", "junos://edge-1/facts"]
    );
    let hints = (&listed["result"]["ttlMs"], &listed["result"]["cacheScope"]);
    assert_eq!(hints, (&json!(60_000), &json!("private")));
    assert!(listed["result"]["nextCursor"].is_null());
    let templates = client.ask("resources/templates/list", modern(json!({})));
    let hints = (&templates["result"]["ttlMs"], &templates["result"]["cacheScope"]);
    assert_eq!(hints, (&json!(300_000), &json!("private")));
    let templates = templates["result"]["resourceTemplates"]
        .as_array()
        .expect("templates")
        .clone();
    let forms: Vec<&str> = templates
        .iter()
        .filter_map(|form| form["uriTemplate"].as_str())
        .collect();
    assert_eq!(
        forms,
        [
            "junos://{router}/facts",
            "junos://{router}/config{?path,format}",
            "junos://outputs/{id}",
            "junos://jobs/{id}"
        ]
    );
}

#[test]
fn a_resource_says_what_its_tool_says_and_for_how_long_it_holds() {
    let mut client = Client::of(&["--lab=2"]);
    let inventory = read(&mut client, "junos://inventory");
    let list = client.call("get_router_list", json!({}));
    assert_eq!(
        serde_json::from_str::<Value>(text(&inventory)).expect("JSON"),
        *structured(&list)
    );
    assert_eq!(content(&inventory)["mimeType"], "application/json");
    assert_eq!(inventory["result"]["ttlMs"], 5_000);
    assert_eq!(inventory["result"]["cacheScope"], "private");

    let facts = read(&mut client, "junos://edge-1/facts");
    let read_facts: Value = serde_json::from_str(text(&facts)).expect("JSON");
    let called = client.call("gather_device_facts", json!({"router_name": "edge-1"}));
    for fact in ["router_name", "model", "version", "serial_number", "route_engines"] {
        assert_eq!(read_facts[fact], structured(&called)[fact], "{fact}");
    }
    assert_eq!(facts["result"]["ttlMs"], 60_000);
}

#[test]
fn a_configuration_is_read_whole_in_part_and_in_every_form_without_secrets() {
    let mut client = Client::of(&["--lab=2"]);
    let whole = read(&mut client, "junos://edge-1/config");
    let called = client.call("get_junos_config", json!({"router_name": "edge-1"}));
    assert_eq!(
        text(&whole),
        called["result"]["content"][0]["text"].as_str().expect("text")
    );
    assert!(text(&whole).contains("<redacted:"), "{}", text(&whole));
    assert_eq!(
        (&content(&whole)["mimeType"], &whole["result"]["ttlMs"]),
        (&json!("text/plain"), &json!(0))
    );
    assert_eq!(content(&whole)["_meta"]["router_name"], "edge-1");

    let part = read(&mut client, "junos://edge-1/config?path=system%20services&format=set");
    assert!(
        text(&part).lines().all(|line| line.starts_with("set system services")),
        "{part}"
    );
    for (form, mime, first) in [("xml", "application/xml", '<'), ("json", "application/json", '{')] {
        let answer = read(
            &mut client,
            &format!("junos://edge-1/config?path=system%20services&format={form}"),
        );
        assert_eq!(content(&answer)["mimeType"], mime);
        assert!(text(&answer).trim_start().starts_with(first), "{answer}");
    }
}

#[test]
fn a_cut_output_is_read_whole_by_the_link_in_its_result() {
    let mut client = Client::of(&["--lab=1"]);
    let command = json!({"router_name": "edge-1", "command": "show configuration"});
    let whole = client.call("execute_junos_command", command.clone());
    let mut capped = command;
    capped["max_lines"] = json!(3);
    let cut = client.call("execute_junos_command", capped);
    let link = &cut["result"]["content"][1];
    assert_eq!(link["type"], "resource_link", "{cut}");
    let answer = read(&mut client, link["uri"].as_str().expect("a URI"));
    assert_eq!(
        text(&answer),
        whole["result"]["content"][0]["text"].as_str().expect("text")
    );
    assert_eq!(answer["result"]["ttlMs"], 60_000);
}

#[test]
fn a_job_is_read_by_its_id() {
    let mut client = Client::of(&["--lab=1"]);
    let change =
        json!({"router_name": "edge-1", "config_text": "set system location building b", "config_format": "set"});
    let committed = client.call("load_and_commit_config", change);
    assert_eq!(structured(&committed)["outcome"], "committed");
    // Completions know it, as every commit is a job.
    let wanted =
        json!({"ref": {"type": "ref/resource", "uri": "junos://jobs/{id}"}, "argument": {"name": "id", "value": ""}});
    let found = client.ask("completion/complete", wanted);
    let id = found["result"]["completion"]["values"][0]
        .as_str()
        .unwrap_or_else(|| panic!("{found}"));
    let answer = read(&mut client, &format!("junos://jobs/{id}"));
    let job: Value = serde_json::from_str(text(&answer)).expect("JSON");
    assert_eq!((&job["job_id"], &job["state"]), (&json!(id), &json!("succeeded")));
    assert_eq!(answer["result"]["ttlMs"], 0);
}

#[test]
fn what_there_is_not_is_one_error_with_the_number_of_the_era() {
    let mut client = Client::of(&["--lab=1"]);
    for uri in [
        "junos://nowhere/facts",
        "junos://nowhere/config",
        "junos://outputs/o-0000",
        "junos://jobs/j-0000000000000000",
        "junos://edge-1/config?depth=1",
        "junos://edge-1",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let legacy = client.ask("resources/read", json!({ "uri": uri }));
        assert_eq!(
            (&legacy["error"]["code"], &legacy["error"]["data"]),
            (&json!(-32002), &json!({"uri": uri}))
        );
        let modern = read(&mut client, uri);
        assert_eq!(
            (&modern["error"]["code"], &modern["error"]["data"]),
            (&json!(-32602), &json!({"uri": uri}))
        );
    }
}

#[test]
fn a_read_that_fails_carries_the_failure_of_the_tool() {
    let inventory = json!({"gone": {"ip": "127.0.0.1", "port": 1, "username": "lab", "auth": {"type": "ssh_agent"}},
        "bad": {"ip": 5}});
    let program =
        crate::cli::program::Program::new(&["-f", "devices.json"]).file("devices.json", 0o600, &inventory.to_string());
    let mut client = Client::running(program.variable("SSH_AUTH_SOCK", "/nowhere/agent"));
    let answer = read(&mut client, "junos://bad/facts");
    assert_eq!(answer["error"]["code"], -31000, "{answer}");
    let error = &answer["error"]["data"]["error"];
    assert_eq!(error["code"], "router_disabled");
    assert!(error["hint"].is_string() && error["retryable"] == false, "{error}");
    let answer = read(&mut client, "junos://gone/config?format=yaml");
    assert_eq!(answer["error"]["data"]["error"]["code"], "invalid_argument", "{answer}");
}

#[test]
fn a_router_out_of_scope_is_an_unknown_resource_and_the_audit_tells_why() {
    let server = Server::start(&["--audit-format=json"]);
    let listed = ask_as(&server, 'B', "resources/list", None, json!({}));
    assert_eq!(uris(&listed), ["junos://inventory", "junos://edge-1/facts"]);
    let ask = |uri: &str| ask_as(&server, 'B', "resources/read", Some(uri), json!({ "uri": uri }));
    let foreign = ask("junos://core-1/facts")["error"].clone();
    let mut nowhere = ask("junos://nowhere/facts")["error"].clone();
    nowhere["data"]["uri"] = json!("junos://core-1/facts");
    assert_eq!(foreign, nowhere);
    assert_eq!(foreign["code"], -32602);
    let record = server.record("gather_device_facts");
    assert_eq!(
        (&record["outcome"], &record["denial"]),
        (&json!("denied"), &json!("router_scope")),
        "{record}"
    );
    let own = ask("junos://inventory");
    let routers: Value = serde_json::from_str(text(&own)).expect("JSON");
    assert_eq!(routers["total"], 1, "{routers}");
}

#[test]
fn the_outputs_of_others_are_not_there() {
    let server = Server::start(&[]);
    let arguments = json!({"router_name": "edge-1", "max_lines": 1});
    let call = json!({"name": "get_junos_config", "arguments": arguments});
    let cut = ask_as(&server, 'A', "tools/call", Some("get_junos_config"), call);
    let id = cut["result"]["_meta"]["output_id"]
        .as_str()
        .unwrap_or_else(|| panic!("{cut}"));
    let uri = format!("junos://outputs/{id}");
    let own = ask_as(&server, 'A', "resources/read", Some(&uri), json!({ "uri": uri }));
    assert!(text(&own).contains("host-name"), "{own}");
    let foreign = ask_as(&server, 'B', "resources/read", Some(&uri), json!({ "uri": uri }));
    assert_eq!(foreign["error"]["code"], -32602, "{foreign}");
}

#[test]
fn a_resource_whose_tool_is_not_offered_is_not_there() {
    let mut client = Client::of(&["--lab=1", "--exclude-tools", "gather_device_facts,get_router_list"]);
    let listed = client.ask("resources/list", json!({}));
    assert!(uris(&listed).is_empty(), "{listed}");
    for uri in ["junos://inventory", "junos://edge-1/facts"] {
        assert_eq!(read(&mut client, uri)["error"]["code"], -32602, "{uri}");
    }
    let templates = client.ask("resources/templates/list", json!({}));
    let templates = templates["result"]["resourceTemplates"].as_array().expect("templates");
    assert!(templates.iter().all(|form| form["name"] != "facts"), "{templates:?}");
}
