//! Getting a session for one call, and giving it back.

use std::{sync::Arc, time::Duration};

use futures::FutureExt;
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{
    Shared,
    connect::connect,
    connection::{Connection, Entrance, OpenFault},
    fault::{DialFault, ExchangeFault, Fault, LeaseFault},
    pool::{DialResult, Pool},
    reply::Reply,
    rpc::Rpc,
    session::{Edits, Limits, Session},
    wire::SshWire,
};
use crate::work::Work;

/// A dead connection can be found this often in a row before the call gives up; each costs at most one dial.
const MAX_DEAD_CONNECTIONS: usize = 2;

/// A session borrowed for one call. Dropping it gives the session back if it is fit, and closes it otherwise.
pub(crate) struct Lease {
    session: Option<Session<SshWire>>,
    connection: Arc<Connection>,
    pool: Arc<Pool>,
    shared: Arc<Shared>,
    router: String,
    entrance: Entrance,
    hello_deadline: Instant,
    /// Whether anything about the session is older than this call, so that it may have died unnoticed.
    pub(super) reused: bool,
    /// Whether the session may go back to the pool; one on a connection of its own may not.
    pooled: bool,
    /// The router's number of a session that was ended before its lease.
    ended: Option<u32>,
    _slot: Option<OwnedSemaphorePermit>,
}

/// Borrows a session to the router of `pool`: an idle one, else a new channel on a connection, else a new connection.
pub(super) async fn lease(
    router: &str,
    pool: &Arc<Pool>,
    shared: &Arc<Shared>,
    work: &Work,
) -> Result<Lease, LeaseFault> {
    if shared.shutdown.is_cancelled() {
        return Err(LeaseFault::ShuttingDown);
    }
    let slots = Arc::clone(&pool.site.slots);
    shared.counters.waiting(1);
    let began = Instant::now();
    let slot = within(work, "waiting for a free session", slots.acquire_owned()).await;
    work.waited(began.elapsed());
    shared.counters.waiting(-1);
    let slot = slot?.expect("the slots are never closed");
    let found = find(pool, shared, work).await?;
    shared.counters.opened(found.pooled);
    Ok(Lease {
        session: Some(found.session),
        connection: found.connection,
        pool: Arc::clone(pool),
        shared: Arc::clone(shared),
        router: router.to_owned(),
        entrance: found.entrance,
        hello_deadline: Instant::now() + connect_timeout(pool, shared),
        reused: found.reused,
        pooled: true,
        ended: None,
        _slot: Some(slot),
    })
}

/// A session, already counted as busy.
struct Found {
    session: Session<SshWire>,
    connection: Arc<Connection>,
    entrance: Entrance,
    pooled: bool,
    reused: bool,
}

async fn find(pool: &Arc<Pool>, shared: &Arc<Shared>, work: &Work) -> Result<Found, LeaseFault> {
    let mut dead_connections = 0;
    loop {
        // Registered before looking, so that a session given back in between is not missed.
        let returned = pool.returned.notified();
        if let Some(found) = take_idle(pool, shared) {
            return Ok(found);
        }
        if pool.is_limited() {
            let began = Instant::now();
            let session = within(work, "waiting for a free session", returned).await;
            work.waited(began.elapsed());
            session?;
            continue;
        }
        let (connection, reused) = match pool.connection_with_room() {
            Some(connection) => (connection, true),
            None => match dial(pool, shared, work).await {
                Ok(connection) => (connection, false),
                Err(LeaseFault::Dial(fault)) if is_connect(&fault) && pool.limit() => continue,
                Err(fault) => return Err(fault),
            },
        };
        let entrance = pool.entrance();
        let share = connect_timeout(pool, shared);
        let narrowed = work.narrowed(share);
        let opened = match within(&narrowed, "opening a session", connection.channel(entrance)).await {
            // A connection that opens nothing is of no use to the next caller either.
            Err(LeaseFault::Timeout { stage }) if !work.remaining().is_zero() => {
                pool.forget(&connection);
                let seconds = share.as_secs();
                return Err(LeaseFault::Dial(Arc::new(DialFault::Timeout { seconds, stage })));
            }
            opened => opened?,
        };
        match opened {
            Ok(wire) => {
                pool.lease_begins();
                return Ok(Found {
                    session: Session::new(wire, Arc::clone(&shared.budget)),
                    connection,
                    entrance,
                    pooled: false,
                    reused,
                });
            }
            Err(OpenFault::Refused) if reused => {}
            Err(OpenFault::Refused) => {
                if !pool.limit() {
                    shared.counters.metrics.without_netconf(&pool.entry().name);
                    return Err(LeaseFault::SessionLimit);
                }
            }
            Err(OpenFault::Gone) => {
                pool.forget(&connection);
                dead_connections += 1;
                if dead_connections > MAX_DEAD_CONNECTIONS {
                    return Err(LeaseFault::Dial(Arc::new(DialFault::Handshake {
                        reason: "the router closes every connection right after the login".to_owned(),
                    })));
                }
            }
        }
    }
}

