//! A commit is a job from the moment it is sent, and goes on looking for an outcome that its call could not find out.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    jobs::{Record, State},
    lab::{Action, Fault, Injected, Shape, Trigger},
};

const COMMIT: Goal = Goal::Commit { confirm: None };

async fn ended(jobs: &Jobs, job: &JobView) -> Record {
    let until = Instant::now() + Duration::from_secs(3600);
    jobs.wait(job.id(), until, |_| {}).await.expect("kept")
}

/// A router that loses the commit and tells nothing about its history.
fn unreadable(router: &RouterHandle, moment: Trigger) -> Injected {
    router.inject(Fault::new(moment, Action::Drop));
    let broken = Action::Answer(Shape::RpcError("injected trouble".to_owned()));
    router.inject(
        Fault::new(Trigger::rpc("get-commit-information"), broken)
            .nth(2)
            .times(u32::MAX),
    )
}

#[tokio::test(start_paused = true)]
async fn the_job_finds_out_later_what_the_call_could_not() {
    for (moment, state, outcome) in [
        (Trigger::reply("commit-configuration"), State::Succeeded, "committed"),
        (Trigger::rpc("commit-configuration"), State::Failed, "rejected"),
    ] {
        let bench = Bench::new().await;
        let blind = unreadable(bench.router(), moment.clone());
        let context = context(&bench, CALL);
        let fault = change(context.clone(), load(COMMIT), work(30))
            .await
            .expect_err("unknown");
        assert_eq!((fault.code, fault.outcome), ("commit_unknown", Some("unknown")));
        let job = fault.job.expect("a job");
        let record = job.begun().expect("it runs");
        assert_eq!((record.state, record.listed), (State::Running, true));
        tokio::time::sleep(Duration::from_secs(300)).await;
        assert_eq!(
            job.begun().expect("it runs").state,
            State::Running,
            "nobody can know yet"
        );
        blind.remove();
        let record = ended(&context.jobs, &job).await;
        assert_eq!(record.state, state, "{moment:?}");
        let result = record.result.expect("a result");
        assert_eq!(result["outcome"], outcome, "{moment:?}");
        assert_eq!(commits_of(bench.router(), CALL), usize::from(outcome == "committed"));
        if outcome == "committed" {
            assert_eq!(
                (&result["resolved_by"], &result["commit_id"]),
                (&"job".into(), &CALL.into())
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_quarter_of_an_hour_the_job_says_that_it_does_not_know() {
    let bench = Bench::new().await;
    let _blind = unreadable(bench.router(), Trigger::reply("commit-configuration"));
    let context = context(&bench, CALL);
    let fault = change(context.clone(), load(COMMIT), work(30))
        .await
        .expect_err("unknown");
    let begun = Instant::now();
    let record = ended(&context.jobs, &fault.job.expect("a job")).await;
    assert_eq!(
        (record.state, record.error_code()),
        (State::Failed, Some("commit_unknown"))
    );
    assert!(begun.elapsed() >= Duration::from_secs(14 * 60), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn looking_on_does_not_hold_up_the_end_of_the_process() {
    let bench = Bench::new().await;
    let _blind = unreadable(bench.router(), Trigger::reply("commit-configuration"));
    let context = context(&bench, CALL);
    let fault = change(context.clone(), load(COMMIT), work(30))
        .await
        .expect_err("unknown");
    context.jobs.closing().cancel();
    context.tasks.close();
    context.tasks.wait().await;
    let record = context.jobs.record(fault.job.expect("a job").id()).await.expect("kept");
    assert_eq!(record.state, State::Interrupted);
    assert!(
        record.error.expect("why")["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains(CALL))
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_confirmation_is_looked_for_too() {
    let bench = Bench::new().await;
    prepare(bench.router(), Ask::Confirm);
    let blind = unreadable(bench.router(), Trigger::reply("commit-configuration"));
    let context = context(&bench, CALL);
    let fault = confirm(context.clone(), Wanted::Any, work(30))
        .await
        .expect_err("unknown");
    assert_eq!(fault.code, "commit_unknown");
    blind.remove();
    let record = ended(&context.jobs, &fault.job.expect("a job")).await;
    assert_eq!(record.result.expect("a result")["outcome"], "confirmed");
    assert!(!bench.router().commits()[0].pending);
}

#[tokio::test(start_paused = true)]
async fn every_end_of_a_commit_is_the_end_of_its_job_and_what_was_not_sent_is_none() {
    let bench = Bench::new().await;
    let context = context(&bench, CALL);
    let report = change(context.clone(), load(COMMIT), work(30))
        .await
        .expect("committed");
    let record = context
        .jobs
        .record(report.job.expect("a job").id())
        .await
        .expect("kept");
    assert_eq!((record.state, record.call_id.as_str()), (State::Succeeded, CALL));
    assert!(!record.listed, "it was answered in its call");

    let refused = Action::Answer(Shape::RpcError("check-out failed".to_owned()));
    bench
        .router()
        .inject(Fault::new(Trigger::rpc("commit-configuration"), refused));
    let other = Change {
        source: Source::Set("set snmp location there\n".to_owned()),
        ..load(COMMIT)
    };
    let mut second = context.clone();
    second.author.call_id = "c-aaaaaaaaaaaa".to_owned();
    let fault = change(second, other, work(30)).await.expect_err("rejected");
    let record = context.jobs.record(fault.job.expect("a job").id()).await.expect("kept");
    assert_eq!(
        (record.state, record.error_code()),
        (State::Failed, Some("commit_rejected"))
    );

    for goal in [Goal::Preview, Goal::Check] {
        let report = change(context.clone(), load(goal), work(30)).await.expect("done");
        assert!(report.job.is_none());
    }
    let nothing = change(context.clone(), load(COMMIT), work(30))
        .await
        .expect("no changes");
    assert!(nothing.job.is_none());
    assert_eq!(context.jobs.all().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_place_the_router_is_not_contacted() {
    let bench = Bench::new().await;
    let context = context(&bench, CALL);
    let nobody = CancellationToken::new();
    let places: Vec<_> = (0..crate::jobs::MOST_RUNNING)
        .map(|_| reserve(&context, &nobody).expect("a place"))
        .collect();
    let fault = change(context.clone(), load(COMMIT), work(30)).await.expect_err("full");
    assert_eq!(fault.code, "overloaded");
    let fault = confirm(context.clone(), Wanted::Any, work(30)).await.expect_err("full");
    assert_eq!(fault.code, "overloaded");
    assert!(bench.router().seen().is_empty());
    change(context.clone(), load(Goal::Check), work(30))
        .await
        .expect("a check needs no place");
    drop(places);
    change(context, load(COMMIT), work(30)).await.expect("committed");
}

#[tokio::test(start_paused = true)]
async fn a_commit_can_be_a_part_of_a_job_that_goes_on() {
    let bench = Bench::new().await;
    let context = context(&bench, CALL);
    let job = reserve(&context, &CancellationToken::new()).expect("a place");
    let confirmed = Goal::Commit {
        confirm: Some(minutes(5)),
    };
    change_within(Arc::clone(&job), context.clone(), load(confirmed), work(30))
        .await
        .expect("committed");
    assert_eq!(job.view().begun().expect("begun").state, State::Running);
    job.phase("verifying");
    confirm_within(
        Arc::clone(&job),
        context.clone(),
        Wanted::OfCall(CALL.to_owned()),
        work(30),
    )
    .await
    .expect("kept");
    let record = job.view().begun().expect("begun");
    let phases: Vec<&str> = record.phases.iter().map(|phase| phase.phase.as_str()).collect();
    assert_eq!(
        (record.state, &phases[..]),
        (State::Running, &["committing", "verifying", "confirming"][..])
    );
    job.succeed(serde_json::json!({"outcome": "committed"}));
    assert!(!bench.router().commits()[0].pending);
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_caller_left_is_listed() {
    let bench = Bench::new().await;
    let slow = Action::Delay(Duration::from_secs(5));
    bench
        .router()
        .inject(Fault::new(Trigger::rpc("commit-configuration"), slow));
    let leaving = CancellationToken::new();
    let context = context(&bench, CALL);
    let call = change(
        context.clone(),
        load(COMMIT),
        Work::new(Duration::from_secs(30), leaving.clone()),
    );
    let leave = async {
        bench
            .router()
            .wait_for(|event| event.rpc() == Some("commit-configuration"))
            .await;
        leaving.cancel();
    };
    let (report, ()) = tokio::join!(call, leave);
    let job = report.expect("committed").job.expect("a job");
    let record = context.jobs.record(job.id()).await.expect("kept");
    assert_eq!((record.state, record.listed), (State::Succeeded, true));
}
