//! One NETCONF session: who it is and what it stands on.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::envelope::Envelope;
use super::fault::{Firing, Trigger};
use super::hello;
use super::pipe::Cut;
use super::recorder::What;
use super::router::Router;

/// An SSH connection as its channels know it.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// Counted from 1 per router.
    pub(super) number: u64,
    /// Ends the connection.
    pub(super) cut: Cut,
    /// The account logged in.
    pub(super) user: String,
}

/// One NETCONF session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) router: Arc<Router>,
    pub(super) link: Link,
    /// The session id, which is also the process id it shows under.
    pub(super) id: u32,
    /// Cancelled when another session kills this one.
    pub(super) killed: CancellationToken,
    pub(super) envelope: Envelope,
    pub(super) hello_style: hello::Style,
}

impl Session {
    /// A new session on that connection.
    pub(super) fn open(router: Arc<Router>, link: Link) -> Self {
        let (id, killed) = router.session_opened();
        Self {
            envelope: Envelope {
                namespace_version: "24.4R1.9".to_owned(),
                compliant: false,
            },
            hello_style: hello::Style::Current,
            router,
            link,
            id,
            killed,
        }
    }

    /// Gives back what the session holds.
    pub(super) fn end(&self) {}

    /// Writes an event of this session down.
    pub(super) fn note(&self, what: What) {
        self.router.note(self.link.number, Some(self.id), what);
    }

    /// The faults that fire at that point; each is written down.
    pub(super) fn faults(&self, point: &Trigger) -> Vec<Firing> {
        let firing = self.router.faults.at(point);
        for fault in &firing {
            self.note(What::Fault { fault: fault.words() });
        }
        firing
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.router.session_closed(self.id);
    }
}
