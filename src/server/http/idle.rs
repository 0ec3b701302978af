//! When a connection has had nothing to do for too long.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// A connection without a request is kept this long: longer than clients keep it for their next one.
const KEPT: Duration = Duration::from_secs(60);

/// The requests of one connection.
pub(super) struct Business {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    running: usize,
    since: Instant,
}

/// One request of a connection; it is over when this is dropped.
pub(super) struct Busy(Arc<Business>);

impl Business {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                running: 0,
                since: Instant::now(),
            }),
            changed: Notify::new(),
        })
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.count(|running| running + 1);
        Busy(Arc::clone(self))
    }

    /// Waits until there has been no request for too long. Losing this wait is harmless.
    pub(super) async fn is_over(&self) {
        loop {
            let end = {
                let state = self.state.lock().expect("no code panics while it holds the lock");
                (state.running == 0).then_some(state.since + KEPT)
            };
            match end {
                None => self.changed.notified().await,
                Some(end) if end <= Instant::now() => return,
                Some(end) => tokio::time::sleep_until(end).await,
            }
        }
    }

    fn count(&self, change: impl FnOnce(usize) -> usize) {
        let mut state = self.state.lock().expect("no code panics while it holds the lock");
        state.running = change(state.running);
        state.since = Instant::now();
        self.changed.notify_one();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.count(|running| running - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_some_time_after_its_last_request() {
        let business = Business::new();
        let started = Instant::now();
        let busy = business.begin();
        let request = async {
            tokio::time::sleep(KEPT * 3).await;
            drop(busy);
        };
        tokio::join!(request, business.is_over());
        assert_eq!(started.elapsed(), KEPT * 4);
    }
}
