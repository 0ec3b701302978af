//! Simulated Junos routers over real SSH.
//!
//! A lab is a number of routers in this process. Each one is reached over TCP on a port of its own, or over an in-memory pipe
//! ([`RouterHandle::connect`]); both lead to the same SSH server. Everything a router says is made from the lab's seed.

mod call_home;
mod candidate;
mod cli;
mod colleague;
mod config;
mod configuration;
mod element;
mod envelope;
mod errors;
mod fault;
mod files;
mod framing;
mod hello;
mod history;
mod identity;
mod jump;
mod listener;
mod mask;
mod netconf;
mod network;
mod operational;
mod path;
mod pipe;
mod power;
mod profile;
mod recorder;
mod router;
mod rpc;
mod scp;
mod session;
mod show;
mod software;
mod ssh;
mod state;
mod syslog;
mod writer;
mod xml;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::DuplexStream;
use tokio::net::TcpListener;

use crate::clock::Clock;
use pipe::Carrier;
use router::{Router, World};

pub use call_home::CallHome;
pub use colleague::{Committed, Refused};
pub use fault::{
    Action, ActionRow, Doing, Errand, Fault, Faults, FaultsError, Injected, KnownShape, Place, Return, Shape, Trigger,
    TriggerRow,
};
pub use fault::{actions, shapes, triggers};
pub use jump::JumpHost;
pub use power::{Power, RestartTimes};
pub use recorder::{Event, Transfer, Transition, Verdict, What};

/// What a lab is made of. Start from [`LabSettings::new`] and change what matters.
#[derive(Debug, Clone)]
pub struct LabSettings {
    /// How many routers.
    pub routers: usize,
    /// Everything invented in the lab comes from this number.
    pub seed: u64,
    /// Names of the first routers; the rest is named by the lab.
    pub names: Vec<String>,
    /// Listen here over TCP, the routers on consecutive ports; with port 0 on any free ones. `None`: in memory only.
    pub listen: Option<SocketAddr>,
    /// What kind of router they are, by the name of its profile; `mix` takes all profiles in turn.
    pub profile: String,
    /// Also run a jump host, on the port after the last router. It needs routers that listen.
    pub jump_host: bool,
    /// The routers' clock.
    pub clock: Clock,
    /// Network round trip, added to every connection.
    pub round_trip: Duration,
    /// Time each RPC takes.
    pub command_time: Duration,
    /// Also accept keyboard-interactive logins.
    pub keyboard_interactive: bool,
    /// Offer base:1.1, with chunked framing, as a router with `rfc-compliant` and `version-1.1` does.
    pub chunked: bool,
    /// NETCONF and exec channels one SSH connection may have open.
    pub channels: usize,
    /// Keep files whole that clients upload, however long they are.
    pub keep_files: bool,
    /// How long the steps of a restart take.
    pub restart: RestartTimes,
    /// SHA-256 checksums of packages whose signature does not match.
    pub bad_images: Vec<String>,
    /// Let every router open connections to this place as well.
    pub call_home: Option<CallHome>,
}

impl LabSettings {
    /// That many routers in memory, without delays, on the system's clock.
    pub fn new(routers: usize) -> Self {
        Self {
            routers,
            seed: 1,
            names: Vec::new(),
            listen: None,
            profile: "vsrx-24.4".to_owned(),
            jump_host: false,
            clock: Clock::system(),
            round_trip: Duration::ZERO,
            command_time: Duration::ZERO,
            keyboard_interactive: false,
            chunked: false,
            channels: 75,
            keep_files: false,
            restart: RestartTimes::default(),
            bad_images: Vec::new(),
            call_home: None,
        }
    }

    /// The same lab, listening on free ports of the loopback interface.
    pub fn on_loopback(mut self) -> Self {
        self.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        self
    }
}

/// A running lab. Dropping it stops its routers.
#[derive(Debug)]
pub struct Lab {
    world: Arc<World>,
    routers: Vec<RouterHandle>,
    jump_host: Option<JumpHost>,
}

impl Lab {
    /// Starts the routers.
    ///
    /// # Errors
    /// When an address cannot be listened on, or the profile is unknown.
    pub async fn start(settings: LabSettings) -> io::Result<Self> {
        let world = World::new(settings)?;
        // Owned from here on, so that a failure to listen stops what already runs.
        let mut lab = Self {
            routers: Vec::with_capacity(world.settings.routers),
            jump_host: None,
            world,
        };
        for index in 0..lab.world.settings.routers {
            let router = Router::new(lab.world.clone(), index);
            let address = match lab.world.settings.listen {
                None => None,
                Some(first) => Some(listen(&router, first, index).await?),
            };
            if let Some(home) = lab.world.settings.call_home.clone() {
                lab.world.spawn(call_home::call(router.clone(), home));
            }
            lab.routers.push(RouterHandle { router, address });
        }
        let settings = &lab.world.settings;
        if let Some(first) = settings.listen.filter(|_| settings.jump_host) {
            let wanted = address_of(first, settings.routers)?;
            lab.jump_host = Some(JumpHost::start(&lab.world, wanted, lab.routers.clone()).await?);
        }
        Ok(lab)
    }

