//! Going down and coming back: sessions end, nobody answers, then SSH does, then NETCONF, then routing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use russh::Disconnect;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::RouterHandle;
use super::fault::{Action, Return, Trigger};
use super::recorder::What;
use super::router::Router;

/// How long the steps of a restart take, by the routers' clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartTimes {
    /// From the request to the end of all sessions.
    pub shutdown: Duration,
    /// While connections are refused.
    pub down: Duration,
    /// While SSH answers and refuses NETCONF.
    pub ssh_only: Duration,
    /// While NETCONF answers and routing does not run yet.
    pub warm: Duration,
}

impl Default for RestartTimes {
    /// A restart of three seconds: long enough for a client to notice each step, short enough to wait for.
    fn default() -> Self {
        Self {
            shutdown: Duration::from_millis(250),
            down: Duration::from_millis(1000),
            ssh_only: Duration::from_millis(500),
            warm: Duration::from_millis(1250),
        }
    }
}

/// A step of a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Power {
    /// Sessions have ended, connections are refused.
    Down,
    /// SSH answers, NETCONF is refused.
    SshOnly,
    /// NETCONF answers, routing does not run.
    Warm,
    /// Everything runs.
    Up,
}

/// What a router was told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shutdown {
    /// Whether it is to come back.
    pub(super) returns: bool,
    /// How long from now.
    pub(super) after: Duration,
}

impl Shutdown {
    /// A restart at once.
    pub(super) const REBOOT: Self = Self {
        returns: true,
        after: Duration::ZERO,
    };
}

/// Whether a router runs, and what is planned.
#[derive(Debug)]
pub(super) struct Supply {
    step: watch::Sender<Power>,
    /// Calls off what is planned.
    planned: Mutex<Option<CancellationToken>>,
    /// Somebody presses the button.
    button: Notify,
}

impl Supply {
    /// A running router.
    pub(super) fn new() -> Self {
        Self {
            step: watch::Sender::new(Power::Up),
            planned: Mutex::new(None),
            button: Notify::new(),
        }
    }

    /// How far up it is.
    pub(super) fn step(&self) -> Power {
        *self.step.borrow()
    }

    /// Follows the steps.
    pub(super) fn steps(&self) -> watch::Receiver<Power> {
        self.step.subscribe()
    }

    /// Whether NETCONF and the CLI answer.
    pub(super) fn manages(&self) -> bool {
        matches!(self.step(), Power::Warm | Power::Up)
    }

    fn plan(&self, token: Option<CancellationToken>) -> bool {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = std::mem::replace(&mut *planned, token);
        let waiting = earlier.filter(|earlier| !earlier.is_cancelled());
        waiting.inspect(CancellationToken::cancel).is_some()
    }
}

impl Router {
    /// Goes down when it was told to; the last word counts.
    pub(super) fn shut_down(self: &Arc<Self>, shutdown: Shutdown) {
        if !self.supply.manages() {
            return;
        }
        let router = self.clone();
        let token = CancellationToken::new();
        self.supply.plan(Some(token.clone()));
        self.world.spawn(async move {
            let span = shutdown.after + router.world.settings.restart.shutdown;
            tokio::select! {
                // A lab that stops, or a router that was told something else, does not go down.
                () = router.world.root.cancelled() => return,
                () = token.cancelled() => return,
                () = router.world.settings.clock.sleep(span) => {}
            }
            // From here on nothing can be called off.
            router.supply.plan(None);
            tokio::select! {
                () = router.world.root.cancelled() => {}
                () = router.cycle(shutdown.returns) => {}
            }
        });
    }

    /// Calls off what is planned; whether anything was.
    pub(super) fn stay_up(&self) -> bool {
        self.supply.plan(None)
    }

    async fn cycle(self: &Arc<Self>, returns: bool) {
        let clock = self.world.settings.clock;
        let times = self.world.settings.restart;
        self.go_down();
        let firing = self.suffers((0, None), &Trigger::Boot);
        let how = firing.iter().find_map(|fault| match fault.action() {
            Action::Return(how) => Some(how.clone()),
            _ => None,
        });
        if !returns || how == Some(Return::Never) {
            self.supply.button.notified().await;
        }
        clock.sleep(times.down).await;
        self.boot(how.as_ref());
        clock.sleep(times.ssh_only).await;
        if how == Some(Return::Twice) {
            self.go_down();
            clock.sleep(times.down).await;
            self.boot(None);
            clock.sleep(times.ssh_only).await;
        }
        self.reached(Power::Warm);
        clock.sleep(times.warm).await;
        self.world.network.set_running(self.index, true);
        self.reached(Power::Up);
    }

    fn reached(&self, step: Power) {
        self.supply.step.send_replace(step);
        self.note(0, None, What::Power(step));
    }

    /// Ends every connection once what was written to it is out; nothing pending survives.
    fn go_down(self: &Arc<Self>) {
        self.reached(Power::Down);
        self.world.network.set_running(self.index, false);
        self.with_state((0, None), |state, now| {
            state.databases.restart(now);
            state.configuring.clear();
        });
        for (cut, ssh) in self.open_connections() {
            let Some(ssh) = ssh else {
                cut.now(true);
                continue;
            };
            let grace = self.world.settings.restart.down / 2;
            self.world.spawn(async move {
                // A connection that has ended meanwhile is what was wanted.
                ssh.disconnect(Disconnect::ByApplication, "shutting down".to_owned(), String::new())
                    .await
                    .ok();
                // One whose client does not leave is cut.
                tokio::select! {
                    () = cut.happened() => {}
                    () = tokio::time::sleep(grace) => cut.now(true),
                }
            });
        }
    }

    /// Starts the system that is to run now.
    fn boot(self: &Arc<Self>, how: Option<&Return>) {
        let times = self.world.settings.restart;
        let wait = TimeDelta::from_std(times.ssh_only + times.warm).unwrap_or(TimeDelta::MAX);
        self.with_state((0, None), |state, now| {
            state.booted = now;
            state.protocols_delay = wait;
            let before = state.software.running().to_owned();
            state.software.boot(how);
            if state.software.running() != before {
                state.rewrite_version();
            }
        });
        self.reached(Power::SshOnly);
    }
}

impl RouterHandle {
    /// How far up the router is.
    pub fn power(&self) -> Power {
        self.router.supply.step()
    }

    /// Restarts the router as an operator at its console would.
    pub fn reboot(&self) {
        self.router.shut_down(Shutdown::REBOOT);
    }

    /// Presses the button of a router that was halted or did not come back.
    pub fn power_on(&self) {
        self.router.supply.button.notify_one();
    }

    /// The release the router runs.
    pub fn version(&self) -> String {
        self.router.version()
    }
}
