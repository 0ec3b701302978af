//! The router's own timer, as far as it can be known from here.

use std::time::Duration;

use tokio::time::Instant;

use crate::{clock::Clock, junos::Minutes};

/// The checks end so long before the router goes back: a confirmation takes its time too.
const MARGIN: Duration = Duration::from_secs(30);

/// The router may go back half a minute late, and committing that takes a while.
const LAG: Duration = Duration::from_secs(60);

/// When what is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timer {
    clock: Clock,
    /// Until when the checks may hold.
    pub(super) verified: Instant,
    /// When the router goes back at the earliest.
    pub(super) due: Instant,
    /// By when it must have gone back.
    pub(super) proven: Instant,
}

impl Timer {
    /// The timer of a commit that was sent `ago`, by `clock`, and has just been answered: it began to run in between.
    pub(super) fn new(clock: Clock, minutes: Minutes, ago: Duration) -> Self {
        let now = Instant::now();
        let whole = Duration::from_secs(60 * u64::from(minutes.get()));
        let after = |span: Duration| now + clock.real(span);
        Self {
            clock,
            verified: after(whole.saturating_sub(ago).saturating_sub(MARGIN)),
            due: after(whole.saturating_sub(ago)),
            proven: after(whole + LAG),
        }
    }

    /// Waits so long by the clock, unless `until` comes first; whether there is time for more.
    pub(super) async fn pause(&self, span: Duration, until: Instant) -> bool {
        let next = Instant::now() + self.clock.real(span);
        tokio::time::sleep_until(next.min(until)).await;
        next < until
    }
}