    /// The host that leads to the routers, where there is one.
    pub fn jump_host(&self) -> Option<&JumpHost> {
        self.jump_host.as_ref()
    }

    /// The routers, in order.
    pub fn routers(&self) -> &[RouterHandle] {
        &self.routers
    }

    /// The router of that name.
    pub fn router(&self, name: &str) -> Option<&RouterHandle> {
        self.routers.iter().find(|router| router.name() == name)
    }

    /// Stops every router and waits until its tasks have ended.
    pub async fn stop(&self) {
        self.world.root.cancel();
        self.world.tasks.close();
        self.world.tasks.wait().await;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.world.root.cancel();
    }
}

async fn listen(router: &Arc<Router>, first: SocketAddr, index: usize) -> io::Result<SocketAddr> {
    let wanted = address_of(first, index)?;
    let listener = TcpListener::bind(wanted).await?;
    let address = listener.local_addr()?;
    router.world.spawn(listener::accept(router.clone(), listener, address));
    Ok(address)
}

/// The address that many places after the first.
fn address_of(first: SocketAddr, index: usize) -> io::Result<SocketAddr> {
    let mut wanted = first;
    if first.port() != 0 {
        let port = usize::from(first.port()) + index;
        let port = u16::try_from(port).map_err(|_| io::Error::other("no port is left for every router"))?;
        wanted.set_port(port);
    }
    Ok(wanted)
}

/// One router of a lab, as a test and the embedding program see it.
#[derive(Debug, Clone)]
pub struct RouterHandle {
    router: Arc<Router>,
    address: Option<SocketAddr>,
}

impl RouterHandle {
    /// The router's name.
    pub fn name(&self) -> &str {
        &self.router.name
    }

    /// The name of its profile.
    pub fn profile(&self) -> &str {
        self.router.profile().name
    }

    /// Where it listens over TCP.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Opens an in-memory connection: the client's end of a pipe to the router's SSH server.
    ///
    /// # Errors
    /// When the lab has been stopped, or the router refuses connections.
    pub fn connect(&self) -> io::Result<DuplexStream> {
        let down = self.router.supply.step() == Power::Down;
        if down || self.router.world.root.is_cancelled() {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let (near, far) = tokio::io::duplex(pipe::PIPE_CAPACITY);
        let serving = ssh::serve(self.router.clone(), Carrier::Pipe(far));
        self.router.world.spawn(serving);
        Ok(near)
    }

    /// The account that may log in.
    pub fn username(&self) -> &str {
        identity::USER
    }

    /// Its password.
    pub fn password(&self) -> &str {
        &self.router.world.credentials.password
    }

    /// Its private key, as the text of an OpenSSH key file.
    pub fn private_key_openssh(&self) -> String {
        self.router.world.credentials.private_key()
    }

    /// The router's host key as a line of a `known_hosts` file.
    pub fn host_key_line(&self, host: &str, port: u16) -> String {
        identity::known_hosts_line(&self.router.host_key(), host, port)
    }

    /// Gives the router another host key, from the next connection on.
    pub fn change_host_key(&self) {
        self.router.change_host_key();
    }

    /// Everything recorded, oldest first; at most the last 10,000 events.
    pub fn seen(&self) -> Vec<Event> {
        self.router.recorder.since(0)
    }

    /// What was recorded after the event of that number.
    pub fn seen_since(&self, number: u64) -> Vec<Event> {
        self.router.recorder.since(number)
    }

    /// The names of the RPCs received, oldest first.
    pub fn rpcs(&self) -> Vec<String> {
        self.seen().iter().filter_map(Event::rpc).map(str::to_owned).collect()
    }

    /// Forgets what was recorded.
    pub fn forget(&self) {
        self.router.recorder.clear();
    }

    /// Waits for the first event, recorded or coming, that `wanted` accepts.
    pub async fn wait_for(&self, wanted: impl FnMut(&Event) -> bool) -> Event {
        self.router.recorder.wait_for(0, wanted).await
    }

    /// Waits for the first event after the one of that number that `wanted` accepts.
    pub async fn wait_for_after(&self, number: u64, wanted: impl FnMut(&Event) -> bool) -> Event {
        self.router.recorder.wait_for(number, wanted).await
    }

    /// Arms a fault.
    pub fn inject(&self, fault: Fault) -> Injected {
        let when = fault.trigger().clone();
        let injected = self.router.faults.inject(fault);
        match when {
            Trigger::Now => self.router.undergo_all(&Trigger::Now),
            Trigger::After(seconds) => {
                let router = self.router.clone();
                self.router.world.spawn(async move {
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_secs(seconds)) => router.undergo_all(&Trigger::After(seconds)),
                        () = router.world.root.cancelled() => {}
                    }
                });
            }
            _ => {}
        }
        injected
    }

    /// Drops every connection of this router with a TCP reset.
    pub fn cut(&self) {
        self.router.cut_connections();
    }

    /// The router's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.router.world.settings.clock.now()
    }
}

#[cfg(test)]
mod tests;