fn take_idle(pool: &Arc<Pool>, shared: &Arc<Shared>) -> Option<Found> {
    let (idle, dead) = pool.take_idle();
    for session in dead {
        shared.counters.poisoned();
        shared.tracker.spawn(session.close());
    }
    let idle = idle?;
    Some(Found {
        session: idle.session,
        connection: idle.connection,
        entrance: pool.entrance(),
        pooled: true,
        reused: true,
    })
}

fn is_connect(fault: &DialFault) -> bool {
    matches!(fault, DialFault::Connect { .. } | DialFault::Handshake { .. })
}

/// Borrows a session on a connection of its own, made now: what it reads shares no fate with any other session.
pub(super) async fn lease_fresh(
    router: &str,
    pool: &Arc<Pool>,
    shared: &Arc<Shared>,
    work: &Work,
) -> Result<Lease, LeaseFault> {
    // It takes no slot: the session whose fate it reads may hold the last one.
    let connection = within(work, "connecting", connect(&pool.entry(), shared)).await?;
    let connection = Arc::new(connection.map_err(|fault| LeaseFault::Dial(Arc::new(fault)))?);
    let entrance = pool.entrance();
    let wire = within(work, "opening a session", connection.channel(entrance)).await?;
    let wire = wire.map_err(|_| LeaseFault::SessionLimit)?;
    pool.lease_begins();
    Ok(Lease {
        session: Some(Session::new(wire, Arc::clone(&shared.budget))),
        connection,
        pool: Arc::clone(pool),
        shared: Arc::clone(shared),
        router: router.to_owned(),
        entrance,
        hello_deadline: Instant::now() + connect_timeout(pool, shared),
        reused: false,
        pooled: false,
        ended: None,
        _slot: None,
    })
}

/// Waits for the router's one dial. The dial belongs to the router: a caller that leaves does not end it.
async fn dial(pool: &Arc<Pool>, shared: &Arc<Shared>, work: &Work) -> Result<Arc<Connection>, LeaseFault> {
    let dial = pool.join_dial(|| {
        let task = shared.tracker.spawn(run_dial(Arc::clone(pool), Arc::clone(shared)));
        async move {
            task.await.unwrap_or_else(|_| {
                Err(Arc::new(DialFault::Handshake {
                    reason: "the connection attempt was abandoned".to_owned(),
                }))
            })
        }
        .boxed()
    });
    let result = within(work, "connecting", dial).await?;
    Ok(result?)
}

async fn run_dial(pool: Arc<Pool>, shared: Arc<Shared>) -> DialResult {
    let started = Instant::now();
    let entry = pool.entry();
    let result = tokio::select! {
        result = connect(&entry, &shared) => result,
        () = shared.shutdown.cancelled() => Err(DialFault::Handshake { reason: "the server is shutting down".to_owned() }),
    };
    let result = result.map(Arc::new).map_err(Arc::new);
    let stage = result.as_ref().map_or_else(|fault| fault.stage(), |_| "ok");
    shared.counters.dialled(&entry.name, started.elapsed(), stage);
    pool.dial_ended(&result);
    result
}

