//! Commits that are verified before they are kept, as a model asks for them.

use chrono::DateTime;
use rust_junosmcp::Clock;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::lab::{Lab, Plan, assert_fits};

const TOOL: &str = "load_and_commit_config";

fn plan() -> Plan {
    let start = DateTime::from_timestamp(1_900_000_000, 0).expect("a valid time");
    Lab::new()
        .router("edge1")
        .router("core1")
        .router("edge2")
        .clock(Clock::starting_at(start))
}

fn arguments(lines: &str, verify: Value) -> Value {
    json!({"router_name": "edge1", "config_text": lines, "confirm_timeout_mins": 2, "verify": verify})
}

const GOOD: &str = "set snmp location B7";

#[tokio::test(start_paused = true)]
async fn a_good_change_is_committed_and_kept_in_one_call() {
    let lab = plan().start().await;
    let verify = json!([
        {"check": "bgp"},
        {"check": "interfaces", "names": ["fxp0.0"]},
        {"check": "command", "command": "show configuration snmp | match location", "match": "B7"},
    ]);
    let reply = lab.call(TOOL, arguments(GOOD, verify)).await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    assert_fits(TOOL, &reply);
    let result = reply.structured();
    assert_eq!(
        (&result["outcome"], &result["confirmed_by"]),
        (&json!("committed"), &json!("verify"))
    );
    assert_eq!(result["rollback_at"], Value::Null);
    assert!(
        result["diff"].as_str().is_some_and(|diff| diff.contains("location B7")),
        "{result}"
    );
    let verify = result["verify"].as_array().expect("the checks");
    let words: Vec<&str> = verify.iter().filter_map(|check| check["check"].as_str()).collect();
    assert_eq!(words, ["session", "bgp", "interfaces", "command"]);
    assert!(verify.iter().all(|check| check["after"] == "pass"), "{result}");
    assert!(!lab.router("edge1").commits()[0].pending);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_cuts_the_way_to_the_router_is_told_to_be_rolled_back() {
    let lab = plan().start().await;
    let before = lab.router("edge1").active();
    let reply = lab
        .call(TOOL, arguments("delete interfaces fxp0", json!([{"check": "session"}])))
        .await;
    assert_eq!(reply.code(), "verify_failed", "{}", reply.text());
    let result = reply.structured();
    assert_eq!(result["outcome"], "rolled_back", "{result}");
    assert_eq!(result["verify"][0]["after"], "fail", "{result}");
    assert!(
        result["diff"].as_str().is_some_and(|diff| diff.contains("fxp0")),
        "{result}"
    );
    assert_eq!(result["error"]["details"]["commit"]["user"], "root", "{result}");
    assert_eq!(lab.router("edge1").active(), before);
}

#[tokio::test(start_paused = true)]
async fn what_outlasts_its_call_goes_on_as_a_job() {
    let lab = plan().start().await;
    let mut call = arguments(GOOD, json!([{"check": "interfaces", "names": ["ge-0/0/99"]}]));
    call["timeout"] = json!(20);
    let reply = lab.call(TOOL, call).await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    assert_fits(TOOL, &reply);
    assert_eq!(reply.structured()["status"], "running", "{}", reply.text());
    let id = reply.structured()["job_id"].clone();
    let ended = lab.call("get_job", json!({"job_id": id, "wait_secs": 600})).await;
    let job = ended.structured();
    assert_eq!(
        (&job["state"], &job["error"]["code"], &job["result"]["outcome"]),
        (&json!("failed"), &json!("verify_failed"), &json!("rolled_back")),
        "{job}"
    );
    assert_eq!(job["result"]["verify"][1]["before"], "fail", "{job}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_does_not_stop_it() {
    let lab = plan().start().await;
    let leaving = CancellationToken::new();
    let verify = json!([{"check": "command", "command": "show configuration snmp", "match": "contact theirs"}]);
    let call = lab.request(TOOL, arguments(GOOD, verify), |request| {
        request.cancelled_by(leaving.clone())
    });
    let router = lab.router("edge1");
    let leave = async {
        router
            .wait_for(|event| event.rpc() == Some("commit-configuration"))
            .await;
        leaving.cancel();
    };
    let (_, ()) = tokio::join!(call, leave);
    let jobs = lab.call("list_jobs", json!({})).await;
    let job = &jobs.structured()["jobs"][0];
    let told = lab
        .call("get_job", json!({"job_id": job["job_id"], "wait_secs": 600}))
        .await;
    assert_eq!(told.structured()["result"]["outcome"], "rolled_back", "{}", told.text());
    assert_eq!(router.commits()[0].user, "root");
}

#[tokio::test]
async fn what_may_not_be_asked_is_refused_before_the_router_is_contacted() {
    let lab = Lab::new().router("edge1").deny("show log*").start().await;
    let command = |command: &str, pattern: &str| json!([{"check": "command", "command": command, "match": pattern}]);
    for (verify, code) in [
        (command("show log messages", "x"), "blocked"),
        (command("request system reboot", "x"), "invalid_argument"),
        (command("clear bgp neighbor", "x"), "invalid_argument"),
        (command("show version", "("), "invalid_argument"),
        (command("show version", "(a{1000}){1000}"), "invalid_argument"),
        (
            json!([{"check": "command", "command": "show version"}]),
            "invalid_argument",
        ),
        (json!([{"check": "ping", "host": "10.0.0.1 rapid"}]), "invalid_argument"),
        (json!([{"check": "ping"}]), "invalid_argument"),
        (json!([{"check": "bgp", "host": "10.0.0.1"}]), "invalid_argument"),
        (json!([{"check": "interfaces", "names": ["ge-*"]}]), "invalid_argument"),
        (json!([{"check": "weather"}]), "invalid_argument"),
        (json!([]), "invalid_argument"),
        (json!(vec![json!({"check": "bgp"}); 17]), "invalid_argument"),
    ] {
        let reply = lab.call(TOOL, arguments(GOOD, verify.clone())).await;
        assert_eq!(reply.code(), code, "{verify}: {}", reply.text());
    }
    let mut unconfirmed = arguments(GOOD, json!([{"check": "bgp"}]));
    unconfirmed["confirm_timeout_mins"] = Value::Null;
    let mut private = arguments(GOOD, json!([{"check": "bgp"}]));
    private["candidate_mode"] = json!("private");
    for refused in [unconfirmed, private] {
        let reply = lab.call(TOOL, refused.clone()).await;
        assert_eq!(reply.code(), "invalid_argument", "{refused}: {}", reply.text());
    }
    assert!(lab.seen_by("edge1").is_empty());
}
