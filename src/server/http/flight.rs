//! How many requests run at a time, of all and of each principal. Whoever comes too late is refused, nobody queues.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::{refusal::Refusal, settings::Limits};

/// The requests that run.
pub(super) struct Flight {
    all: Option<usize>,
    per_token: Option<usize>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    all: usize,
    of: HashMap<Arc<str>, usize>,
}

/// One running request; it is over when this is dropped.
pub(super) struct InFlight {
    flight: Arc<Flight>,
    owner: Arc<str>,
}

impl Flight {
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            all: limits.in_flight,
            per_token: limits.in_flight_per_token,
            running: Mutex::default(),
        })
    }

    /// Lets a request begin.
    pub(super) fn admit(self: &Arc<Self>, owner: &Arc<str>) -> Result<InFlight, Refusal> {
        let mut running = self.running.lock().expect("no code panics while it holds the lock");
        if self.all.is_some_and(|most| running.all >= most) {
            return Err(Refusal::overloaded("global_concurrency"));
        }
        let own = running.of.get(owner).copied().unwrap_or_default();
        if self.per_token.is_some_and(|most| own >= most) {
            return Err(Refusal::overloaded("token_concurrency"));
        }
        running.all += 1;
        running.of.insert(Arc::clone(owner), own + 1);
        Ok(InFlight {
            flight: Arc::clone(self),
            owner: Arc::clone(owner),
        })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut running = self
            .flight
            .running
            .lock()
            .expect("no code panics while it holds the lock");
        running.all -= 1;
        if let Some(own) = running.of.get_mut(&self.owner) {
            *own -= 1;
            if *own == 0 {
                running.of.remove(&self.owner);
            }
        }
    }
}
