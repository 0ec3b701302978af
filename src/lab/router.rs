//! One router: its identity, its sessions, and its state, which is made at first use.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, Utc};
use russh::keys::ssh_key::PrivateKey;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::LabSettings;
use super::config::Tree;
use super::fault::Faults;
use super::identity::{Credentials, host_key};
use super::pipe::Cut;
use super::recorder::{Recorder, Transition, What};
use super::state::State;

/// What all routers of a lab share.
pub(super) struct World {
    pub(super) settings: LabSettings,
    pub(super) credentials: Credentials,
    /// Cancelled when the lab stops; every connection hangs below it.
    pub(super) root: CancellationToken,
    /// Owns every task of the lab.
    pub(super) tasks: TaskTracker,
    runtime: Handle,
}

impl World {
    /// A lab without routers.
    pub(super) fn new(settings: LabSettings) -> Arc<Self> {
        Arc::new(Self {
            credentials: Credentials::new(settings.seed),
            settings,
            root: CancellationToken::new(),
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
        })
    }

    /// Runs a task of the lab, from whatever thread.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn_on(task, &self.runtime);
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("World").finish_non_exhaustive()
    }
}

/// One simulated router.
#[derive(Debug)]
pub(super) struct Router {
    pub(super) world: Arc<World>,
    pub(super) name: String,
    pub(super) recorder: Recorder,
    pub(super) faults: Faults,
    key_generation: AtomicU32,
    connections: AtomicU64,
    live: Mutex<Live>,
    state: OnceLock<Mutex<State>>,
}

/// Connections and sessions that are open now.
#[derive(Debug, Default)]
struct Live {
    connections: HashMap<u64, Cut>,
    sessions: HashMap<u32, CancellationToken>,
    last_session: u32,
}

/// Session ids look like process ids of a router that has been up for a while.
const FIRST_SESSION: u32 = 20_000;

impl Router {
    /// The router of that index.
    pub(super) fn new(world: Arc<World>, index: usize) -> Arc<Self> {
        let given = world.settings.names.get(index).cloned();
        Arc::new(Self {
            name: given.unwrap_or_else(|| format!("edge{}", index + 1)),
            world,
            recorder: Recorder::new(),
            faults: Faults::default(),
            key_generation: AtomicU32::new(0),
            connections: AtomicU64::new(0),
            live: Mutex::new(Live::default()),
            state: OnceLock::new(),
        })
    }

    /// The key this router shows now.
    pub(super) fn host_key(&self) -> PrivateKey {
        let generation = self.key_generation.load(Ordering::SeqCst);
        host_key(self.world.settings.seed, &self.name, generation)
    }

    /// Shows another key from now on.
    pub(super) fn change_host_key(&self) {
        self.key_generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Writes an event down.
    pub(super) fn note(&self, connection: u64, session: Option<u32>, what: What) {
        self.recorder
            .note(self.world.settings.clock.now(), connection, session, what);
    }

    /// Registers a connection; its number.
    pub(super) fn connected(&self, cut: &Cut) -> u64 {
        let number = self.connections.fetch_add(1, Ordering::SeqCst) + 1;
        self.live().connections.insert(number, cut.clone());
        self.note(number, None, What::Connected);
        number
    }

    /// Forgets a connection that ended.
    pub(super) fn disconnected(&self, number: u64) {
        self.live().connections.remove(&number);
        self.note(number, None, What::Disconnected);
    }

    /// Resets all connections.
    pub(super) fn cut_connections(&self) {
        for cut in self.live().connections.values() {
            cut.now(true);
        }
    }

    /// Registers a NETCONF session: its id, and a token that is cancelled when it is killed.
    pub(super) fn session_opened(&self) -> (u32, CancellationToken) {
        let mut live = self.live();
        live.last_session = live.last_session.max(FIRST_SESSION) + 1;
        let id = live.last_session;
        let killed = CancellationToken::new();
        live.sessions.insert(id, killed.clone());
        (id, killed)
    }

    /// Forgets a session that ended.
    pub(super) fn session_closed(&self, id: u32) {
        self.live().sessions.remove(&id);
    }

    /// Kills a session; whether it existed.
    pub(super) fn kill_session(&self, id: u32) -> bool {
        let killed = self.live().sessions.remove(&id);
        if let Some(killed) = &killed {
            killed.cancel();
        }
        killed.is_some()
    }

    /// Works on the router's memory, after what time has done to it. Steps of the databases are written down for `by`: a
    /// connection and a session.
    pub(super) fn with_state<R>(
        self: &Arc<Self>,
        by: (u64, Option<u32>),
        work: impl FnOnce(&mut State, DateTime<Utc>) -> R,
    ) -> R {
        let clock = self.world.settings.clock;
        let now = clock.now();
        let state = self.state.get_or_init(|| Mutex::new(State::new(self.first_configuration(), now)));
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.databases.expire(now);
        self.settle(&mut state, (0, None));
        let result = work(&mut state, now);
        self.settle(&mut state, by);
        if let Some(span) = state.databases.next_event(now) {
            let due = now + span;
            if state.watched != Some(due) {
                state.watched = Some(due);
                let router = self.clone();
                self.world.spawn(async move {
                    tokio::select! {
                        // A lab that stops rolls nothing back.
                        () = router.world.root.cancelled() => {}
                        () = clock.sleep(span) => router.with_state((0, None), |_, _| ()),
                    }
                });
            }
        }
        result
    }

    fn settle(&self, state: &mut State, (connection, session): (u64, Option<u32>)) {
        for step in state.databases.steps() {
            let activates = matches!(
                step,
                Transition::Committed | Transition::CommittedPending | Transition::RolledBack
            );
            if activates {
                self.activated(state.databases.history().active());
            }
            self.note(connection, session, What::Candidate(step));
        }
    }

    fn activated(&self, _active: &Tree) {}

    fn first_configuration(&self) -> Tree {
        let lines = format!("set version 24.4R1.9\nset system host-name {}\n", self.name);
        Tree::from_set(&lines).expect("the lab's own configurations load")
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
