//! Leaving a router as it was found: what this session loaded is discarded, its lock released, nothing else touched.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Cleanup, candidate::Held, holders};
use crate::{
    devices::{Device, Lease, Rpc},
    work::Work,
};

/// The longest that one step of settling may take, and all of it.
const STEP: Duration = Duration::from_secs(10);
const ALL: Duration = Duration::from_secs(30);

/// Between two looks at whether a dropped session is gone.
const PAUSE: Duration = Duration::from_millis(500);

/// Discards what was loaded, if anything was and it is not committed, and closes what is open.
pub(super) async fn settle(device: &Device, mut lease: Lease, held: Held, discard: bool) -> Cleanup {
    if !lease.is_healthy() {
        return abandon(device, lease).await;
    }
    let discarded = !discard || succeeds(&mut lease, &Rpc::load_rollback(0)).await;
    if discarded && lease.is_healthy() && releases(&mut lease, held).await {
        lease.settled();
        return Cleanup::Done;
    }
    abandon(device, lease).await
}

/// Ends a session of which nothing more can be known, and looks whether the router has noticed: it then discards and unlocks.
pub(super) async fn abandon(device: &Device, mut lease: Lease) -> Cleanup {
    let pid = lease.session_id();
    lease.end().await;
    let until = Instant::now() + ALL;
    while Instant::now() < until {
        match is_gone(device, pid).await {
            Some(true) => return Cleanup::Done,
            Some(false) => tokio::time::sleep(PAUSE).await,
            None => break,
        }
    }
    tracing::warn!(
        router = device.name(),
        "the session could not be seen to end; the router ends it when it notices"
    );
    Cleanup::Unproven
}

/// Whether the router no longer lists the session; nothing where it does not tell.
async fn is_gone(device: &Device, pid: Option<u32>) -> Option<bool> {
    let pid = pid?;
    let work = Work::new(STEP, CancellationToken::new());
    let reply = device
        .fresh(&work)
        .await
        .ok()?
        .ask(&Rpc::configuration_database_status(), &work)
        .await
        .ok()?;
    if reply.errors().next().is_some() {
        return None;
    }
    Some(holders::read(&reply).iter().all(|holder| holder.pid != pid))
}

async fn succeeds(lease: &mut Lease, rpc: &Rpc) -> bool {
    if !lease.is_healthy() {
        return false;
    }
    let work = Work::new(STEP, CancellationToken::new());
    lease
        .ask(rpc, &work)
        .await
        .is_ok_and(|reply| reply.errors().next().is_none())
}

/// What the router says is not open needs no closing.
async fn releases(lease: &mut Lease, held: Held) -> bool {
    let work = Work::new(STEP, CancellationToken::new());
    match lease.ask(&held.release(), &work).await {
        Ok(reply) => reply.errors().all(|error| error.message.contains("is not open")),
        Err(_) => false,
    }
}
