//! A commit that proves itself before it is kept: committed confirmed, measured before and after, then confirmed, or left to
//! the router's own rollback.
//!
//! After the confirmed commit nothing is sent but reads and, once everything holds, the confirmation. All of it is one job.

mod check;
mod end;
mod measure;
mod round;
mod timer;
mod verdict;
mod watch;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{measure::Reading, timer::Timer, watch::Watched};
use crate::{
    devices::Rpc,
    jobs::Job,
    junos::{DeviceText, Minutes},
    work::{Step, Work},
    workflows::transaction::{
        self, Change, ChangeFault, Cleanup, Context, Fate, Goal, HistoryEntry, Outcome, Report, Wanted,
    },
};

pub(crate) use check::{Check, MOST_CHECKS};
pub(crate) use verdict::Checked;

/// A pooled session that does not answer a small request in this time is not used for the confirmation.
const PROBE: Duration = Duration::from_secs(5);

/// A confirmation may take so long, even when the router is about to go back.
const LEAST_FOR_KEEPING: Duration = Duration::from_secs(30);

/// Turns output of a router into what may be read of it.
#[derive(Clone)]
pub(crate) struct Reader(Arc<dyn Fn(DeviceText) -> String + Send + Sync>);

impl Reader {
    /// A reader that hides what is secret.
    pub(crate) fn new(read: impl Fn(DeviceText) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    fn read(&self, text: DeviceText) -> String {
        (self.0)(text)
    }
}

/// What must hold, and for how long the router waits.
pub(crate) struct Guard {
    minutes: Minutes,
    checks: Vec<Check>,
    reader: Reader,
}

impl Guard {
    /// A guard that makes these checks; the session is always checked, and first.
    pub(crate) fn new(minutes: Minutes, checks: Vec<Check>, reader: Reader) -> Self {
        let others = checks.into_iter().filter(|check| !matches!(check, Check::Session));
        Self {
            minutes,
            checks: std::iter::once(Check::Session).chain(others).collect(),
            reader,
        }
    }
}

/// What kept the commit.
#[derive(Debug)]
pub(crate) enum KeptBy {
    /// Its checks held.
    Verify,
    /// Somebody else confirmed it before: by this commit, or by a check where there is none.
    Other(Option<HistoryEntry>),
}

/// A guarded commit that is kept, or that had nothing to change.
#[derive(Debug)]
pub(crate) struct Guarded {
    /// The change itself.
    pub(crate) report: Report,
    /// What kept it; none if there was no commit.
    pub(crate) kept: Option<KeptBy>,
    /// The checks; none if there was no commit.
    pub(crate) checked: Vec<Checked>,
}

/// A guarded commit that is not kept, or of which that is not known.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Why.
    pub(crate) fault: ChangeFault,
    /// The checks, as far as they were made.
    pub(crate) checked: Vec<Checked>,
}

impl From<ChangeFault> for Broken {
    fn from(fault: ChangeFault) -> Self {
        Self {
            fault,
            checked: Vec::new(),
        }
    }
}

/// Makes a change and keeps it if the checks hold. The caller ends the job with the result unless it was left.
pub(crate) async fn run(
    job: Arc<Job>,
    context: Context,
    mut change: Change,
    guard: Guard,
    work: Work,
) -> Result<Guarded, Broken> {
    change.goal = Goal::Commit {
        confirm: Some(guard.minutes),
    };
    transaction::judge(&context, &change)?;
    work.report(Step {
        message: format!("{}: measuring before the change", context.device.name()),
        ..Step::default()
    });
    let before = round::before(&context, &guard, &work)
        .await
        .map_err(ChangeFault::from)?;
    let made = transaction::change_within(Arc::clone(&job), context.clone(), change, work).await;
    let ago = job.view().begun().map(|record| context.clock.now() - record.started_at);
    let ago = ago.and_then(|ago| ago.to_std().ok()).unwrap_or_default();
    let run = Run {
        timer: Timer::new(context.clock, guard.minutes, ago),
        job,
        context,
        guard,
        before,
        checked: Vec::new(),
        asked: false,
    };
    match made {
        Ok(report) if matches!(report.outcome, Outcome::Committed(_)) => run.committed(report).await,
        Ok(report) => Ok(Guarded {
            report,
            kept: None,
            checked: Vec::new(),
        }),
        Err(fault) if fault.search.is_some() => Err(run.unclear(fault).await),
        Err(fault) => Err(fault.into()),
    }
}

/// A guarded commit from its commit on.
struct Run {
    job: Arc<Job>,
    context: Context,
    guard: Guard,
    timer: Timer,
    before: Vec<Reading>,
    checked: Vec<Checked>,
    /// Whether a confirmation was tried.
    asked: bool,
}

impl Run {
    async fn committed(mut self, report: Report) -> Result<Guarded, Broken> {
        let closing = self.context.jobs.closing().clone();
        loop {
            self.job.phase("verifying");
            let watching = watch::until_held(&self.context, &self.guard, &self.before, &self.timer, &mut self.checked);
            let watched = tokio::select! {
                // What only reads may be lost: the router goes back by itself.
                () = closing.cancelled() => return Err(self.interrupted(report)),
                watched = watching => watched,
            };
            match watched {
                Watched::Decided(fate) => return self.ended(report, Some(fate)),
                Watched::Over => break,
                Watched::Holds => {}
            }
            self.asked = true;
            match self.keep().await {
                Ok(cleanup) => return Ok(self.kept(report, KeptBy::Verify, cleanup)),
                Err(fault) => self
                    .job
                    .log(&format!("not confirmed as far as is known: {}", fault.code)),
            }
            if Instant::now() >= self.timer.verified {
                break;
            }
        }
        self.job.phase("waiting for the rollback");
        let decided = tokio::select! {
            () = closing.cancelled() => return Err(self.interrupted(report)),
            fate = watch::until_decided(&self.context, &self.timer) => fate,
        };
        self.ended(report, decided)
    }

    /// Confirms, so that the outcome of the whole is the commit's.
    async fn keep(&self) -> Result<Cleanup, ChangeFault> {
        let left = self.timer.due.saturating_duration_since(Instant::now());
        let work = Work::new(left.max(LEAST_FOR_KEEPING), CancellationToken::new());
        // The confirmation uses a session of the pool. One that fell silent by the change is found out, and dropped, by a read.
        let probe = self
            .context
            .device
            .ask(&Rpc::commit_information(), &work.narrowed(PROBE))
            .await;
        drop(probe);
        let call_id = self.context.author.call_id.clone();
        transaction::confirm_within(
            Arc::clone(&self.job),
            self.context.clone(),
            Wanted::OfCall(call_id),
            work,
        )
        .await
        .map(|confirmation| confirmation.cleanup)
    }

    /// Nobody knows whether the commit was made: what the router does with it tells.
    async fn unclear(self, fault: ChangeFault) -> Broken {
        self.job.phase("waiting for the rollback");
        let closing = self.context.jobs.closing().clone();
        let decided: Option<Fate> = tokio::select! {
            () = closing.cancelled() => None,
            fate = watch::until_decided(&self.context, &self.timer) => fate,
        };
        match (decided, &fault.search) {
            (Some(fate), _) => self.decided_unseen(fault, fate),
            (None, Some(search)) => {
                transaction::look_on(&self.context, Arc::clone(&self.job), search.clone());
                fault.into()
            }
            (None, None) => fault.into(),
        }
    }
}

#[cfg(test)]
mod tests;
