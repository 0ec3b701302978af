//! A confirmed commit belongs to the router: it outlives the process that made it, whichever way that ended.

use rust_junosmcp::{
    Clock,
    lab::{Action, Fault, Transition, Trigger, What},
};
use serde_json::{Value, json};

use super::{
    server::Server,
    site::{ROUTER, Site, change},
};

/// Commits for that many minutes; the commit's id.
async fn commit_for(server: &mut Server, minutes: u32) -> String {
    let mut arguments = change("here");
    arguments["confirm_timeout_mins"] = json!(minutes);
    let answer = server.call("load_and_commit_config", arguments).await;
    assert_eq!(answer["structuredContent"]["rollback_in_minutes"], minutes, "{answer}");
    answer["structuredContent"]["commit_id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

async fn confirm(server: &mut Server, commit_id: &str) -> Value {
    let arguments = json!({ "router_name": ROUTER, "commit_id": commit_id });
    server.call("confirm_commit", arguments).await
}

#[tokio::test]
async fn a_new_process_confirms_what_an_earlier_one_committed() {
    for killed in [false, true] {
        let site = Site::start().await;
        let mut server = site.server().await;
        let commit_id = commit_for(&mut server, 10).await;
        match killed {
            true => server.kill().await,
            false => assert_eq!(server.end().await.code, Some(0)),
        }
        // The session that committed is gone, and the commit waits on.
        site.event(0, |event| event.what == What::Disconnected).await;
        assert!(site.router().commits()[0].pending);
        assert!(site.router().active().contains("location here;"));

        let mut next = site.server().await;
        let other = confirm(&mut next, "c-000000000000").await;
        assert_eq!(
            other["structuredContent"]["error"]["code"], "confirm_mismatch",
            "{other}"
        );
        let answer = confirm(&mut next, &commit_id).await;
        assert_eq!(answer["structuredContent"]["outcome"], "confirmed", "{answer}");
        assert!(!site.router().commits()[0].pending);
        assert_eq!(next.end().await.code, Some(0));
        site.assert_free().await;
    }
}

#[tokio::test]
async fn a_confirmation_that_a_crash_interrupted_is_repeated_or_was_made() {
    for (moment, second) in [
        (Trigger::rpc("commit-configuration"), "confirmed"),
        (Trigger::reply("commit-configuration"), "no_pending_commit"),
    ] {
        let site = Site::start().await;
        let mut server = site.server().await;
        let commit_id = commit_for(&mut server, 10).await;
        let _stuck = site.fault(Fault::new(moment, Action::Hang));
        let arguments = json!({ "router_name": ROUTER, "commit_id": commit_id });
        server.begin(1, "confirm_commit", arguments).await;
        let stuck = site.event(0, |event| matches!(event.what, What::Fault { .. })).await;
        server.kill().await;
        site.event(stuck.number, |event| event.what == What::Disconnected).await;
        let mut next = site.server().await;
        let answer = confirm(&mut next, &commit_id).await;
        let told = &answer["structuredContent"];
        assert!(
            told["outcome"] == second || told["error"]["code"] == second,
            "{second}: {answer}"
        );
        assert!(!site.router().commits()[0].pending);
        assert!(site.router().active().contains("location here;"));
        assert_eq!(next.end().await.code, Some(0));
        site.assert_free().await;
    }
}

#[tokio::test]
async fn what_nobody_confirms_is_taken_back_and_the_next_process_says_so() {
    let site = Site::with(|lab| lab.clock = Clock::system().scaled(60.0)).await;
    let mut server = site.server().await;
    let commit_id = commit_for(&mut server, 1).await;
    server.kill().await;
    let back = site.event(0, |event| event.is_automatic_rollback()).await;
    assert_eq!(back.what, What::Candidate(Transition::RolledBack));
    assert!(!site.router().active().contains("location here;"));
    let mut next = site.server().await;
    let answer = confirm(&mut next, &commit_id).await;
    assert_eq!(
        answer["structuredContent"]["error"]["code"], "no_pending_commit",
        "{answer}"
    );
    let told = answer["structuredContent"]["error"]["message"].as_str().expect("text");
    assert!(told.contains("rolled back by the router"), "{told}");
    assert_eq!(next.end().await.code, Some(0));
    site.assert_free().await;
}
