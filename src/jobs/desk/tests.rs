//! Places, waiting, and what is kept of a job.

use serde_json::json;

use super::*;

fn jobs() -> Jobs {
    let hide = |text: &str| text.replace("hunter2", "<hidden>");
    Jobs::open(None, Clock::system(), hide)
}

fn head(kind: Kind, call_over: CancellationToken) -> Head {
    Head {
        kind,
        call_id: "c-1".to_owned(),
        caller: "stdio".to_owned(),
        principal: "stdio".to_owned(),
        router_name: "edge-1".to_owned(),
        verify: "look at edge-1".to_owned(),
        call_over,
    }
}

fn begun(jobs: &Jobs, kind: Kind) -> Job {
    let job = jobs.reserve(head(kind, CancellationToken::new())).expect("a place");
    job.begin("working").expect("kept");
    job
}

#[tokio::test]
async fn places_are_bounded_and_given_back_with_the_job() {
    let jobs = jobs();
    let mut held: Vec<Job> = (0..MOST_RUNNING).map(|_| begun(&jobs, Kind::Bundle)).collect();
    assert!(jobs.reserve(head(Kind::Commit, CancellationToken::new())).is_none());
    held[0].succeed(json!({}));
    let place = jobs
        .reserve(head(Kind::Commit, CancellationToken::new()))
        .expect("one has ended");
    assert!(jobs.reserve(head(Kind::Commit, CancellationToken::new())).is_none());
    drop(place);
    held.pop();
    assert!(jobs.reserve(head(Kind::Commit, CancellationToken::new())).is_some());
}

#[tokio::test]
async fn a_job_ends_once_and_one_that_is_dropped_has_failed() {
    let jobs = jobs();
    let job = begun(&jobs, Kind::Bundle);
    let id = job.id().to_owned();
    job.succeed(json!({"a": 1}));
    job.fail(json!({"code": "internal"}), None);
    drop(job);
    let record = jobs.record(&id).await.expect("kept");
    assert_eq!((record.state, record.result), (State::Succeeded, Some(json!({"a": 1}))));
    let job = begun(&jobs, Kind::Bundle);
    let id = job.id().to_owned();
    drop(job);
    let record = jobs.record(&id).await.expect("kept");
    assert_eq!((record.state, record.error_code()), (State::Failed, Some("internal")));
}

#[tokio::test]
async fn nothing_secret_is_kept_and_the_log_is_bounded() {
    let jobs = jobs();
    let job = begun(&jobs, Kind::Bundle);
    for number in 0..300 {
        job.log(&format!("line {number} hunter2"));
    }
    job.fail(json!({"message": "hunter2"}), Some(json!({"deep": ["hunter2"]})));
    let record = jobs.record(job.id()).await.expect("kept");
    assert_eq!(record.log.len(), 200);
    assert!(record.log[199].ends_with("line 299 <hidden>"), "{}", record.log[199]);
    let text = serde_json::to_string(&record).expect("JSON");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_waiter_sees_every_phase_and_the_end() {
    let jobs = jobs();
    let job = begun(&jobs, Kind::Bundle);
    let id = job.id().to_owned();
    let seen = std::sync::Mutex::new(Vec::new());
    let until = Instant::now() + Duration::from_secs(60);
    let note = |record: &Record| {
        seen.lock()
            .expect("no panic")
            .push(record.phase.clone().unwrap_or_default())
    };
    let work = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        job.phase("second");
        tokio::time::sleep(Duration::from_secs(5)).await;
        job.succeed(json!({}));
    };
    let started = Instant::now();
    let (record, ()) = tokio::join!(jobs.wait(&id, until, note), work);
    assert_eq!(record.expect("kept").state, State::Succeeded);
    assert_eq!(started.elapsed().as_secs(), 10);
    let seen = seen.into_inner().expect("no panic");
    assert!(
        seen.starts_with(&["working".to_owned(), "second".to_owned()]),
        "{seen:?}"
    );

    let job = begun(&jobs, Kind::Bundle);
    let record = jobs
        .wait(job.id(), Instant::now() + Duration::from_secs(3), |_| {})
        .await;
    assert_eq!(record.expect("running").state, State::Running);
}

#[tokio::test]
async fn a_commit_is_listed_if_its_call_was_over_before_it() {
    let jobs = jobs();
    for over in [false, true] {
        let call = CancellationToken::new();
        let job = jobs.reserve(head(Kind::Commit, call.clone())).expect("a place");
        job.begin("committing").expect("kept");
        if over {
            call.cancel();
        }
        let record = jobs.record(job.id()).await.expect("running");
        assert_eq!(record.listed, over);
        job.succeed(json!({}));
        call.cancel();
        let record = jobs.record(job.id()).await.expect("kept");
        assert_eq!(record.listed, over);
    }
}

#[tokio::test]
async fn a_job_can_be_cancelled_until_the_point_of_no_return() {
    let jobs = jobs();
    let job = begun(&jobs, Kind::Upgrade);
    job.point_of_no_return("rebooting");
    assert!(!job.view().cancel());
    assert!(!job.cancellation().is_cancelled());
    let job = begun(&jobs, Kind::Upgrade);
    assert!(job.view().cancel() && job.cancellation().is_cancelled());
    job.cancelled();
    assert_eq!(jobs.record(job.id()).await.expect("kept").state, State::Cancelled);
}

#[tokio::test]
async fn figures_count_what_runs_and_what_failed() {
    let jobs = jobs();
    let _queued = jobs
        .reserve(head(Kind::Bundle, CancellationToken::new()))
        .expect("a place");
    let _running = begun(&jobs, Kind::Bundle);
    begun(&jobs, Kind::Bundle).fail(json!({"code": "internal"}), None);
    let figures = jobs.figures().await;
    assert_eq!((figures.running, figures.queued, figures.failed_24h), (1, 1, 1));
}
