//! What the service manager that started this process is told: systemd, or whoever else gave it `NOTIFY_SOCKET`.

use std::{convert::Infallible, net::TcpListener, time::Duration};

use anyhow::Context as _;
use listenfd::ListenFd;
use sd_notify::NotifyState;

use crate::app::App;

/// Where messages to the manager go.
const SOCKET: &str = "NOTIFY_SOCKET";

/// How often the line of state is looked at, unless the watchdog wants more.
const ROUND: Duration = Duration::from_secs(10);

/// The manager, if there is one.
pub(super) struct Manager {
    is_there: bool,
    /// It ends a process that is silent for as long.
    watchdog: Option<Duration>,
}

impl Manager {
    /// As the environment says.
    pub(super) fn find() -> Self {
        let is_there = std::env::var_os(SOCKET).is_some_and(|socket| !socket.is_empty());
        Self {
            is_there,
            watchdog: sd_notify::watchdog_enabled().filter(|limit| is_there && !limit.is_zero()),
        }
    }

    /// Tells it that clients are served, once `is_alive` says so, and from then on how things are, as long as that is so.
    pub(super) async fn accompany(&self, app: &App, is_alive: impl AsyncFn() -> bool) -> Infallible {
        if !self.is_there {
            return std::future::pending().await;
        }
        let between = self.watchdog.map_or(ROUND, |limit| ROUND.min(limit / 2));
        let mut round = tokio::time::interval(between);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut is_ready, mut told) = (false, String::new());
        loop {
            round.tick().await;
            // A part that does not answer within the round is given up for this one: the manager judges the silence.
            if !tokio::time::timeout(between, is_alive()).await.unwrap_or(false) {
                continue;
            }
            if !std::mem::replace(&mut is_ready, true) {
                self.tell(&[NotifyState::Ready]);
            }
            if self.watchdog.is_some() {
                self.tell(&[NotifyState::Watchdog]);
            }
            let (routers, calls) = app.at_work();
            let status = format!("{routers} routers, {calls} calls running");
            if status != told {
                self.tell(&[NotifyState::Status(&status)]);
                told = status;
            }
        }
    }

    /// Files are being read again.
    pub(super) fn reloading(&self) {
        if !self.is_there {
            return;
        }
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::warn!("the service manager is not told of the reload: {error}"),
        }
    }

    /// They have been read.
    pub(super) fn reloaded(&self) {
        self.tell(&[NotifyState::Ready]);
    }

    /// The end has begun.
    pub(super) fn stopping(&self) {
        self.tell(&[NotifyState::Stopping]);
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        if !self.is_there {
            return;
        }
        if let Err(error) = sd_notify::notify(states) {
            tracing::warn!("the service manager cannot be told anything: {error}");
        }
    }
}

/// The listening sockets that the manager has opened for this process. They are taken out of the environment, so this comes
/// before any thread.
pub(super) fn sockets() -> anyhow::Result<Vec<TcpListener>> {
    let mut handed_over = ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..handed_over.len() {
        let socket = handed_over
            .take_tcp_listener(index)
            .context("LISTEN_FDS: what was handed over is not served")?;
        sockets.extend(socket);
    }
    for socket in &sockets {
        let listens = rustix::net::sockopt::socket_acceptconn(socket).context("LISTEN_FDS")?;
        anyhow::ensure!(listens, "LISTEN_FDS: a socket that was handed over does not listen");
        // Whoever opened it may have left it blocking; it would stop all others.
        socket.set_nonblocking(true).context("LISTEN_FDS")?;
    }
    Ok(sockets)
}
