//! Sending a commit, and saying truly what became of it.

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::{
    ChangeFault, Context,
    candidate::{self, Held},
    change::{Progress, still_wanted},
    history::History,
    look::{HeldBy, Search},
    resolve::{self, Resolution},
};
use crate::{
    devices::{Lease, Reply, Rpc},
    junos::{DeviceMessage, Minutes},
    work::Work,
};

/// How an outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResolvedBy {
    /// The router's reply.
    Reply,
    /// The commit history, where the reply was lost or contradicted itself.
    CommitHistory,
    /// The commit history, found by the job after the call had ended.
    Job,
}

impl ResolvedBy {
    /// The word for results.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::CommitHistory => "commit_history",
            Self::Job => "job",
        }
    }
}

/// Proof that the change is active on the router; only made here.
#[derive(Debug)]
pub(crate) struct Committed {
    /// How it is known.
    pub(crate) resolved_by: ResolvedBy,
    /// The minutes and the time after which the router goes back unless somebody confirms.
    pub(crate) rollback: Option<(Minutes, DateTime<Utc>)>,
}

/// What the reply to a commit proves.
pub(super) enum Verdict {
    Committed,
    Rejected(Vec<DeviceMessage>),
    /// Neither: errors beside another engine's success, no mark at all, or no readable reply.
    Unclear(String),
}

pub(super) async fn commit(
    context: &Context,
    lease: &mut Lease,
    confirm: Option<Minutes>,
    synchronize: bool,
    progress: &mut Progress,
    work: &Work,
) -> Result<Committed, ChangeFault> {
    let rpc = Rpc::commit(&context.author.log(), confirm, synchronize);
    let tenure = progress.tenure.clone().expect("a commit has a place for its job");
    // The last moment at which leaving changes anything: from here on the commit runs to its end.
    still_wanted(context, work)?;
    tenure.sends(context, "committing")?;
    let outcome = send(context, lease, &rpc, progress, work).await;
    tenure.known(context, &outcome);
    let resolved_by = outcome?;
    progress.committed = true;
    Ok(Committed {
        resolved_by,
        rollback: confirm.map(|minutes| {
            (
                minutes,
                context.clock.now() + TimeDelta::minutes(i64::from(minutes.get())),
            )
        }),
    })
}

/// Sends the commit and finds out what became of it.
async fn send(
    context: &Context,
    lease: &mut Lease,
    rpc: &Rpc,
    progress: &mut Progress,
    work: &Work,
) -> Result<ResolvedBy, ChangeFault> {
    let unstoppable = Work::new(work.remaining(), CancellationToken::new());
    let verdict = match lease.ask(rpc, &unstoppable).await {
        Ok(reply) => {
            progress.warnings.extend(reply.warnings().cloned());
            judge(&reply)
        }
        Err(fault) => Verdict::Unclear(fault.message),
    };
    match verdict {
        Verdict::Committed => Ok(ResolvedBy::Reply),
        Verdict::Rejected(errors) => confirm_rejection(context, lease, progress.held, errors, &unstoppable).await,
        Verdict::Unclear(reason) => clear_up(context, lease, progress.held, reason, work).await,
    }
}

/// A rejection is believed once the history does not hold the commit: a router may complain and commit all the same.
async fn confirm_rejection(
    context: &Context,
    lease: &mut Lease,
    held: Held,
    errors: Vec<DeviceMessage>,
    work: &Work,
) -> Result<ResolvedBy, ChangeFault> {
    let author = &context.author;
    match lease.ask(&Rpc::commit_information(), work).await {
        Ok(reply) if History::read(&reply).of_call(&author.call_id).is_some() => Ok(ResolvedBy::CommitHistory),
        Ok(reply) if reply.errors().next().is_none() => {
            // A private copy meets others only when it is committed.
            Err(match candidate::in_the_way(context, lease, &errors, work).await {
                Some(fault) => fault.outcome("rejected"),
                None => rejected(context, held, errors),
            })
        }
        _ => match resolve::after_ending(context, lease, held, work).await {
            Resolution::Committed => Ok(ResolvedBy::CommitHistory),
            _ => Err(rejected(context, held, errors)),
        },
    }
}

fn rejected(context: &Context, held: Held, errors: Vec<DeviceMessage>) -> ChangeFault {
    let hint = match held {
        // A second commit would override what others have committed meanwhile, so it is not sent by itself.
        Held::Private => {
            "nothing was committed; somebody may have committed to the same statements meanwhile: compare with \
             junos_config_diff, then send the change again if it is still right"
        }
        Held::Lock | Held::Exclusive => "correct the configuration and send it again; nothing was committed",
    };
    ChangeFault::refused(
        context.device.name(),
        "commit_rejected",
        "the commit was rejected",
        errors,
        hint,
    )
    .outcome("rejected")
}

/// The reply proves nothing: the commit history does.
async fn clear_up(
    context: &Context,
    lease: &mut Lease,
    held: Held,
    reason: String,
    work: &Work,
) -> Result<ResolvedBy, ChangeFault> {
    let router = context.device.name();
    let call_id = &context.author.call_id;
    match resolve::after_ending(context, lease, held, work).await {
        Resolution::Committed => Ok(ResolvedBy::CommitHistory),
        Resolution::NotApplied => Err(ChangeFault::new(
            "commit_rejected",
            format!("router '{router}': the commit was not applied: {reason}; the commit history does not hold it"),
            "nothing was committed; send the change again once the cause is known",
        )
        .outcome("rejected")),
        Resolution::Unknown(why) => {
            let message = format!(
                "router '{router}': whether the commit was applied is not known: {reason}; reading it back failed: {why}"
            );
            let hint = format!(
                "do not send it again; get_job tells what is found in the next 15 min, or look for '{call_id}' in 'show \
                 system commit' when the router answers"
            );
            let mut fault = ChangeFault::new("commit_unknown", message, hint).outcome("unknown");
            fault.search = Some(Search::Commit {
                sender: lease.session_id(),
                held: HeldBy(held),
            });
            Err(fault)
        }
    }
}

/// Judges the reply to a commit.
pub(super) fn judge(reply: &Reply) -> Verdict {
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    let marks = reply.marks();
    match (errors.is_empty(), marks.commit_success > 0) {
        (true, true) => Verdict::Committed,
        (true, false) if marks.ok => Verdict::Committed,
        (true, false) => Verdict::Unclear("the reply says neither success nor failure".to_owned()),
        (false, true) => Verdict::Unclear("one engine committed and another did not".to_owned()),
        (false, false) => Verdict::Rejected(errors),
    }
}
