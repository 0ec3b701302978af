//! Misbehaviour on purpose: at which point, what, and how often.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// One misbehaviour of a router: a trigger, an action, and how often.
///
/// It fires the first time its trigger is reached, once, unless [`Fault::nth`], [`Fault::times`] or [`Fault::always`] say
/// otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    trigger: Trigger,
    action: Action,
    skip: u32,
    count: u32,
}

impl Fault {
    /// A fault that fires once, the first time.
    pub fn new(trigger: Trigger, action: Action) -> Self {
        Self {
            trigger,
            action,
            skip: 0,
            count: 1,
        }
    }

    /// Fires at the `nth` time the trigger is reached, counted from 1.
    pub fn nth(mut self, nth: u32) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    /// Fires that many times in a row.
    pub fn times(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Fires every time.
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} at {:?}", self.action, self.trigger)
    }
}

/// The point at which a fault fires.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// The connection was accepted; nothing was written yet.
    Connect,
    /// The SSH identification was written; no keys were exchanged yet.
    KeyExchange,
    /// A login is judged.
    Auth,
    /// A channel is asked for.
    Channel,
    /// The NETCONF subsystem is asked for.
    Subsystem,
    /// The NETCONF hello is about to be written.
    Hello,
    /// A request of that name arrived and has had no effect yet; `*` is any.
    Rpc(String),
    /// A request of that name has taken effect and its reply is about to be written; `*` is any.
    Reply(String),
    /// At once, when the fault is injected.
    Now,
    /// A transfer over SCP was asked for; nothing was written yet.
    ScpOpen,
    /// The header of a file is about to be read or written.
    ScpHeader,
    /// That byte of a file, counted from 0, was read or is about to be written.
    ScpByte(u64),
    /// A file arrived or was sent whole, and is about to be acknowledged.
    ScpAck,
    /// A checksum is about to be told.
    Checksum,
    /// A software package is about to be judged.
    Package,
    /// The router goes down and is to come back.
    Boot,
}

impl Trigger {
    /// Before the request of that name takes effect.
    pub fn rpc(name: &str) -> Self {
        Self::Rpc(name.to_owned())
    }

    /// After the request of that name took effect, before its reply.
    pub fn reply(name: &str) -> Self {
        Self::Reply(name.to_owned())
    }

    fn covers(&self, point: &Trigger) -> bool {
        match (self, point) {
            (Self::Rpc(wanted), Self::Rpc(name)) | (Self::Reply(wanted), Self::Reply(name)) => {
                wanted == "*" || wanted == name
            }
            (one, other) => one == other,
        }
    }
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Drops the connection with a TCP reset.
    Drop,
    /// Ends the connection in order, without a reply.
    Close,
    /// Waits until the test releases the fault or drops the connection, then goes on.
    Hang,
    /// Waits that long, then goes on: a slow router, or a slow commit.
    Delay(Duration),
    /// Refuses the login, the channel, the subsystem or the connection.
    Refuse,
    /// Writes half of the reply, then nothing more.
    HalfReply,
    /// Drops the connection after that many bytes of the reply.
    DropAtByte(u64),
    /// Falls silent after that many bytes of the reply.
    SilentAtByte(u64),
    /// Writes these bytes before the hello or the reply.
    Garbage(Vec<u8>),
    /// Writes the reply in segments of one byte.
    SingleBytes,
    /// Writes the end-of-message mark in two segments.
    SplitMark,
    /// Puts bytes that are not UTF-8 and control characters into the first value of the reply.
    BadBytes,
    /// Answers with another message id.
    WrongMessageId,
    /// Writes the reply twice.
    Twice,
    /// Answers this in place of what the request would have given; before it takes effect it has none.
    Answer(Shape),
    /// Answers this before what the request gives.
    Beside(Shape),
    /// Adds that many bytes of text to the reply, made while they are written.
    Huge(u64),
    /// Writes an SCP error of that kind: 1 fails the file, 2 the transfer.
    ScpError(u8),
    /// Changes the byte at which the fault fired.
    ScpCorrupt,
    /// Fills the disk until only that many bytes are free where `/var/tmp` lies.
    DiskFull(u64),
    /// Lets nobody write to the disk any more.
    ReadOnlyFs,
    /// Tells another checksum than that of the file.
    ChecksumLie,
    /// Finds the package's signature wrong.
    BadImage,
    /// Comes back in another way than it should.
    Return(Return),
}

