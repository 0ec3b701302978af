//! Keeping a confirmed commit, without activating anything of anybody else.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{
    ChangeFault, Cleanup, Context, HistoryEntry,
    candidate::{self, Held, lock},
    change::{refused_open, step, still_wanted},
    history::History,
    look::Search,
    settle,
    tenure::Tenure,
};
use crate::{
    devices::{Fault, Lease, Rpc, Sole},
    jobs::JobView,
    junos::DeviceMessage,
    work::Work,
};

/// Reading the proof may take this long, whatever is left of the call's time.
const PROOF: Duration = Duration::from_secs(30);

/// What kept the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfirmedBy {
    /// A commit of the clean candidate.
    Commit,
    /// A check, because others have uncommitted work that a commit would have activated.
    CommitCheck,
}

impl ConfirmedBy {
    /// The word for results.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::CommitCheck => "commit_check",
        }
    }
}

/// A kept commit.
#[derive(Debug)]
pub(crate) struct Confirmation {
    /// What kept it.
    pub(crate) by: ConfirmedBy,
    /// The commit that was pending.
    pub(crate) commit: HistoryEntry,
    /// What the router warned of.
    pub(crate) warnings: Vec<DeviceMessage>,
    /// The job that it was.
    pub(crate) job: Option<JobView>,
    /// How the router was left.
    pub(crate) cleanup: Cleanup,
}

/// Which pending commit is meant.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Whichever there is.
    Any,
    /// That of a call.
    OfCall(String),
    /// The one that somebody was shown.
    Exactly(Box<HistoryEntry>),
}

impl From<Option<String>> for Wanted {
    fn from(call_id: Option<String>) -> Self {
        call_id.map_or(Self::Any, Self::OfCall)
    }
}

pub(super) async fn look(context: &Context, wanted: &Wanted, work: &Work) -> Result<HistoryEntry, ChangeFault> {
    let mut lease = context.device.lease(work).await?;
    pending(context, &mut lease, wanted, work).await
}

pub(super) async fn run(
    context: Context,
    wanted: Wanted,
    tenure: Tenure,
    work: Work,
) -> Result<Confirmation, ChangeFault> {
    let holder = format!("{} (call {})", context.author.tool, context.author.call_id);
    let _turn = context.device.exclusive(Sole::Change, &holder, &work).await?;
    let mut lease = context.device.lease(&work).await?;
    step(&context, &work, "reading the commit history");
    let pending = pending(&context, &mut lease, &wanted, &work).await?;
    still_wanted(&context, &work)?;
    step(&context, &work, "confirming");
    lease.edits();
    let by = match lock(&context, &mut lease, &work).await {
        Ok(()) => ConfirmedBy::Commit,
        // Others' uncommitted work keeps the lock away. A check confirms as well, and activates nothing of it.
        Err(fault) if fault.code == "candidate_dirty" || candidate::demands_private(&fault) => ConfirmedBy::CommitCheck,
        Err(fault) => return Err(refused_open(&context, lease, Held::Lock, fault).await),
    };
    let sends = tenure.sends(&context, "confirming");
    let (errors, warnings) = match &sends {
        Ok(()) => send(&context, &mut lease, by, &work).await,
        Err(_) => Default::default(),
    };
    let cleanup = match by {
        ConfirmedBy::Commit => settle::settle(&context.device, lease, Held::Lock, false).await,
        ConfirmedBy::CommitCheck if lease.is_healthy() => {
            lease.settled();
            drop(lease);
            Cleanup::Done
        }
        ConfirmedBy::CommitCheck => settle::abandon(&context.device, lease).await,
    };
    sends?;
    let proven = proof(&context, &pending)
        .await
        .map_err(|fault| searching(&context, fault, &pending, cleanup));
    tenure.confirmed(&context, &proven);
    match proven {
        Ok(()) => Ok(Confirmation {
            by,
            commit: pending,
            warnings,
            job: tenure.begun(),
            cleanup,
        }),
        Err(fault) => Err(ChangeFault {
            errors: if fault.errors.is_empty() { errors } else { fault.errors },
            warnings,
            cleanup: Some(cleanup),
            job: tenure.begun(),
            ..fault
        }),
    }
}

/// What is still pending may be confirmed yet by a session that could not be seen to end.
fn searching(context: &Context, fault: ChangeFault, pending: &HistoryEntry, cleanup: Cleanup) -> ChangeFault {
    let mut fault = match (fault.code, cleanup) {
        ("commit_rejected", Cleanup::Unproven) => unknown(
            context,
            "it is still pending, and the session that confirms it may still be at work",
        ),
        _ => fault,
    };
    if fault.code == "commit_unknown" {
        fault.search = Some(Search::Confirmation(Box::new(pending.clone())));
    }
    fault
}

