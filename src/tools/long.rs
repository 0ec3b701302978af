//! Work that outlives its call: it runs as a job, the call waits for it a while and then names it.

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::{sync::oneshot, time::Instant};
use tracing::Instrument as _;

use super::{call::Call, code::Code, failure::Failure, router::Router};
use crate::{
    jobs::{Head, Job, Kind, MOST_RUNNING},
    work::Step,
};

/// A job that goes on after its call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Running {
    /// `running`.
    status: &'static str,
    /// For get_job.
    job_id: String,
    /// What it is at.
    phase: Option<String>,
    /// When it began.
    started_at: String,
}

/// What a call has of its job when it answers.
pub(crate) enum Waited<T> {
    /// The job's own end.
    Ended(Result<T, Failure>),
    /// It goes on.
    Running(Running),
}

impl Running {
    /// The sentence for people.
    pub(crate) fn sentence(&self) -> String {
        let phase = self.phase.as_deref().unwrap_or("starting");
        format!(
            "Still running ({phase}); get_job {{\"job_id\":\"{}\"}} tells how it goes on.",
            self.job_id
        )
    }
}

/// A place for a job of this call, taken before the router is contacted. `verify` says what to look at on the router should the
/// server end first.
pub(crate) fn reserve(call: &Call, kind: Kind, router: &Router, verify: String) -> Result<Arc<Job>, Failure> {
    let head = Head {
        kind,
        call_id: call.id().to_owned(),
        caller: call.caller().name().to_owned(),
        principal: call.caller().owner().to_string(),
        router_name: router.name().to_owned(),
        verify,
        call_over: call.work().cancellation().clone(),
    };
    call.services().jobs.reserve(head).map(Arc::new).ok_or_else(|| {
        Failure::new(
            Code::Overloaded,
            format!("{MOST_RUNNING} jobs are running, which is the limit"),
        )
        .hint("nothing was sent; wait until some of them have ended, list_jobs shows them")
    })
}

/// Runs the work of a job in a task that a shutdown waits for, and waits for its end, at most for `wait`. Work that has not begun
/// its job by then is waited for, as any call. The result of the work becomes that of the job, unless it was left to
/// somebody else to end it.
pub(crate) async fn run<T, F>(call: &Call, job: Arc<Job>, wait: Duration, work: F) -> Waited<T>
where
    T: Serialize + Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let (until, view) = (Instant::now() + wait, job.view());
    let (sender, mut receiver) = oneshot::channel();
    let doing = call.clone();
    let task = async move {
        let result = work.await;
        conclude(&doing, &job, &result);
        drop(job);
        // Nobody listens once the call has answered; the job has the result.
        let _ = sender.send(result);
    };
    call.services().protected.spawn(task.in_current_span());
    let mut changes = view.changes();
    loop {
        let begun = view.begun();
        if let Some(record) = &begun {
            let phase = record.phase.as_deref().unwrap_or("starting");
            call.work().report(Step {
                message: format!("{}: {phase}", record.router_name),
                ..Step::default()
            });
        }
        tokio::select! {
            // Losing any of these waits is harmless: the work runs in a task of its own.
            biased;
            result = &mut receiver => return Waited::Ended(result.unwrap_or_else(|_| Err(panicked()))),
            () = tokio::time::sleep_until(until), if begun.is_some() => {}
            () = call.work().cancellation().cancelled(), if begun.is_some() => {}
            Ok(()) = changes.changed() => continue,
            else => return Waited::Ended(Err(panicked())),
        }
        let Some(record) = view.begun().filter(|record| !record.state.is_final()) else {
            return Waited::Ended(receiver.await.unwrap_or_else(|_| Err(panicked())));
        };
        call.notes()
            .result(|result| result.job_id = Some(record.job_id.clone()));
        return Waited::Running(Running {
            status: "running",
            job_id: record.job_id,
            phase: record.phase,
            started_at: record.started_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        });
    }
}

fn conclude<T: Serialize>(call: &Call, job: &Job, result: &Result<T, Failure>) {
    if job.is_left() {
        return;
    }
    match result {
        Ok(value) => job.succeed(call.finished(value)),
        Err(failure) if failure.code() == Code::Cancelled => job.cancelled(),
        Err(failure) => {
            let (known, error) = call.failed(failure);
            job.fail(error.unwrap_or_default(), known);
        }
    }
}

fn panicked() -> Failure {
    Failure::new(Code::Internal, "the job ended in an internal error").hint("get_job and the router tell what was done")
}
