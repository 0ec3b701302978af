//! What a change leaves alone, waits for, and says.

use std::time::Duration;

use super::*;
use crate::lab::{Action, Fault, Trigger, What};

#[tokio::test(start_paused = true)]
async fn the_task_goes_on_when_the_future_is_dropped_after_the_commit_was_sent() {
    let bench = Bench::new().await;
    let slow = Fault::new(
        Trigger::rpc("commit-configuration"),
        Action::Delay(Duration::from_secs(5)),
    );
    bench.router().inject(slow);
    let context = context(&bench, CALL);
    let tasks = context.tasks.clone();
    {
        let call = change(context, load(Goal::Commit { confirm: None }), work(60));
        tokio::select! {
            _ = call => panic!("the commit takes longer"),
            _ = bench.router().wait_for(|event| event.rpc() == Some("commit-configuration")) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
    assert_eq!(commits_of(bench.router(), CALL), 1);
    assert_eq!(bench.router().locked_by(), None);
}

#[tokio::test(start_paused = true)]
async fn a_commit_slower_than_the_deadline_is_found_in_the_history() {
    let bench = Bench::new().await;
    let slow = Fault::new(
        Trigger::rpc("commit-configuration"),
        Action::Delay(Duration::from_secs(20)),
    );
    bench.router().inject(slow);
    let result = run(&bench, Ask::Commit, CALL, work(10)).await;
    judge(&bench, Ask::Commit, CALL, &result, "slow commit").await;
}

#[tokio::test(start_paused = true)]
async fn a_colleagues_uncommitted_work_survives_everything_but_a_forced_discard() {
    for ask in [Ask::Commit, Ask::Confirmed, Ask::Check, Ask::Preview] {
        let bench = Bench::new().await;
        bench
            .router()
            .edit_as("ops", "set snmp contact theirs\n")
            .expect("edited");
        let before = bench.router().uncommitted();
        let fault = run(&bench, ask, CALL, work(30)).await.expect_err("refused");
        assert_eq!(fault.code, "candidate_dirty", "{ask:?}");
        assert!(fault.message.contains("ops"), "{}", fault.message);
        assert!(
            fault.holders.iter().any(|holder| holder.user == "ops"),
            "{:?}",
            fault.holders
        );
        assert_eq!(bench.router().uncommitted(), before, "{ask:?}");
    }
    let bench = Bench::new().await;
    bench
        .router()
        .edit_as("ops", "set snmp contact theirs\n")
        .expect("edited");
    let fault = discard(context(&bench, CALL), false, work(30))
        .await
        .expect_err("refused");
    assert_eq!(fault.code, "candidate_in_use");
    assert!(fault.diff.is_some());
    assert_ne!(bench.router().uncommitted(), "");
    discard(context(&bench, CALL), true, work(30)).await.expect("forced");
    assert_eq!(bench.router().uncommitted(), "");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_lock_is_named_and_left_alone() {
    let bench = Bench::new().await;
    bench.router().lock_as("ops").expect("locked");
    for ask in [Ask::Commit, Ask::Check, Ask::RollBack] {
        let fault = run(&bench, ask, CALL, work(30)).await.expect_err("refused");
        assert_eq!(fault.code, "config_locked", "{ask:?}");
        assert!(fault.message.contains("ops"), "{}", fault.message);
    }
    assert_eq!(bench.router().locked_by().as_deref(), Some("ops"));
}

#[tokio::test(start_paused = true)]
async fn a_pending_commit_of_somebody_else_is_not_confirmed_by_a_check_and_named_by_a_commit() {
    let bench = Bench::new().await;
    prepare(bench.router(), Ask::Confirm);
    let fault = run(&bench, Ask::Check, CALL, work(30)).await.expect_err("refused");
    assert_eq!(fault.code, "commit_confirmed_active");
    assert!(bench.router().commits()[0].pending);
    let report = change(context(&bench, CALL), load(Goal::Commit { confirm: None }), work(30))
        .await
        .expect("committed");
    assert_eq!(
        report.confirmed_previous.map(|entry| entry.user).as_deref(),
        Some("ops")
    );
}

#[tokio::test(start_paused = true)]
async fn confirming_with_foreign_edits_keeps_the_commit_and_leaves_the_edits_uncommitted() {
    let bench = Bench::new().await;
    assert_eq!(
        run(&bench, Ask::Confirmed, CALL, work(30)).await.expect("committed"),
        "committed"
    );
    bench
        .router()
        .edit_as("ops", "set snmp contact theirs\n")
        .expect("edited");
    let confirmation = confirm(
        context(&bench, "c-aaaaaaaaaaaa"),
        Wanted::OfCall(CALL.to_owned()),
        work(30),
    )
    .await
    .expect("kept");
    assert_eq!(confirmation.by.as_str(), "commit_check");
    assert!(!bench.router().commits()[0].pending);
    assert_ne!(bench.router().uncommitted(), "");
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_names_its_commit_or_is_refused() {
    let bench = Bench::new().await;
    let fault = confirm(context(&bench, CALL), Wanted::Any, work(30))
        .await
        .expect_err("nothing pending");
    assert_eq!(fault.code, "no_pending_commit");
    prepare(bench.router(), Ask::Confirm);
    let fault = confirm(
        context(&bench, CALL),
        Wanted::OfCall("c-bbbbbbbbbbbb".to_owned()),
        work(30),
    )
    .await
    .expect_err("another");
    assert_eq!(fault.code, "confirm_mismatch");
    assert!(bench.router().commits()[0].pending);
}

#[tokio::test(start_paused = true)]
async fn two_changes_at_once_take_turns() {
    let bench = Bench::with(|lab, _, _| lab.command_time = Duration::from_millis(500)).await;
    let (one, two) = tokio::join!(
        run(&bench, Ask::Commit, CALL, work(60)),
        change(
            context(&bench, "c-ffffffffffff"),
            Change {
                source: Source::Set("set snmp location floor-3\n".to_owned()),
                goal: Goal::Commit { confirm: None },
                mode: CandidateMode::Shared,
                synchronize: false,
                expected: None,
            },
            work(60)
        )
    );
    assert_eq!(one.expect("committed"), "committed");
    assert!(matches!(two.expect("committed").outcome, Outcome::Committed(_)));
    assert_eq!(
        bench
            .router()
            .commits()
            .iter()
            .filter(|commit| commit.log.is_some())
            .count(),
        2
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_that_a_step_does_not_need() {
    let bench = Bench::new().await;
    run(&bench, Ask::Commit, CALL, work(30)).await.expect("committed");
    assert_eq!(
        bench.router().rpcs(),
        [
            "get-commit-information",
            "lock-configuration",
            "load-configuration",
            "get-configuration",
            "commit-configuration",
            "unlock-configuration"
        ]
    );
    assert_eq!(bench.count(|what| matches!(what, What::Auth { .. })), 1);
}

#[test]
fn the_log_text_keeps_the_call_id_whatever_the_comment() {
    let author = |comment: &str| Author {
        call_id: CALL.to_owned(),
        caller: "stdio".to_owned(),
        principal: "stdio".to_owned(),
        tool: "load_and_commit_config",
        comment: comment.to_owned(),
    };
    assert_eq!(author("why").log(), "why (by stdio) [mcp:c-0123456789ab]");
    for comment in ["x".repeat(600), "é".repeat(400), "line\nline".to_owned()] {
        let log = author(&comment).log();
        assert!(
            log.len() <= MAX_LOG_BYTES && log.ends_with("[mcp:c-0123456789ab]"),
            "{log}"
        );
        assert!(!log.contains('\n'));
    }
}
