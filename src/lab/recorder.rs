//! Everything a router was sent and did, for tests to read and to wait for.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::watch;

use super::power::Power;

/// Events kept per router; older ones are forgotten.
const CAPACITY: usize = 10_000;

/// One thing that happened at a router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// Counts up from 1 per router and is never used twice.
    pub number: u64,
    /// The router's own time.
    pub at: DateTime<Utc>,
    /// The SSH connection, counted from 1 per router; 0 for what the router did by itself.
    pub connection: u64,
    /// The NETCONF session id, once there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<u32>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Event {
    /// The name of the RPC when this is the receipt of one.
    pub fn rpc(&self) -> Option<&str> {
        match &self.what {
            What::Rpc { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The CLI command when this is the receipt of one, over NETCONF or over exec.
    pub fn command(&self) -> Option<&str> {
        match &self.what {
            What::Rpc { command, .. } => command.as_deref(),
            What::Exec { command } => Some(command),
            _ => None,
        }
    }

    /// Whether this is the automatic rollback of an unconfirmed commit.
    pub fn is_automatic_rollback(&self) -> bool {
        matches!(self.what, What::Candidate(Transition::RolledBack))
    }
}

/// What happened, in the order in which it can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", content = "detail", rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// A client connected, over TCP or in memory.
    Connected,
    /// A login was attempted.
    Auth {
        /// `password`, `publickey` or `keyboard-interactive`.
        method: &'static str,
        /// The account named.
        user: String,
        /// Whether it was let in.
        accepted: bool,
    },
    /// A channel was asked for.
    Channel {
        /// Whether it was opened.
        accepted: bool,
    },
    /// A subsystem was asked for.
    Subsystem {
        /// Its name.
        name: String,
        /// Whether it was started.
        accepted: bool,
    },
    /// A command was to be executed outside NETCONF.
    Exec {
        /// The command line.
        command: String,
    },
    /// A command line was opened for somebody to type at.
    Shell {
        /// Whether with a terminal.
        terminal: bool,
    },
    /// A line was typed there.
    Typed {
        /// The line, secrets masked.
        line: String,
    },
    /// A step of a transfer over SCP.
    Scp(Transfer),
    /// A package was installed for the next start.
    Installed {
        /// Its release.
        release: String,
    },
    /// A step of a restart.
    Power(Power),
    /// The router said hello.
    HelloSent,
    /// The client said hello.
    HelloReceived {
        /// Whether it offered base:1.1.
        chunked: bool,
    },
    /// A request arrived.
    Rpc {
        /// Local name of the operation.
        name: String,
        /// The command line inside `command`.
        command: Option<String>,
        /// The operation as sent, secrets masked, at most 2 KiB of it.
        body: String,
        /// Bytes of the whole request.
        bytes: usize,
    },
    /// A reply was written completely.
    Replied {
        /// The operation it answers.
        name: String,
        /// How it ended.
        verdict: Verdict,
        /// Bytes of the reply without its frame.
        bytes: u64,
    },
    /// The configuration database changed hands or contents.
    Candidate(Transition),
    /// A fault was carried out.
    Fault {
        /// The fault, in words.
        fault: String,
    },
    /// The request could not be read; the session ends.
    Unreadable {
        /// Why.
        reason: String,
    },
    /// A NETCONF session ended.
    SessionClosed {
        /// Why.
        reason: &'static str,
    },
    /// The SSH connection ended.
    Disconnected,
}

/// How a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Without error or warning.
    Ok,
    /// With warnings only.
    Warning,
    /// With an error.
    Error,
}

