//! What faults do to a router itself, beside what it says.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Action, Firing, Trigger};
use crate::lab::colleague;
use crate::lab::network::Dice;
use crate::lab::recorder::What;
use crate::lab::router::Router;

impl Router {
    /// Lets a fault change the router itself; those that change what it says are not carried out here.
    pub(in crate::lab) fn undergo(self: &Arc<Self>, action: &Action) {
        match action {
            Action::DiskFull(free) => self.with_state((0, None), |state, _| state.files.leave_free("/var/tmp", *free)),
            Action::ReadOnlyFs => self.with_state((0, None), |state, _| state.files.set_read_only(true)),
            Action::NewHostKey => self.change_host_key(),
            Action::ConnectionLimit(limit) => self.connection_limit.store(*limit as usize, Ordering::SeqCst),
            Action::Colleague(errand) => {
                if let Err(refused) = colleague::go(self, errand) {
                    let fault = refused.to_string();
                    self.note(0, None, What::Fault { fault });
                }
            }
            _ => {}
        }
    }

    /// Lets the faults of a moment change the router that no connection meets.
    pub(in crate::lab) fn undergo_all(self: &Arc<Self>, moment: &Trigger) {
        for firing in self.faults.at(moment) {
            self.undergo(firing.action());
        }
    }

    /// Whether more connections are open than a fault allows.
    pub(in crate::lab) fn is_crowded(&self) -> bool {
        self.connections_open() > self.connection_limit.load(Ordering::SeqCst)
    }

    /// A span below that one, from the lab's seed and how many were drawn before.
    pub(in crate::lab) fn jitter(&self, most: Duration) -> Duration {
        let number = self.drawn.fetch_add(1, Ordering::SeqCst).to_string();
        let mut dice = Dice::new(self.world.settings.seed, &["jitter", &self.name, &number]);
        let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(dice.below(most + 1))
    }

    /// The faults that fire at that point; each is written down and changes what it changes of the router itself.
    pub(in crate::lab) fn suffers(
        self: &Arc<Self>,
        (connection, session): (u64, Option<u32>),
        point: &Trigger,
    ) -> Vec<Firing> {
        let firing = self.faults.at(point);
        for fault in &firing {
            self.note(connection, session, What::Fault { fault: fault.words() });
            self.undergo(fault.action());
        }
        firing
    }
}
