//! One router: its identity, its sessions, and its state, which is made at first use.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use russh::keys::ssh_key::PrivateKey;
use russh::server::Handle as SshHandle;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::LabSettings;
use super::candidate::Editor;
use super::config::Tree;
use super::fault::InForce;
use super::identity::{Credentials, host_key};
use super::network::{Happening, Network};
use super::path::Path;
use super::pipe::Cut;
use super::power::Supply;
use super::profile::{self, Profile};
use super::recorder::{Recorder, Transition, What};
use super::show;
use super::state::State;

/// What all routers of a lab share.
pub(super) struct World {
    pub(super) settings: LabSettings,
    pub(super) credentials: Credentials,
    /// Names, cables and what every router is configured to do.
    pub(super) network: Network,
    /// Cancelled when the lab stops; every connection hangs below it.
    pub(super) root: CancellationToken,
    /// Owns every task of the lab.
    pub(super) tasks: TaskTracker,
    runtime: Handle,
}

impl World {
    /// A lab without routers.
    ///
    /// # Errors
    /// When the profile is unknown.
    pub(super) fn new(settings: LabSettings) -> io::Result<Arc<Self>> {
        let profiles = profile::in_turn(&settings.profile)?;
        let invented = Network::generate(settings.seed, settings.routers);
        let names = invented.sites().iter().map(|site| site.name.clone());
        let given = settings.names.iter().cloned();
        let names: Vec<String> = given
            .chain(names.skip(settings.names.len()))
            .take(settings.routers)
            .collect();
        Ok(Arc::new(Self {
            credentials: Credentials::new(settings.seed),
            network: Network::new(
                settings.seed,
                names.into_iter().zip(profiles.into_iter().cycle()).collect(),
            ),
            settings,
            root: CancellationToken::new(),
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
        }))
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
pub(super) struct Router {
    pub(super) world: Arc<World>,
    /// Its number in the network.
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) recorder: Recorder,
    pub(super) faults: InForce,
    /// Whether it runs.
    pub(super) supply: Supply,
    /// Whether managers reach it.
    pub(super) path: Path,
    key_generation: AtomicU32,
    /// Random delays so far.
    pub(super) drawn: AtomicU64,
    /// Connections that may be open at once, when a fault limits them.
    pub(super) connection_limit: AtomicUsize,
    connections: AtomicU64,
    live: Mutex<Live>,
    state: OnceLock<Mutex<State>>,
}

impl fmt::Debug for Router {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Router")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Connections and sessions that are open now.
#[derive(Default)]
struct Live {
    connections: HashMap<u64, Connection>,
    sessions: BTreeMap<u32, (show::Session, CancellationToken)>,
    last_session: u32,
}

/// One open connection.
struct Connection {
    cut: Cut,
    /// Once SSH is spoken on it.
    ssh: Option<SshHandle>,
}

/// Where clients seem to come from: a router of the lab knows no addresses of the machine it runs on.
const CLIENT: &str = "198.51.100.9";

/// Session ids look like process ids of a router that has been up for a while.
const FIRST_SESSION: u32 = 20_000;

impl Router {
    /// The router of that index.
    pub(super) fn new(world: Arc<World>, index: usize) -> Arc<Self> {
        Arc::new(Self {
            index,
            name: world.network.site(index).name.clone(),
            world,
            recorder: Recorder::new(),
            faults: InForce::default(),
            supply: Supply::new(),
            path: Path::new(),
            key_generation: AtomicU32::new(0),
            drawn: AtomicU64::new(0),
            connection_limit: AtomicUsize::new(usize::MAX),
            connections: AtomicU64::new(0),
            live: Mutex::new(Live::default()),
            state: OnceLock::new(),
        })
    }

    /// What kind of router it is.
    pub(super) fn profile(&self) -> &'static Profile {
        self.world.network.site(self.index).profile
    }

    /// The release it runs.
    pub(super) fn version(self: &Arc<Self>) -> String {
        self.with_state((0, None), |state, _| state.software.running().to_owned())
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
        let connection = Connection {
            cut: cut.clone(),
            ssh: None,
        };
        self.live().connections.insert(number, connection);
        self.note(number, None, What::Connected);
        number
    }

    /// Notes how to end a connection in order.
    pub(super) fn speaks(&self, number: u64, ssh: SshHandle) {
        if let Some(connection) = self.live().connections.get_mut(&number) {
            connection.ssh = Some(ssh);
        }
    }

    /// Forgets a connection that ended.
    pub(super) fn disconnected(&self, number: u64) {
        self.live().connections.remove(&number);
        self.note(number, None, What::Disconnected);
    }

    /// Connections open now.
    pub(super) fn connections_open(&self) -> usize {
        self.live().connections.len()
    }

    /// Resets all connections.
    pub(super) fn cut_connections(&self) {
        for connection in self.live().connections.values() {
            connection.cut.now(true);
        }
    }

