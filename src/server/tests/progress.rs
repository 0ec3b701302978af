//! How a call comes along, as its client is told.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Client, call};

#[tokio::test(start_paused = true)]
async fn progress_comes_within_a_second_and_then_at_least_every_ten() {
    let mut client = Client::opened().await;
    let mut request = call(1, "behave", json!({"behaviour": "hang"}));
    request["params"]["_meta"] = json!({"progressToken": "p"});
    let started = Instant::now();
    client.send(&request).await;
    let (mut last, mut before) = (-1.0, started);
    for limit in [1, 10, 10, 10] {
        let message = client.next().await;
        assert_eq!(message["method"], "notifications/progress");
        assert_eq!(message["params"]["progressToken"], "p");
        let progress = message["params"]["progress"].as_f64().expect("a number");
        assert!(progress > last, "{message}");
        assert!(before.elapsed() <= Duration::from_secs(limit), "{:?}", before.elapsed());
        (last, before) = (progress, Instant::now());
    }
}

#[tokio::test(start_paused = true)]
async fn news_is_told_once_a_second_and_nothing_after_the_answer() {
    let mut client = Client::opened().await;
    let mut request = call(1, "behave", json!({"behaviour": "report"}));
    request["params"]["_meta"] = json!({"progressToken": 7});
    let started = Instant::now();
    client.send(&request).await;
    let (mut told, mut last, mut at): (usize, f64, Option<Duration>) = (0, -1.0, None);
    let answer = loop {
        let message = client.next().await;
        if message.get("id").is_some() {
            break message;
        }
        let progress = message["params"]["progress"].as_f64().expect("a number");
        assert!(progress > last, "{message}");
        let now = started.elapsed();
        assert!(
            at.is_none_or(|before| now - before >= Duration::from_secs(1)),
            "{message}"
        );
        assert!(at.is_some() || now <= Duration::from_secs(1), "{message}");
        assert!(told == 0 || message["params"]["total"] == 50.0, "{message}");
        (told, last, at) = (told + 1, progress, Some(now));
    };
    assert_eq!(answer["result"]["content"][0]["text"], "done");
    // Fifty steps in five seconds.
    assert!((4..=6).contains(&told), "{told} messages");
    // Nothing is due any more: the next line is the next answer, however much later.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(
        client.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await["id"],
        2
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_token_there_is_no_progress() {
    let mut client = Client::opened().await;
    let answer = client.ask(&call(1, "behave", json!({"behaviour": "report"}))).await;
    assert_eq!(answer["id"], 1, "{answer}");
}
