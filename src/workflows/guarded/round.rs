//! One round over all checks, on a connection made for it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{
    Guard,
    measure::{Reading, State, measure},
};
use crate::{
    devices::{Fault, Lease},
    work::Work,
    workflows::transaction::{self, Context, Fate},
};

/// The longest that reaching the router and reading its history may take.
const REACHING: Duration = Duration::from_secs(20);

/// What a round found.
pub(super) struct Round {
    /// In the order of the checks.
    pub(super) readings: Vec<Reading>,
    /// What became of the commit, if it could be read.
    pub(super) fate: Option<Fate>,
}

/// Measures before the change, on a session of the pool. A check that compares must have something to compare with.
pub(super) async fn before(context: &Context, guard: &Guard, work: &Work) -> Result<Vec<Reading>, Fault> {
    let mut lease = context.device.lease(work).await?;
    // The first answer: a session that had died unnoticed shows here.
    transaction::fate(context, &mut lease, work).await?;
    let mut readings = Vec::new();
    for check in &guard.checks {
        let reading = measure(check, &mut lease, &guard.reader, work).await?;
        readings.push(reading);
    }
    Ok(readings)
}

/// Measures after the commit, within `limit`.
pub(super) async fn after(context: &Context, guard: &Guard, limit: Duration) -> Round {
    let work = Work::new(limit, CancellationToken::new());
    match reach(context, &work.narrowed(REACHING)).await {
        Ok((lease, fate)) => Round {
            readings: all(guard, lease, &work).await,
            fate: Some(fate),
        },
        Err(fault) => Round {
            readings: unreached(guard, &fault),
            fate: None,
        },
    }
}

/// Reads what became of the commit over a connection made for it.
pub(super) async fn fate(context: &Context) -> Result<Fate, Fault> {
    let work = Work::new(REACHING, CancellationToken::new());
    reach(context, &work).await.map(|(_, fate)| fate)
}

async fn reach(context: &Context, work: &Work) -> Result<(Lease, Fate), Fault> {
    let mut lease = context.device.fresh(work).await?;
    let fate = transaction::fate(context, &mut lease, work).await?;
    Ok((lease, fate))
}

async fn all(guard: &Guard, mut lease: Lease, work: &Work) -> Vec<Reading> {
    let mut readings = Vec::new();
    for check in &guard.checks {
        let reading = match lease.is_healthy() {
            true => measure(check, &mut lease, &guard.reader, work).await,
            false => Ok(Reading::unknown("not asked: the session was lost")),
        };
        readings.push(reading.unwrap_or_else(|fault| Reading::unknown(format!("no answer: {}", fault.code))));
    }
    readings
}

fn unreached(guard: &Guard, fault: &Fault) -> Vec<Reading> {
    let why = match fault.code {
        // The round's own time, which is shorter than what a call may take to connect.
        "outer_timeout" => "no answer in time",
        code => code,
    };
    let session = Reading::new(State::Fail, format!("no new session: {why}"));
    let others = Reading::unknown("not asked: the router could not be reached");
    std::iter::once(session)
        .chain(std::iter::repeat(others))
        .take(guard.checks.len())
        .collect()
}
