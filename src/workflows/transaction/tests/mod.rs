//! What a change must hold: the asks that tests make of a router, and what is true after each.

mod conduct;
mod jobs;
mod matrix;
mod modes;
mod rules;

use super::*;
use crate::{
    devices::testing::{Bench, work},
    jobs::State,
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
            principal: "stdio".to_owned(),
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
        expected: None,
    }
}

/// The form of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Set,
    Text,
    Xml,
    Json,
}

/// A change that no other call makes.
fn source(form: Form, call_id: &str) -> Source {
    match form {
        Form::Set => Source::set(format!("set system domain-name {call_id}.example\n")),
        Form::Text => Source::text(format!("system {{\n    domain-name {call_id}.example;\n}}\n")),
        Form::Xml => Source::xml(&format!(
            "<system><domain-name>{call_id}.example</domain-name></system>"
        )),
        Form::Json => Source::json(format!(r#"{{"system":{{"domain-name":"{call_id}.example"}}}}"#)),
    }
    .expect("a good payload")
}

/// An ask in all its ways.
#[derive(Clone, Copy, Debug)]
struct Case {
    ask: Ask,
    mode: CandidateMode,
    form: Form,
}

impl From<Ask> for Case {
    fn from(ask: Ask) -> Self {
        Self {
            ask,
            mode: CandidateMode::Shared,
            form: Form::Set,
        }
    }
}

impl Case {
    fn change(self, call_id: &str) -> Change {
        let back = Source::Rollback(RollbackNumber::try_from(1).expect("a good number"));
        let (source, goal) = match self.ask {
            Ask::Confirmed => (
                source(self.form, call_id),
                Goal::Commit {
                    confirm: Some(minutes(5)),
                },
            ),
            Ask::Check => (source(self.form, call_id), Goal::Check),
            Ask::Preview => (back, Goal::Preview),
            Ask::RollBack => (back, Goal::Commit { confirm: None }),
            _ => (source(self.form, call_id), Goal::Commit { confirm: None }),
        };
        Change {
            source,
            goal,
            mode: self.mode,
            synchronize: false,
            expected: None,
        }
    }
}

/// Runs one ask and gives the word for its end.
async fn run(bench: &Bench, case: impl Into<Case>, call_id: &str, work: Work) -> Result<&'static str, ChangeFault> {
    let (case, context) = (case.into(), context(bench, call_id));
    let jobs = context.jobs.clone();
    let result = match case.ask {
        Ask::Confirm => confirm(context, Wanted::Any, work)
            .await
            .map(|kept| ("confirmed", kept.job)),
        Ask::Discard => discard(context, true, work).await.map(|_| ("discarded", None)),
        _ => change(context, case.change(call_id), work).await.map(|report| {
            let word = match report.outcome {
                Outcome::NoChanges => "no_changes",
                Outcome::Previewed => "previewed",
                Outcome::Valid => "valid",
                Outcome::Committed(_) => "committed",
            };
            (word, report.job)
        }),
    };
    // What goes on looking is not what these asks are about.
    jobs.closing().cancel();
    agrees(case, &result);
    result.map(|(word, _)| word)
}

/// The job of a commit says what its call says.
fn agrees(case: Case, result: &Result<(&str, Option<JobView>), ChangeFault>) {
    let state = |job: &JobView| job.begun().expect("begun").state;
    match result {
        Ok(("committed" | "confirmed", job)) => {
            let job = job.as_ref().expect("a commit is a job");
            assert_eq!(state(job), State::Succeeded, "{case:?}");
        }
        Ok((_, job)) => assert!(job.is_none(), "{case:?}: nothing was sent"),
        Err(fault) => {
            let ends = fault.job.as_ref().map(state);
            let fits = match (ends, fault.search.is_some()) {
                (None, is_searched) => !is_searched,
                (Some(state), true) => matches!(state, State::Running | State::Interrupted),
                (Some(state), false) => state == State::Failed,
            };
            assert!(fits, "{case:?}: {} and its job {ends:?}", fault.code);
        }
    }
}

/// Brings the router into the state that an ask is about.
fn prepare(router: &RouterHandle, ask: Ask) {
    prepare_with(router, ask, "theirs");
}

/// As [`prepare`], by a contact of that name.
fn prepare_with(router: &RouterHandle, ask: Ask, contact: &str) {
    let edit = || {
        router
            .edit_as("ops", &format!("set snmp contact {contact}\n"))
            .expect("edited")
    };
    match ask {
        Ask::RollBack | Ask::Preview => {
            edit();
            router.commit_as("ops").expect("committed");
        }
        Ask::Confirm => {
            edit();
            router.commit_confirmed_as("ops", 10).expect("committed");
        }
        Ask::Discard => edit(),
        Ask::Commit | Ask::Confirmed | Ask::Check => {}
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
async fn judge(bench: &Bench, ask: Ask, call_id: &str, result: &Result<&'static str, ChangeFault>, cell: &str) {
    let router = bench.router();
    let truth = commits_of(router, call_id);
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
        router.roll_back_as("ops", 0).expect("nobody else edits");
    }
    assert_eq!(router.uncommitted(), "", "{cell}: something is left in the candidate");
    assert_eq!(router.locked_by(), None, "{cell}: the lock is left");
    let next = change(
        context(bench, "c-ffffffffffff"),
        Change {
            source: Source::Set(format!("set snmp location next-to-{call_id}\n")),
            goal: Goal::Commit { confirm: None },
            mode: CandidateMode::Shared,
            synchronize: false,
            expected: None,
        },
        work(60),
    );
    if let Err(fault) = next.await {
        panic!("{cell}: the next change fails: {} {}", fault.code, fault.message);
    }
}
