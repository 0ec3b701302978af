//! Jobs on disk, before and after a crash.

use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::super::{Head, Job, Jobs, Kind, State};
use super::*;

fn jobs(state: &TempDir) -> Jobs {
    Jobs::open(Some(state.path()), Clock::system(), str::to_owned)
}

fn commit(jobs: &Jobs, call_id: &str) -> Job {
    let head = Head {
        kind: Kind::Commit,
        call_id: call_id.to_owned(),
        caller: "stdio".to_owned(),
        principal: "stdio".to_owned(),
        router_name: "edge-1".to_owned(),
        verify: format!("look for '{call_id}'"),
        call_over: CancellationToken::new(),
    };
    jobs.reserve(head).expect("a place")
}

fn files(state: &TempDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.path().join("jobs")).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn file_of(state: &TempDir, job: &Job) -> PathBuf {
    state.path().join("jobs").join(format!("{}.json", job.id()))
}

#[tokio::test]
async fn what_a_process_left_running_is_found_by_the_next_one_as_interrupted_with_what_to_verify() {
    let state = TempDir::new().expect("a folder");
    let first = jobs(&state);
    let (running, ended) = (commit(&first, "c-1"), commit(&first, "c-2"));
    running.begin("committing").expect("written");
    ended.begin("committing").expect("written");
    ended.succeed(json!({"outcome": "committed"}));
    let beside = jobs(&state);
    assert!(beside.interrupted().is_empty(), "the owner lives");
    let seen = beside.record(running.id()).await.expect("another process sees it");
    assert_eq!(seen.state, State::Running);

    let id = running.id().to_owned();
    // As a crash does: nothing is told to the job, and the lock goes with the process.
    std::mem::forget(running);
    drop((ended, first));
    let lock = files(&state)
        .into_iter()
        .find(|path| path.extension().is_some_and(|extension| extension == "lock"));
    assert!(lock.is_none_or(|path| fs::remove_file(path).is_ok()));

    let after = jobs(&state);
    let interrupted: Vec<&str> = after.interrupted().iter().map(|job| job.call_id.as_str()).collect();
    assert_eq!(interrupted, ["c-1"]);
    let record = after.record(&id).await.expect("kept");
    assert_eq!(
        (record.state, record.phase.as_deref()),
        (State::Interrupted, Some("committing"))
    );
    assert_eq!(record.error_code(), Some("commit_unknown"));
    assert_eq!(record.error.expect("why")["hint"], "look for 'c-1'");
    assert!(record.listed);
    assert!(jobs(&state).interrupted().is_empty(), "told once");
}

#[tokio::test]
async fn a_job_is_on_disk_at_every_phase_and_leaves_no_trace_before_it_begins() {
    let state = TempDir::new().expect("a folder");
    let jobs = jobs(&state);
    drop(commit(&jobs, "c-1"));
    assert!(files(&state).is_empty(), "nothing began");
    let job = commit(&jobs, "c-2");
    let phase = |job: &Job| match read(&file_of(&state, job)) {
        Ok(record) => record.phase,
        _ => panic!("not on disk"),
    };
    job.begin("committing").expect("written");
    assert_eq!(phase(&job).as_deref(), Some("committing"));
    job.phase("settling");
    assert_eq!(phase(&job).as_deref(), Some("settling"));
    job.succeed(json!({}));
    assert!(matches!(read(&file_of(&state, &job)), Ok(record) if record.state == State::Succeeded));
    assert!(
        files(&state)
            .iter()
            .all(|path| path.extension().is_none_or(|extension| extension != "tmp"))
    );
}

#[tokio::test]
async fn a_file_of_another_version_is_refused_and_left_untouched() {
    let state = TempDir::new().expect("a folder");
    let folder = state.path().join("jobs");
    fs::create_dir(&folder).expect("made");
    let path = folder.join("j-0123456789abcdef.json");
    let text = r#"{"version":9,"job":{"shape":"unknown"}}"#;
    fs::write(&path, text).expect("written");
    let jobs = jobs(&state);
    assert!(jobs.interrupted().is_empty());
    assert!(jobs.record("j-0123456789abcdef").await.is_none());
    assert!(jobs.all().await.is_empty());
    assert_eq!(fs::read_to_string(&path).expect("there"), text);
}

#[tokio::test]
async fn only_an_id_becomes_part_of_a_path() {
    let state = TempDir::new().expect("a folder");
    fs::write(state.path().join("secret.json"), "{}").expect("written");
    for id in ["../secret", "j-../../secret", "", "j-0123", "j-0123456789abcdeg"] {
        assert!(jobs(&state).record(id).await.is_none(), "{id}");
    }
}

#[test]
fn where_a_job_cannot_be_written_it_does_not_begin() {
    let state = TempDir::new().expect("a folder");
    let file = state.path().join("file");
    fs::write(&file, "").expect("written");
    let jobs = Jobs::open(Some(&file), Clock::system(), str::to_owned);
    let job = commit(&jobs, "c-1");
    assert!(job.begin("committing").is_err());
    assert!(job.view().begun().is_none());
}

#[tokio::test]
async fn old_jobs_and_those_beyond_the_number_are_removed_and_running_ones_are_not() {
    let state = TempDir::new().expect("a folder");
    let now = Clock::system().now();
    let first = jobs(&state);
    let running = commit(&first, "c-1");
    running.begin("committing").expect("written");
    let template = running.view().begun().expect("running");
    let (store, _) = Files::open(state.path(), Clock::system());
    for number in 0..1010_u32 {
        let age =
            chrono::TimeDelta::minutes(i64::from(number)) + chrono::TimeDelta::days(if number == 0 { 8 } else { 0 });
        let record = Record {
            job_id: format!("j-{number:016x}"),
            state: State::Succeeded,
            started_at: now - age,
            finished_at: Some(now - age),
            ..template.clone()
        };
        fs::write(
            store.path(&record.job_id),
            serde_json::to_vec(&Versioned {
                version: VERSION,
                job: record,
            })
            .expect("JSON"),
        )
        .expect("written");
    }
    let after = jobs(&state);
    let kept = after.all().await;
    assert_eq!(kept.iter().filter(|record| record.state.is_final()).count(), MOST_KEPT);
    assert!(kept.iter().all(|record| record.job_id != format!("j-{:016x}", 0)));
    assert!(kept.iter().any(|record| record.job_id == running.id()));
}
