//! The only code that edits a candidate configuration: open, load, diff, check or commit, settle.
//!
//! A transaction runs in a task of its own from the lock on, so that a caller who leaves cannot tear it. Cancellation is
//! obeyed between steps and ignored once the commit is sent. Settling runs whatever happened before it.

mod candidate;
mod change;
mod commit;
mod confirm;
mod discard;
mod fate;
mod fault;
mod guard;
mod history;
mod holders;
mod look;
mod payload;
mod resolve;
mod settle;
mod tenure;

use std::sync::Arc;

use tenure::Tenure;
use tokio_util::task::TaskTracker;

use crate::{
    blocklist::Rules,
    clock::Clock,
    devices::Device,
    jobs::{Job, JobView, Jobs},
    junos::{DeviceMessage, DeviceText, Minutes, RollbackNumber},
    work::Work,
};

pub(crate) use candidate::CandidateMode;
pub(crate) use commit::Committed;
pub(crate) use confirm::{Confirmation, Wanted};
pub(crate) use discard::Discarded;
pub(crate) use fate::{Fate, fate};
pub(crate) use fault::ChangeFault;
pub(crate) use history::HistoryEntry;
pub(crate) use holders::Holder;
pub(crate) use look::{Search, look_on};
pub(crate) use tenure::reserve;

/// Where a transaction runs and what it writes down.
#[derive(Clone)]
pub(crate) struct Context {
    /// The router.
    pub(crate) device: Device,
    /// The tasks that a shutdown waits for.
    pub(crate) tasks: TaskTracker,
    /// Where a commit is a job.
    pub(crate) jobs: Jobs,
    /// Wall time, for when a rollback is due.
    pub(crate) clock: Clock,
    /// What is forbidden on this router.
    pub(crate) rules: Arc<Rules>,
    /// Who does it, and why.
    pub(crate) author: Author,
}

/// Who commits, as the router's commit log will show it.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    /// The call's id.
    pub(crate) call_id: String,
    /// The caller's name.
    pub(crate) caller: String,
    /// What names the caller and nobody else: the job of the change belongs to it.
    pub(crate) principal: String,
    /// The tool, for others who wait.
    pub(crate) tool: &'static str,
    /// Why, in the caller's words.
    pub(crate) comment: String,
}

/// Junos refuses longer log texts.
const MAX_LOG_BYTES: usize = 512;

impl Author {
    /// The log text: the comment, shortened so that caller and call id always fit.
    fn log(&self) -> String {
        let tail = format!(" (by {}) {}", self.caller, history::mark(&self.call_id));
        let mut end = self.comment.len().min(MAX_LOG_BYTES.saturating_sub(tail.len()));
        while !self.comment.is_char_boundary(end) {
            end -= 1;
        }
        let comment: String = self.comment[..end]
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        format!("{comment}{tail}")
    }
}

/// What is to become of the candidate.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Set commands.
    Set(String),
    /// Curly text.
    Text(String),
    /// XML below `<configuration>`, well-formed.
    Xml(String),
    /// A JSON object with the member `configuration`.
    Json(String),
    /// An earlier commit.
    Rollback(RollbackNumber),
}

/// How far a transaction goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Load and show the difference.
    Preview,
    /// The router's own check as well.
    Check,
    /// Commit; with minutes, the router goes back by itself unless somebody confirms.
    Commit {
        /// Minutes until the router goes back.
        confirm: Option<Minutes>,
    },
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// What to load.
    pub(crate) source: Source,
    /// How far to go.
    pub(crate) goal: Goal,
    /// In which candidate.
    pub(crate) mode: CandidateMode,
    /// Whether both routing engines commit.
    pub(crate) synchronize: bool,
    /// The digest of the difference that was confirmed; another one is not committed.
    pub(crate) expected: Option<[u8; 32]>,
}

/// How a transaction ended when it did what it was asked to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The candidate did not differ; nothing was committed.
    NoChanges,
    /// The difference is known, the candidate as before.
    Previewed,
    /// The router's check passed, the candidate as before.
    Valid,
    /// The change is active.
    Committed(Committed),
}

/// Whether the router was left as it was found, apart from a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cleanup {
    /// Proven.
    Done,
    /// The session was dropped, upon which Junos discards and unlocks; that could not be seen.
    Unproven,
}