fn unknown(context: &Context, why: &str) -> ChangeFault {
    ChangeFault::new(
        "commit_unknown",
        format!(
            "router '{}': whether the commit was confirmed is not known: {why}",
            context.device.name()
        ),
        "get_job tells what is found in the next 15 min; an entry of 'show system commit' that is still pending can be \
         confirmed again",
    )
    .outcome("unknown")
}

async fn pending(
    context: &Context,
    lease: &mut Lease,
    wanted: &Wanted,
    work: &Work,
) -> Result<HistoryEntry, ChangeFault> {
    let router = context.device.name();
    let reply = lease.ask(&Rpc::commit_information(), work).await?;
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    if !errors.is_empty() {
        return Err(Fault::rejected(router, errors, true).into());
    }
    let history = History::read(&reply);
    let Some(pending) = history.pending() else {
        return Err(nothing_pending(router, history.latest()));
    };
    match wanted {
        Wanted::OfCall(id) if !pending.is_of_call(id) => {
            let message = format!(
                "router '{router}': the pending commit is not {id}; it is of {} at {}",
                pending.user, pending.at
            );
            let hint = "nothing was sent; leave commit_id out to keep whatever is pending, or let it be rolled back";
            let mut fault = ChangeFault::new("confirm_mismatch", message, hint);
            fault.entry = Some(pending.clone());
            Err(fault)
        }
        Wanted::Exactly(confirmed) if **confirmed != *pending => {
            let message = format!(
                "router '{router}': the pending commit is another than was confirmed; it is of {} at {}",
                pending.user, pending.at
            );
            let hint = "nothing was sent; repeat the call without plan_token to have this one confirmed";
            let mut fault = ChangeFault::new("confirmation_plan_drift", message, hint);
            fault.entry = Some(pending.clone());
            Err(fault)
        }
        _ => Ok(pending.clone()),
    }
}

fn nothing_pending(router: &str, latest: Option<&HistoryEntry>) -> ChangeFault {
    let (what, hint) = match latest {
        Some(entry) if entry.is_automatic_rollback() => (
            format!("it was rolled back by the router at {}", entry.at),
            "send the change again if it is still wanted",
        ),
        Some(entry) => (
            format!(
                "the latest commit is of {} at {}, and it is final",
                entry.user, entry.at
            ),
            "nothing is left to confirm",
        ),
        None => ("the commit history is empty".to_owned(), "nothing is left to confirm"),
    };
    let mut fault = ChangeFault::new(
        "no_pending_commit",
        format!("router '{router}': no confirmed commit is pending: {what}"),
        hint,
    );
    fault.entry = latest.cloned();
    fault
}

/// Sends the confirming commit or check, to its end; the history says afterwards what it did.
async fn send(
    context: &Context,
    lease: &mut Lease,
    by: ConfirmedBy,
    work: &Work,
) -> (Vec<DeviceMessage>, Vec<DeviceMessage>) {
    let rpc = match by {
        ConfirmedBy::Commit => Rpc::commit(&context.author.log(), None, false),
        ConfirmedBy::CommitCheck => Rpc::commit_check(false),
    };
    let unstoppable = Work::new(work.remaining(), CancellationToken::new());
    match lease.ask(&rpc, &unstoppable).await {
        Ok(reply) => (reply.errors().cloned().collect(), reply.warnings().cloned().collect()),
        Err(fault) => (fault.errors, Vec::new()),
    }
}

/// The commit is kept once the history no longer shows it pending and nothing rolled it back.
pub(super) async fn proof(context: &Context, pending: &HistoryEntry) -> Result<(), ChangeFault> {
    let router = context.device.name();
    let work = Work::new(PROOF, CancellationToken::new());
    let history = async {
        let mut lease = context.device.fresh(&work).await?;
        let reply = lease.ask(&Rpc::commit_information(), &work).await?;
        match reply.errors().next() {
            Some(error) => Err(Fault::rejected(router, vec![error.clone()], true)),
            None => Ok(History::read(&reply)),
        }
    };
    let history = history.await.map_err(|fault| unknown(context, &fault.message))?;
    match history.latest() {
        None => Err(unknown(context, "the commit history is empty")),
        Some(_) if history.pending().is_some() => Err(ChangeFault {
            entry: Some(pending.clone()),
            ..ChangeFault::new(
                "commit_rejected",
                format!("router '{router}': the commit is still pending; the router did not take the confirmation"),
                "repeat confirm_commit before the router rolls the change back",
            )
            .outcome("rejected")
        }),
        Some(latest) if latest.is_automatic_rollback() && !pending.is_automatic_rollback() => {
            Err(nothing_pending(router, Some(latest)))
        }
        Some(_) => Ok(()),
    }
}
