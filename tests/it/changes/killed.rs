//! The process is killed at every step of a change: the next one knows, the router holds the commit once or not at all.

use rust_junosmcp::lab::{Action, Fault, Trigger, What};

use super::site::{ROUTER, Site, change};

const INTERRUPTED: &str = "a process that ended before it knew the outcome";

#[tokio::test]
async fn a_commit_that_a_crash_interrupted_is_named_at_the_next_start() {
    for (moment, commits) in [
        (Trigger::rpc("commit-configuration"), 0),
        (Trigger::reply("commit-configuration"), 1),
    ] {
        let site = crashed_at(moment.clone()).await;
        assert_eq!(site.commits().len(), commits, "{moment:?}");
        let mut next = site.server().await;
        let warning = next.logs(INTERRUPTED).await;
        assert!(warning.contains("WARN"), "{warning}");
        assert!(warning.contains(ROUTER), "{warning}");
        let (_, rest) = warning.split_once("c-").expect("a call id");
        let call_id = format!("c-{}", &rest[..12]);
        assert_eq!(site.commits_of(&call_id), commits, "{warning}");
        assert_eq!(next.end().await.code, Some(0));
        site.assert_free().await;
    }
}

#[tokio::test]
async fn after_a_crash_at_any_other_step_nothing_is_left_and_nothing_is_named() {
    for (step, commits) in [
        ("get-commit-information", 0),
        ("lock-configuration", 0),
        ("load-configuration", 0),
        ("get-configuration", 0),
        ("unlock-configuration", 1),
    ] {
        for moment in [Trigger::rpc(step), Trigger::reply(step)] {
            let site = crashed_at(moment.clone()).await;
            assert_eq!(site.commits().len(), commits, "{moment:?}");
            let next = site.server().await.end().await;
            assert!(
                next.log.iter().all(|line| !line.contains(INTERRUPTED)),
                "{moment:?}: {:#?}",
                next.log
            );
            site.assert_free().await;
        }
    }
}

/// A site where a server was killed in the middle of a change, once the router has seen it go.
async fn crashed_at(moment: Trigger) -> Site {
    let site = Site::start().await;
    let _stuck = site.fault(Fault::new(moment, Action::Hang));
    let mut server = site.server().await;
    server.begin(1, "load_and_commit_config", change("here")).await;
    let stuck = site.event(0, |event| matches!(event.what, What::Fault { .. })).await;
    server.kill().await;
    site.event(stuck.number, |event| event.what == What::Disconnected).await;
    site
}
