//! A commit that waits for its confirmation.

use chrono::{DateTime, TimeDelta, Utc};

/// An automatic rollback is never on the second; routers were seen to be 2 to 35 seconds late.
const LATENESS: TimeDelta = TimeDelta::seconds(2);

/// How long a commit waits for its confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) enum Window {
    /// Whole minutes; the router itself waits.
    Minutes(u32),
    /// Seconds; the window ends with the session.
    Seconds(u32),
}

/// A commit that waits for its confirmation.
#[derive(Debug, Clone)]
pub(in crate::lab) struct Pending<C> {
    /// What becomes active again.
    pub(super) restore: C,
    /// The session that committed.
    pub(super) session: u32,
    window: Window,
    /// When the window ends.
    pub(in crate::lab) deadline: DateTime<Utc>,
}

impl<C> Pending<C> {
    /// A commit of that session that waits from now on.
    pub(super) fn new(restore: C, session: u32, window: Window, now: DateTime<Utc>) -> Self {
        let span = match window {
            Window::Minutes(minutes) => TimeDelta::minutes(minutes.into()),
            Window::Seconds(seconds) => TimeDelta::seconds(seconds.into()),
        };
        Self {
            restore,
            session,
            window,
            deadline: now + span,
        }
    }

    /// Whether the router itself waits, whoever comes and goes.
    pub(in crate::lab) fn is_native(&self) -> bool {
        matches!(self.window, Window::Minutes(_))
    }

    /// When the automatic rollback happens.
    pub(in crate::lab) fn due(&self) -> DateTime<Utc> {
        self.deadline + LATENESS
    }
}
