//! What a session of the older era watches. It lives with the handler of the session, and its task with it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rmcp::{Peer, RoleServer, model::ErrorData};
use tokio_util::task::AbortOnDropHandle;

use super::{
    MOST_URIS, full, is_known,
    watch::{Listener, Sink, Watched},
};
use crate::{
    app::{App, Caller, Mark},
    server::resources::{self, Uri},
};

/// The news of one session.
#[derive(Default)]
pub(in crate::server) struct Session {
    watched: Watched,
    telling: Mutex<Telling>,
}

#[derive(Default)]
enum Telling {
    #[default]
    Unopened,
    /// The client has opened it, and is told of what happens from that moment on once it is ready.
    Opened(Mark),
    Begun(#[allow(dead_code, reason = "held, not read")] AbortOnDropHandle<()>),
}

impl Session {
    /// The client opened a session: what an earlier one watched is forgotten.
    pub(in crate::server) fn open(&self, since: Mark) {
        *self.telling() = Telling::Opened(since);
        self.watched.set(BTreeMap::new());
    }

    /// Tells `peer` of changes since the session was opened, or from now on if it never was.
    pub(in crate::server) fn begin(&self, app: &Arc<App>, caller: &Caller, peer: &Peer<RoleServer>) {
        let mut telling = self.telling();
        let since = match &*telling {
            Telling::Unopened => app.mark(),
            Telling::Opened(since) => *since,
            Telling::Begun(_) => return,
        };
        let (app, caller) = (Arc::clone(app), caller.clone());
        let (sink, watched) = (Sink::Session(peer.clone()), self.watched.clone());
        *telling = Telling::Begun(AbortOnDropHandle::new(tokio::spawn(async move {
            let listener = Listener {
                app: &app,
                caller,
                since,
                sink,
                watched,
                // The tools of a session stay the same: it ends when those of its principal change.
                tells_tools: false,
                tells_resources: true,
            };
            listener.run().await;
        })));
    }

    /// Watches one more resource, if there is one.
    pub(in crate::server) async fn subscribe(&self, app: &App, caller: &Caller, uri: &str) -> Result<(), ErrorData> {
        let known = Uri::parse(uri).ok_or_else(|| resources::unknown(uri, None))?;
        if !is_known(app, caller, &known).await {
            return Err(resources::unknown(uri, Some(&known)));
        }
        match self.watched.add(uri, known, MOST_URIS) {
            true => Ok(()),
            false => Err(full("resources are watched in this session")),
        }
    }

    /// Watches it no more.
    pub(in crate::server) fn unsubscribe(&self, uri: &str) {
        self.watched.remove(uri);
    }

    fn telling(&self) -> MutexGuard<'_, Telling> {
        self.telling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
