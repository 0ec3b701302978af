//! Misbehaviour on purpose: at which point, what, and how often.

mod action;
mod actions;
mod page;
mod shapes;
mod struck;
mod table;
mod trigger;
mod written;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

pub use action::{Action, Doing, Errand, Return, Shape};
pub use actions::actions;
pub use shapes::{KnownShape, shapes};
pub use table::{ActionRow, Place, TriggerRow, triggers};
pub use trigger::Trigger;
pub use written::{Faults, FaultsError};

/// One misbehaviour of a router: a trigger, an action, and how often.
///
/// It fires the first time its trigger is reached, once, unless [`Fault::nth`], [`Fault::times`] or [`Fault::always`] say
/// otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    trigger: Trigger,
    action: Action,
    skip: u32,
    count: u32,
}

impl Fault {
    /// A fault that fires once, the first time.
    pub fn new(trigger: Trigger, action: Action) -> Self {
        Self {
            trigger,
            action,
            skip: 0,
            count: 1,
        }
    }

    pub(super) fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Fires at the `nth` time the trigger is reached, counted from 1.
    pub fn nth(mut self, nth: u32) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    /// Fires that many times in a row.
    pub fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Fires every time.
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} at {:?}", self.action, self.trigger)
    }
}

/// A fault at work: tells how often it fired, and lets go what hangs in it.
#[derive(Debug, Clone)]
pub struct Injected(Arc<Armed>);

impl Injected {
    /// How often it has fired.
    pub fn fired(&self) -> u32 {
        self.0.fired.load(Ordering::SeqCst)
    }

    /// Lets everything that hangs in this fault go on.
    pub fn release(&self) {
        self.0.gate.cancel();
    }

    /// Takes the fault away; what hangs in it goes on.
    pub fn remove(&self) {
        self.0.removed.store(true, Ordering::SeqCst);
        self.release();
    }
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    reached: AtomicU32,
    fired: AtomicU32,
    removed: AtomicBool,
    gate: CancellationToken,
}

impl Armed {
    fn fires_at(&self, point: &Trigger) -> bool {
        if self.removed.load(Ordering::SeqCst) || !self.fault.trigger.covers(point) {
            return false;
        }
        let reached = self.reached.fetch_add(1, Ordering::SeqCst);
        let fires = reached >= self.fault.skip && reached - self.fault.skip < self.fault.count;
        if fires {
            self.fired.fetch_add(1, Ordering::SeqCst);
        }
        fires
    }
}

/// A fault that fires now.
#[derive(Debug, Clone)]
pub(super) struct Firing(Arc<Armed>);

impl Firing {
    /// What to do.
    pub(super) fn action(&self) -> &Action {
        &self.0.fault.action
    }

    /// Waits until the test lets go.
    pub(super) async fn released(&self) {
        self.0.gate.cancelled().await;
    }

    /// The fault in words, for the record.
    pub(super) fn words(&self) -> String {
        self.0.fault.to_string()
    }
}

/// The faults of one router.
#[derive(Debug, Default)]
pub(super) struct InForce(Mutex<Vec<Arc<Armed>>>);

impl InForce {
    /// Arms a fault.
    pub(super) fn inject(&self, fault: Fault) -> Injected {
        let armed = Arc::new(Armed {
            fault,
            reached: AtomicU32::new(0),
            fired: AtomicU32::new(0),
            removed: AtomicBool::new(false),
            gate: CancellationToken::new(),
        });
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|armed| !armed.removed.load(Ordering::SeqCst));
        list.push(armed.clone());
        Injected(armed)
    }

    /// The faults that fire at one of these bytes of a file, and at which.
    pub(super) fn at_bytes(&self, bytes: &Range<u64>) -> Vec<(u64, Firing)> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let firing = list.iter().filter_map(|armed| match armed.fault.trigger {
            Trigger::ScpByte(byte) if bytes.contains(&byte) && armed.fires_at(&armed.fault.trigger) => {
                Some((byte, Firing(armed.clone())))
            }
            _ => None,
        });
        firing.collect()
    }

    /// The faults that fire at that point, in the order in which they were injected.
    pub(super) fn at(&self, point: &Trigger) -> Vec<Firing> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter()
            .filter(|armed| armed.fires_at(point))
            .map(|armed| Firing(armed.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_fires_at_its_time_and_as_often_as_said() {
        let faults = InForce::default();
        let second = faults.inject(Fault::new(Trigger::rpc("a"), Action::Drop).nth(2));
        let any = faults.inject(Fault::new(Trigger::rpc("*"), Action::Hang).times(2));
        let fired = |name: &str| faults.at(&Trigger::rpc(name)).len();
        assert_eq!((fired("b"), fired("a"), fired("a"), fired("a")), (1, 1, 1, 0));
        assert_eq!((second.fired(), any.fired()), (1, 2));
        assert!(faults.at(&Trigger::reply("a")).is_empty());
        let always = faults.inject(Fault::new(Trigger::Auth, Action::Refuse).always());
        assert_eq!(faults.at(&Trigger::Auth).len() + faults.at(&Trigger::Auth).len(), 2);
        always.remove();
        assert!(faults.at(&Trigger::Auth).is_empty());
    }
}
