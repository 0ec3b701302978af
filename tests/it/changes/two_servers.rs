//! Two processes change one router: one makes its change, the other is told who is at it and makes its own later.

use rust_junosmcp::lab::{Action, Fault, Trigger, What};

use super::site::{Site, change};

const TOOL: &str = "load_and_commit_config";

#[tokio::test]
async fn whoever_comes_second_is_told_who_holds_the_lock() {
    let site = Site::start().await;
    let slow = site.fault(Fault::new(Trigger::rpc("commit-configuration"), Action::Hang));
    let (mut first, mut second) = (site.server().await, site.server().await);
    first.begin(1, TOOL, change("first")).await;
    site.event(0, |event| matches!(event.what, What::Fault { .. })).await;
    let refused = second.call(TOOL, change("second")).await;
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["code"], "config_locked", "{refused}");
    let user = site.router().username();
    assert_eq!(error["details"]["holders"][0]["user"], user, "{refused}");
    assert!(
        error["message"].as_str().is_some_and(|text| text.contains(user)),
        "{refused}"
    );

    slow.release();
    let made = first.answer(1).await;
    assert_eq!(made["structuredContent"]["outcome"], "committed", "{made}");
    let made = second.call(TOOL, change("second")).await;
    assert_eq!(made["structuredContent"]["outcome"], "committed", "{made}");
    assert_eq!(site.commits().len(), 2);
    assert!(site.router().active().contains("location second;"));
    for server in [first, second] {
        assert_eq!(server.end().await.code, Some(0));
    }
    site.assert_free().await;
}

#[tokio::test]
async fn changes_at_the_same_time_are_each_made_or_refused_and_never_mixed() {
    let site = Site::start().await;
    let (mut first, mut second) = (site.server().await, site.server().await);
    first.begin(1, TOOL, change("first")).await;
    second.begin(1, TOOL, change("second")).await;
    let answers = tokio::join!(first.answer(1), second.answer(1));
    let mut made = 0;
    for answer in [&answers.0, &answers.1] {
        match answer["structuredContent"]["outcome"].as_str() {
            Some("committed") => made += 1,
            _ => assert_eq!(
                answer["structuredContent"]["error"]["code"], "config_locked",
                "{answer}"
            ),
        }
    }
    assert!(made >= 1, "both were refused: {answers:?}");
    assert_eq!(site.commits().len(), made);
    for server in [first, second] {
        assert_eq!(server.end().await.code, Some(0));
    }
    site.assert_free().await;
}
