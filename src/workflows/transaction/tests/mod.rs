//! What a change must hold: the asks that tests make of a router, and what is true after each.

mod conduct;
mod jobs;
mod matrix;
mod modes;
mod rules;

use super::*;
use crate::{
    devices::testing::{Bench, work},
    lab::RouterHandle,
};

const LINE: &str = "set system domain-name lab.example\n";
const CALL: &str = "c-0123456789ab";

fn context(bench: &Bench, call_id: &str) -> Context {
    Context {
        device: bench.device(),
        tasks: TaskTracker::new(),
        jobs: Jobs::open(None, Clock::system(), str::to_owned),
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
        mode: CandidateMode::Shared,
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
                mode: CandidateMode::Shared,
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
            mode: CandidateMode::Shared,
            synchronize: false,
        },
        work(60),
    );
    if let Err(fault) = next.await {
        panic!("{cell}: the next change fails: {} {}", fault.code, fault.message);
    }
}
