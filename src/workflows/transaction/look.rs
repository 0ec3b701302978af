//! Going on to look for an outcome that the call itself could not find out.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::Instant;

use super::{
    Context, HistoryEntry,
    candidate::Held,
    commit::ResolvedBy,
    confirm,
    resolve::{self, Resolution},
    tenure,
};
use crate::jobs::Job;

/// Looked for this long after the call has ended.
const LOOKING: Duration = Duration::from_secs(15 * 60);

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(10);

/// What has to be found out.
#[derive(Clone, Debug)]
pub(crate) enum Search {
    /// Whether the commit of this session was made.
    Commit {
        /// The session's number.
        sender: Option<u32>,
        /// How it held the candidate.
        held: HeldBy,
    },
    /// Whether this pending commit was kept.
    Confirmation(Box<HistoryEntry>),
}

/// How a session held the candidate; only the transaction looks inside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeldBy(pub(super) Held);

/// What was found.
enum Found {
    Made(&'static str),
    NotMade(&'static str),
}

/// Goes on looking in a task that a shutdown interrupts, and ends the job.
pub(crate) fn look_on(context: &Context, job: Arc<Job>, search: Search) {
    job.leave();
    job.list();
    job.phase("looking for the outcome");
    let context = context.clone();
    let closing = context.jobs.closing().clone();
    context.tasks.clone().spawn(async move {
        tokio::select! {
            // What only reads may be lost: the next process finds the job interrupted.
            () = closing.cancelled() => job.interrupt(),
            found = search.until_found(&context) => end(&context, &job, found),
        }
    });
}

fn end(context: &Context, job: &Job, found: Option<Found>) {
    match found {
        Some(Found::Made("committed")) => job.succeed(tenure::committed(context, ResolvedBy::Job.as_str())),
        Some(Found::Made(outcome)) => {
            let mut result = tenure::known(context, outcome, true);
            result["resolved_by"] = json!(ResolvedBy::Job.as_str());
            job.succeed(result);
        }
        Some(Found::NotMade(code)) => {
            job.fail(
                tenure::error(context, code),
                Some(tenure::known(context, "rejected", false)),
            );
        }
        None => job.fail(
            tenure::error(context, "commit_unknown"),
            Some(tenure::known(context, "unknown", false)),
        ),
    }
}

impl Search {
    async fn until_found(&self, context: &Context) -> Option<Found> {
        let until = Instant::now() + LOOKING;
        while Instant::now() < until {
            if let Some(found) = self.once(context).await {
                return Some(found);
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    async fn once(&self, context: &Context) -> Option<Found> {
        match self {
            Self::Commit { sender, held } => match resolve::once(context, *sender, held.0).await.ok()?? {
                Resolution::Committed => Some(Found::Made("committed")),
                Resolution::NotApplied => Some(Found::NotMade("commit_rejected")),
                Resolution::Unknown(_) => None,
            },
            Self::Confirmation(pending) => match confirm::proof(context, pending).await {
                Ok(()) => Some(Found::Made("confirmed")),
                // Still pending is not the last word while the router may be at work.
                Err(fault) if fault.code == "no_pending_commit" => Some(Found::NotMade("no_pending_commit")),
                Err(_) => None,
            },
        }
    }
}