/// What a transaction did.
#[derive(Debug)]
pub(crate) struct Report {
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// The difference in Junos' own form; blank if there is none.
    pub(crate) diff: DeviceText,
    /// Whether there is a difference.
    pub(crate) changed: bool,
    /// What the router warned of.
    pub(crate) warnings: Vec<DeviceMessage>,
    /// The pending confirmed commit that this commit confirmed, or that it would confirm if it were made.
    pub(crate) confirmed_previous: Option<HistoryEntry>,
    /// Whether the change was made in a private copy because the router knows no other way.
    pub(crate) private_by_demand: bool,
    /// The job of the commit, if one was sent.
    pub(crate) job: Option<JobView>,
    /// How the router was left.
    pub(crate) cleanup: Cleanup,
}

/// Judges what can be judged before the router is contacted, for who changes several routers and wants to begin with none
/// that would refuse.
pub(crate) fn judge(context: &Context, change: &Change) -> Result<(), ChangeFault> {
    change::judge(context, change)
}

/// Makes one change. A commit is a job from the moment it is sent; where its outcome stays unknown the job goes on looking.
pub(crate) async fn change(context: Context, change: Change, work: Work) -> Result<Report, ChangeFault> {
    let tenure = match change.goal {
        Goal::Commit { .. } => Some(Tenure::whole(reserve(&context, work.cancellation())?)),
        Goal::Preview | Goal::Check => None,
    };
    protected(&context.tasks.clone(), async move {
        let result = change::run(context.clone(), change, tenure.clone(), work).await;
        result.map_err(|fault| searched(&context, tenure.as_ref(), fault))
    })
    .await
}

/// Makes one change as a part of a job that goes on after it and that the caller ends. Where the outcome is unknown the fault
/// holds a [`Search`], for [`look_on`].
pub(crate) async fn change_within(
    job: Arc<Job>,
    context: Context,
    change: Change,
    work: Work,
) -> Result<Report, ChangeFault> {
    let tenure = Some(Tenure::part(job));
    protected(&context.tasks.clone(), change::run(context, change, tenure, work)).await
}

fn searched(context: &Context, tenure: Option<&Tenure>, fault: ChangeFault) -> ChangeFault {
    if let (Some(search), Some(tenure)) = (&fault.search, tenure) {
        look_on(context, Arc::clone(tenure.job()), search.clone());
    }
    fault
}

/// The confirmed commit that is pending, if it is the one that is wanted. Nothing is locked or sent but the question.
pub(crate) async fn pending(context: &Context, wanted: &Wanted, work: &Work) -> Result<HistoryEntry, ChangeFault> {
    confirm::look(context, wanted, work).await
}

/// Confirms the pending confirmed commit, if it is the one that is wanted.
pub(crate) async fn confirm(context: Context, wanted: Wanted, work: Work) -> Result<Confirmation, ChangeFault> {
    let tenure = Tenure::whole(reserve(&context, work.cancellation())?);
    protected(&context.tasks.clone(), async move {
        let result = confirm::run(context.clone(), wanted, tenure.clone(), work).await;
        result.map_err(|fault| searched(&context, Some(&tenure), fault))
    })
    .await
}

/// As [`confirm`], as a part of a job that the caller ends.
pub(crate) async fn confirm_within(
    job: Arc<Job>,
    context: Context,
    wanted: Wanted,
    work: Work,
) -> Result<Confirmation, ChangeFault> {
    let tenure = Tenure::part(job);
    protected(&context.tasks.clone(), confirm::run(context, wanted, tenure, work)).await
}

/// Discards what is uncommitted in the shared candidate, whoever wrote it; live editors make it refuse unless forced.
pub(crate) async fn discard(context: Context, force: bool, work: Work) -> Result<Discarded, ChangeFault> {
    protected(&context.tasks.clone(), discard::run(context, force, work)).await
}

/// Runs work in a task that nobody's leaving ends and that a shutdown waits for.
async fn protected<T: Send + 'static>(
    tasks: &TaskTracker,
    work: impl Future<Output = Result<T, ChangeFault>> + Send + 'static,
) -> Result<T, ChangeFault> {
    use tracing::Instrument;
    match tasks.spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(_) => Err(ChangeFault::panicked()),
    }
}

#[cfg(test)]
mod tests;
