//! The client disappears, or the server is killed, after the commit was sent: the next process tells the truth about it.

use std::{fs, time::Duration};

use rust_junosmcp::lab::{Action, Event, Fault, Trigger, What};
use serde_json::{Value, json};

use super::{
    server::Server,
    site::{Site, change},
};

const COMMIT: &str = "commit-configuration";
const TOOL: &str = "load_and_commit_config";

fn fires(event: &Event) -> bool {
    matches!(event.what, What::Fault { .. })
}

/// The only job that is listed, and what get_job tells of it.
async fn only_job(server: &mut Server) -> Value {
    let listed = server.call("list_jobs", json!({})).await;
    let jobs = listed["structuredContent"]["jobs"].as_array().expect("a list");
    assert_eq!(jobs.len(), 1, "{listed}");
    let told = server.call("get_job", json!({ "job_id": jobs[0]["job_id"] })).await;
    told["structuredContent"].clone()
}

#[tokio::test]
async fn what_became_of_a_commit_whose_client_disappeared_is_told_to_the_next_one() {
    for (refuses, state, outcome) in [(false, "succeeded", "committed"), (true, "failed", "rejected")] {
        let site = Site::start().await;
        let _slow = site.fault(Fault::new(
            Trigger::rpc(COMMIT),
            Action::Delay(Duration::from_millis(1500)),
        ));
        let mut server = site.server().await;
        let mut arguments = change("here");
        if refuses {
            arguments["config_text"] = json!("delete system root-authentication");
        }
        server.begin(1, TOOL, arguments).await;
        site.event(0, fires).await;
        let ended = server.end().await;
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
        let mut next = site.server().await;
        let job = only_job(&mut next).await;
        assert_eq!(
            (&job["state"], &job["result"]["outcome"]),
            (&json!(state), &json!(outcome)),
            "{job}"
        );
        assert_eq!(site.commits().len(), usize::from(!refuses));
        if !refuses {
            let commit_id = job["result"]["commit_id"].as_str().expect("an id");
            assert_eq!(site.commits_of(commit_id), 1);
            assert!(
                job["result"]["diff"]
                    .as_str()
                    .is_some_and(|diff| diff.contains("location here;")),
                "{job}"
            );
        }
        assert_eq!(next.end().await.code, Some(0));
        site.assert_free().await;
    }
}

#[tokio::test]
async fn a_commit_during_which_the_server_was_killed_is_interrupted_and_says_what_to_verify() {
    for (moment, commits) in [(Trigger::rpc(COMMIT), 0), (Trigger::reply(COMMIT), 1)] {
        let site = Site::start().await;
        let _stuck = site.fault(Fault::new(moment.clone(), Action::Hang));
        let mut server = site.server().await;
        server.begin(1, TOOL, change("here")).await;
        let stuck = site.event(0, fires).await;
        // Another process sees it running as long as its own lives.
        let mut beside = site.server().await;
        let listed = beside.call("list_jobs", json!({})).await;
        assert_eq!(
            listed["structuredContent"]["total"], 0,
            "its call is still waiting: {listed}"
        );
        server.kill().await;
        site.event(stuck.number, |event| event.what == What::Disconnected).await;

        let mut next = site.server().await;
        for process in [&mut next, &mut beside] {
            let job = only_job(process).await;
            assert_eq!(
                (&job["state"], &job["phase"]),
                (&json!("interrupted"), &json!("committing")),
                "{job}"
            );
            assert_eq!(job["error"]["code"], "commit_unknown");
            let hint = job["error"]["hint"].as_str().expect("what to verify");
            let (_, rest) = hint.split_once("c-").expect("a call id");
            assert_eq!(
                site.commits_of(&format!("c-{}", &rest[..12])),
                commits,
                "{moment:?} {job}"
            );
        }
        for process in [next, beside] {
            assert_eq!(process.end().await.code, Some(0));
        }
        site.assert_free().await;
    }
}

#[tokio::test]
async fn a_client_that_watches_a_job_is_told_when_it_ends() {
    let site = Site::start().await;
    let _slow = site.fault(Fault::new(
        Trigger::rpc(COMMIT),
        Action::Delay(Duration::from_millis(1500)),
    ));
    let mut server = site.server().await;
    server.begin(1, TOOL, change("here")).await;
    site.event(0, fires).await;
    let wanted = json!({"ref": {"type": "ref/resource", "uri": "junos://jobs/{id}"},
        "argument": {"name": "id", "value": ""}});
    let found = server.ask(2, "completion/complete", wanted).await;
    let id = found["completion"]["values"][0].as_str().expect("a job");
    let uri = json!({ "uri": format!("junos://jobs/{id}") });
    assert_eq!(server.ask(3, "resources/subscribe", uri.clone()).await, json!({}));
    assert_eq!(server.told("notifications/resources/updated").await, uri);
    let job = server.ask(4, "resources/read", uri).await;
    let text = job["contents"][0]["text"].as_str().expect("text");
    assert!(text.contains("\"state\":\"succeeded\""), "{text}");
    assert_eq!(server.end().await.code, Some(0));
}

#[tokio::test]
async fn jobs_of_another_version_are_left_untouched() {
    let site = Site::start().await;
    let folder = site.path("state/jobs");
    fs::create_dir_all(&folder).expect("made");
    let file = folder.join("j-0123456789abcdef.json");
    fs::write(&file, "{\"version\":9,\"job\":{}}").expect("written");
    let mut server = site.server().await;
    server.logs("another version is left untouched").await;
    let listed = server.call("list_jobs", json!({})).await;
    assert_eq!(listed["structuredContent"]["total"], 0, "{listed}");
    let made = server.call(TOOL, change("here")).await;
    assert_eq!(made["structuredContent"]["outcome"], "committed", "{made}");
    assert_eq!(server.end().await.code, Some(0));
    assert_eq!(fs::read_to_string(&file).expect("there"), "{\"version\":9,\"job\":{}}");
}
