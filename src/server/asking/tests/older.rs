//! The question is a request on the stream of the call, which waits.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Site, change, code};
use crate::tools::ConfirmPolicy::Commits;

const LOAD: &str = "load_and_commit_config";

fn answer(question: &Value, result: Value) -> Value {
    assert_eq!(question["method"], "elicitation/create", "{question}");
    json!({"jsonrpc": "2.0", "id": question["id"], "result": result})
}

#[tokio::test(start_paused = true)]
async fn a_commit_is_made_once_the_person_agrees_however_long_that_takes() {
    let site = Site::new(Commits).await;
    let mut client = site.client().opened().await;
    let mut arguments = change();
    arguments["timeout"] = json!(30);
    let id = client.begin(LOAD, arguments).await;
    let question = client.next().await;
    assert!(
        question["params"]["message"]
            .as_str()
            .is_some_and(|words| words.contains("location B7")),
        "{question}"
    );
    site.assert_nothing_is_held().await;
    tokio::time::advance(Duration::from_secs(240)).await;
    client
        .send(&answer(
            &question,
            json!({"action": "accept", "content": {"confirm": true}}),
        ))
        .await;
    let done = client.next().await;
    assert_eq!(
        (&done["id"], &done["result"]["structuredContent"]["outcome"]),
        (&json!(id), &json!("committed")),
        "{done}"
    );
    let records = site.records();
    assert_eq!(records.len(), 1, "one call, one record");
    assert_eq!(
        (&records[0]["confirm"], &records[0]["outcome"]),
        (&json!("person"), &json!("ok"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_person_who_does_not_agree_changes_nothing() {
    for result in [
        json!({"action": "decline"}),
        json!({"action": "cancel"}),
        json!({"action": "accept", "content": {"confirm": false}}),
    ] {
        let site = Site::new(Commits).await;
        let mut client = site.client().opened().await;
        client.begin(LOAD, change()).await;
        let question = client.next().await;
        let seen = site.router("edge1").seen().len();
        client.send(&answer(&question, result.clone())).await;
        let done = client.next().await;
        assert_eq!(code(&done), "declined", "{result}: {done}");
        assert_eq!(site.router("edge1").seen().len(), seen, "{result}");
        assert_eq!(site.records()[0]["denial"], "confirmation");
    }
}

#[tokio::test(start_paused = true)]
async fn five_minutes_of_silence_are_a_no() {
    let site = Site::new(Commits).await;
    let mut client = site.client().opened().await;
    let id = client.begin(LOAD, change()).await;
    client.next().await;
    let asked = Instant::now();
    let done = loop {
        let message = client.next().await;
        if message["id"] == id {
            break message;
        }
    };
    assert_eq!(code(&done), "declined", "{done}");
    assert_eq!(asked.elapsed().as_secs(), 300);
    assert!(!site.router("edge1").active().contains("B7"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_no_use_is_asked_for_again_but_not_for_ever() {
    let site = Site::new(Commits).await;
    let mut client = site.client().opened().await;
    client.begin(LOAD, change()).await;
    let mut asked = 0;
    let done = loop {
        let message = client.next().await;
        if message["method"] != "elicitation/create" {
            break message;
        }
        asked += 1;
        client
            .send(&answer(
                &message,
                json!({"action": "accept", "content": {"confirm": "yes"}}),
            ))
            .await;
    };
    assert_eq!(
        (asked, code(&done)),
        (crate::server::asking::MOST_QUESTIONS, "declined"),
        "{done}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_cannot_do_what_it_declares_is_no_consent() {
    let site = Site::new(Commits).await;
    let mut client = site.client().opened().await;
    client.begin(LOAD, change()).await;
    let question = client.next().await;
    let error = json!({"code": -32601, "message": "no such method"});
    client
        .send(&json!({"jsonrpc": "2.0", "id": question["id"], "error": error}))
        .await;
    assert_eq!(code(&client.next().await), "declined");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_cancelled_while_it_asks_is_over_at_once() {
    let site = Site::new(Commits).await;
    let mut client = site.client().opened().await;
    let id = client.begin(LOAD, change()).await;
    client.next().await;
    client
        .send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}))
        .await;
    let next = client.begin("get_router_list", json!({})).await;
    let answer = loop {
        let message = client.next().await;
        if message["method"].is_null() {
            break message;
        }
    };
    assert_eq!(answer["id"], next, "{answer}");
    assert_eq!(site.records()[0]["outcome"], "cancelled");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_question_is_seen_to_wait() {
    let site = Site::new(Commits).await;
    let mut client = site.client().opened().await;
    let params = json!({"name": LOAD, "arguments": change(), "_meta": {"progressToken": "p"}});
    client
        .send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}))
        .await;
    while client.next().await["method"] != "elicitation/create" {}
    let asked = Instant::now();
    for beat in 1..4 {
        assert_eq!(client.next().await["method"], "notifications/progress");
        assert!(
            asked.elapsed() <= Duration::from_secs(10 * beat),
            "{:?}",
            asked.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_a_person() {
    let site = Site::new(Commits).await;
    let mut client = site.client().opened().await;
    client.begin(LOAD, change()).await;
    client.next().await;
    site.app.close();
    let done = loop {
        let message = client.next().await;
        if message["method"].is_null() {
            break message;
        }
    };
    assert_eq!(code(&done), "overloaded", "{done}");
}
