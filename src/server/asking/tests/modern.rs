//! The question is the result of the call, and the call is repeated with the answer.

use serde_json::{Value, json};

use super::{Site, accepting, answering, change, code};
use crate::tools::ConfirmPolicy::Commits;

const LOAD: &str = "load_and_commit_config";

#[tokio::test]
async fn a_commit_is_made_once_the_person_agrees_and_nothing_is_held_before() {
    let site = Site::new(Commits).await;
    let mut client = site.client();
    let asked = client.call(LOAD, change(), json!({})).await;
    site.assert_nothing_is_held().await;
    assert!(!site.router("edge1").active().contains("B7"));
    let question = &asked["result"]["inputRequests"]["confirm"];
    assert_eq!(question["method"], "elicitation/create", "{asked}");
    let message = question["params"]["message"].as_str().expect("words");
    for part in ["edge1", "+1 -1 lines", "location B7"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(
        question["params"]["requestedSchema"]["properties"]["confirm"]["type"],
        "boolean"
    );
    let done = client.call(LOAD, change(), accepting(&asked)).await;
    assert_eq!(done["result"]["structuredContent"]["outcome"], "committed", "{done}");
    assert!(site.router("edge1").active().contains("location B7;"));
    site.assert_nothing_is_held().await;
    let records = site.records();
    let facts: Vec<(&Value, &Value, &Value)> = records
        .iter()
        .map(|one| (&one["outcome"], &one["confirm"], &one["result"]["asked"]))
        .collect();
    let (ok, none) = (json!("ok"), Value::Null);
    assert_eq!(
        facts,
        [(&ok, &json!("none"), &json!("person")), (&ok, &json!("person"), &none)]
    );
}

#[tokio::test]
async fn what_goes_out_with_a_question_says_nothing_of_the_change() {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let site = Site::new(Commits).await;
    let asked = site.client().call(LOAD, change(), json!({})).await;
    let state = asked["result"]["requestState"].as_str().expect("a state");
    let parts = state.split('.').filter_map(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let readable: String = parts
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    assert!(readable.contains("\"nonce\""), "{readable}");
    assert!(!readable.contains("B7") && !readable.contains("edge1"), "{readable}");
}

#[tokio::test]
async fn a_person_who_does_not_agree_changes_nothing_and_the_router_is_not_asked_again() {
    for (action, content) in [
        ("decline", Value::Null),
        ("cancel", Value::Null),
        ("accept", json!({"confirm": false})),
    ] {
        let site = Site::new(Commits).await;
        let mut client = site.client();
        let asked = client.call(LOAD, change(), json!({})).await;
        let seen = site.router("edge1").seen().len();
        let done = client.call(LOAD, change(), answering(&asked, action, content)).await;
        assert_eq!(code(&done), "declined", "{action}: {done}");
        assert_eq!(site.router("edge1").seen().len(), seen, "{action}");
        assert_eq!(
            site.router("edge1").commits().len(),
            1,
            "{action}: the one it began with"
        );
        assert_eq!(site.records()[1]["denial"], "confirmation");
        // Having said no is used up as well.
        let again = client.call(LOAD, change(), accepting(&asked)).await;
        assert_eq!(code(&again), "confirmation_token_invalid", "{action}: {again}");
    }
}

#[tokio::test]
async fn an_answer_of_no_use_is_asked_for_again_and_what_is_unknown_in_it_is_ignored() {
    let site = Site::new(Commits).await;
    let mut client = site.client();
    let mut asked = client.call(LOAD, change(), json!({})).await;
    let state = asked["result"]["requestState"].clone();
    for useless in [
        json!({"requestState": state}),
        json!({"requestState": state, "inputResponses": {}}),
        json!({"requestState": state, "inputResponses": {"other": {"action": "accept"}}}),
        json!({"requestState": state, "inputResponses": {"confirm": {"action": "perhaps"}}}),
        json!({"requestState": state, "inputResponses": {"confirm": 5}}),
        answering(&asked, "accept", Value::Null),
        answering(&asked, "accept", json!({"confirm": "yes"})),
        answering(&asked, "accept", json!({"confirm": null})),
    ] {
        asked = client.call(LOAD, change(), useless.clone()).await;
        assert_eq!(asked["result"]["resultType"], "input_required", "{useless}: {asked}");
        site.assert_nothing_is_held().await;
    }
    let mut brought = answering(&asked, "accept", json!({"confirm": true, "mood": "good"}));
    brought["inputResponses"]["other"] = json!({"action": "accept"});
    let done = client.call(LOAD, change(), brought).await;
    assert_eq!(done["result"]["structuredContent"]["outcome"], "committed", "{done}");
}

#[tokio::test]
async fn a_state_that_was_changed_or_is_for_another_call_is_a_protocol_error() {
    let site = Site::new(Commits).await;
    let mut client = site.client();
    let asked = client.call(LOAD, change(), json!({})).await;
    let seen = site.router("edge1").seen().len();
    let good = accepting(&asked);
    let mut tampered = good.clone();
    let state = tampered["requestState"].as_str().expect("a state").to_owned();
    tampered["requestState"] = json!(format!("{}A", &state[..state.len() - 1]));
    let mut other = change();
    other["config_text"] = json!("set snmp location C8");
    let other_tool = json!({"router_name": "edge1", "version": 1, "commit": true});
    for (tool, arguments, brought) in [
        (LOAD, change(), tampered),
        (LOAD, change(), json!({"requestState": "rs1.x.y"})),
        (LOAD, other, good.clone()),
        ("rollback_config", other_tool, good.clone()),
    ] {
        let refused = client.call(tool, arguments, brought).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    assert_eq!(site.router("edge1").seen().len(), seen);
    assert!(site.records().iter().skip(1).all(|one| one["denial"] == "confirmation"));
    let done = client.call(LOAD, change(), good).await;
    assert_eq!(done["result"]["structuredContent"]["outcome"], "committed", "{done}");
}

#[tokio::test]
async fn an_answer_counts_once_and_its_repetition_names_the_call_that_used_it() {
    let site = Site::new(Commits).await;
    let mut client = site.client();
    let asked = client.call(LOAD, change(), json!({})).await;
    let done = client.call(LOAD, change(), accepting(&asked)).await;
    let first = done["result"]["_meta"]["call_id"].as_str().expect("an id").to_owned();
    let (seen, commits) = (site.router("edge1").seen().len(), site.router("edge1").commits().len());
    let again = client.call(LOAD, change(), accepting(&asked)).await;
    assert_eq!(code(&again), "confirmation_token_invalid", "{again}");
    let hint = again["result"]["structuredContent"]["error"]["hint"]
        .as_str()
        .expect("a hint");
    assert!(hint.contains(&first), "{hint}");
    assert_eq!(site.router("edge1").seen().len(), seen);
    assert_eq!(site.router("edge1").commits().len(), commits);
}

#[tokio::test]
async fn a_router_that_changed_meanwhile_shows_the_new_plan_and_commits_nothing() {
    let site = Site::new(Commits).await;
    let mut client = site.client();
    let asked = client.call(LOAD, change(), json!({})).await;
    site.colleague("set snmp location A1");
    let drifted = client.call(LOAD, change(), accepting(&asked)).await;
    assert_eq!(code(&drifted), "confirmation_plan_drift", "{drifted}");
    assert!(site.router("edge1").active().contains("location A1;"));
    site.assert_nothing_is_held().await;
    let told = &drifted["result"]["structuredContent"];
    assert!(
        told["plan"]["routers"][0]["diff"]
            .as_str()
            .is_some_and(|diff| diff.contains("-  location A1")),
        "{told}"
    );
    // The new plan has a token, and a person is asked about it all the same.
    let mut arguments = change();
    arguments["plan_token"] = told["plan_token"].clone();
    let asked = client.call(LOAD, arguments.clone(), json!({})).await;
    let done = client.call(LOAD, arguments.clone(), accepting(&asked)).await;
    assert_eq!(done["result"]["structuredContent"]["outcome"], "committed", "{done}");
    assert!(site.router("edge1").active().contains("location B7;"));
    let again = client.call(LOAD, arguments, json!({})).await;
    assert_eq!(code(&again), "confirmation_token_invalid", "{again}");
}

#[tokio::test]
async fn a_colleagues_uncommitted_work_is_left_alone_and_nobody_is_asked_in_vain() {
    let site = Site::new(Commits).await;
    site.router("edge1")
        .edit_as("ann", "set snmp contact desk")
        .expect("nobody else edits");
    let before = site.router("edge1").uncommitted();
    let refused = site.client().call(LOAD, change(), json!({})).await;
    assert_eq!(code(&refused), "candidate_dirty", "{refused}");
    assert_eq!(site.router("edge1").uncommitted(), before);
}

#[tokio::test]
async fn a_change_that_changes_nothing_needs_nobody() {
    let site = Site::new(Commits).await;
    site.colleague(super::CHANGE);
    let done = site.client().call(LOAD, change(), json!({})).await;
    assert_eq!(done["result"]["structuredContent"]["outcome"], "no_changes", "{done}");
}

#[tokio::test]
async fn every_tool_that_commits_asks_and_those_that_only_look_do_not() {
    let site = Site::new(Commits).await;
    let mut client = site.client();
    let confirmed = json!({"router_name": "edge1", "config_text": super::CHANGE, "confirm_timeout_mins": 5});
    let template = json!({"template_content": "set snmp contact {{ who }}", "vars_content": "{\"who\": \"desk\"}",
        "router_names": ["edge1", "edge2"], "apply_config": true});
    for (tool, arguments, shown) in [
        (LOAD, confirmed, "goes back by itself after 5 min"),
        (
            "confirm_commit",
            json!({"router_name": "edge1"}),
            "Keep the pending commit on edge1",
        ),
        (
            "rollback_config",
            json!({"router_name": "edge1", "version": 2, "commit": true}),
            "-  location B7",
        ),
        ("render_and_apply_j2_template", template, "Commit on edge2"),
    ] {
        let asked = client.call(tool, arguments.clone(), json!({})).await;
        let message = asked["result"]["inputRequests"]["confirm"]["params"]["message"].as_str();
        assert!(
            message.is_some_and(|message| message.contains(shown)),
            "{tool}: {asked}"
        );
        site.assert_nothing_is_held().await;
        let done = client.call(tool, arguments, accepting(&asked)).await;
        assert_eq!(done["result"]["isError"], false, "{tool}: {done}");
    }
    assert!(site.router("edge2").active().contains("contact desk;"));
    for (tool, arguments) in [
        ("commit_check_config", change()),
        ("rollback_config", json!({"router_name": "edge1", "version": 1})),
        (
            "render_and_apply_j2_template",
            json!({"template_content": "x", "vars_content": "{}"}),
        ),
    ] {
        let done = client.call(tool, arguments, json!({})).await;
        assert_eq!(done["result"]["resultType"], "complete", "{tool}: {done}");
    }
}

#[tokio::test]
async fn a_template_is_confirmed_for_the_routers_that_answer_and_leaves_the_others_alone() {
    let site = Site::new(Commits).await;
    let mut client = site.client();
    let template = json!({"template_content": "set snmp contact desk", "vars_content": "{}",
        "router_names": ["edge1", "edge2"], "apply_config": true});
    site.router("edge1")
        .edit_as("ann", "set snmp location A1")
        .expect("nobody else edits");
    let asked = client
        .call("render_and_apply_j2_template", template.clone(), json!({}))
        .await;
    let done = client
        .call("render_and_apply_j2_template", template, accepting(&asked))
        .await;
    let rows = &done["result"]["structuredContent"]["results"];
    assert_eq!(
        (&rows[0]["error"]["code"], &rows[1]["status"]),
        (&json!("candidate_dirty"), &json!("committed")),
        "{done}"
    );
    assert!(site.router("edge1").uncommitted().contains("A1"));
    assert!(site.router("edge2").active().contains("contact desk;"));
}
