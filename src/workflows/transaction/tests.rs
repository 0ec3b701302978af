//! Every ask against every fault at every step, and what else a change must hold.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    blocklist::{RuleList, RuleText},
    devices::testing::{Bench, work},
    lab::{Action, Fault, RouterHandle, Shape, Trigger, What},
};

const LINE: &str = "set system domain-name lab.example\n";
const CALL: &str = "c-0123456789ab";

fn context(bench: &Bench, call_id: &str) -> Context {
    Context {
        device: bench.device(),
        tasks: TaskTracker::new(),
        journal: Arc::new(Journal::open(None, Clock::system())),
        clock: Clock::system(),
        rules: Arc::clone(&bench.entry.rules),
        author: Author {
            call_id: call_id.to_owned(),
            caller: "stdio".to_owned(),
            tool: "load_and_commit_config",
            comment: "a test".to_owned(),
        },
    }
}

/// What a test asks of the router, as the tools do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Commit,
    Confirmed,
    Check,
    Preview,
    RollBack,
    Confirm,
    Discard,
}

fn minutes(number: u32) -> Minutes {
    Minutes::try_from(number).expect("a good number")
}

fn load(goal: Goal) -> Change {
    Change {
        source: Source::Set(LINE.to_owned()),
        goal,
        synchronize: false,
    }
}

/// Runs one ask and gives the word for its end.
async fn run(bench: &Bench, ask: Ask, call_id: &str, work: Work) -> Result<&'static str, ChangeFault> {
    let context = context(bench, call_id);
    let change_of = |goal| change(context.clone(), load(goal), work.clone());
    let report = match ask {
        Ask::Commit => change_of(Goal::Commit { confirm: None }).await?,
        Ask::Confirmed => {
            change_of(Goal::Commit {
                confirm: Some(minutes(5)),
            })
            .await?
        }
        Ask::Check => change_of(Goal::Check).await?,
        Ask::Preview => change_of(Goal::Preview).await?,
        Ask::RollBack => {
            let source = Source::Rollback(RollbackNumber::try_from(1).expect("a good number"));
            let goal = Goal::Commit { confirm: None };
            let rollback = Change {
                source,
                goal,
                synchronize: false,
            };
            change(context.clone(), rollback, work.clone()).await?
        }
        Ask::Confirm => return confirm(context, None, work).await.map(|_| "confirmed"),
        Ask::Discard => return discard(context, true, work).await.map(|_| "discarded"),
    };
    Ok(match report.outcome {
        Outcome::NoChanges => "no_changes",
        Outcome::Previewed => "previewed",
        Outcome::Valid => "valid",
        Outcome::Committed(_) => "committed",
    })
}

/// Brings the router into the state that an ask is about.
fn prepare(router: &RouterHandle, ask: Ask) {
    let edit = |line: &str| router.edit_as("ops", line).expect("edited");
    match ask {
        Ask::RollBack => {
            edit("set snmp contact theirs\n");
            router.commit_as("ops").expect("committed");
        }
        Ask::Confirm => {
            edit("set snmp contact theirs\n");
            router.commit_confirmed_as("ops", 10).expect("committed");
        }
        Ask::Discard => edit("set snmp contact theirs\n"),
        Ask::Commit | Ask::Confirmed | Ask::Check | Ask::Preview => {}
    }
}

fn commits_of(router: &RouterHandle, call_id: &str) -> usize {
    let mark = history::mark(call_id);
    router
        .commits()
        .iter()
        .filter(|commit| commit.log.as_deref().is_some_and(|log| log.contains(&mark)))
        .count()
}

