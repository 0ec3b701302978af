//! The connection dies while a commit is under way: the tool tells what the router did.

use rust_junosmcp::lab::{Action, Fault, Trigger};
use serde_json::json;

use super::site::{ROUTER, Site, change};

const COMMIT: &str = "commit-configuration";

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_told_as_made_and_not_made_again() {
    let site = Site::start().await;
    let lost = site.fault(Fault::new(Trigger::reply(COMMIT), Action::Drop));
    let mut server = site.server().await;
    let answer = server.call("load_and_commit_config", change("here")).await;
    let told = &answer["structuredContent"];
    assert_eq!((lost.fired(), &told["outcome"]), (1, &json!("committed")), "{answer}");
    assert_eq!(told["resolved_by"], "commit_history");
    let call_id = told["commit_id"].as_str().expect("an id").to_owned();
    assert_eq!(answer["_meta"]["call_id"], call_id);
    assert_eq!(site.commits_of(&call_id), 1);
    assert!(site.router().active().contains("location here;"));
    let ended = server.end().await;
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.record("load_and_commit_config")["result"]["commit"], "committed");
    site.assert_free().await;
}

#[tokio::test]
async fn a_commit_that_was_lost_on_its_way_is_told_as_not_made() {
    let site = Site::start().await;
    let lost = site.fault(Fault::new(Trigger::rpc(COMMIT), Action::Drop));
    let mut server = site.server().await;
    let answer = server.call("load_and_commit_config", change("here")).await;
    let told = &answer["structuredContent"];
    assert_eq!((lost.fired(), &answer["isError"]), (1, &json!(true)), "{answer}");
    assert_eq!(
        (&told["error"]["code"], &told["outcome"]),
        (&json!("commit_rejected"), &json!("rejected"))
    );
    assert_eq!(site.commits(), Vec::<String>::new());
    assert_eq!(
        server.end().await.record("load_and_commit_config")["result"]["commit"],
        "rejected"
    );
    site.assert_free().await;
}

#[tokio::test]
async fn the_call_is_found_in_the_commit_log_of_the_router() {
    let site = Site::start().await;
    let mut server = site.server().await;
    let mut arguments = change("here");
    arguments["commit_comment"] = json!("moved to another hall");
    let made = server.call("load_and_commit_config", arguments).await;
    let call_id = made["structuredContent"]["commit_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let log = json!({ "router_name": ROUTER, "command": "show system commit" });
    let log = server.call("execute_junos_command", log).await;
    let text = log["content"][0]["text"].as_str().expect("text");
    assert!(
        text.contains(&format!("moved to another hall (by stdio) [mcp:{call_id}]")),
        "{text}"
    );
    let ended = server.end().await;
    assert_eq!(ended.record("load_and_commit_config")["call_id"], call_id);
}

#[tokio::test]
async fn a_preview_without_a_difference_says_that_there_is_none() {
    let site = Site::start().await;
    let mut server = site.server().await;
    server.call("load_and_commit_config", change("here")).await;
    for (version, is_same) in [(0, true), (1, false)] {
        let preview = json!({ "router_name": ROUTER, "version": version });
        let answer = server.call("rollback_config", preview).await;
        let text = answer["content"][0]["text"].as_str().expect("text");
        assert_eq!(text.contains("there is no difference"), is_same, "{text}");
        assert_eq!(answer["structuredContent"]["no_changes"] == true, is_same, "{answer}");
    }
}
