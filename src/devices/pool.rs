//! The sessions and connections to one router under one login.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture, future::Shared as SharedFuture};
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};

use super::{
    connection::{Connection, Entrance},
    fault::DialFault,
    session::Session,
    wire::SshWire,
};
use crate::inventory::Entry;

/// After a router refused more sessions, callers wait for a free one instead of asking again, for this long.
const LIMITED_FOR: Duration = Duration::from_secs(60);

/// Who logs in where: entries that agree in it share connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity([u8; 32]);

impl Identity {
    pub(super) fn of(entry: &Entry) -> Self {
        let mut digest = Sha256::new();
        let ssh_config = entry.ssh_config.as_ref().map(|path| path.display().to_string());
        for part in [
            entry.host.as_str(),
            &entry.port.to_string(),
            &entry.username,
            &entry.auth.identity(),
            ssh_config.as_deref().unwrap_or_default(),
        ] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

/// One address: its session slots, and the right to do what only one may do at a time.
pub(super) struct Site {
    pub(super) slots: Arc<Semaphore>,
    /// Changes of the configuration, one at a time.
    pub(super) change: Turnstile,
    /// Copies of files, one at a time.
    pub(super) copy: Turnstile,
}

/// Where those wait who want to be the only one of their kind.
#[derive(Default)]
pub(super) struct Turnstile {
    pub(super) lock: Arc<tokio::sync::Mutex<()>>,
    holder: Mutex<Option<String>>,
}

impl Turnstile {
    /// Who has passed it last, and was not seen to come back.
    pub(super) fn holder(&self) -> MutexGuard<'_, Option<String>> {
        self.holder.lock().expect("no code panics while it holds the lock")
    }
}

impl Site {
    pub(super) fn new(sessions: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(sessions)),
            change: Turnstile::default(),
            copy: Turnstile::default(),
        }
    }
}

/// What a dial came to; a failure answers everybody who waited for it.
pub(super) type DialResult = Result<Arc<Connection>, Arc<DialFault>>;
type RunningDial = SharedFuture<BoxFuture<'static, DialResult>>;

/// A pooled session and the connection that it runs over.
pub(super) struct Idle {
    pub(super) session: Session<SshWire>,
    pub(super) connection: Arc<Connection>,
    since: Instant,
}

impl Idle {
    /// Ends the session politely.
    pub(super) async fn close(self) {
        self.session.close().await;
        self.connection.session_ended();
    }
}

/// The sessions and connections of one login.
pub(super) struct Pool {
    entry: Mutex<Arc<Entry>>,
    pub(super) site: Arc<Site>,
    /// Signals that a session came back or a connection has room again.
    pub(super) returned: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Idle>,
    connections: Vec<Arc<Connection>>,
    dial: Option<RunningDial>,
    entrance: Option<Entrance>,
    busy: usize,
    retired: bool,
    limited_until: Option<Instant>,
    /// Requests of ours that the router does not know.
    unknown: Vec<&'static str>,
}

impl Pool {
    pub(super) fn new(entry: Arc<Entry>, site: Arc<Site>) -> Self {
        Self {
            entry: Mutex::new(entry),
            site,
            returned: Notify::new(),
            state: Mutex::default(),
        }
    }

    /// The entry as it was last read; those of one identity differ in their times and limits at most.
    pub(super) fn entry(&self) -> Arc<Entry> {
        Arc::clone(&self.entry.lock().expect("no code panics while it holds the lock"))
    }

    pub(super) fn renew(&self, entry: &Arc<Entry>) {
        *self.entry.lock().expect("no code panics while it holds the lock") = Arc::clone(entry);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the lock")
    }

    /// The most recently used idle session that is still good; those found dead are left to be dropped.
    pub(super) fn take_idle(&self) -> (Option<Idle>, Vec<Idle>) {
        let mut state = self.state();
        let mut dead = Vec::new();
        while let Some(mut idle) = state.idle.pop() {
            if idle.connection.is_closed() || idle.session.is_stale() {
                dead.push(idle);
            } else {
                state.busy += 1;
                return (Some(idle), dead);
            }
        }
        (None, dead)
    }

    /// A connection that may take another session.
    pub(super) fn connection_with_room(&self) -> Option<Arc<Connection>> {
        let mut state = self.state();
        state.connections.retain(|connection| !connection.is_closed());
        state
            .connections
            .iter()
            .find(|connection| connection.has_room())
            .cloned()
    }