/// What must hold after any ask, whatever went wrong: the outcome told is the router's truth, and the next change works.
async fn judge(bench: &Bench, ask: Ask, result: &Result<&'static str, ChangeFault>, cell: &str) {
    let router = bench.router();
    let truth = commits_of(router, CALL);
    let pending = router.commits().first().is_some_and(|commit| commit.pending);
    match (ask, result) {
        (Ask::Confirm, Ok(_)) => assert!(!pending, "{cell}: told confirmed, but it is pending"),
        (Ask::Confirm, Err(fault)) => {
            assert!(
                pending || fault.code == "commit_unknown",
                "{cell}: told {}, but it is confirmed",
                fault.code
            );
        }
        (Ask::Discard, Ok(_)) => assert_eq!(router.uncommitted(), "", "{cell}"),
        (Ask::Discard, Err(_)) => {}
        (_, Ok(word)) => assert_eq!(
            *word == "committed",
            truth == 1,
            "{cell}: told {word}, commits: {truth}"
        ),
        (_, Err(fault)) => assert_eq!(
            truth, 0,
            "{cell}: told {} ({}), commits: {truth}",
            fault.code, fault.message
        ),
    }
    assert!(truth <= 1, "{cell}: committed twice");
    if ask == Ask::Discard {
        return;
    }
    assert_eq!(router.uncommitted(), "", "{cell}: something is left in the candidate");
    assert_eq!(router.locked_by(), None, "{cell}: the lock is left");
    let next = change(
        context(bench, "c-ffffffffffff"),
        Change {
            source: Source::Set("set snmp location floor-3\n".to_owned()),
            goal: Goal::Commit { confirm: None },
            synchronize: false,
        },
        work(60),
    );
    if let Err(fault) = next.await {
        panic!("{cell}: the next change fails: {} {}", fault.code, fault.message);
    }
}

const ASKS: [Ask; 7] = [
    Ask::Commit,
    Ask::Confirmed,
    Ask::Check,
    Ask::Preview,
    Ask::RollBack,
    Ask::Confirm,
    Ask::Discard,
];

