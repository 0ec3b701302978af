//! What can be asked of one router: a command, several commands back to back, requests of our own, a session for a transaction.

use std::{sync::Arc, time::Duration};

use tokio::{sync::OwnedMutexGuard, time::Instant};

use super::{
    Shared,
    fault::{ExchangeFault, Fault},
    lease::{Lease, lease, lease_fresh},
    pool::{Pool, Turnstile},
    reply::Reply,
    rpc::Rpc,
};
use crate::{
    blocklist::Permitted,
    junos::{DeviceMessage, DeviceText, Format},
    work::Work,
};

/// Requests that may be under way on one session: enough to hide the round trip, few enough that a slow reply holds up little.
const MAX_OUTSTANDING: usize = 4;

/// How long an operation waits for another exclusive one on the same router.
const EXCLUSIVE_WAIT: Duration = Duration::from_secs(30);

/// What a router answered to one command.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The output; only the output module can turn it into text.
    pub(crate) text: DeviceText,
    /// Warnings the router gave along with it.
    pub(crate) warnings: Vec<DeviceMessage>,
    /// From sending the command to the end of the reply, connecting included.
    pub(crate) duration: Duration,
}

/// One router as an inventory entry names it. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Device {
    name: String,
    pool: Arc<Pool>,
    shared: Arc<Shared>,
}

/// What only one caller may do at a time on a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sole {
    /// Changing the configuration.
    Change,
    /// Copying files, and installing them.
    Copy,
}

/// The right to do it; given back when dropped.
pub(crate) struct Exclusive {
    pool: Arc<Pool>,
    sole: Sole,
    _turn: OwnedMutexGuard<()>,
}

impl Sole {
    fn turnstile(self, pool: &Pool) -> &Turnstile {
        match self {
            Self::Change => &pool.site.change,
            Self::Copy => &pool.site.copy,
        }
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        *self.sole.turnstile(&self.pool).holder() = None;
    }
}

impl Device {
    pub(super) fn new(name: String, pool: Arc<Pool>, shared: Arc<Shared>) -> Self {
        Self { name, pool, shared }
    }

    pub(super) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// The router's name in the inventory.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Runs one command. A command that only reads is repeated once when a pooled session proves dead before its reply began.
    pub(crate) async fn run(&self, command: &Permitted, work: &Work) -> Result<Answer, Fault> {
        let started = Instant::now();
        let reply = self.exchange(&Rpc::command(command), work).await?;
        self.answer(command, reply, started.elapsed())
    }

    /// Runs commands in order on one session, each within `each`, and hands every outcome to `done` as it comes.
    ///
    /// Commands that only read are written back to back. A command that runs out of time drops the session; those after it
    /// get a new one, once.
    pub(crate) async fn run_all(
        &self,
        commands: &[Permitted],
        each: Duration,
        work: &Work,
        mut done: impl FnMut(usize, Result<Answer, Fault>) + Send,
    ) {
        let requests: Vec<Rpc> = commands.iter().map(Rpc::command).collect();
        let mut next = 0;
        let mut last_fault = None;
        for _ in 0..2 {
            if next == requests.len() {
                return;
            }
            let mut on_reply = |index: usize, reply: Result<Reply, Fault>, duration| {
                done(
                    index,
                    reply.and_then(|reply| self.answer(&commands[index], reply, duration)),
                );
            };
            let (reached, fault) = self.run_from(&requests, next, each, work, &mut on_reply).await;
            next = reached;
            last_fault = fault;
            // A login that was refused, or a router that is not there, is not tried again for the next command.
            if last_fault.as_ref().is_some_and(|fault| {
                !matches!(
                    fault.code,
                    "outer_timeout" | "session_lost" | "reply_malformed" | "reply_too_large"
                )
            }) {
                break;
            }
        }
        if let Some(fault) = last_fault {
            for index in next..requests.len() {
                done(index, Err(fault.clone()));
            }
        }
    }

    /// Sends a request that reads and gives its reply; what the router refuses is a fault.
    pub(crate) async fn ask(&self, request: &Rpc, work: &Work) -> Result<Reply, Fault> {
        let reply = self.exchange(request, work).await?;
        self.accept(reply)
    }

