//! JSON that was asked for with `output_format`: as short as it can be without a loss.

use rust_junosmcp::lab::{Action, Fault, Shape, Trigger};
use serde_json::{Value, json};

use crate::lab::Lab;

const COMMANDS: [&str; 8] = [
    "show version",
    "show interfaces terse",
    "show interfaces extensive",
    "show bgp summary",
    "show system uptime",
    "show chassis hardware",
    "show route",
    "show system alarms",
];

async fn text(lab: &Lab, command: &str, format: Option<&str>) -> String {
    let arguments = json!({"router_name": "edge1", "command": command, "output_format": format,
        "max_bytes": 1_000_000});
    let reply = lab.call("execute_junos_command", arguments).await;
    assert_eq!(reply.code(), "", "{command}: {}", reply.text());
    reply.text().to_owned()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn answering(raw: &str) -> Fault {
    Fault::new(Trigger::rpc("command"), Action::Answer(Shape::Raw(raw.to_owned())))
}

#[tokio::test]
async fn everyday_answers_take_half_of_the_bytes_at_most() {
    let lab = Lab::new().router("edge1").start().await;
    for command in COMMANDS {
        let long = text(&lab, &format!("{command} | display json"), None).await;
        let short = text(&lab, command, Some("json")).await;
        assert!(
            2 * short.len() <= long.len(),
            "{command}: {} of {}",
            short.len(),
            long.len()
        );
        let own = parsed(&long).to_string();
        assert!(own.contains("[{\"data\":"), "the pipe gives Junos' own: {own}");
        let short = parsed(&short).to_string();
        for noise in ["\"data\":", "\"attributes\":", "xmlns", "null"] {
            assert!(!short.contains(noise), "{command}: {short}");
        }
    }
    assert!(lab.commands_at("edge1").iter().all(|command| !command.contains("json")));
}

#[tokio::test]
async fn every_node_of_a_cluster_is_a_row() {
    let lab = Lab::new().router("edge1").profile("srx-cluster-23.4").start().await;
    let rows = parsed(&text(&lab, "show version", Some("json")).await);
    let names: Vec<&str> = rows
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["re-name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["node0", "node1"], "{rows}");
    assert!(rows[0]["software-information"]["junos-version"].is_string(), "{rows}");
}

#[tokio::test]
async fn pipes_choose_rows() {
    let lab = Lab::new().router("edge1").start().await;
    let row = text(&lab, "show interfaces terse | match lo0", Some("json")).await;
    assert!(row.lines().all(|line| line.contains("lo0")) && !row.is_empty(), "{row}");
}

#[tokio::test]
async fn a_time_keeps_its_seconds() {
    let lab = Lab::new().router("edge1").start().await;
    let uptime = text(&lab, "show system uptime", Some("json")).await;
    assert!(uptime.contains(":seconds\":"), "{uptime}");
    let uptime = parsed(&uptime);
    let booted = &uptime["system-uptime-information"]["system-booted-time"];
    assert!(
        booted["date-time:seconds"].is_u64() && booted["date-time"].is_string(),
        "{uptime}"
    );
}

#[tokio::test]
async fn what_is_no_json_comes_as_it_is_with_a_note() {
    let lab = Lab::new().router("edge1").start().await;
    let broken = "{\"a\" : [{\"data\" : \"x\"}";
    lab.router("edge1").inject(answering(broken));
    let arguments = json!({"router_name": "edge1", "command": "show version", "output_format": "json"});
    let reply = lab.call("execute_junos_command", arguments).await;
    assert_eq!((reply.code(), reply.text()), ("", broken));
    assert!(reply.blocks()[1].starts_with("note: "), "{:?}", reply.blocks());
}

#[tokio::test]
async fn no_spelling_of_a_secret_survives_being_shortened() {
    let lab = Lab::new().router("edge1").start().await;
    for raw in [
        r#"{"a" : [{"authentication-key" : [{"data" : "hunter2word"}]}]}"#,
        r#"{"a" : [{"secret" : [{"data" : "hunter2word", "attributes" : {"junos:format" : "hunter2word"}}]}]}"#,
        r#"{"a" : [{"text" : [{"data" : "\u0024\u0039\u0024hunter2word"}]}]}"#,
        r#"{"a" : {"pre-shared-key" : {"ascii-text" : "hunter2word"}}}"#,
        r#"{"a" : [{"line" : [{"data" : "set system radius-server 192.0.2.1 secret hunter2word"}]}]}"#,
        r#"{"configuration" : {"snmp" : {"community" : [{"name" : "hunter2word"}]}}}"#,
    ] {
        lab.router("edge1").inject(answering(raw));
        let arguments = json!({"router_name": "edge1", "command": "show version", "output_format": "json"});
        let reply = lab.call("execute_junos_command", arguments).await;
        let shown = reply.blocks().join("\n");
        assert!(!shown.contains("hunter2word"), "{raw}: {shown}");
        assert_eq!(shown.matches("<redacted:").count(), 1, "{raw}: {shown}");
        parsed(reply.text());
    }
}
