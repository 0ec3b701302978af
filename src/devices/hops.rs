//! Connections to jump hosts, shared by the routers behind them and kept while one of these is in use.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture, future::Shared as SharedFuture};
use russh::{ChannelOpenFailure, Disconnect, client::Handle};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    Shared,
    connect::{Leg, Patience, enter},
    dial::{Held, Stream},
    fault::DialFault,
    handshake::{Client, Greeted},
    line::Hold,
    route::{Point, Route},
};

/// Dials at a time through one jump host: an sshd drops what comes after its tenth half-open connection.
const MAX_DIALS: usize = 8;

/// A login that a jump host refused is not tried again for this long, however many routers lie behind it: accounts lock.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// An authenticated connection to a jump host.
pub(super) struct HopLink {
    handle: Handle<Client>,
    _hold: Hold,
    shown: String,
    turns: Arc<Semaphore>,
}

impl HopLink {
    /// Waits for the right to dial through this host.
    pub(super) async fn turn(&self) -> OwnedSemaphorePermit {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        turn.expect("the turns are never closed")
    }

    /// As messages name it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// A connection from this host to another; it keeps this one alive.
    pub(super) async fn tunnel(self: &Arc<Self>, host: &str, port: u16) -> Result<Box<dyn Stream>, DialFault> {
        let place = format!("{host} port {port}");
        let failed = |reason: String, retryable| DialFault::Connect { reason, retryable }.at_hop(&self.shown);
        // The originator is for the host's log only; ours is nobody's business there.
        let opened = self
            .handle
            .channel_open_direct_tcpip(host, u32::from(port), "127.0.0.1", 0)
            .await;
        match opened {
            Ok(channel) => Ok(Box::new(Held::new(channel.into_stream(), Arc::clone(self)))),
            // The router is at fault, not the way to it.
            Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::ConnectFailed)) => Err(DialFault::Connect {
                reason: format!("{place}: jump host {} cannot connect to it", self.shown),
                retryable: true,
            }),
            Err(russh::Error::ChannelOpenFailure(ChannelOpenFailure::AdministrativelyProhibited)) => {
                Err(failed(format!("it does not permit forwarding to {place}"), false))
            }
            Err(russh::Error::ChannelOpenFailure(_)) => {
                Err(failed(format!("it opens no forwarding to {place}"), false))
            }
            Err(_) => Err(failed("its connection ended".to_owned(), true)),
        }
    }

    /// Takes leave of the host; everything that runs through it ends.
    async fn goodbye(&self) {
        // The host may be gone already; there is nobody left to tell.
        let _ = self.handle.disconnect(Disconnect::ByApplication, "", "en").await;
    }
}

type HopResult = Result<Arc<HopLink>, Arc<DialFault>>;
type RunningDial = SharedFuture<BoxFuture<'static, HopResult>>;

/// The jump hosts that are connected or being connected to.
#[derive(Default)]
pub(super) struct Hops(Mutex<HashMap<String, Slot>>);

#[derive(Default)]
struct Slot {
    link: Weak<HopLink>,
    dial: Option<RunningDial>,
    refused: Option<(Instant, Arc<DialFault>)>,
}

impl Slot {
    fn refusal(&self) -> Option<&Arc<DialFault>> {
        let (since, fault) = self.refused.as_ref()?;
        (since.elapsed() < REFUSED_FOR).then_some(fault)
    }

    fn is_empty(&self) -> bool {
        self.link.strong_count() == 0 && self.dial.is_none() && self.refusal().is_none()
    }
}

