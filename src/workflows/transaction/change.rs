//! A change from the opened candidate to the settled router.

use super::{
    CandidateMode, Change, ChangeFault, Cleanup, Context, Goal, HistoryEntry, Outcome, Report, Source,
    candidate::{self, Held},
    commit::{self, Committed},
    guard,
    history::History,
    settle,
    tenure::Tenure,
};
use crate::{
    devices::{Fault, Lease, Reply, Rpc, Sole},
    junos::{DeviceMessage, DeviceText},
    work::{Step, Work},
};

/// What has been learnt and done so far; what a failure reports along with itself.
#[derive(Default)]
pub(super) struct Progress {
    /// The job of the commit, where one is wanted.
    pub(super) tenure: Option<Tenure>,
    pub(super) held: Held,
    pub(super) loaded: bool,
    pub(super) committed: bool,
    pub(super) changed: bool,
    pub(super) diff: Option<DeviceText>,
    pub(super) warnings: Vec<DeviceMessage>,
    pub(super) pending: Option<HistoryEntry>,
}

pub(super) async fn run(
    context: Context,
    change: Change,
    tenure: Option<Tenure>,
    work: Work,
) -> Result<Report, ChangeFault> {
    judge(&context, &change)?;
    let confirmed = is_confirmed(&change);
    let holder = format!("{} (call {})", context.author.tool, context.author.call_id);
    let _turn = context.device.exclusive(Sole::Change, &holder, &work).await?;
    let mut lease = context.device.lease(&work).await?;
    let mut progress = Progress {
        tenure,
        pending: pending(&context, &mut lease, change.goal, &work).await?,
        ..Progress::default()
    };
    step(&context, &work, "opening the configuration");
    // Until this is proven to be settled the session does not go back to the pool.
    lease.edits();
    let (held, opened) = candidate::open(&context, &mut lease, change.mode, confirmed, &work).await;
    if let Err(fault) = opened {
        return Err(refused_open(&context, lease, held, fault).await);
    }
    progress.held = held;
    let result = when_open(&context, &change, &mut lease, &mut progress, &work).await;
    step(&context, &work, "settling");
    let discard = progress.loaded && !progress.committed;
    let cleanup = settle::settle(&context.device, lease, held, discard).await;
    let demanded = held == Held::Private && change.mode != CandidateMode::Private;
    finish(result, progress, cleanup, demanded)
}

/// What can be judged before the router is contacted.
pub(super) fn judge(context: &Context, change: &Change) -> Result<(), ChangeFault> {
    if is_confirmed(change) && change.mode == CandidateMode::Private {
        return Err(private_confirmed(context));
    }
    guard::judge_payload(context, &change.source)
}

fn is_confirmed(change: &Change) -> bool {
    matches!(change.goal, Goal::Commit { confirm: Some(_) })
}

fn private_confirmed(context: &Context) -> ChangeFault {
    ChangeFault::new(
        "invalid_argument",
        format!(
            "router '{}': argument 'confirm_timeout_mins': Junos does not confirm commits of a private candidate",
            context.device.name()
        ),
        "nothing was sent; leave confirm_timeout_mins out, or give candidate_mode shared or exclusive",
    )
}

/// What somebody else holds is not ours to release; what failed in any other way may have been opened all the same.
pub(super) async fn refused_open(context: &Context, mut lease: Lease, held: Held, fault: ChangeFault) -> ChangeFault {
    if matches!(fault.code, "config_locked" | "candidate_dirty") && lease.is_healthy() {
        lease.settled();
        return fault;
    }
    let cleanup = settle::settle(&context.device, lease, held, false).await;
    ChangeFault {
        cleanup: Some(cleanup),
        ..fault
    }
}

