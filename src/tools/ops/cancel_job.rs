//! `cancel_job`: a job is stopped before the point of no return.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::visible;
use crate::{
    jobs::State,
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec},
    },
};

/// A job that is stopped cleans up for at most so long before the answer; it goes on cleaning after it.
const CLEANING: Duration = Duration::from_secs(30);

/// Cancel a running job, if it has not passed the point of no return. A commit, install, undo or reboot that was sent is never
/// cancelled.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// The id that the tool named which started the job.
    #[schemars(length(min = 1, max = 64))]
    job_id: String,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    job_id: String,
    /// How the job ended, `cancelled` if it was stopped; `cancelling` while it cleans up.
    state: &'static str,
}

pub(super) fn spec() -> Spec {
    Spec::structured("cancel_job", "Cancel a job", Effect::Operate, run).idempotent()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let jobs = &call.services().jobs;
    let record = visible::job(&call, &args.job_id).await?;
    if !record.state.is_final() {
        let stopped = jobs.running(&record.job_id).is_some_and(|job| job.cancel());
        if !stopped {
            return Err(past(record.phase.as_deref().unwrap_or("starting"), record.cancellable));
        }
    }
    let until = (Instant::now() + CLEANING).min(call.work().deadline());
    let record = jobs
        .wait(&record.job_id, until, |_| {})
        .await
        .ok_or_else(visible::not_found)?;
    let state = match record.state {
        State::Queued | State::Running => "cancelling",
        ended => ended.as_str(),
    };
    Ok(Output {
        job_id: record.job_id,
        state,
    }
    .into())
}

fn past(phase: &str, elsewhere: bool) -> Failure {
    let reason = if elsewhere {
        "another process runs it"
    } else {
        "it has passed the point of no return"
    };
    Failure::new(
        Code::NotCancellable,
        format!("the job cannot be cancelled while {phase}: {reason}"),
    )
    .hint("wait for its end with get_job and wait_secs")
    .known("phase", phase)
}