/// Every request that an ask sends to the router, once.
async fn steps(ask: Ask) -> Vec<String> {
    let bench = Bench::new().await;
    prepare(bench.router(), ask);
    bench.router().forget();
    run(&bench, ask, CALL, work(30)).await.expect("nothing is in the way");
    let mut steps: Vec<String> = Vec::new();
    for step in bench.router().rpcs() {
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

fn actions() -> Vec<Action> {
    vec![
        Action::Drop,
        Action::Close,
        Action::Hang,
        Action::HalfReply,
        Action::Garbage(b"<<<\xff\x00".to_vec()),
        Action::Answer(Shape::RpcError("injected trouble".to_owned())),
        Action::Beside(Shape::RpcError("injected trouble".to_owned())),
        Action::Answer(Shape::XnmError {
            daemon: "mgd".to_owned(),
            message: "injected trouble".to_owned(),
        }),
        Action::Beside(Shape::Warning("injected warning".to_owned())),
    ]
}

async fn cell(ask: Ask, trigger: Trigger, action: Action) -> bool {
    let cell = format!("{ask:?} × {trigger:?} × {action:?}");
    let bench = Bench::new().await;
    prepare(bench.router(), ask);
    let fault = bench.router().inject(Fault::new(trigger, action));
    let result = run(&bench, ask, CALL, work(30)).await;
    let fired = fault.fired() > 0;
    fault.remove();
    judge(&bench, ask, &result, &cell).await;
    fired
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_at_whatever_step_the_outcome_told_is_the_truth() {
    let mut fired = 0;
    let mut cells = 0;
    for ask in ASKS {
        for step in steps(ask).await {
            for action in actions() {
                for trigger in [Trigger::rpc(&step), Trigger::reply(&step)] {
                    cells += 1;
                    fired += usize::from(cell(ask, trigger, action.clone()).await);
                }
            }
        }
    }
    println!("{cells} cells, {fired} with the fault fired");
    assert_eq!(fired, cells);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_at_any_step_leaves_the_truth_behind() {
    for ask in ASKS {
        for step in steps(ask).await {
            let cell = format!("{ask:?} × cancelled at {step}");
            let bench = Bench::new().await;
            prepare(bench.router(), ask);
            let leaving = CancellationToken::new();
            let held = bench
                .router()
                .inject(Fault::new(Trigger::rpc(&step), Action::Delay(Duration::from_secs(2))));
            let work = Work::new(Duration::from_secs(30), leaving.clone());
            let leave = async {
                let is_step = |event: &crate::lab::Event| event.rpc() == Some(step.as_str());
                bench.router().wait_for(is_step).await;
                leaving.cancel();
            };
            let (result, ()) = tokio::join!(run(&bench, ask, CALL, work), leave);
            held.remove();
            judge(&bench, ask, &result, &cell).await;
        }
    }
}

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
    judge(&bench, Ask::Commit, &result, "slow commit").await;
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
    let confirmation = confirm(context(&bench, "c-aaaaaaaaaaaa"), Some(CALL.to_owned()), work(30))
        .await
        .expect("kept");
    assert_eq!(confirmation.by.as_str(), "commit_check");
    assert!(!bench.router().commits()[0].pending);
    assert_ne!(bench.router().uncommitted(), "");
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_names_its_commit_or_is_refused() {
    let bench = Bench::new().await;
    let fault = confirm(context(&bench, CALL), None, work(30))
        .await
        .expect_err("nothing pending");
    assert_eq!(fault.code, "no_pending_commit");
    prepare(bench.router(), Ask::Confirm);
    let fault = confirm(context(&bench, CALL), Some("c-bbbbbbbbbbbb".to_owned()), work(30))
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
                synchronize: false,
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

/// A router on which these patterns are denied in configurations.
async fn guarded(patterns: &[&str]) -> Bench {
    let rule = |pattern: &&str| RuleText {
        action: "deny".to_owned(),
        pattern: (*pattern).to_owned(),
    };
    let rules = RuleList {
        config: patterns.iter().map(rule).collect(),
        ..RuleList::default()
    };
    let rules = Rules::compile(&RuleList::default(), &rules).expect("good rules");
    Bench::with(|_, _, entry| entry.rules = Arc::new(rules)).await
}

async fn load_of(bench: &Bench, source: Source) -> Result<&'static str, ChangeFault> {
    let wanted = Change {
        source,
        goal: Goal::Commit { confirm: None },
        synchronize: false,
    };
    let report = change(context(bench, CALL), wanted, work(30)).await?;
    Ok(match report.outcome {
        Outcome::Committed(_) => "committed",
        _ => "other",
    })
}

#[tokio::test(start_paused = true)]
async fn a_denied_line_is_refused_before_anything_is_sent() {
    let bench = guarded(&["set system host-name *"]).await;
    let source = Source::Set("edit system\nset host-n other\n".to_owned());
    assert_eq!(load_of(&bench, source).await.expect_err("denied").code, "blocked");
    assert!(bench.router().seen().is_empty());
    let allowed = Source::Set("set snmp location here\n".to_owned());
    assert_eq!(load_of(&bench, allowed).await.expect("allowed"), "committed");
}

#[tokio::test(start_paused = true)]
async fn a_denied_effect_is_refused_in_every_format_and_nothing_stays_behind() {
    let sources = [
        Source::Text("system {\n    host-name other;\n}\n".to_owned()),
        Source::xml("<configuration><system><host-name>other</host-name></system></configuration>").expect("good XML"),
        Source::Set("set groups G system host-name other\nset apply-groups G\ndelete system host-name\n".to_owned()),
    ];
    for source in sources {
        let bench = guarded(&["set system host-name *"]).await;
        let fault = load_of(&bench, source.clone()).await.expect_err("denied");
        assert_eq!(fault.code, "blocked", "{source:?}: {}", fault.message);
        assert_eq!(bench.router().uncommitted(), "", "{source:?}");
        assert_eq!(commits_of(bench.router(), CALL), 0, "{source:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_is_judged_by_what_it_takes_away() {
    let bench = guarded(&["delete snmp location*"]).await;
    bench
        .router()
        .edit_as("ops", "set snmp location here\n")
        .expect("edited");
    bench.router().commit_as("ops").expect("committed");
    bench
        .router()
        .edit_as("ops", "set snmp contact desk\n")
        .expect("edited");
    bench.router().commit_as("ops").expect("committed");
    let back = |number| Source::Rollback(RollbackNumber::try_from(number).expect("a good number"));
    assert_eq!(
        load_of(&bench, back(1)).await.expect("only the contact goes"),
        "committed"
    );
    assert_eq!(
        load_of(&bench, back(3)).await.expect_err("the location goes").code,
        "blocked"
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_comparison_a_guarded_router_is_not_changed() {
    let bench = guarded(&["set system host-name *"]).await;
    let broken = Action::Answer(Shape::RpcError("injected trouble".to_owned()));
    bench
        .router()
        .inject(Fault::new(Trigger::rpc("get-configuration"), broken).nth(2));
    let source = Source::Set("set snmp location here\n".to_owned());
    assert_eq!(
        load_of(&bench, source).await.expect_err("fail closed").code,
        "blocklist_check_failed"
    );
    assert_eq!(bench.router().uncommitted(), "");
}
