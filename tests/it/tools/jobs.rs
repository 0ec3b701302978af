//! Jobs: what a call that could not wait for the end leaves to be asked later.

use std::time::Duration;

use rust_junosmcp::lab::{Action, Fault, Injected, Shape, Trigger};
use serde_json::{Value, json};

use crate::lab::{Lab, assert_fits};

fn change() -> Value {
    json!({"router_name": "edge1", "config_text": "set snmp location B7", "timeout": 30})
}

/// A router whose commit is made without an answer, and whose history cannot be read until the fault is removed.
fn blind(lab: &Lab) -> Injected {
    let router = lab.router("edge1");
    router.inject(Fault::new(Trigger::reply("commit-configuration"), Action::Drop));
    let broken = Action::Answer(Shape::RpcError("injected trouble".to_owned()));
    router.inject(
        Fault::new(Trigger::rpc("get-commit-information"), broken)
            .nth(2)
            .times(u32::MAX),
    )
}

async fn job(lab: &Lab, id: &str, wait_secs: u64) -> Value {
    let reply = lab.call("get_job", json!({"job_id": id, "wait_secs": wait_secs})).await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    assert_fits("get_job", &reply);
    reply.structured().clone()
}

#[tokio::test(start_paused = true)]
async fn an_unknown_commit_names_its_job_which_finds_out_later() {
    let lab = Lab::new().router("edge1").start().await;
    let blind = blind(&lab);
    let reply = lab.call("load_and_commit_config", change()).await;
    assert_eq!(reply.code(), "commit_unknown", "{}", reply.text());
    let id = reply.structured()["job_id"].as_str().expect("a job").to_owned();

    let running = job(&lab, &id, 0).await;
    assert_eq!(
        (&running["state"], &running["kind"]),
        (&json!("running"), &json!("commit"))
    );
    assert_eq!(running["phases"][0]["phase"], "committing");
    let listed = lab.call("list_jobs", json!({"state": ["running"]})).await;
    assert_fits("list_jobs", &listed);
    assert_eq!(
        listed.structured()["jobs"][0]["job_id"],
        id.as_str(),
        "{}",
        listed.text()
    );
    let status = lab.call("server_status", json!({})).await;
    assert_eq!(
        status.structured()["jobs"],
        json!({"running": 1, "queued": 0, "failed_24h": 0})
    );
    let refused = lab.call("cancel_job", json!({"job_id": id})).await;
    assert_eq!(refused.code(), "not_cancellable", "{}", refused.text());

    blind.remove();
    let ended = job(&lab, &id, 600).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(
        (&ended["result"]["outcome"], &ended["result"]["resolved_by"]),
        (&json!("committed"), &json!("job"))
    );
    assert!(lab.router("edge1").active().contains("location B7;"));
    let again = lab.call("cancel_job", json!({"job_id": id})).await;
    assert_eq!(again.structured()["state"], "succeeded", "{}", again.text());
    assert_fits("cancel_job", &again);
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_job_ends_with_its_seconds() {
    let lab = Lab::new().router("edge1").start().await;
    let _blind = blind(&lab);
    let reply = lab.call("load_and_commit_config", change()).await;
    let id = reply.structured()["job_id"].as_str().expect("a job").to_owned();
    let begun = tokio::time::Instant::now();
    let running = job(&lab, &id, 20).await;
    assert_eq!(running["state"], "running");
    assert!(begun.elapsed() >= Duration::from_secs(20) && begun.elapsed() < Duration::from_secs(25));
}

#[tokio::test]
async fn a_commit_that_was_answered_is_not_listed() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab.call("load_and_commit_config", change()).await;
    assert_eq!(reply.structured()["outcome"], "committed", "{}", reply.text());
    assert_eq!(reply.structured()["job_id"], Value::Null);
    let listed = lab.call("list_jobs", json!({})).await;
    assert_eq!(listed.structured(), &json!({"jobs": [], "total": 0}));
}

#[tokio::test]
async fn unknown_ids_and_cursors_are_refused() {
    let lab = Lab::new().router("edge1").start().await;
    for id in ["j-0123456789abcdef", "../../etc/passwd", "x"] {
        for tool in ["get_job", "cancel_job"] {
            let reply = lab.call(tool, json!({"job_id": id})).await;
            assert_eq!(reply.code(), "job_not_found", "{tool} {id}");
        }
    }
    let reply = lab.call("list_jobs", json!({"cursor": "j-0123456789abcdef"})).await;
    assert_eq!(reply.code(), "invalid_argument");
}
