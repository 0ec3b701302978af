//! The client leaves, or the server is asked to end, while a commit is under way: it is finished, and recorded as it ended.

use std::time::Duration;

use rust_junosmcp::lab::{Action, Event, Fault, Trigger, What};
use rustix::process::Signal;
use serde_json::json;

use super::site::{Site, change};

const COMMIT: &str = "commit-configuration";
const TOOL: &str = "load_and_commit_config";

/// Longer than the program takes to notice that its client has gone and to give up all that only reads.
const SLOW: Duration = Duration::from_millis(1500);

fn fires(event: &Event) -> bool {
    matches!(event.what, What::Fault { .. })
}

#[tokio::test]
async fn a_client_that_leaves_during_a_commit_ends_neither_the_commit_nor_its_record() {
    let site = Site::start().await;
    let _slow = site.fault(Fault::new(Trigger::rpc(COMMIT), Action::Delay(SLOW)));
    let mut server = site.server().await;
    server.begin(1, TOOL, change("here")).await;
    site.event(0, fires).await;
    let ended = server.end().await;
    assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
    assert_eq!(site.commits().len(), 1);
    let record = ended.record(TOOL);
    assert_eq!(
        (&record["outcome"], &record["result"]["commit"]),
        (&json!("ok"), &json!("committed"))
    );
    assert_eq!(site.commits_of(record["call_id"].as_str().expect("an id")), 1);
    site.assert_free().await;
}

#[tokio::test]
async fn a_call_that_is_cancelled_during_its_commit_is_recorded_as_it_ended() {
    let site = Site::start().await;
    let slow = site.fault(Fault::new(Trigger::rpc(COMMIT), Action::Hang));
    let mut server = site.server().await;
    server.begin(1, TOOL, change("here")).await;
    site.event(0, fires).await;
    server.cancel(1).await;
    // Messages are taken in order: after this answer the cancellation has been, too.
    server.call_as(2, "get_router_list", json!({})).await;
    slow.release();
    let ended = server.end().await;
    let record = ended.record(TOOL);
    assert_eq!(
        (&record["outcome"], &record["result"]["commit"]),
        (&json!("ok"), &json!("committed"))
    );
    assert_eq!(site.commits_of(record["call_id"].as_str().expect("an id")), 1);
    site.assert_free().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_commit_leaves_the_router_as_it_was() {
    let site = Site::start().await;
    let _slow = site.fault(Fault::new(Trigger::rpc("load-configuration"), Action::Hang));
    let mut server = site.server().await;
    server.begin(1, TOOL, change("here")).await;
    site.event(0, fires).await;
    let ended = server.end().await;
    assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
    assert_eq!(ended.record(TOOL)["outcome"], "cancelled");
    assert_eq!(site.commits(), Vec::<String>::new());
    site.assert_free().await;
}

#[tokio::test]
async fn a_commit_outlives_the_signal_and_the_drain_and_is_answered() {
    for drain in ["--drain-secs=30", "--drain-secs=0"] {
        let site = Site::start().await;
        let slow = site.fault(Fault::new(Trigger::rpc(COMMIT), Action::Hang));
        let mut server = site.server_with(&[drain]).await;
        server.begin(1, TOOL, change("here")).await;
        site.event(0, fires).await;
        server.signal(Signal::TERM);
        // Once another call is refused the signal has arrived.
        loop {
            let other = server.call_as(2, "get_router_list", json!({})).await;
            if other["structuredContent"]["error"]["code"] == "overloaded" {
                break;
            }
        }
        slow.release();
        let answer = server.answer(1).await;
        assert_eq!(answer["structuredContent"]["outcome"], "committed", "{drain}: {answer}");
        let ended = server.wait().await;
        assert_eq!(ended.code, Some(0), "{drain}: {:#?}", ended.log);
        let record = ended.record(TOOL);
        assert_eq!(
            (&record["outcome"], &record["result"]["commit"]),
            (&json!("ok"), &json!("committed"))
        );
        assert_eq!(site.commits_of(record["call_id"].as_str().expect("an id")), 1);
        site.assert_free().await;
    }
}
