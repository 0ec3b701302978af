//! Somebody logged in at the command line: a process with a terminal, which the configuration database knows.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::lab::candidate::Editor;
use crate::lab::mask::masked;
use crate::lab::operational::Asker;
use crate::lab::recorder::What;
use crate::lab::router::Router;
use crate::lab::session::Link;
use crate::lab::state::State;

/// One user of the command line, until dropped.
#[derive(Debug)]
pub(in crate::lab) struct User {
    pub(super) router: Arc<Router>,
    pub(super) link: Link,
    /// The process id.
    pub(super) id: u32,
    /// `pts/N`; a single command has none.
    pub(super) terminal: Option<String>,
    /// Cancelled when another session kills this one.
    pub(super) killed: CancellationToken,
    /// Whether somebody sees what is written and can be asked.
    pub(super) attended: bool,
}

impl User {
    /// A new process on that connection, with a shell that is `attended` or a single command.
    pub(in crate::lab) fn login(router: Arc<Router>, link: Link, shell: bool, attended: bool) -> Self {
        let (terminal, (id, killed)) = router.with_state((link.number, None), |state, _| {
            let terminal = shell.then(|| router.free_terminal(state.colleagues.values()));
            let session = router.session_opened(&link.user, "cli", terminal.as_deref());
            (terminal, session)
        });
        let user = Self {
            router,
            link,
            id,
            terminal,
            killed,
            attended,
        };
        user.log(&format!(
            "UI_LOGIN_EVENT: User '{}' login, class 'super-user' [{id}], client-mode 'cli'",
            user.link.user
        ));
        user
    }

    /// Whether somebody sees what is written and can be asked.
    pub(in crate::lab) fn attended(&self) -> bool {
        self.attended
    }

    /// Works on the router's memory.
    pub(super) fn work<R>(&self, work: impl FnOnce(&mut State, DateTime<Utc>) -> R) -> R {
        self.router.with_state((self.link.number, Some(self.id)), work)
    }

    /// The user as one who asks.
    pub(super) fn asker(&self) -> Asker<'_> {
        Asker {
            user: &self.link.user,
            by: (self.link.number, Some(self.id)),
        }
    }

    /// The user as the configuration database knows one who began to edit then.
    pub(super) fn editor(&self, since: DateTime<Utc>) -> Editor {
        Editor {
            id: self.id,
            user: self.link.user.clone(),
            terminal: self.terminal.clone(),
            since,
        }
    }

    /// Writes a line that was typed into the record.
    pub(super) fn typed(&self, line: &str) {
        let line = masked(line);
        self.router.note(self.link.number, Some(self.id), What::Typed { line });
    }

    /// The prompt's words before its last character: `user@host`.
    pub(super) fn at_host(&self) -> String {
        let host = self.work(|state, _| {
            let active = state.databases.history().active();
            active.top().value(&["system", "host-name"]).map(str::to_owned)
        });
        format!("{}@{}", self.link.user, host.unwrap_or_default())
    }

    fn log(&self, text: &str) {
        let daemon = format!("mgd[{}]", self.id);
        self.work(|state, now| state.log.write(now, &self.router.name, &daemon, text));
    }
}

impl Drop for User {
    fn drop(&mut self) {
        self.log(&format!("UI_LOGOUT_EVENT: User '{}' logout", self.link.user));
        let (id, killed) = (self.id, self.killed.is_cancelled());
        self.work(|state, now| {
            state.configuring.remove(&id);
            match killed {
                true => state.databases.kill(id, now),
                false => state.databases.end(id, now),
            }
        });
        self.router.session_closed(id);
    }
}