fn connect_timeout(pool: &Pool, shared: &Shared) -> Duration {
    pool.entry().connect_timeout.unwrap_or(shared.settings.connect_timeout)
}

/// Waits within the call's deadline and for as long as somebody wants the result.
async fn within<F: Future>(work: &Work, stage: &'static str, future: F) -> Result<F::Output, LeaseFault> {
    tokio::select! {
        biased;
        output = future => Ok(output),
        () = work.cancellation().cancelled() => Err(LeaseFault::Cancelled),
        () = tokio::time::sleep_until(work.deadline()) => Err(LeaseFault::Timeout { stage }),
    }
}

impl Lease {
    /// Sends one request and reads its reply; what the router refuses is still a reply. Never repeated.
    pub(crate) async fn ask(&mut self, request: &Rpc, work: &Work) -> Result<Reply, Fault> {
        self.exchange(request, work)
            .await
            .map_err(|fault| Fault::from_exchange(&self.router, &fault))
    }

    pub(super) async fn exchange(&mut self, request: &Rpc, work: &Work) -> Result<Reply, ExchangeFault> {
        self.send(&[request], work).await?;
        self.receive(work).await
    }

    pub(super) async fn send(&mut self, requests: &[&Rpc], work: &Work) -> Result<(), ExchangeFault> {
        let limits = self.limits(work);
        self.session().send(requests, &limits).await
    }

    pub(super) async fn receive(&mut self, work: &Work) -> Result<Reply, ExchangeFault> {
        let limits = self.limits(work);
        let started = Instant::now();
        let reply = self.session().receive(&limits).await?;
        self.shared.counters.metrics.replied(started.elapsed());
        Ok(reply)
    }

    /// The router's number for this session: the process id of its management daemon. Known after the first reply.
    pub(crate) fn session_id(&self) -> Option<u32> {
        self.session.as_ref().map_or(self.ended, Session::session_id)
    }

    /// Says that a lock is held or something may have been loaded; until `settled` the session will not be pooled.
    pub(crate) fn edits(&mut self) {
        self.session().edits = Edits::Open;
    }

    /// Says that whatever the session had open or loaded is proven to be gone.
    pub(crate) fn settled(&mut self) {
        self.session().edits = Edits::None;
    }

    /// Whether the session is between exchanges and may carry another request.
    pub(crate) fn is_healthy(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_healthy)
    }

    /// Ends the session now, within a few seconds; the lease stays for what is remembered of it.
    pub(crate) async fn end(&mut self) {
        let Some(session) = self.session.take() else { return };
        self.ended = session.session_id();
        // Should the caller be gone before this has run, the channel is closed by being dropped.
        self.pool.lease_ended();
        session.close().await;
        self.connection.session_ended();
    }

    /// Of the host key that the router showed.
    pub(super) fn fingerprint(&self) -> &str {
        self.connection.fingerprint()
    }

    /// Takes leave of the router on a connection that no other session shares.
    pub(super) async fn goodbye(&self) {
        if !self.pooled {
            self.connection.goodbye().await;
        }
    }

    /// Tries the next way to the NETCONF server after a refusal; false when none is left.
    pub(super) fn try_next_entrance(&self) -> bool {
        self.pool.try_next_entrance(self.entrance)
    }

    fn limits(&self, work: &Work) -> Limits {
        Limits {
            deadline: work.deadline(),
            hello_deadline: self.hello_deadline,
            cancel: work.cancellation().clone(),
        }
    }

    fn session(&mut self) -> &mut Session<SshWire> {
        self.session.as_mut().expect("a session that was ended is not used")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        let keeps = self.pooled
            && !self.pool.is_retired()
            && !self.shared.settings.idle.is_zero()
            && !self.shared.shutdown.is_cancelled();
        if keeps && session.is_healthy() && session.edits == Edits::None {
            self.pool.give_back(session, Arc::clone(&self.connection));
            return;
        }
        if !session.is_healthy() {
            self.shared.counters.poisoned();
        }
        self.pool.lease_ended();
        let connection = Arc::clone(&self.connection);
        self.shared.tracker.spawn(async move {
            session.close().await;
            connection.session_ended();
        });
    }
}