fn finish(
    result: Result<Outcome, ChangeFault>,
    progress: Progress,
    cleanup: Cleanup,
    private_by_demand: bool,
) -> Result<Report, ChangeFault> {
    match result {
        Ok(outcome) => Ok(Report {
            confirmed_previous: progress
                .pending
                .filter(|_| matches!(outcome, Outcome::Committed(_) | Outcome::Previewed)),
            outcome,
            changed: progress.changed,
            diff: progress.diff.unwrap_or_else(|| DeviceText::new(String::new())),
            warnings: progress.warnings,
            private_by_demand,
            job: progress.tenure.and_then(|tenure| tenure.begun()),
            cleanup,
        }),
        Err(fault) => Err(ChangeFault {
            warnings: progress.warnings,
            diff: fault.diff.or(progress.diff.filter(|_| progress.changed)),
            cleanup: Some(cleanup),
            job: progress.tenure.and_then(|tenure| tenure.begun()),
            ..fault
        }),
    }
}

/// The confirmed commit that is pending on the router. A check would silently confirm it, so a check is refused.
async fn pending(
    context: &Context,
    lease: &mut Lease,
    goal: Goal,
    work: &Work,
) -> Result<Option<HistoryEntry>, ChangeFault> {
    step(context, work, "reading the commit history");
    let router = context.device.name();
    let reply = lease.ask(&Rpc::commit_information(), work).await?;
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    let pending = History::read(&reply).pending().cloned();
    match (goal, pending) {
        // Without the history nobody can say whether a check would confirm somebody's pending commit.
        (Goal::Check, None) if !errors.is_empty() => Err(ChangeFault::refused(
            router,
            "check_failed",
            "the commit history cannot be read",
            errors,
            "give the login class the right to run 'show system commit'",
        )),
        (Goal::Check, Some(entry)) => {
            let message = format!(
                "router '{router}': a confirmed commit of {} is pending, and a check would confirm it",
                entry.user
            );
            let hint = "wait until it is confirmed or rolled back, or keep it with confirm_commit; nothing was done";
            let mut fault = ChangeFault::new("commit_confirmed_active", message, hint);
            fault.entry = Some(entry);
            Err(fault)
        }
        (_, pending) => Ok(pending),
    }
}

async fn when_open(
    context: &Context,
    change: &Change,
    lease: &mut Lease,
    progress: &mut Progress,
    work: &Work,
) -> Result<Outcome, ChangeFault> {
    still_wanted(context, work)?;
    step(context, work, "loading");
    load(context, change, lease, progress, work).await?;
    still_wanted(context, work)?;
    step(context, work, "comparing");
    diff(context, lease, progress, work).await?;
    still_wanted(context, work)?;
    as_confirmed(context, change, progress)?;
    if progress.changed {
        guard::judge_effective(context, lease, work).await?;
    }
    match change.goal {
        Goal::Preview => Ok(Outcome::Previewed),
        Goal::Check => {
            step(context, work, "checking");
            check(context, change, lease, progress, work).await
        }
        Goal::Commit { confirm } => {
            // A commit of nothing is how older clients confirm a pending one.
            let confirms = progress.pending.is_some() && !matches!(change.source, Source::Rollback(_));
            if !progress.changed && !confirms {
                return Ok(Outcome::NoChanges);
            }
            step(context, work, "committing");
            let committed: Committed =
                commit::commit(context, lease, confirm, change.synchronize, progress, work).await?;
            Ok(Outcome::Committed(committed))
        }
    }
}

async fn load(
    context: &Context,
    change: &Change,
    lease: &mut Lease,
    progress: &mut Progress,
    work: &Work,
) -> Result<(), ChangeFault> {
    let request = match &change.source {
        Source::Set(text) => Rpc::load_set(text.clone()),
        Source::Text(text) => Rpc::load_text(text.clone()),
        Source::Xml(text) => Rpc::load_xml(text.clone()),
        Source::Json(text) => Rpc::load_json(text),
        Source::Rollback(number) => Rpc::load_rollback(number.get()),
    };
    // From the first byte sent something may be in the candidate.
    progress.loaded = true;
    let reply = lease.ask(&request, work).await?;
    progress.warnings.extend(reply.warnings().cloned());
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    let marks = reply.marks();
    let router = context.device.name();
    let hint = "correct the configuration and send it again; nothing was committed and the candidate is as before";
    if !errors.is_empty() || marks.load_errors > 0 {
        return Err(ChangeFault::refused(
            router,
            "config_load_failed",
            "the configuration was not accepted",
            errors,
            hint,
        ));
    }
    if marks.ok || marks.load_success || marks.load_results {
        return Ok(());
    }
    Err(ChangeFault::new(
        "config_load_failed",
        format!("router '{router}': the reply to the load says neither success nor failure"),
        hint,
    ))
}

