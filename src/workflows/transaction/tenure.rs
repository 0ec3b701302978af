//! The job that a commit is from the moment it is sent.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{ChangeFault, Context, commit::ResolvedBy};
use crate::jobs::{Head, Job, JobView, Kind};

/// A place for the job of a commit, taken before the router is contacted.
pub(crate) fn reserve(
    context: &Context,
    call_over: &tokio_util::sync::CancellationToken,
) -> Result<Arc<Job>, ChangeFault> {
    let (author, router) = (&context.author, context.device.name());
    let head = Head {
        kind: Kind::Commit,
        call_id: author.call_id.clone(),
        caller: author.caller.clone(),
        principal: author.principal.clone(),
        router_name: router.to_owned(),
        verify: format!(
            "look for '{}' in 'show system commit' of router '{router}': if it is there the commit was made, otherwise it was not",
            author.call_id
        ),
        call_over: call_over.clone(),
    };
    context.jobs.reserve(head).map(Arc::new).ok_or_else(|| {
        ChangeFault::new(
            "overloaded",
            format!(
                "router '{router}': {} jobs are running, which is the limit",
                crate::jobs::MOST_RUNNING
            ),
            "nothing was sent; wait until some of them have ended, list_jobs shows them",
        )
    })
}

/// A job, and whether it ends with the commit or goes on after it.
#[derive(Clone, Debug)]
pub(super) struct Tenure {
    job: Arc<Job>,
    ends: bool,
}

impl Tenure {
    /// The job is the commit.
    pub(super) fn whole(job: Arc<Job>) -> Self {
        Self { job, ends: true }
    }

    /// The commit is a part of the job.
    pub(super) fn part(job: Arc<Job>) -> Self {
        Self { job, ends: false }
    }

    pub(super) fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// The job as others see it, if it has come to that.
    pub(super) fn begun(&self) -> Option<JobView> {
        let view = self.job.view();
        view.begun().is_some().then_some(view)
    }

    /// Writes down that a commit is about to be sent; if that fails it must not be.
    pub(super) fn sends(&self, context: &Context, phase: &str) -> Result<(), ChangeFault> {
        if self.begun().is_some() {
            self.job.phase(phase);
            return Ok(());
        }
        self.job.begin(phase).map_err(|fault| {
            let message = format!("router '{}': nothing was committed: {fault}", context.device.name());
            let hint = "make the state directory writable for this user, then send the change again";
            ChangeFault::new("internal", message, hint)
        })
    }

    /// Writes down what became of the commit, which ends the job unless more is to come or nobody knows.
    pub(super) fn known(&self, context: &Context, outcome: &Result<ResolvedBy, ChangeFault>) {
        match outcome {
            Ok(how) => {
                self.job.log(&format!("committed, as the {} says", how.as_str()));
                if self.ends {
                    self.job.succeed(committed(context, how.as_str()));
                }
            }
            Err(fault) => {
                self.job
                    .log(&format!("not committed as far as is known: {}", fault.code));
                if self.ends && fault.search.is_none() {
                    self.job
                        .fail(error(context, fault.code), Some(known(context, "rejected", false)));
                }
            }
        }
    }
}

impl Tenure {
    /// Writes down what became of a confirmation.
    pub(super) fn confirmed(&self, context: &Context, proven: &Result<(), ChangeFault>) {
        match proven {
            Ok(()) => {
                self.job.log("confirmed, as the commit history says");
                if self.ends {
                    self.job.succeed(known(context, "confirmed", true));
                }
            }
            Err(fault) => {
                self.job
                    .log(&format!("not confirmed as far as is known: {}", fault.code));
                if self.ends && fault.search.is_none() {
                    self.job
                        .fail(error(context, fault.code), Some(known(context, "rejected", false)));
                }
            }
        }
    }
}

/// The result of a job whose commit was made.
pub(super) fn committed(context: &Context, resolved_by: &str) -> Value {
    let mut result = known(context, "committed", true);
    result["commit_id"] = json!(context.author.call_id);
    result["resolved_by"] = json!(resolved_by);
    result
}

/// What is known of a change in few words.
pub(super) fn known(context: &Context, outcome: &str, success: bool) -> Value {
    json!({ "router_name": context.device.name(), "success": success, "outcome": outcome })
}

/// Why a job failed, without the router's own words: the tool that answers adds them, secrets taken out.
pub(super) fn error(context: &Context, code: &str) -> Value {
    let (what, hint) = match code {
        "commit_unknown" => (
            "whether it was committed could not be found out",
            format!("look for '{}' in 'show system commit'", context.author.call_id),
        ),
        _ => (
            "nothing was committed",
            "send the change again once the cause is known".to_owned(),
        ),
    };
    json!({ "code": code, "message": format!("router '{}': {what}", context.device.name()), "hint": hint, "retryable": false })
}
