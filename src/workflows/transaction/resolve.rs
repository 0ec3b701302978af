//! Finding out what became of a commit whose reply was lost: the commit history tells, read over a new connection.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Context, candidate::Held, history::History, holders};
use crate::{
    devices::{Fault, Lease, Rpc},
    work::Work,
};

/// The history is read for this long beyond the call's deadline.
const BEYOND_DEADLINE: Duration = Duration::from_secs(60);

/// Between two readings, and the longest that one may take.
const PAUSE: Duration = Duration::from_secs(5);
const ATTEMPT: Duration = Duration::from_secs(15);

/// What became of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolution {
    Committed,
    NotApplied,
    Unknown(String),
}

/// Whether the session that sent the commit can still apply it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    Gone,
    Alive,
    /// The router does not tell.
    Untold,
}

/// Ends the session that sent the commit and reads until the commit is found, or its sender is gone without it, or the time
/// is over. As long as the sender lives nothing proves that the commit will not be applied yet.
pub(super) async fn after_ending(context: &Context, lease: &mut Lease, held: Held, work: &Work) -> Resolution {
    lease.end().await;
    let sender = lease.session_id();
    let until = work.deadline().max(Instant::now()) + BEYOND_DEADLINE;
    loop {
        let why = match once(context, sender, held).await {
            Ok(Some(resolution)) => return resolution,
            Ok(None) => "the session that sent the commit may still be at work".to_owned(),
            Err(fault) => fault.message,
        };
        if Instant::now() + PAUSE >= until {
            return Resolution::Unknown(why);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One reading over a connection made for it: the sender first, then the history, so that nothing can happen in between unseen.
pub(super) async fn once(context: &Context, sender: Option<u32>, held: Held) -> Result<Option<Resolution>, Fault> {
    let work = &Work::new(ATTEMPT, CancellationToken::new());
    let mut lease = context.device.fresh(work).await?;
    let state = state_of(&mut lease, sender, work).await?;
    if holds_commit(context, &mut lease, work).await? {
        return Ok(Some(Resolution::Committed));
    }
    match state {
        Sender::Gone => Ok(Some(Resolution::NotApplied)),
        Sender::Alive => Ok(None),
        // A private copy stands in nobody's way, so that a lock of ours would prove nothing.
        Sender::Untold if held == Held::Private => Ok(None),
        Sender::Untold => under_own_lock(context, lease, work).await,
    }
}

async fn state_of(lease: &mut Lease, sender: Option<u32>, work: &Work) -> Result<Sender, Fault> {
    let reply = lease.ask(&Rpc::configuration_database_status(), work).await?;
    let told = reply.errors().next().is_none();
    Ok(match sender {
        Some(pid) if told && holders::read(&reply).iter().any(|holder| holder.pid == pid) => Sender::Alive,
        Some(_) if told => Sender::Gone,
        _ => Sender::Untold,
    })
}

async fn holds_commit(context: &Context, lease: &mut Lease, work: &Work) -> Result<bool, Fault> {
    let reply = lease.ask(&Rpc::commit_information(), work).await?;
    if let Some(error) = reply.errors().next() {
        return Err(Fault::rejected(context.device.name(), vec![error.clone()], true));
    }
    Ok(History::read(&reply).of_call(&context.author.call_id).is_some())
}

/// Where the router does not tell who is editing, a lock of ours proves that the sender has none any more.
async fn under_own_lock(context: &Context, mut lease: Lease, work: &Work) -> Result<Option<Resolution>, Fault> {
    lease.edits();
    let locked = lease
        .ask(&Rpc::lock_configuration(), work)
        .await?
        .errors()
        .next()
        .is_none();
    if !locked {
        lease.settled();
        return Ok(None);
    }
    let committed = holds_commit(context, &mut lease, work).await;
    // Dropping the session would release the lock as well; the reply only makes it sooner.
    if lease.ask(&Rpc::unlock_configuration(), work).await.is_ok() {
        lease.settled();
    }
    Ok(Some(if committed? {
        Resolution::Committed
    } else {
        Resolution::NotApplied
    }))
}
