//! Sessions to routers: one authenticated SSH connection per router, several NETCONF sessions on it, leased to one call at a time.

mod connect;
mod connection;
mod copy;
mod device;
mod dial;
mod engine;
mod enrol;
mod fault;
mod handshake;
mod hello;
mod hop_name;
mod hops;
mod host_key;
mod host_key_fault;
mod host_name;
mod lease;
mod line;
mod login;
mod personality;
mod pinning;
mod pool;
mod preflight;
mod probe;
mod proxy_command;
mod reply;
mod route;
mod rpc;
mod scan;
mod session;
mod ssh_config;
mod stamp;
mod status;
mod wire;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{inventory::Entry, metrics::DeviceMetrics};

pub(crate) use copy::{Copier, CopyFault};
pub(crate) use device::{Answer, Device, Sole};
pub use dial::{Dial, OpenPipe};
pub(crate) use enrol::Found;
pub(crate) use fault::Fault;
pub use host_key::KnownHosts;
pub(crate) use host_key::{PinnedKey, Reread};
pub(crate) use host_key_fault::HostKeyFault;
pub(crate) use lease::Lease;
pub(crate) use personality::personality;
pub(crate) use pinning::{Pinning, Verdict, key_lines, pin};
pub(crate) use preflight::{Place, Preflight};
pub(crate) use probe::Probe;
pub(crate) use reply::{Node, Reply};
pub(crate) use rpc::Rpc;
pub(crate) use scan::ShownKeys;
pub(crate) use status::PoolStatus;

use handshake::Greeting;
use hops::Hops;
use host_key::HostKeys;
use pool::{Identity, Pool, Site};
use ssh_config::SshConfigs;
use status::Counters;

/// Logins that run at one time: a thousand at once would be refused by the servers that check them, and with half as many a
/// batch of a hundred routers takes two waves.
const MAX_DIALS: usize = 128;

/// Bytes of replies that may be in memory at one time, whoever asked for them.
const REPLY_BUDGET: usize = 512 * 1024 * 1024;

/// How the device layer behaves.
#[derive(Clone, Debug)]
pub struct DeviceSettings {
    /// Where trusted host keys are kept.
    pub known_hosts: KnownHosts,
    /// Whether an unknown host key is written down and trusted; a changed one never is.
    pub accept_new: bool,
    /// Time for TCP, SSH, login and hello together.
    pub connect_timeout: Duration,
    /// Sessions per router at a time, unless its entry says otherwise.
    pub sessions: usize,
    /// An idle session is closed after this; zero means that none is kept.
    pub idle: Duration,
    /// Interval of SSH keepalives; zero switches them off.
    pub keepalive: Duration,
    /// Whether there are counters of each router.
    pub metrics_per_router: bool,
    /// Routers that are reached another way than by TCP, by host and port.
    pub dials: HashMap<(String, u16), Dial>,
}

impl Default for DeviceSettings {
    fn default() -> Self {
        Self {
            known_hosts: KnownHosts::Memory(String::new()),
            accept_new: false,
            connect_timeout: Duration::from_secs(20),
            sessions: 6,
            idle: Duration::from_secs(300),
            keepalive: Duration::from_secs(30),
            metrics_per_router: false,
            dials: HashMap::new(),
        }
    }
}

/// All routers of this process and the sessions to them.
#[derive(Clone)]
pub(crate) struct Devices(Arc<Shared>);

/// What all pools share.
struct Shared {
    settings: DeviceSettings,
    greeting: Greeting,
    ssh_configs: SshConfigs,
    hops: Hops,
    budget: Arc<Semaphore>,
    dial_gate: Semaphore,
    counters: Counters,
    tracker: TaskTracker,
    shutdown: CancellationToken,
    sites: Mutex<HashMap<(String, u16), Weak<Site>>>,
    pools: Mutex<HashMap<Identity, Arc<Pool>>>,
}

impl Devices {
    /// Nothing is contacted; must be called within a runtime, which then runs the reaper of idle sessions.
    pub(crate) fn new(settings: DeviceSettings) -> Self {
        Self::telling(settings, |_| ())
    }

    /// As [`Devices::new`], telling `on_pin` of every host key that is trusted on first use.
    pub(crate) fn telling(settings: DeviceSettings, on_pin: impl Fn(&PinnedKey) + Send + Sync + 'static) -> Self {
        let host_keys = HostKeys::telling(settings.known_hosts.clone(), settings.accept_new, Box::new(on_pin));
        let shared = Arc::new(Shared {
            greeting: Greeting {
                host_keys: Arc::new(host_keys),
                keepalive: settings.keepalive,
            },
            ssh_configs: SshConfigs::default(),
            hops: Hops::default(),
            budget: Arc::new(Semaphore::new(REPLY_BUDGET / session::BUDGET_UNIT)),
            dial_gate: Semaphore::new(MAX_DIALS),
            counters: Counters::new(settings.metrics_per_router),
            tracker: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            sites: Mutex::default(),
            pools: Mutex::default(),
            settings,
        });
        let reaper = reap(Arc::downgrade(&shared), shared.settings.idle, shared.shutdown.clone());
        shared.tracker.spawn(reaper);
        Self(shared)
    }