/// How a router comes back that was to restart.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Return {
    /// With the release it had, whatever was installed.
    SameVersion,
    /// With this release.
    OtherVersion(String),
    /// Not at all.
    Never,
    /// After it went down once more.
    Twice,
}

/// An error as a router words it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// An `rpc-error` of severity error with that message.
    RpcError(String),
    /// An `rpc-error` of severity warning with that message.
    Warning(String),
    /// An `xnm:error` of that daemon with that message.
    XnmError {
        /// The daemon that says so.
        daemon: String,
        /// What it says.
        message: String,
    },
    /// Anything else, as it stands inside `rpc-reply`.
    Raw(String),
}

/// A fault at work: tells how often it fired, and lets go what hangs in it.
#[derive(Debug, Clone)]
pub struct Injected(Arc<Armed>);

impl Injected {
    /// How often it has fired.
    pub fn fired(&self) -> u32 {
        self.0.fired.load(Ordering::SeqCst)
    }

    /// Lets everything that hangs in this fault go on.
    pub fn release(&self) {
        self.0.gate.cancel();
    }

    /// Takes the fault away; what hangs in it goes on.
    pub fn remove(&self) {
        self.0.removed.store(true, Ordering::SeqCst);
        self.release();
    }
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    reached: AtomicU32,
    fired: AtomicU32,
    removed: AtomicBool,
    gate: CancellationToken,
}

impl Armed {
    fn fires_at(&self, point: &Trigger) -> bool {
        if self.removed.load(Ordering::SeqCst) || !self.fault.trigger.covers(point) {
            return false;
        }
        let reached = self.reached.fetch_add(1, Ordering::SeqCst);
        let fires = reached >= self.fault.skip && reached - self.fault.skip < self.fault.count;
        if fires {
            self.fired.fetch_add(1, Ordering::SeqCst);
        }
        fires
    }
}

/// A fault that fires now.
#[derive(Debug, Clone)]
pub(super) struct Firing(Arc<Armed>);

impl Firing {
    /// What to do.
    pub(super) fn action(&self) -> &Action {
        &self.0.fault.action
    }

    /// Waits until the test lets go.
    pub(super) async fn released(&self) {
        self.0.gate.cancelled().await;
    }

    /// The fault in words, for the record.
    pub(super) fn words(&self) -> String {
        self.0.fault.to_string()
    }
}

/// The faults of one router.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Arc<Armed>>>);

impl Faults {
    /// Arms a fault.
    pub(super) fn inject(&self, fault: Fault) -> Injected {
        let armed = Arc::new(Armed {
            fault,
            reached: AtomicU32::new(0),
            fired: AtomicU32::new(0),
            removed: AtomicBool::new(false),
            gate: CancellationToken::new(),
        });
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.retain(|armed| !armed.removed.load(Ordering::SeqCst));
        list.push(armed.clone());
        Injected(armed)
    }

    /// The faults that fire at one of these bytes of a file, and at which.
    pub(super) fn at_bytes(&self, bytes: &Range<u64>) -> Vec<(u64, Firing)> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let firing = list.iter().filter_map(|armed| match armed.fault.trigger {
            Trigger::ScpByte(byte) if bytes.contains(&byte) && armed.fires_at(&armed.fault.trigger) => {
                Some((byte, Firing(armed.clone())))
            }
            _ => None,
        });
        firing.collect()
    }

    /// The faults that fire at that point, in the order in which they were injected.
    pub(super) fn at(&self, point: &Trigger) -> Vec<Firing> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter()
            .filter(|armed| armed.fires_at(point))
            .map(|armed| Firing(armed.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_fires_at_its_time_and_as_often_as_said() {
        let faults = Faults::default();
        let second = faults.inject(Fault::new(Trigger::rpc("a"), Action::Drop).nth(2));
        let any = faults.inject(Fault::new(Trigger::rpc("*"), Action::Hang).times(2));
        let fired = |name: &str| faults.at(&Trigger::rpc(name)).len();
        assert_eq!((fired("b"), fired("a"), fired("a"), fired("a")), (1, 1, 1, 0));
        assert_eq!((second.fired(), any.fired()), (1, 2));
        assert!(faults.at(&Trigger::reply("a")).is_empty());
        let always = faults.inject(Fault::new(Trigger::Auth, Action::Refuse).always());
        assert_eq!(faults.at(&Trigger::Auth).len() + faults.at(&Trigger::Auth).len(), 2);
        always.remove();
        assert!(faults.at(&Trigger::Auth).is_empty());
    }
}
