//! `get_job`: how a job stands, and what came of it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use super::visible::{self, moment};
use crate::{
    jobs::{Kind, PhaseTime, Record, State},
    tools::{
        call::Call,
        failure::Failure,
        outcome::Structured,
        schema::Object,
        spec::{Effect, Spec},
    },
    work::Step,
};

/// Get the state, log and result of a long-running job such as an upgrade, and optionally wait for it to finish. A failed job is
/// a successful answer with state failed; an interrupted one says what to verify on the router.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// The id that the tool named which started the job.
    #[schemars(length(min = 1, max = 64))]
    job_id: String,
    /// Seconds to wait for the end of the job.
    #[serde(default)]
    #[schemars(range(min = 0, max = 600))]
    wait_secs: u64,
    /// Lines of the log, the latest.
    #[serde(default = "twenty")]
    #[schemars(range(min = 0, max = 200))]
    log_lines: usize,
}

fn twenty() -> usize {
    20
}

#[derive(Serialize, JsonSchema)]
struct Output {
    job_id: String,
    kind: Kind,
    router_name: String,
    state: State,
    phase: Option<String>,
    /// When each phase began.
    phases: Vec<Phase>,
    started_at: String,
    finished_at: Option<String>,
    elapsed_secs: f64,
    /// Whether cancel_job can still stop it.
    cancellable: bool,
    log: Vec<String>,
    /// What the tool gave back.
    result: Option<Object>,
    /// Why it did not do what it was asked to.
    error: Option<Object>,
}

#[derive(Serialize, JsonSchema)]
struct Phase {
    phase: String,
    at: String,
}

pub(super) fn spec() -> Spec {
    Spec::structured("get_job", "Job status and result", Effect::Read, run)
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let id = visible::job(&call, &args.job_id).await?.job_id;
    let until = (Instant::now() + Duration::from_secs(args.wait_secs)).min(call.work().deadline());
    let tell = |record: &Record| {
        let phase = record.phase.as_deref().unwrap_or("queued");
        call.work().report(Step {
            message: format!("{}: {phase}", record.router_name),
            ..Step::default()
        });
    };
    let record = call
        .services()
        .jobs
        .wait(&id, until, tell)
        .await
        .ok_or_else(visible::not_found)?;
    Ok(shown(&call, record, args.log_lines).into())
}

fn shown(call: &Call, record: Record, lines: usize) -> Output {
    let end = record.finished_at.unwrap_or_else(|| call.services().clock.now());
    let elapsed = end.signed_duration_since(record.started_at).num_milliseconds();
    let skipped = record.log.len().saturating_sub(lines);
    Output {
        job_id: record.job_id,
        kind: record.kind,
        router_name: record.router_name,
        state: record.state,
        phase: record.phase,
        phases: record
            .phases
            .into_iter()
            .map(|PhaseTime { phase, at }| Phase { phase, at: moment(at) })
            .collect(),
        started_at: moment(record.started_at),
        finished_at: record.finished_at.map(moment),
        elapsed_secs: elapsed.max(0) as f64 / 1000.0,
        cancellable: record.cancellable,
        log: record.log.into_iter().skip(skipped).collect(),
        result: record.result.and_then(object),
        error: record.error.and_then(object),
    }
}

fn object(value: Value) -> Option<Object> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}
