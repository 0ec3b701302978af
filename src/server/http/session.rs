//! Sessions of the older revisions: whose they are, how many, and how long they live.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use ring::rand::{SecureRandom as _, SystemRandom};
use rmcp::transport::streamable_http_server::{
    SessionId, SessionManager as _,
    session::local::{LocalSessionManager, SessionConfig},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::settings::SessionLimits;
use crate::app::{Caller, Era, SessionEnd};

/// Random bytes of an id.
const ID_BYTES: usize = 24;

/// All sessions of the process.
pub(super) struct Sessions {
    /// The SDK's own part: the queues between requests and the handler of a session.
    pub(super) local: LocalSessionManager,
    limits: SessionLimits,
    table: Mutex<HashMap<SessionId, Session>>,
}

struct Session {
    /// Whose it is, with the scopes of when it was opened.
    caller: Caller,
    opened: Instant,
    used: Instant,
    /// Requests that run and streams that are open.
    running: usize,
    /// The ids of those that wait for an answer: the SDK hands out answers by them.
    asked: HashSet<String>,
    /// Fires when its principal is gone: nothing begins in it any more, streams that wait for news end, and what runs is
    /// answered before it is closed.
    over: CancellationToken,
}

impl Session {
    /// Whether it is a session of this principal in which something may begin.
    fn is_of(&self, owner: &Arc<str>) -> bool {
        self.caller.owner() == owner && !self.over.is_cancelled()
    }

    fn told_of(&self, id: &SessionId, end: SessionEnd) -> Over {
        Over {
            caller: self.caller.clone(),
            session: short(id),
            end,
        }
    }
}

/// A session that was ended.
pub(super) struct Over {
    pub(super) caller: Caller,
    /// What may be shown of its id.
    pub(super) session: String,
    pub(super) end: SessionEnd,
}

/// A request of a session; it is over when this is dropped.
pub(super) struct Use {
    sessions: Arc<Sessions>,
    id: SessionId,
    /// What is asked in it.
    request: Option<String>,
    /// Fires when the session shall end with its last answer.
    pub(super) over: CancellationToken,
}

/// A place for a session that is about to open; given back when dropped before it has.
pub(super) struct Opening {
    sessions: Arc<Sessions>,
    id: Option<SessionId>,
}

impl Sessions {
    pub(super) fn new(limits: SessionLimits) -> Arc<Self> {
        let mut config = SessionConfig::default();
        // The SDK counts messages only: a call that is silent for long would be killed. We count requests instead.
        config.keep_alive = None;
        // Nothing is resumed, so clients are not asked to come back for more.
        config.sse_retry = None;
        let mut local = LocalSessionManager::default();
        local.session_config = config;
        Arc::new(Self {
            local,
            limits,
            table: Mutex::default(),
        })
    }

    /// A place for one more session of `caller`, or the limit that is met.
    pub(super) fn open(self: &Arc<Self>, caller: &Caller) -> Result<Opening, &'static str> {
        let mut table = self.table();
        if table.len() >= self.limits.all {
            return Err("session_cap");
        }
        if table.values().filter(|session| session.is_of(caller.owner())).count() >= self.limits.per_token {
            return Err("token_session_cap");
        }
        let id = random_id();
        let now = Instant::now();
        table.insert(
            Arc::clone(&id),
            Session {
                caller: caller.clone().speaking(Era::Legacy),
                opened: now,
                used: now,
                running: 0,
                asked: HashSet::new(),
                over: CancellationToken::new(),
            },
        );
        Ok(Opening {
            sessions: Arc::clone(self),
            id: Some(id),
        })
    }

    /// Whether there is such a session, and it is `owner`'s. An id of another one is like an id of none.
    pub(super) fn belongs(&self, id: &str, owner: &Arc<str>) -> bool {
        self.table().get(id).is_some_and(|session| session.is_of(owner))
    }

    /// A request of a session begins, if there is such a session of `owner`.
    pub(super) fn use_by(self: &Arc<Self>, id: &str, owner: &Arc<str>) -> Option<Use> {
        let mut table = self.table();
        let (id, _) = table.get_key_value(id).filter(|(_, session)| session.is_of(owner))?;
        let id = Arc::clone(id);
        let session = table.get_mut(&id)?;
        session.running += 1;
        Some(Use {
            sessions: Arc::clone(self),
            over: session.over.clone(),
            request: None,
            id,
        })
    }

    /// Forgets a session; gives whether there was one.
    pub(super) fn forget(&self, id: &SessionId) -> bool {
        self.table().remove(id).is_some()
    }

    /// How many there are in which something may begin.
    pub(super) fn count(&self) -> usize {
        let table = self.table();
        table.values().filter(|session| !session.over.is_cancelled()).count()
    }

    /// Ends the sessions that were not used for too long or are too old, those in use spared, and closes those whose
    /// principal was gone when something still ran in them.
    pub(super) async fn sweep(&self) -> Vec<Over> {
        let SessionLimits { idle, lifetime, .. } = self.limits;
        self.end_where(|session| match session {
            Session { running: 1.., .. } => None,
            session if session.over.is_cancelled() => Some(SessionEnd::Revoked),
            session if session.opened.elapsed() >= lifetime => Some(SessionEnd::Lifetime),
            session if session.used.elapsed() >= idle => Some(SessionEnd::Idle),
            _ => None,
        })
        .await
    }

    /// Ends the sessions of principals that may not come in any more. What runs in them is still answered.
    pub(super) async fn revoke(&self, is_current: impl Fn(&Caller) -> bool) -> Vec<Over> {
        let is_gone = |session: &Session| !is_current(&session.caller);
        let mut busy = Vec::new();
        for (id, session) in self.table().iter() {
            if session.running > 0 && !session.over.is_cancelled() && is_gone(session) {
                session.over.cancel();
                busy.push(session.told_of(id, SessionEnd::Revoked));
            }
        }
        let is_idle = |session: &Session| session.running == 0 && !session.over.is_cancelled();
        let mut over = self
            .end_where(|session| (is_idle(session) && is_gone(session)).then_some(SessionEnd::Revoked))
            .await;
        over.extend(busy);
        over
    }

    async fn end_where(&self, is_over: impl Fn(&Session) -> Option<SessionEnd>) -> Vec<Over> {
        let mut over = Vec::new();
        let mut ids = Vec::new();
        self.table().retain(|id, session| {
            let Some(end) = is_over(session) else { return true };
            // That it ended was told when it did.
            if !session.over.is_cancelled() {
                over.push(session.told_of(id, end));
            }
            ids.push(Arc::clone(id));
            false
        });
        for id in &ids {
            // The worker of a session that is gone has ended already.
            let _ = self.local.close_session(id).await;
        }
        over
    }

    fn table(&self) -> MutexGuard<'_, HashMap<SessionId, Session>> {
        self.table.lock().expect("no code panics while it holds the lock")
    }
}

