//! One NETCONF session: who it is and what it stands on.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use super::candidate::Editor;
use super::envelope::Envelope;
use super::fault::{Firing, Trigger};
use super::hello;
use super::pipe::Cut;
use super::profile::{Hello, envelope_release};
use super::recorder::What;
use super::router::Router;
use super::state::State;

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

/// How a router speaks to sessions that open now: its configuration decides, as on a real one.
struct Speech {
    compliant: bool,
    chunked: bool,
}

impl Speech {
    fn of(router: &Arc<Router>) -> Self {
        let forced = router.world.settings.chunked;
        let (compliant, newer) = router.with_state((0, None), |state, _| {
            let active = state.databases.history().active();
            let has = |word| active.has(&["system", "services", "netconf", word]);
            (has("rfc-compliant"), has("version-1.1"))
        });
        Self {
            compliant: compliant || forced,
            // Without rfc-compliant the newer base version is configured, but not offered.
            chunked: (compliant && newer) || forced,
        }
    }
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
    /// When it was opened.
    pub(super) since: DateTime<Utc>,
    pub(super) envelope: Envelope,
    pub(super) hello_style: hello::Style,
    /// Whether base:1.1 is offered.
    pub(super) chunked: bool,
}

impl Session {
    /// A new session on that connection.
    pub(super) fn open(router: Arc<Router>, link: Link) -> Self {
        let (id, killed) = router.session_opened(&link.user, "netconf", None);
        let speech = Speech::of(&router);
        Self {
            envelope: Envelope {
                namespace_version: envelope_release(&router.version()),
                compliant: speech.compliant,
            },
            since: router.world.settings.clock.now(),
            hello_style: match (router.profile().hello, speech.compliant) {
                (Hello::First, _) => hello::Style::Old,
                (_, false) => hello::Style::Current,
                (_, true) => hello::Style::Compliant,
            },
            chunked: speech.chunked,
            router,
            link,
            id,
            killed,
        }
    }

    /// Leaves the traces of a login in the log.
    pub(super) fn begin(&self) {
        let user = &self.link.user;
        let id = self.id;
        self.log(&format!(
            "UI_AUTH_EVENT: Authenticated user '{user}' assigned to class 'super-user'"
        ));
        self.log(&format!(
            "UI_LOGIN_EVENT: User '{user}' login, class 'super-user' [{id}], client-mode 'netconf'"
        ));
    }

    fn log(&self, text: &str) {
        let daemon = format!("mgd[{}]", self.id);
        self.work(|state, now| state.log.write(now, &self.router.name, &daemon, text));
    }

    /// Gives back what the session holds.
    pub(super) fn end(&self) {
        self.log(&format!("UI_LOGOUT_EVENT: User '{}' logout", self.link.user));
        let id = self.id;
        let killed = self.killed.is_cancelled();
        self.work(|state, now| {
            state.folders.remove(&id);
            match killed {
                true => state.databases.kill(id, now),
                false => state.databases.end(id, now),
            }
        });
    }

    /// Works on the router's memory.
    pub(super) fn work<R>(&self, work: impl FnOnce(&mut State, DateTime<Utc>) -> R) -> R {
        self.router.with_state((self.link.number, Some(self.id)), work)
    }

    /// The session as the configuration database knows it.
    pub(super) fn editor(&self) -> Editor {
        Editor {
            id: self.id,
            user: self.link.user.clone(),
            terminal: None,
            since: self.since,
        }
    }

    /// Writes an event of this session down.
    pub(super) fn note(&self, what: What) {
        self.router.note(self.link.number, Some(self.id), what);
    }

    /// The faults that fire at that point; each is written down.
    pub(super) fn faults(&self, point: &Trigger) -> Vec<Firing> {
        self.router.suffers((self.link.number, Some(self.id)), point)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.router.session_closed(self.id);
    }
}
