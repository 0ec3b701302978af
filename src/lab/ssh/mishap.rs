//! Faults of a connection: what happens at each step of a login.

use std::sync::Arc;

use crate::lab::fault::{Action, Firing, Trigger};
use crate::lab::pipe::Cut;
use crate::lab::router::Router;

/// The faults that fire at that step; each is written down.
pub(super) fn fired(router: &Arc<Router>, number: u64, point: &Trigger) -> Vec<Firing> {
    router.suffers((number, None), point)
}

/// Carries out the faults of a step; whether the step then does not take place.
pub(super) async fn ended_by_fault(router: &Arc<Router>, cut: &Cut, number: u64, point: &Trigger) -> bool {
    for fault in fired(router, number, point) {
        if carry_out(router, &fault, cut).await == Outcome::Refused {
            return true;
        }
    }
    false
}

/// What is left of a step at which a fault fired.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::lab) enum Outcome {
    /// It goes on.
    GoOn,
    /// It does not take place.
    Refused,
}

/// Carries out what a fault does to a connection.
pub(in crate::lab) async fn carry_out(router: &Router, fault: &Firing, cut: &Cut) -> Outcome {
    match fault.action() {
        Action::Drop => {
            cut.now(true);
            Outcome::Refused
        }
        Action::Close => {
            cut.now(false);
            Outcome::Refused
        }
        Action::Delay(span) => {
            tokio::time::sleep(*span).await;
            Outcome::GoOn
        }
        Action::Jitter(most) => {
            tokio::time::sleep(router.jitter(*most)).await;
            Outcome::GoOn
        }
        Action::Hang => {
            tokio::select! {
                () = fault.released() => Outcome::GoOn,
                // Somebody dropped the connection instead.
                () = cut.happened() => Outcome::Refused,
            }
        }
        Action::Refuse => Outcome::Refused,
        _ => Outcome::GoOn,
    }
}