impl Opening {
    /// The id of the session, which is open from now on.
    pub(super) fn take(mut self) -> Option<SessionId> {
        self.id.take()
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            self.sessions.forget(id);
        }
    }
}

impl Use {
    /// The same use, which asks something under an id; none if an answer under that id is being waited for.
    pub(super) fn asking(mut self, id: &Value) -> Option<Self> {
        let request = id.to_string();
        let is_new = match self.sessions.table().get_mut(&self.id) {
            Some(session) => session.asked.insert(request.clone()),
            None => true,
        };
        self.request = is_new.then_some(request);
        is_new.then_some(self)
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        if let Some(session) = self.sessions.table().get_mut(&self.id) {
            if let Some(request) = &self.request {
                session.asked.remove(request);
            }
            session.running -= 1;
            session.used = Instant::now();
        }
    }
}

/// What logs may show of an id.
pub(super) fn short(id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

fn random_id() -> SessionId {
    let mut bytes = [0; ID_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random numbers do not run out");
    let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    id.into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn sessions() -> Arc<Sessions> {
        Sessions::new(SessionLimits {
            all: 3,
            per_token: 2,
            idle: Duration::from_secs(60),
            lifetime: Duration::from_secs(600),
        })
    }

    /// Two principals.
    fn callers() -> [Caller; 2] {
        [Caller::stdio(), Caller::no_auth()]
    }

    fn open(sessions: &Arc<Sessions>, caller: &Caller) -> SessionId {
        let opening = sessions.open(caller).expect("room");
        opening.take().expect("an id")
    }

    #[tokio::test]
    async fn a_session_is_its_owners_alone_and_there_are_only_so_many() {
        let [noc, desk] = callers();
        let sessions = sessions();
        let id = open(&sessions, &noc);
        assert_eq!(id.len(), 48);
        assert!(sessions.belongs(&id, noc.owner()) && !sessions.belongs(&id, desk.owner()));
        assert!(sessions.use_by(&id, desk.owner()).is_none() && sessions.use_by("x", noc.owner()).is_none());
        open(&sessions, &noc);
        assert_eq!(sessions.open(&noc).err(), Some("token_session_cap"));
        let unused = sessions.open(&desk).expect("room");
        assert_eq!(sessions.open(&desk).err(), Some("session_cap"));
        drop(unused);
        assert_eq!(sessions.count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_in_use_is_spared() {
        let [noc, _] = callers();
        let sessions = sessions();
        let (busy, idle) = (open(&sessions, &noc), open(&sessions, &noc));
        let used = sessions.use_by(&busy, noc.owner()).expect("there");
        tokio::time::advance(Duration::from_secs(601)).await;
        sessions.sweep().await;
        assert!(sessions.belongs(&busy, noc.owner()) && !sessions.belongs(&idle, noc.owner()));
        drop(used);
        sessions.sweep().await;
        assert_eq!(sessions.count(), 0);
    }
}
