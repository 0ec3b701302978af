//! The end of input, whatever runs.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{Client, call, modern};

#[tokio::test(start_paused = true)]
async fn the_end_of_input_ends_everything_within_a_second() {
    for behaviour in ["answer", "hang"] {
        let mut client = Client::opened().await;
        client.send(&call(1, "behave", json!({ "behaviour": behaviour }))).await;
        let Client {
            writer,
            mut reader,
            server,
        } = client;
        drop(writer);
        let closed = Instant::now();
        server.await.expect("the server ends in order");
        assert!(closed.elapsed() <= Duration::from_secs(1), "{:?}", closed.elapsed());
        let answer = reader.next_line().await.expect("text");
        let answered = answer.is_some_and(|line| line.contains("\"done\""));
        assert_eq!(answered, behaviour == "answer");
    }
}

#[tokio::test(start_paused = true)]
async fn an_input_that_ends_before_the_opening_ends_the_process() {
    let client = Client::start();
    drop(client.writer);
    client.server.await.expect("the server ends in order");
}

#[tokio::test(start_paused = true)]
async fn an_open_listener_does_not_hold_the_process() {
    let mut client = Client::start();
    let listen = json!({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {"notifications": {}}});
    client.send(&modern(listen)).await;
    client.next().await;
    drop(client.writer);
    let closed = Instant::now();
    client.server.await.expect("the server ends in order");
    assert!(closed.elapsed() <= Duration::from_secs(1), "{:?}", closed.elapsed());
}