    /// Sends requests that read, back to back, and gives their replies in order.
    pub(crate) async fn ask_all(&self, requests: &[Rpc], work: &Work) -> Vec<Result<Reply, Fault>> {
        let mut replies: Vec<Option<Result<Reply, Fault>>> = requests.iter().map(|_| None).collect();
        let mut next = 0;
        let mut last_fault = None;
        for _ in 0..2 {
            let mut on_reply = |index: usize, reply: Result<Reply, Fault>, _| {
                replies[index] = Some(reply.and_then(|reply| self.accept(reply)));
            };
            let each = work.remaining();
            (next, last_fault) = self.run_from(requests, next, each, work, &mut on_reply).await;
            if next == requests.len() || last_fault.as_ref().is_some_and(|fault| fault.code != "session_lost") {
                break;
            }
        }
        replies
            .into_iter()
            .enumerate()
            .map(|(index, reply)| {
                debug_assert!(reply.is_some() || index >= next);
                reply.unwrap_or_else(|| Err(last_fault.clone().expect("a reply is missing only after a fault")))
            })
            .collect()
    }

    /// Borrows a session; its owner settles what it opened.
    pub(crate) async fn lease(&self, work: &Work) -> Result<Lease, Fault> {
        lease(&self.name, &self.pool, &self.shared, work)
            .await
            .map_err(|fault| Fault::from_lease(&self.name, &fault))
    }

    /// Borrows a session on a connection made now, outside the pool, for reading what became of another session's work.
    pub(crate) async fn fresh(&self, work: &Work) -> Result<Lease, Fault> {
        lease_fresh(&self.name, &self.pool, &self.shared, work)
            .await
            .map_err(|fault| Fault::from_lease(&self.name, &fault))
    }

    /// Waits for the right to be the only one of its kind on this router; `holder` is named to those who wait in vain.
    pub(crate) async fn exclusive(&self, sole: Sole, holder: &str, work: &Work) -> Result<Exclusive, Fault> {
        let turnstile = sole.turnstile(&self.pool);
        let narrowed = work.narrowed(EXCLUSIVE_WAIT);
        tokio::select! {
            turn = Arc::clone(&turnstile.lock).lock_owned() => {
                *turnstile.holder() = Some(holder.to_owned());
                Ok(Exclusive { pool: Arc::clone(&self.pool), sole, _turn: turn })
            }
            () = tokio::time::sleep_until(narrowed.deadline()) => Err(self.busy(sole)),
            () = work.cancellation().cancelled() => Err(Fault::from_exchange(&self.name, &ExchangeFault::Cancelled)),
        }
    }

    fn busy(&self, sole: Sole) -> Fault {
        let holder = sole.turnstile(&self.pool).holder().clone();
        let what = match sole {
            Sole::Change => "change",
            Sole::Copy => "copy",
        };
        Fault {
            code: "router_busy",
            message: format!(
                "router '{}' is busy with another {what}: {}",
                self.name,
                holder.as_deref().unwrap_or("just ending")
            ),
            hint: "wait until it has ended, then repeat the call; nothing was sent".to_owned(),
            errors: Vec::new(),
        }
    }

    /// One request on a leased session, repeated once if it only reads and the session had died unnoticed.
    pub(super) async fn exchange(&self, request: &Rpc, work: &Work) -> Result<Reply, Fault> {
        let mut repeated = false;
        loop {
            let mut session = self.lease(work).await?;
            let fault = match session.exchange(request, work).await {
                Ok(reply) => return Ok(reply),
                Err(fault) => fault,
            };
            match fault {
                ExchangeFault::SubsystemRefused if session.try_next_entrance() => {}
                ExchangeFault::Closed { reply_begun: false, .. } if session.reused && request.reads() && !repeated => {
                    repeated = true;
                }
                fault => return Err(Fault::from_exchange(&self.name, &fault)),
            }
        }
    }