/// A step of a transfer over SCP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transfer {
    /// `scp -t` was started for that target.
    Sink(String),
    /// `scp -f` was started for these sources.
    Source(Vec<String>),
    /// A file is coming.
    Announced {
        /// Where it will be.
        path: String,
        /// Its length, as announced.
        bytes: u64,
    },
    /// A file was stored.
    Stored {
        /// Where it is.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// A file was sent.
    Sent {
        /// Where it is.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// The client was told of an error.
    Failed(String),
    /// The transfer ended.
    Ended {
        /// The exit status; `None` when the client left.
        status: Option<u32>,
    },
}

/// A step of the configuration database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Transition {
    /// The shared candidate was edited.
    Edited,
    /// A private copy was edited.
    EditedPrivate,
    /// The candidate was set back to a committed configuration.
    Restored,
    /// The candidate was locked.
    Locked,
    /// The lock was given back.
    Unlocked,
    /// A private copy was opened.
    OpenedPrivate,
    /// A private or exclusive database was closed.
    Closed,
    /// A commit was activated.
    Committed,
    /// A confirmed commit was activated.
    CommittedPending,
    /// A pending confirmed commit was confirmed.
    Confirmed,
    /// A pending confirmed commit ran out or lost its owner, and the earlier configuration is active again.
    RolledBack,
    /// A commit was refused by its checks.
    CommitRefused,
    /// The configuration passed `commit check`.
    Checked,
}

/// Keeps the events of one router.
#[derive(Debug)]
pub(super) struct Recorder {
    ring: Mutex<Ring>,
    last: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Event>,
    count: u64,
}

impl Recorder {
    /// A recorder that has seen nothing.
    pub(super) fn new() -> Self {
        Self {
            ring: Mutex::new(Ring::default()),
            last: watch::Sender::new(0),
        }
    }

    /// Writes one event down.
    pub(super) fn note(&self, at: DateTime<Utc>, connection: u64, session: Option<u32>, what: What) {
        let mut ring = self.ring();
        ring.count += 1;
        let number = ring.count;
        if ring.events.len() == CAPACITY {
            ring.events.pop_front();
        }
        ring.events.push_back(Event {
            number,
            at,
            connection,
            session,
            what,
        });
        drop(ring);
        self.last.send_replace(number);
    }

    /// All events still kept whose number is above `since`.
    pub(super) fn since(&self, since: u64) -> Vec<Event> {
        let ring = self.ring();
        let newer = ring.events.partition_point(|event| event.number <= since);
        ring.events.range(newer..).cloned().collect()
    }

    /// Forgets all events; their numbers are not used again.
    pub(super) fn clear(&self) {
        self.ring().events.clear();
    }

    /// Waits for the first kept or coming event above `since` that `wanted` accepts.
    pub(super) async fn wait_for(&self, mut since: u64, mut wanted: impl FnMut(&Event) -> bool) -> Event {
        let mut last = self.last.subscribe();
        loop {
            last.borrow_and_update();
            for event in self.since(since) {
                if wanted(&event) {
                    return event;
                }
                since = event.number;
            }
            // The sender lives as long as `self`, so this cannot fail; if it did, nothing more would come.
            if last.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(recorder: &Recorder) {
        recorder.note(DateTime::UNIX_EPOCH, 1, None, What::HelloSent);
    }

    #[tokio::test]
    async fn a_waiter_sees_what_was_and_what_comes() {
        let recorder = std::sync::Arc::new(Recorder::new());
        hello(&recorder);
        let first = recorder.wait_for(0, |event| event.what == What::HelloSent).await;
        assert_eq!(first.number, 1);
        let other = recorder.clone();
        let waiting = tokio::spawn(async move { other.wait_for(first.number, |event| event.session == Some(7)).await });
        tokio::task::yield_now().await;
        hello(&recorder);
        recorder.note(DateTime::UNIX_EPOCH, 1, Some(7), What::Disconnected);
        assert_eq!(waiting.await.unwrap().number, 3);
    }

    #[test]
    fn the_ring_forgets_the_oldest() {
        let recorder = Recorder::new();
        for _ in 0..CAPACITY + 5 {
            hello(&recorder);
        }
        let kept = recorder.since(0);
        assert_eq!((kept.len(), kept[0].number), (CAPACITY, 6));
        assert_eq!(recorder.since(CAPACITY as u64 + 3).len(), 2);
    }
}
