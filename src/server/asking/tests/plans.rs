//! A client that can ask nobody is given a plan and a token for it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Client, Site, change, code};
use crate::{
    app::{Caller, Request},
    lab::{Action, Doing, Errand, Fault, Trigger},
    tools::ConfirmPolicy::{Commits, Destroy, Strict},
};

const LOAD: &str = "load_and_commit_config";

async fn planned(client: &mut Client) -> Value {
    let offered = client.call(LOAD, change(), json!({})).await;
    let result = &offered["result"];
    assert_eq!(result["isError"], false, "{offered}");
    assert_eq!(result["structuredContent"]["status"], "confirmation_required");
    result.clone()
}

fn with(token: &Value) -> Value {
    let mut arguments = change();
    arguments["plan_token"] = token.clone();
    arguments
}

#[tokio::test]
async fn a_plan_is_told_in_both_forms_and_its_token_confirms_it_once() {
    let site = Site::new(Commits).await;
    let mut client = site.mute_client();
    let offered = planned(&mut client).await;
    site.assert_nothing_is_held().await;
    assert!(!site.router("edge1").active().contains("B7"));
    let text = offered["content"][0]["text"].as_str().expect("text");
    let told = &offered["structuredContent"];
    let token = told["plan_token"].as_str().expect("a token");
    assert!(
        text.starts_with("Confirmation required [code=confirmation_required]"),
        "{text}"
    );
    assert!(text.contains("location B7") && text.contains(token), "{text}");
    assert_eq!(told["plan"]["routers"][0]["added"], 1, "{told}");
    assert!(told["expires_at"].is_string());
    let mut arguments = with(&json!(token));
    // Whoever says confirm as well, as for the tools that always need a plan, is understood.
    arguments["confirm"] = json!(true);
    let done = client.call(LOAD, arguments, json!({})).await;
    assert_eq!(done["result"]["structuredContent"]["outcome"], "committed", "{done}");
    assert_eq!(site.records()[1]["confirm"], "plan");
    let first = done["result"]["_meta"]["call_id"].as_str().expect("an id").to_owned();
    let seen = site.router("edge1").seen().len();
    let again = client.call(LOAD, with(&json!(token)), json!({})).await;
    assert_eq!(code(&again), "confirmation_token_invalid", "{again}");
    let hint = again["result"]["structuredContent"]["error"]["hint"]
        .as_str()
        .expect("a hint");
    assert!(hint.contains(&first), "{hint}");
    assert_eq!(site.router("edge1").seen().len(), seen);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_too_old_unknown_or_somebody_elses_confirms_nothing() {
    let site = Site::new(Commits).await;
    let mut client = site.mute_client();
    let token = planned(&mut client).await["structuredContent"]["plan_token"].clone();
    let Value::Object(arguments) = with(&token) else {
        panic!("arguments")
    };
    let foreign = site
        .app
        .call(Request::new(Caller::no_auth(), LOAD, arguments))
        .await
        .expect("offered");
    assert_eq!(foreign.code(), "confirmation_token_invalid");
    assert!(!foreign.text().contains("c-"), "{}", foreign.text());
    let unknown = client.call(LOAD, with(&json!("x")), json!({})).await;
    assert_eq!(code(&unknown), "confirmation_token_invalid", "{unknown}");
    tokio::time::advance(Duration::from_secs(301)).await;
    let late = client.call(LOAD, with(&token), json!({})).await;
    assert_eq!(code(&late), "confirmation_token_invalid", "{late}");
    assert!(!site.router("edge1").active().contains("B7"));
}

#[tokio::test]
async fn a_token_holds_for_the_arguments_and_the_router_as_they_were() {
    let site = Site::new(Commits).await;
    let mut client = site.mute_client();
    let token = planned(&mut client).await["structuredContent"]["plan_token"].clone();
    let mut other = with(&token);
    other["config_text"] = json!("set snmp location C8");
    let drifted = client.call(LOAD, other, json!({})).await;
    assert_eq!(code(&drifted), "confirmation_plan_drift", "{drifted}");
    site.colleague("set snmp location A1");
    let drifted = client.call(LOAD, with(&token), json!({})).await;
    assert_eq!(code(&drifted), "confirmation_plan_drift", "{drifted}");
    assert!(site.router("edge1").active().contains("location A1;"));
    let fresh = drifted["result"]["structuredContent"]["plan_token"].clone();
    let text = drifted["result"]["content"][0]["text"].as_str().expect("text");
    assert!(text.contains(fresh.as_str().expect("a token")), "{text}");
    let done = client.call(LOAD, with(&fresh), json!({})).await;
    assert_eq!(done["result"]["structuredContent"]["outcome"], "committed", "{done}");
}

/// The last look before the commit is under the router's lock: what a colleague commits just before it is found there.
#[tokio::test]
async fn what_changes_between_the_last_preview_and_the_lock_is_found_under_the_lock() {
    let site = Site::new(Commits).await;
    let mut client = site.mute_client();
    let token = planned(&mut client).await["structuredContent"]["plan_token"].clone();
    let router = site.router("edge1");
    let errand = Errand {
        user: "ann".to_owned(),
        does: vec![
            Doing::Edit("set snmp location A1".to_owned()),
            Doing::Commit,
            Doing::Leave,
        ],
    };
    // The first lock from now on is that of the preview, the second one that of the commit.
    let fault = Fault::new(Trigger::rpc("lock-configuration"), Action::Colleague(errand)).nth(2);
    let armed = router.inject(fault);
    let drifted = client.call(LOAD, with(&token), json!({})).await;
    assert_eq!(armed.fired(), 1);
    assert_eq!(code(&drifted), "confirmation_plan_drift", "{drifted}");
    let active = router.active();
    assert!(active.contains("location A1;") && !active.contains("B7"), "{active}");
    site.assert_nothing_is_held().await;
}

#[tokio::test]
async fn the_operator_decides_who_has_to_be_asked() {
    let site = Site::new(Strict).await;
    let (mut mute, mut able) = (site.mute_client(), site.client());
    let refused = mute.call(LOAD, change(), json!({})).await;
    assert_eq!(code(&refused), "confirmation_unavailable", "{refused}");
    assert!(site.router("edge1").seen().is_empty());
    let asked = able.call(LOAD, change(), json!({})).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let site = Site::new(Destroy).await;
    let mut clients = [site.client(), site.mute_client()];
    for client in &mut clients {
        let done = client.call(LOAD, change(), json!({})).await;
        assert_eq!(done["result"]["isError"], false, "{done}");
    }
    let strange = clients[1].call(LOAD, with(&json!("x")), json!({})).await;
    assert_eq!(code(&strange), "confirmation_token_invalid", "{strange}");
}
