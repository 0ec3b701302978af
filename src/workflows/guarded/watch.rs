//! Between the confirmed commit and its end: measuring until everything holds, then reading until the router has gone back.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Guard,
    measure::Reading,
    round,
    timer::Timer,
    verdict::{Checked, judge},
};
use crate::workflows::transaction::{Context, Fate};

/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(5);

/// A round may take so long even when hardly any time is left for it.
const LEAST: Duration = Duration::from_secs(5);

/// How the measuring ended.
pub(super) enum Watched {
    /// Everything holds and the commit is pending.
    Holds,
    /// The time is over.
    Over,
    /// Somebody else, or the router, has decided.
    Decided(Fate),
}

/// Measures every few seconds, at least once. `checked` is what was found last.
pub(super) async fn until_held(
    context: &Context,
    guard: &Guard,
    before: &[Reading],
    timer: &Timer,
    checked: &mut Vec<Checked>,
) -> Watched {
    loop {
        // A commit is answered before the daemons have acted on it: what holds at once proves nothing.
        let is_last = !timer.pause(PAUSE, timer.verified).await;
        let left = timer.verified.saturating_duration_since(Instant::now());
        let round = round::after(context, guard, left.max(LEAST)).await;
        *checked = judge(&guard.checks, before, &round.readings);
        match round.fate {
            Some(fate @ (Fate::Kept(_) | Fate::RolledBack(_))) => return Watched::Decided(fate),
            Some(Fate::Pending) if checked.iter().all(Checked::holds) => return Watched::Holds,
            _ if is_last => return Watched::Over,
            _ => {}
        }
    }
}

/// Reads the history until it proves how it ended; none if nothing is proven in time.
pub(super) async fn until_decided(context: &Context, timer: &Timer) -> Option<Fate> {
    loop {
        if let Ok(fate @ (Fate::Kept(_) | Fate::RolledBack(_))) = round::fate(context).await {
            return Some(fate);
        }
        if !timer.pause(PAUSE, timer.proven).await {
            return None;
        }
    }
}
