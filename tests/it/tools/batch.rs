//! Many routers, many commands: one row per router, whatever happens.

use std::time::Duration;

use rust_junosmcp::lab::{Action, Fault, Trigger};
use serde_json::{Value, json};

use crate::lab::{Lab, assert_fits};

const TOOL: &str = "execute_junos_command_batch";

async fn three() -> Lab {
    Lab::new()
        .router("edge-1")
        .with("tags", json!(["edge"]))
        .router("edge-2")
        .with("tags", json!(["edge"]))
        .router("core-1")
        .start()
        .await
}

fn names(structured: &Value) -> Vec<&str> {
    let rows = structured["results"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["router_name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn every_router_gets_a_row_in_the_order_of_the_request() {
    let lab = three().await;
    let arguments = json!({"router_names": ["core-1", "edge-*"], "commands": ["show version", "show system uptime"]});
    let reply = lab.call(TOOL, arguments).await;
    assert_fits(TOOL, &reply);
    let result = reply.structured();
    assert_eq!(names(result), ["core-1", "edge-1", "edge-2"]);
    assert_eq!(result["summary"]["successful"], 3);
    let output = result["results"][0]["commands"][0]["output"].as_str().expect("text");
    assert!(output.contains("Hostname: core-1"), "{output}");
    assert_eq!(serde_json::from_str::<Value>(reply.text()).expect("JSON"), *result);
}

#[tokio::test]
async fn tags_select_and_doubles_count_once() {
    let lab = three().await;
    let arguments = json!({"router_names": ["edge-2", "tag:edge", "edge-2"], "commands": "show version"});
    let reply = lab.call(TOOL, arguments).await;
    assert_eq!(names(reply.structured()), ["edge-2", "edge-1"]);
}

#[tokio::test]
async fn one_router_that_is_down_or_unknown_is_a_row() {
    let lab = Lab::new().router("up").router("away").down().start().await;
    let reply = lab
        .call(
            TOOL,
            json!({"router_names": ["up", "away", "nobody"], "commands": ["show version"]}),
        )
        .await;
    assert_fits(TOOL, &reply);
    let result = reply.structured();
    assert_eq!(
        (
            result["summary"]["successful"].as_u64(),
            result["summary"]["failed"].as_u64()
        ),
        (Some(1), Some(2))
    );
    let error = |row: usize| result["results"][row]["error"].as_str().unwrap_or_default().to_owned();
    assert!(
        error(1).contains("connect failed") && error(1).ends_with("[code=connect_failed]"),
        "{}",
        error(1)
    );
    assert_eq!(
        error(2),
        "router 'nobody' not found in device mapping [code=unknown_router]"
    );
}

#[tokio::test]
async fn one_denied_command_refuses_all_before_anything_is_sent() {
    let lab = Lab::new()
        .router("edge-1")
        .router("edge-2")
        .deny("request *")
        .start()
        .await;
    let arguments = json!({"router_names": ["*"], "commands": ["show version", "request system reboot"]});
    let reply = lab.call(TOOL, arguments).await;
    assert_eq!(reply.code(), "blocked");
    assert!(lab.seen_by("edge-1").is_empty() && lab.seen_by("edge-2").is_empty());
}

#[tokio::test]
async fn a_pattern_without_routers_is_refused() {
    let lab = three().await;
    let reply = lab
        .call(
            TOOL,
            json!({"router_names": ["edge-1", "spine-*"], "commands": ["show version"]}),
        )
        .await;
    assert_eq!(reply.code(), "unknown_router");
    assert!(lab.seen_by("edge-1").is_empty());
}

#[tokio::test]
async fn a_failing_command_does_not_stop_the_next() {
    let lab = three().await;
    let arguments = json!({"router_names": ["edge-1"], "commands": ["show verzion", "show version"]});
    let reply = lab.call(TOOL, arguments).await;
    let row = &reply.structured()["results"][0];
    assert_eq!(row["status"], "failed");
    let error = row["commands"][0]["error"].as_str().expect("an error");
    assert!(error.ends_with("[code=syntax_error]"), "{error}");
    assert_eq!(row["commands"][1]["status"], "success");
}

#[tokio::test]
async fn a_single_command_gives_flat_rows() {
    let lab = three().await;
    let reply = lab
        .call(
            TOOL,
            json!({"routers": ["edge-1", "edge-2"], "command": "show version"}),
        )
        .await;
    assert_fits(TOOL, &reply);
    let result = reply.structured();
    assert_eq!(result["summary"]["command"], "show version");
    let row = &result["results"][1];
    assert!(
        row["output"]
            .as_str()
            .is_some_and(|output| output.contains("Hostname: edge-2")),
        "{row}"
    );
    assert!(row.get("commands").is_none() && row["start_time"].is_string() && row["end_time"].is_string());
}

#[tokio::test(start_paused = true)]
async fn at_the_end_of_the_batch_finished_commands_keep_their_rows() {
    let lab = three().await;
    let stuck = Fault::new(Trigger::rpc("command"), Action::Hang).nth(2);
    lab.router("edge-1").inject(stuck);
    let arguments = json!({
        "router_names": ["edge-1", "edge-2"],
        "commands": ["show version", "show system uptime", "show version"],
        "batch_timeout": 60,
    });
    let reply = lab.call(TOOL, arguments).await;
    assert_fits(TOOL, &reply);
    let rows = &reply.structured()["results"];
    assert_eq!(rows[0]["commands"][0]["status"], "success");
    assert_eq!(rows[0]["commands"][1]["error"], "batch timeout [code=outer_timeout]");
    assert_eq!(rows[0]["commands"][2]["error"], "not run");
    assert_eq!(rows[1]["status"], "success");
}

#[tokio::test(start_paused = true)]
async fn routers_are_worked_on_in_parallel() {
    let lab = Lab::new()
        .router("a")
        .router("b")
        .router("c")
        .router("d")
        .command_time(Duration::from_secs(10))
        .start()
        .await;
    let started = tokio::time::Instant::now();
    let reply = lab
        .call(TOOL, json!({"router_names": ["*"], "commands": ["show version"]}))
        .await;
    assert_eq!(reply.structured()["summary"]["successful"], 4);
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_cut_output_names_where_the_rest_is() {
    let lab = three().await;
    let arguments = json!({"router_names": ["edge-1"], "commands": ["show version"], "max_lines": 1});
    let reply = lab.call(TOOL, arguments).await;
    let command = &reply.structured()["results"][0]["commands"][0];
    assert_eq!(command["truncated"], true);
    let whole = lab
        .call("read_output", json!({"output_id": command["output_id"]}))
        .await;
    assert!(whole.text().lines().count() > 1);
}