impl Hops {
    /// The link there is, the dial under way, or a new dial.
    fn join(&self, key: &str, start: impl FnOnce() -> BoxFuture<'static, HopResult>) -> RunningDial {
        let mut slots = self.0.lock().expect("no code panics while it holds the lock");
        slots.retain(|other, slot| other == key || !slot.is_empty());
        let slot = slots.entry(key.to_owned()).or_default();
        if let Some(dial) = &slot.dial {
            return dial.clone();
        }
        let known = match slot.link.upgrade().filter(|link| !link.is_closed()) {
            Some(link) => Some(Ok(link)),
            None => slot.refusal().map(|fault| Err(Arc::clone(fault))),
        };
        if let Some(known) = known {
            return futures::future::ready(known).boxed().shared();
        }
        let dial = start().shared();
        slot.dial = Some(dial.clone());
        dial
    }

    fn ended(&self, key: &str, result: &HopResult) {
        let mut slots = self.0.lock().expect("no code panics while it holds the lock");
        let slot = slots.entry(key.to_owned()).or_default();
        slot.dial = None;
        slot.refused = None;
        match result {
            Ok(link) => slot.link = Arc::downgrade(link),
            Err(fault) if fault.is_refused_login() => slot.refused = Some((Instant::now(), Arc::clone(fault))),
            Err(_) => {}
        }
    }

    /// Ends all links at once, whoever uses them.
    pub(super) async fn close(&self) {
        let links: Vec<_> = {
            let slots = self.0.lock().expect("no code panics while it holds the lock");
            slots.values().filter_map(|slot| slot.link.upgrade()).collect()
        };
        for link in links {
            link.goodbye().await;
        }
    }
}

/// Connects to every jump host of a route, each only after the one before it has accepted our login; gives the last.
pub(super) async fn reach(shared: &Arc<Shared>, route: &Arc<Route>) -> Result<Option<Arc<HopLink>>, DialFault> {
    let mut before: Option<Arc<HopLink>> = None;
    let mut key = format!("{:?}", route.start);
    for (number, hop) in route.hops.iter().enumerate() {
        key.push_str(&identity(hop));
        let dial = shared.hops.join(&key, || {
            let task = dial(
                Arc::clone(shared),
                Arc::clone(route),
                number,
                before.clone(),
                key.clone(),
            );
            let task = shared.tracker.spawn(task);
            async move { task.await.unwrap_or_else(|_| Err(Arc::new(abandoned()))) }.boxed()
        });
        before = Some(dial.await.map_err(|fault| (*fault).clone())?);
    }
    Ok(before)
}

fn abandoned() -> DialFault {
    DialFault::Handshake {
        reason: "the connection attempt was abandoned".to_owned(),
    }
}

/// What tells one login at one host from others, without holding a secret.
fn identity(hop: &Point) -> String {
    let logins: Vec<String> = hop.logins.iter().map(|login| login.auth.identity()).collect();
    format!("\n{} {logins:?}", hop.shown())
}

async fn dial(
    shared: Arc<Shared>,
    route: Arc<Route>,
    number: usize,
    before: Option<Arc<HopLink>>,
    key: String,
) -> HopResult {
    let hop = &route.hops[number];
    let shown = match route.hops.len() {
        1 => hop.shown(),
        all => format!("{} ({} of {all})", hop.shown(), number + 1),
    };
    let leg = Leg {
        start: &route.start,
        before: before.as_ref(),
        point: hop,
    };
    let result = tokio::select! {
        result = attempt(&shared, &leg) => result,
        () = shared.shutdown.cancelled() => Err(abandoned()),
    };
    let result = match result {
        Ok(greeted) => Ok(Arc::new(HopLink {
            handle: greeted.handle,
            _hold: greeted.hold,
            shown,
            turns: Arc::new(Semaphore::new(MAX_DIALS)),
        })),
        Err(fault) => Err(Arc::new(fault.at_hop(&shown))),
    };
    shared.hops.ended(&key, &result);
    result
}

async fn attempt(shared: &Shared, leg: &Leg<'_>) -> Result<Greeted, DialFault> {
    let mut patience = Patience::new(shared.settings.connect_timeout);
    loop {
        match enter(shared, leg, patience.left()).await {
            Err(fault) if patience.once_more(&fault).await => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests;