async fn diff(context: &Context, lease: &mut Lease, progress: &mut Progress, work: &Work) -> Result<(), ChangeFault> {
    let text = candidate_diff(context, lease, work).await?;
    progress.changed = !text.is_blank();
    progress.diff = Some(text);
    Ok(())
}

/// Somebody confirmed a difference: another one is not theirs.
fn as_confirmed(context: &Context, change: &Change, progress: &Progress) -> Result<(), ChangeFault> {
    let found = progress.diff.as_ref().map(DeviceText::digest);
    if change.expected.is_none() || change.expected == found {
        return Ok(());
    }
    Err(ChangeFault::new(
        "confirmation_plan_drift",
        format!(
            "router '{}': the change is not the one that was confirmed; nothing was committed",
            context.device.name()
        ),
        "its diff is with this failure; repeat the call without plan_token to have it confirmed",
    ))
}

/// The difference between the candidate and the active configuration.
pub(super) async fn candidate_diff(
    context: &Context,
    lease: &mut Lease,
    work: &Work,
) -> Result<DeviceText, ChangeFault> {
    let reply = lease.ask(&Rpc::compare_candidate(0), work).await?;
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    if !errors.is_empty() {
        return Err(Fault::rejected(context.device.name(), errors, true).into());
    }
    Ok(difference(reply))
}

/// A reply without a text block is how some releases say that there is no difference.
fn difference(reply: Reply) -> DeviceText {
    if reply.has_blocks() {
        reply.into_text()
    } else {
        DeviceText::new(String::new())
    }
}

async fn check(
    context: &Context,
    change: &Change,
    lease: &mut Lease,
    progress: &mut Progress,
    work: &Work,
) -> Result<Outcome, ChangeFault> {
    let router = context.device.name();
    let reply = lease
        .ask(&Rpc::commit_check(change.synchronize), work)
        .await
        .map_err(|fault| {
            let cancelled = fault.code == "cancelled";
            let fault = ChangeFault::from(fault);
            if cancelled {
                fault
            } else {
                fault.recoded("check_failed")
            }
        })?;
    progress.warnings.extend(reply.warnings().cloned());
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    let marks = reply.marks();
    if !errors.is_empty() {
        let hint = "correct the configuration; nothing was committed";
        return Err(
            ChangeFault::refused(router, "config_invalid", "the check found errors", errors, hint).outcome("invalid"),
        );
    }
    if marks.ok || marks.check_success > 0 {
        return Ok(Outcome::Valid);
    }
    Err(ChangeFault::new(
        "check_failed",
        format!("router '{router}': the reply to the check says neither valid nor invalid"),
        "look at the router's log; nothing was committed",
    ))
}

/// Between steps a cancelled call stops; what it loaded is settled.
pub(super) fn still_wanted(context: &Context, work: &Work) -> Result<(), ChangeFault> {
    if !work.cancellation().is_cancelled() {
        return Ok(());
    }
    Err(ChangeFault::new(
        "cancelled",
        format!(
            "router '{}': the call was cancelled; nothing was committed",
            context.device.name()
        ),
        "send the change again if it is still wanted",
    ))
}

pub(super) fn step(context: &Context, work: &Work, what: &str) {
    work.report(Step {
        message: format!("{}: {what}", context.device.name()),
        ..Step::default()
    });
}