    /// The router of an inventory entry. Nothing is contacted.
    pub(crate) fn device(&self, entry: &Arc<Entry>) -> Device {
        let identity = Identity::of(entry);
        let mut pools = self.0.pools.lock().expect("no code panics while it holds the lock");
        let pool = pools.entry(identity).or_insert_with(|| {
            let site = self.0.site(entry);
            Arc::new(Pool::new(Arc::clone(entry), site))
        });
        pool.renew(entry);
        Device::new(entry.name.clone(), Arc::clone(pool), Arc::clone(&self.0))
    }

    /// Reads the trusted host keys again; none where they are in no file.
    pub(crate) fn reread_host_keys(&self) -> Option<Result<Reread, HostKeyFault>> {
        self.0.greeting.host_keys.reread()
    }

    /// Ends the sessions to entries that are not in use any more: the idle ones now, the others when they are given back.
    pub(crate) fn retire<'a>(&self, entries: impl Iterator<Item = &'a Entry>) {
        let mut pools = self.0.pools.lock().expect("no code panics while it holds the lock");
        for pool in entries.filter_map(|entry| pools.remove(&Identity::of(entry))) {
            pool.retire();
            self.0.drain(&pool);
        }
    }

    /// Time for one connection to the router of an entry.
    pub(crate) fn connect_timeout(&self, entry: &Entry) -> Duration {
        entry.connect_timeout.unwrap_or(self.0.settings.connect_timeout)
    }

    /// What is counted of connections.
    pub(crate) fn metrics(&self) -> &DeviceMetrics {
        &self.0.counters.metrics
    }

    /// Figures of the pool.
    pub(crate) fn status(&self) -> PoolStatus {
        let pools = self.0.pools.lock().expect("no code panics while it holds the lock");
        self.0.counters.status(pools.values().map(|pool| pool.count()))
    }

    /// Takes no more work, closes what is idle and waits for the closing of the rest, no longer than `within`.
    pub(crate) async fn shut_down(&self, within: Duration) {
        self.0.shutdown.cancel();
        let pools: Vec<_> = {
            let mut pools = self.0.pools.lock().expect("no code panics while it holds the lock");
            pools.drain().map(|(_, pool)| pool).collect()
        };
        for pool in pools {
            self.0.drain(&pool);
        }
        self.0.tracker.close();
        // What does not end in time ends with the process; nothing of it is a write in progress.
        let _ = tokio::time::timeout(within, async {
            self.0.tracker.wait().await;
            self.0.hops.close().await;
        })
        .await;
    }
}

impl Shared {
    /// The slots of one address; shared by every entry that names it.
    fn site(&self, entry: &Entry) -> Arc<Site> {
        let key = (entry.host.clone(), entry.port);
        let mut sites = self.sites.lock().expect("no code panics while it holds the lock");
        if let Some(site) = sites.get(&key).and_then(Weak::upgrade) {
            return site;
        }
        sites.retain(|_, site| site.strong_count() > 0);
        let sessions = entry.max_sessions.map_or(self.settings.sessions, usize::from);
        let site = Arc::new(Site::new(sessions.max(1)));
        sites.insert(key, Arc::downgrade(&site));
        site
    }

    /// Closes everything idle of a pool in tasks of its own.
    fn drain(self: &Arc<Self>, pool: &Pool) {
        for session in pool.take_all_idle() {
            self.tracker.spawn(session.close());
        }
        for connection in pool.take_unused_connections(Duration::ZERO) {
            self.tracker.spawn(async move { connection.goodbye().await });
        }
    }

    /// One round of tidying: sessions and connections that were idle too long, and pools that hold nothing.
    fn tidy(self: &Arc<Self>) {
        let mut pools = self.pools.lock().expect("no code panics while it holds the lock");
        for pool in pools.values() {
            for session in pool.take_idle_longer_than(self.settings.idle) {
                self.tracker.spawn(session.close());
            }
            for connection in pool.take_unused_connections(self.settings.idle) {
                self.tracker.spawn(async move { connection.goodbye().await });
            }
        }
        pools.retain(|_, pool| !pool.is_empty() || Arc::strong_count(pool) > 1);
    }
}

/// The one task that closes what has been idle too long.
async fn reap(shared: Weak<Shared>, idle: Duration, shutdown: CancellationToken) {
    // Often enough that nothing lives much longer than it should, seldom enough to cost nothing.
    let interval = (idle / 4).clamp(Duration::from_secs(1), Duration::from_secs(30));
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        let Some(shared) = shared.upgrade() else { return };
        shared.tidy();
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
