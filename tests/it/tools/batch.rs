//! Many routers, many commands: one row per router, whatever happens.

use std::time::Duration;

use rust_junosmcp::lab::{Action, Fault, Trigger, What};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::lab::{Lab, Plan, assert_fits};

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

/// Adds `count` routers whose names begin with `kind`.
fn several(plan: Plan, kind: &str, count: usize, each: impl Fn(Plan) -> Plan) -> Plan {
    (0..count).fold(plan, |plan, number| each(plan.router(&format!("{kind}-{number:02}"))))
}

#[tokio::test(start_paused = true)]
async fn of_a_hundred_routers_each_gets_its_row_in_order_and_in_time() {
    let tagged = |plan: Plan| plan.with("tags", json!(["fleet"]));
    let plan = several(Lab::new(), "good", 85, tagged);
    let plan = several(plan, "down", 5, |plan| tagged(plan).down());
    let plan = several(plan, "slow", 5, tagged);
    let plan = several(plan, "stuck", 3, tagged);
    let plan = several(plan, "shut", 2, |plan| tagged(plan).refusing_the_login());
    let lab = plan.start().await;
    let at_each = |kind: &str, count: usize, action: &Action| {
        for number in 0..count {
            let fault = Fault::new(Trigger::rpc("command"), action.clone()).always();
            lab.router(&format!("{kind}-{number:02}")).inject(fault);
        }
    };
    at_each("slow", 5, &Action::Delay(Duration::from_secs(20)));
    at_each("stuck", 3, &Action::Hang);
    let started = tokio::time::Instant::now();
    let reply = lab
        .call(
            TOOL,
            json!({
                "router_names": ["shut-*", "slow-03", "tag:fleet"],
                "commands": ["show version", "show system uptime"],
                "batch_timeout": 60,
            }),
        )
        .await;
    assert!(started.elapsed() <= Duration::from_secs(61), "{:?}", started.elapsed());
    assert_fits(TOOL, &reply);
    let result = reply.structured();
    let mut expected = vec!["shut-00".to_owned(), "shut-01".to_owned(), "slow-03".to_owned()];
    let mut fleet = Vec::new();
    for (kind, count) in [("down", 5), ("good", 85), ("shut", 2), ("slow", 5), ("stuck", 3)] {
        fleet.extend((0..count).map(|number| format!("{kind}-{number:02}")));
    }
    fleet.retain(|name| !expected.contains(name));
    expected.extend(fleet);
    assert_eq!(names(result), expected);
    assert_eq!(result["summary"]["total_routers"], 100);
    assert_eq!(result["summary"]["successful"], 90);
    for row in result["results"].as_array().expect("rows") {
        let name = row["router_name"].as_str().expect("a name");
        let error = row["error"].as_str().unwrap_or_default();
        let command = |index: usize| row["commands"][index]["error"].as_str().unwrap_or_default();
        match name.split('-').next().expect("a kind") {
            "down" => assert!(error.ends_with("[code=connect_failed]"), "{row}"),
            "shut" => assert!(error.ends_with("[code=auth_failed]"), "{row}"),
            "stuck" => {
                assert_eq!(command(0), "batch timeout [code=outer_timeout]", "{row}");
                assert_eq!(command(1), "not run", "{row}");
            }
            _ => assert_eq!(row["status"], "success", "{row}"),
        }
    }
    // A refused login is tried once.
    let tried = lab
        .seen_by("shut-00")
        .into_iter()
        .filter(|event| matches!(event.what, What::Auth { .. }));
    assert_eq!(tried.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_batch_contacts_no_further_router() {
    let lab = three().await;
    lab.router("core-1")
        .inject(Fault::new(Trigger::rpc("command"), Action::Hang));
    let cancel = CancellationToken::new();
    let arguments = json!({
        "router_names": ["core-1", "edge-1", "edge-2"], "commands": ["show version"], "max_concurrent_routers": 1,
    });
    let call = lab.request(TOOL, arguments, |request| request.cancelled_by(cancel.clone()));
    let (reply, ()) = tokio::join!(call, async {
        lab.router("core-1").wait_for(|event| event.command().is_some()).await;
        cancel.cancel();
    });
    assert_eq!(reply.code(), "cancelled");
    assert!(lab.seen_by("edge-1").is_empty() && lab.seen_by("edge-2").is_empty());
}

#[tokio::test]
async fn a_result_has_a_bound_and_what_it_leaves_out_is_kept() {
    let lab = several(Lab::new(), "edge", 16, |plan| plan).start().await;
    for number in 0..16 {
        let huge = Fault::new(Trigger::reply("command"), Action::Huge(90_000)).always();
        lab.router(&format!("edge-{number:02}")).inject(huge);
    }
    let arguments = json!({"router_names": ["*"], "commands": ["show version"], "max_bytes": 100_000});
    let reply = lab.call(TOOL, arguments).await;
    assert_fits(TOOL, &reply);
    let result = reply.structured();
    let size = result.to_string().len();
    assert!((700_000..=1_000_000).contains(&size), "{size} bytes");
    let rows = result["results"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["status"] == "success"));
    let left_out: Vec<&Value> = rows
        .iter()
        .map(|row| &row["commands"][0])
        .filter(|command| command.get("output").is_none())
        .collect();
    assert!((4..=9).contains(&left_out.len()), "{} of 16", left_out.len());
    for command in left_out {
        let arguments = json!({"output_id": command["output_id"], "max_bytes": 1_000_000});
        let whole = lab.call("read_output", arguments).await;
        assert!(whole.text().len() > 80_000, "{}", whole.text().len());
    }
}