    /// How to end each connection that is open: at once, and in order where SSH is spoken on it.
    pub(super) fn open_connections(&self) -> Vec<(Cut, Option<SshHandle>)> {
        let live = self.live();
        let connections = live.connections.values();
        connections
            .map(|connection| (connection.cut.clone(), connection.ssh.clone()))
            .collect()
    }

    /// Registers a session that runs `command`, at a terminal or without: its id, and a token that is cancelled when it is
    /// killed.
    pub(super) fn session_opened(&self, user: &str, command: &str, terminal: Option<&str>) -> (u32, CancellationToken) {
        let mut live = self.live();
        live.last_session = live.last_session.max(FIRST_SESSION) + 1;
        let id = live.last_session;
        let killed = CancellationToken::new();
        let session = show::Session {
            user: user.to_owned(),
            terminal: terminal.map(str::to_owned),
            from: CLIENT.to_owned(),
            since: self.world.settings.clock.now(),
            command: command.to_owned(),
        };
        live.sessions.insert(id, (session, killed.clone()));
        (id, killed)
    }

    /// Forgets a session that ended.
    pub(super) fn session_closed(&self, id: u32) {
        self.live().sessions.remove(&id);
    }

    /// Who is logged in now.
    pub(super) fn sessions(&self) -> Vec<show::Session> {
        self.live()
            .sessions
            .values()
            .map(|(session, _)| session.clone())
            .collect()
    }

    /// A terminal that neither a session nor one of the others has.
    pub(super) fn free_terminal<'a>(&self, others: impl Iterator<Item = &'a Editor>) -> String {
        let live = self.live();
        let sessions = live
            .sessions
            .values()
            .filter_map(|(session, _)| session.terminal.clone());
        let taken: HashSet<String> = sessions
            .chain(others.filter_map(|other| other.terminal.clone()))
            .collect();
        let mut names = (0..=taken.len()).map(|number| format!("pts/{number}"));
        names
            .find(|name| !taken.contains(name))
            .expect("there is one name more than are taken")
    }

    /// A process id that no session has.
    pub(super) fn process_id(&self) -> u32 {
        let mut live = self.live();
        live.last_session = live.last_session.max(FIRST_SESSION) + 1;
        live.last_session
    }

    /// Kills a session; whether it existed.
    pub(super) fn kill_session(&self, id: u32) -> bool {
        let killed = self.live().sessions.remove(&id);
        if let Some((_, killed)) = &killed {
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
        let state = self
            .state
            .get_or_init(|| Mutex::new(State::new(self.first_configuration(), self.profile(), now)));
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        for happening in self.world.network.happenings(self.index) {
            state
                .log
                .write(happening.at, &self.name, &happening.daemon, &happening.text);
        }
        state.databases.expire(now);
        self.settle(&mut state, (0, None));
        let result = work(&mut state, now);
        self.settle(&mut state, by);
        if let Some(span) = state.databases.next_event(now) {
            let due = now + span;
            if state.watched != Some(due) {
                state.watched = Some(due);
                self.watch(span);
            }
        }
        result
    }

    /// Looks again once that much of the router's time has passed.
    fn watch(self: &Arc<Self>, span: Duration) {
        let router = self.clone();
        self.world.spawn(async move {
            tokio::select! {
                // A lab that stops rolls nothing back.
                () = router.world.root.cancelled() => {}
                () = router.world.settings.clock.sleep(span) => router.look(),
            }
        });
    }

    fn look(self: &Arc<Self>) {
        self.with_state((0, None), |_, _| ());
    }

    fn settle(self: &Arc<Self>, state: &mut State, (connection, session): (u64, Option<u32>)) {
        for step in state.databases.steps() {
            let activates = matches!(
                step,
                Transition::Committed | Transition::CommittedPending | Transition::RolledBack
            );
            if activates {
                self.activated(state.databases.history().active());
            }
            if step == Transition::RolledBack {
                let text = "UI_COMMIT_NOT_CONFIRMED: Commit was not confirmed; automatic rollback complete.";
                state
                    .log
                    .write(self.world.settings.clock.now(), &self.name, "mgd", text);
            }
            self.note(connection, session, What::Candidate(step));
        }
    }

    fn activated(self: &Arc<Self>, active: &Tree) {
        let network = &self.world.network;
        let lines = active.inherited().set_lines(&[]).unwrap_or_default();
        let ports = network.site(self.index).ports.iter();
        let near: BTreeSet<usize> = ports.map(|port| port.peer).chain([self.index]).collect();
        let before: Vec<_> = near.iter().map(|&router| show::condition(network, router)).collect();
        network.activate_lines(self.index, &lines);
        self.lead(&lines);
        let at = self.world.settings.clock.now();
        for (&router, before) in near.iter().zip(before) {
            let changes = before.changes(&show::condition(network, router), &network.site(router).name);
            for (daemon, text) in changes {
                network.befalls(router, Happening { at, daemon, text });
            }
        }
    }

    fn first_configuration(&self) -> Tree {
        let lines = self.world.network.default_configuration(self.index);
        Tree::from_set(&lines).expect("the lab's own configurations load")
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