    /// Runs requests from `first` on, on one session. Gives the index of the first request without outcome, and the fault
    /// that kept it from having one.
    async fn run_from(
        &self,
        requests: &[Rpc],
        first: usize,
        each: Duration,
        work: &Work,
        on_reply: &mut (dyn FnMut(usize, Result<Reply, Fault>, Duration) + Send),
    ) -> (usize, Option<Fault>) {
        let mut session = match self.lease(work).await {
            Ok(session) => session,
            Err(fault) => return (first, Some(fault)),
        };
        let mut sent = first;
        let mut at = first;
        let mut since = Instant::now();
        while at < requests.len() {
            let window = self.window(requests, at, sent);
            let narrowed = work.narrowed(each);
            let fresh: Vec<&Rpc> = requests[sent..window].iter().collect();
            let mut outcome = Ok(());
            if !fresh.is_empty() {
                outcome = session.send(&fresh, &narrowed).await;
                sent = window;
            }
            let reply = match outcome {
                Ok(()) => session.receive(&narrowed).await,
                Err(fault) => Err(fault),
            };
            match reply {
                Ok(reply) => on_reply(at, Ok(reply), since.elapsed()),
                Err(fault) => return self.lost(requests, at, sent, &session, fault, since, on_reply),
            }
            since = Instant::now();
            at += 1;
        }
        (at, None)
    }

    /// How far requests may be written when the reply to `at` is awaited next: several if all of them only read.
    fn window(&self, requests: &[Rpc], at: usize, sent: usize) -> usize {
        let reads = requests[at..]
            .iter()
            .take(MAX_OUTSTANDING)
            .take_while(|request| request.reads())
            .count();
        sent.max(at + reads.max(1)).min(requests.len())
    }

    /// The session is gone at request `at`: says what became of it and from where a new session may go on.
    #[expect(clippy::too_many_arguments, reason = "the state of one loop, split for its size")]
    fn lost(
        &self,
        requests: &[Rpc],
        at: usize,
        sent: usize,
        session: &Lease,
        fault: ExchangeFault,
        since: Instant,
        on_reply: &mut (dyn FnMut(usize, Result<Reply, Fault>, Duration) + Send),
    ) -> (usize, Option<Fault>) {
        let public = Fault::from_exchange(&self.name, &fault);
        let untouched = match fault {
            ExchangeFault::SubsystemRefused => session.try_next_entrance(),
            ExchangeFault::Closed { reply_begun: false, .. } => {
                session.reused && requests[at..sent].iter().all(Rpc::reads)
            }
            _ => false,
        };
        if untouched {
            let mut retry = public;
            retry.code = "session_lost";
            return (at, Some(retry));
        }
        on_reply(at, Err(public.clone()), since.elapsed());
        (at + 1, Some(public))
    }

    pub(super) fn answer(&self, command: &Permitted, reply: Reply, duration: Duration) -> Result<Answer, Fault> {
        let command = command.command();
        let mut warnings: Vec<DeviceMessage> = reply.warnings().cloned().collect();
        let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
        if !errors.is_empty() {
            // An engine that failed beside one that answered is a partial result, not a failed call.
            let partial = reply.engines().len() > errors.len() && errors.iter().all(|error| error.re_name.is_some());
            if !partial {
                return Err(Fault::rejected(&self.name, errors, false));
            }
            warnings.extend(errors);
        }
        if let Some(error) = reply.bare_error() {
            return Err(Fault::said(&self.name, error, false));
        }
        if command.format() == Format::Text && reply.has_blocks() {
            let text = reply.plain_text_if_short();
            if let Some(refusal) = text.as_deref().and_then(cli_refusal) {
                return Err(Fault::said(&self.name, refusal, false));
            }
        }
        let mut text = reply
            .into_text()
            .piped(command.pipes().to_vec())
            .compacted(command.is_compact());
        if let Some(path) = command.config_path() {
            text = text.under(path);
        }
        for note in command.notes() {
            text = text.noted(note.clone());
        }
        Ok(Answer {
            text,
            warnings,
            duration,
        })
    }

    fn accept(&self, reply: Reply) -> Result<Reply, Fault> {
        let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
        if !errors.is_empty() && reply.engines().len() <= errors.len() {
            return Err(Fault::rejected(&self.name, errors, true));
        }
        match reply.bare_error() {
            Some(error) => Err(Fault::said(&self.name, error, true)),
            None => Ok(reply),
        }
    }
}

/// The refusal in a text that is nothing but the CLI's complaint about what was typed.
fn cli_refusal(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let (last, before) = lines.split_last()?;
    let complaint = last.starts_with("syntax error") || *last == "unknown command." || last.ends_with("is ambiguous.");
    // Before it stands at most the command and a line with a caret.
    let bare = before.len() <= 2 && before.iter().skip(1).all(|line| line.chars().all(|c| c == '^'));
    (complaint && bare).then(|| (*last).to_owned())
}