    /// The dial that is under way, or a new one made by `start`; all callers wait for the same.
    pub(super) fn join_dial(self: &Arc<Self>, start: impl FnOnce() -> BoxFuture<'static, DialResult>) -> RunningDial {
        let mut state = self.state();
        if let Some(dial) = &state.dial {
            return dial.clone();
        }
        let dial = start().shared();
        state.dial = Some(dial.clone());
        dial
    }

    /// The dial is over; a connection it made takes sessions from now on.
    pub(super) fn dial_ended(&self, result: &DialResult) {
        let mut state = self.state();
        state.dial = None;
        if let Ok(connection) = result {
            state.connections.push(Arc::clone(connection));
            // It may run another release by now.
            state.unknown.clear();
        }
    }

    pub(super) fn forget(&self, connection: &Arc<Connection>) {
        self.state().connections.retain(|other| !Arc::ptr_eq(other, connection));
    }

    pub(super) fn entrance(&self) -> Entrance {
        self.state().entrance.unwrap_or(Entrance::Subsystem)
    }

    /// The router refused the way in that was tried; true when there is another to try.
    pub(super) fn try_next_entrance(&self, refused: Entrance) -> bool {
        let mut state = self.state();
        let current = state.entrance.unwrap_or(Entrance::Subsystem);
        if current != refused {
            return true;
        }
        match current.next() {
            Some(next) => {
                state.entrance = Some(next);
                true
            }
            None => {
                state.entrance = None;
                false
            }
        }
    }

    /// Whether the router is known not to know a request.
    pub(super) fn is_unknown(&self, request: &str) -> bool {
        self.state().unknown.contains(&request)
    }

    /// The router does not know this request.
    pub(super) fn note_unknown(&self, request: &'static str) {
        let mut state = self.state();
        if !state.unknown.contains(&request) {
            state.unknown.push(request);
        }
    }

    pub(super) fn lease_begins(&self) {
        self.state().busy += 1;
    }

    /// Takes a session back into the pool.
    pub(super) fn give_back(&self, session: Session<SshWire>, connection: Arc<Connection>) {
        let mut state = self.state();
        state.busy = state.busy.saturating_sub(1);
        state.idle.push(Idle {
            session,
            connection,
            since: Instant::now(),
        });
        drop(state);
        self.returned.notify_one();
    }

    /// No session is kept from now on.
    pub(super) fn retire(&self) {
        self.state().retired = true;
    }

    pub(super) fn is_retired(&self) -> bool {
        self.state().retired
    }

    /// A leased session ended and does not come back.
    pub(super) fn lease_ended(&self) {
        let mut state = self.state();
        state.busy = state.busy.saturating_sub(1);
        drop(state);
        self.returned.notify_one();
    }

    /// The router takes no more sessions; true when there are some to wait for.
    pub(super) fn limit(&self) -> bool {
        let mut state = self.state();
        state.limited_until = Some(Instant::now() + LIMITED_FOR);
        state.busy + state.idle.len() > 0
    }

    /// Whether the router lately refused more sessions and some are in use that will come back.
    pub(super) fn is_limited(&self) -> bool {
        let state = self.state();
        state.busy > 0 && state.limited_until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn take_all_idle(&self) -> Vec<Idle> {
        std::mem::take(&mut self.state().idle)
    }

    pub(super) fn take_idle_longer_than(&self, limit: Duration) -> Vec<Idle> {
        let mut state = self.state();
        let (old, young) = std::mem::take(&mut state.idle)
            .into_iter()
            .partition(|idle| idle.since.elapsed() >= limit || idle.connection.is_closed());
        state.idle = young;
        old
    }

    /// Connections over which no session runs and which have been so for `limit`.
    pub(super) fn take_unused_connections(&self, limit: Duration) -> Vec<Arc<Connection>> {
        let mut state = self.state();
        let (unused, used) = std::mem::take(&mut state.connections)
            .into_iter()
            .partition(|connection| {
                let alone = Arc::strong_count(connection) == 1;
                connection.is_closed() || (alone && connection.idle_since().elapsed() >= limit)
            });
        state.connections = used;
        unused
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.idle.is_empty() && state.connections.is_empty() && state.dial.is_none() && state.busy == 0
    }

    /// Connections, busy sessions and idle sessions.
    pub(super) fn count(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.connections.len(), state.busy, state.idle.len())
    }
}
