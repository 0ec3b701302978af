//! The way to a router's management: gone while its management port or its NETCONF service is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::watch;

use super::network::Intent;
use super::router::Router;

/// Between a commit and the moment at which the daemons have acted on it; its reply is out by then.
const REACTION: Duration = Duration::from_millis(500);

/// The statement without which nothing listens for NETCONF.
const SERVICE: &str = "set system services netconf ssh";

/// Where it can be switched off.
const SWITCHES: [&str; 4] = [
    "deactivate system",
    "deactivate system services",
    "deactivate system services netconf",
    "deactivate system services netconf ssh",
];

/// Whether packets of managers arrive.
#[derive(Debug)]
pub(super) struct Path {
    wanted: watch::Sender<bool>,
    open: watch::Sender<bool>,
}

impl Path {
    /// An open way.
    pub(super) fn new() -> Self {
        Self {
            wanted: watch::Sender::new(true),
            open: watch::Sender::new(true),
        }
    }

    /// What the configuration says now; whether the way is to be cut soon.
    fn configure(&self, leads: bool) -> bool {
        let before = self.wanted.send_replace(leads);
        if leads {
            self.open.send_replace(true);
        }
        before && !leads
    }

    /// Does what the configuration says by now.
    fn react(&self) {
        let wanted = *self.wanted.borrow();
        self.open.send_replace(wanted);
    }

    /// A gate for one direction of one connection.
    pub(super) fn gate(&self) -> Gate {
        Gate {
            open: self.open.subscribe(),
            waiting: None,
        }
    }
}

/// Whether a configuration lets managers in: an address on the management port, which is up, and the service.
fn leads(intent: &Intent, management: &str, lines: &str) -> bool {
    let serves = lines
        .lines()
        .any(|line| line == SERVICE || line.starts_with(&format!("{SERVICE} ")));
    let addressed = intent.interface(management).is_some_and(|port| {
        let mut up = port.units.iter().filter(|unit| !unit.disabled);
        !port.disabled && up.any(|unit| !unit.inet.is_empty() || !unit.inet6.is_empty())
    });
    serves && addressed && !lines.lines().any(|line| SWITCHES.contains(&line))
}

impl Router {
    /// Lets managers in, or soon no more, as the configuration says.
    pub(super) fn lead(self: &Arc<Self>, lines: &str) {
        let intent = self.world.network.intent(self.index);
        if !self.path.configure(leads(&intent, self.profile().management, lines)) {
            return;
        }
        let router = self.clone();
        self.world.spawn(async move {
            tokio::select! {
                // A lab that stops ends all connections.
                () = router.world.root.cancelled() => {}
                () = router.world.settings.clock.sleep(REACTION) => router.path.react(),
            }
        });
    }
}

type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Lets bytes pass while the way is open; meanwhile they wait, as on a path that loses every packet.
pub(super) struct Gate {
    open: watch::Receiver<bool>,
    waiting: Option<Waiting>,
}

impl Gate {
    /// Waits until the way is open.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if *self.open.borrow() {
            self.waiting = None;
            return Poll::Ready(());
        }
        let mut open = self.open.clone();
        let waiting = self.waiting.get_or_insert_with(|| {
            Box::pin(async move {
                // A router that is gone keeps nobody waiting.
                open.wait_for(|open| *open).await.ok();
            })
        });
        ready!(waiting.as_mut().poll(context));
        self.waiting = None;
        Poll::Ready(())
    }
}
