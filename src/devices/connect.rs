//! From an inventory entry to a connection on which somebody is logged in.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    Shared,
    connection::Connection,
    dial::{Dial, Stream},
    fault::DialFault,
    handshake::Greeted,
    hops::{self, HopLink},
    login,
    proxy_command::{self, Complaint},
    route::{Point, Route, Start},
};
use crate::inventory::Entry;

/// A connection that was refused or reset is tried once more after this time.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The last part of a way: to a host, from the one before it if there is one.
pub(super) struct Leg<'a> {
    pub(super) start: &'a Start,
    pub(super) before: Option<&'a Arc<HopLink>>,
    pub(super) point: &'a Point,
}

/// Connects to the router of an entry and logs in.
///
/// Each jump host and the router have the time for connecting to themselves; waiting for a turn does not count.
pub(super) async fn connect(entry: &Entry, shared: &Arc<Shared>) -> Result<Connection, DialFault> {
    let route = Arc::new(Route::of(entry, &shared.ssh_configs)?);
    let limit = entry.connect_timeout.unwrap_or(shared.settings.connect_timeout);
    let mut hop = hops::reach(shared, &route).await?;
    // The turn at a jump host comes first, so that those who wait for one host do not keep others from dialling.
    let _place = match &hop {
        Some(hop) => Some(hop.turn().await),
        None => None,
    };
    let _turn = shared.dial_gate.acquire().await.expect("the gate is never closed");
    let mut patience = Patience::new(limit);
    loop {
        if let Some(closed) = hop.as_ref().filter(|hop| hop.is_closed()) {
            tracing::debug!(hop = closed.shown(), "a jump host is connected to again");
            hop = hops::reach(shared, &route).await?;
        }
        let leg = Leg {
            start: &route.start,
            before: hop.as_ref(),
            point: &route.target,
        };
        match enter(shared, &leg, patience.left()).await {
            Ok(greeted) => return Ok(Connection::over(greeted)),
            Err(fault) if patience.once_more(&fault).await => {}
            Err(fault) => return Err(fault),
        }
    }
}

/// The time for one connection, and the one more attempt that what was refused or reset gets in it.
pub(super) struct Patience {
    deadline: Instant,
    is_spent: bool,
}

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            deadline: Instant::now() + limit,
            is_spent: false,
        }
    }

    /// The time left.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether to try once more; waits a moment before it says yes.
    pub(super) async fn once_more(&mut self, fault: &DialFault) -> bool {
        if self.is_spent || !fault.is_retryable() || self.left() <= RETRY_AFTER {
            return false;
        }
        tracing::debug!(%fault, "a connection is tried once more");
        self.is_spent = true;
        tokio::time::sleep(RETRY_AFTER).await;
        true
    }
}

/// Where a connection attempt stands, for the message when its time runs out.
type Stage = Mutex<&'static str>;

/// Goes to a host within the time, judges its key and logs in.
pub(super) async fn enter(shared: &Shared, leg: &Leg<'_>, limit: Duration) -> Result<Greeted, DialFault> {
    let stage = Stage::new("opening the connection");
    let complaint = Complaint::default();
    let attempt = async {
        let at = |text| *stage.lock().expect("no code panics while it holds the lock") = text;
        let on_file = shared.greeting.on_file(&leg.point.host, leg.point.port)?;
        let stream = open(shared, leg, &complaint).await?;
        at("waiting for its SSH server");
        let mut greeted = shared.greeting.shake_hands(stream, on_file).await?;
        at("logging in");
        login::log_in(&mut greeted.handle, &leg.point.user, &leg.point.logins).await?;
        Ok(greeted)
    };
    let result = timeout(limit, attempt).await.unwrap_or_else(|_| {
        Err(DialFault::Timeout {
            seconds: limit.as_secs(),
            stage: *stage.lock().expect("no code panics while it holds the lock"),
        })
    });
    match result {
        Ok(greeted) => Ok(greeted),
        Err(fault) => Err(explain(fault, &complaint).await),
    }
}

/// The byte stream to a host.
pub(super) async fn open(shared: &Shared, leg: &Leg<'_>, complaint: &Complaint) -> Result<Box<dyn Stream>, DialFault> {
    let (host, port) = (leg.point.host.as_str(), leg.point.port);
    match (leg.before, leg.start) {
        (Some(hop), _) => hop.tunnel(host, port).await,
        (None, Start::Direct) => {
            let dial = shared.settings.dials.get(&(host.to_owned(), port));
            dial.unwrap_or(&Dial::Tcp).open(host, port).await
        }
        (None, Start::Command(command)) => match proxy_command::run(command, complaint) {
            Ok(running) => Ok(Box::new(running)),
            Err(error) => Err(DialFault::Connect {
                reason: format!("the ProxyCommand does not start: {error}"),
                retryable: false,
            }),
        },
    }
}

/// Adds what a proxy command complained of to the failure of the connection over it.
pub(super) async fn explain(fault: DialFault, complaint: &Complaint) -> DialFault {
    complaint.complete().await;
    let Some(line) = complaint.last_line() else {
        return fault;
    };
    match fault {
        DialFault::Connect { reason, .. } => DialFault::Connect {
            reason: format!("{reason}; the ProxyCommand says: {line}"),
            retryable: false,
        },
        DialFault::Handshake { reason } => DialFault::Handshake {
            reason: format!("{reason}; the ProxyCommand says: {line}"),
        },
        other => other,
    }
}
