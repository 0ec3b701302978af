//! One listener: gathers news for a second, then tells them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::future::Either;
use rmcp::{Peer, RoleServer, model::ResourceUpdatedNotificationParam, service::SubscriptionSink};
use tokio::time::{Instant, interval, sleep_until};

use crate::{
    app::{App, Caller, Mark, News},
    news::Missed,
    server::resources::Uri,
};

/// News are gathered for this long, so that what changes often is told once.
const DEBOUNCE: Duration = Duration::from_secs(1);

/// How often it is looked whether a token has expired.
const LOOK: Duration = Duration::from_secs(10);

/// A client that does not take a message in this time gets no more.
const PATIENCE: Duration = Duration::from_secs(10);

/// The resources that a client watches, by the addresses it gave. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<Mutex<BTreeMap<String, Uri>>>);

impl Watched {
    pub(super) fn new(uris: BTreeMap<String, Uri>) -> Self {
        Self(Arc::new(Mutex::new(uris)))
    }

    pub(super) fn set(&self, uris: BTreeMap<String, Uri>) {
        *self.uris() = uris;
    }

    /// One more, unless there are `most` others.
    pub(super) fn add(&self, given: &str, uri: Uri, most: usize) -> bool {
        let mut uris = self.uris();
        let has_room = uris.len() < most || uris.contains_key(given);
        if has_room {
            uris.insert(given.to_owned(), uri);
        }
        has_room
    }

    pub(super) fn remove(&self, given: &str) {
        self.uris().remove(given);
    }

    /// The addresses of those that `wanted` picks.
    fn of(&self, wanted: impl Fn(&Uri) -> bool) -> Vec<String> {
        let uris = self.uris();
        let found = uris.iter().filter(|(_, uri)| wanted(uri));
        found.map(|(given, _)| given.clone()).collect()
    }

    fn uris(&self) -> MutexGuard<'_, BTreeMap<String, Uri>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where news go.
pub(super) enum Sink {
    /// A stream that was opened for them.
    Stream(SubscriptionSink),
    /// The session as a whole.
    Session(Peer<RoleServer>),
}

/// One client that wants to be told.
pub(super) struct Listener<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) caller: Caller,
    /// What happens from this moment on is told.
    pub(super) since: Mark,
    pub(super) sink: Sink,
    pub(super) watched: Watched,
    pub(super) tells_tools: bool,
    pub(super) tells_resources: bool,
}

/// What is to be told next.
#[derive(Default)]
struct Pending {
    tools: bool,
    resources: bool,
    updated: BTreeSet<String>,
    due: Option<Instant>,
}

/// The principal may not come in any more, or the client takes no more messages.
struct Over;

impl Listener<'_> {
    /// Tells until the server ends, the principal may not come in any more, or the client takes nothing.
    pub(super) async fn run(mut self) {
        let app = Arc::clone(self.app);
        let (mut news, mut jobs) = app.news_since(self.since);
        let mut look = interval(LOOK);
        // What a session is told goes out on streams that end with the tokens that opened them.
        let mut token_over = std::pin::pin!(match self.sink {
            Sink::Stream(_) => Either::Left(app.token_over(&self.caller)),
            Sink::Session(_) => Either::Right(std::future::pending()),
        });
        let mut pending = Pending::default();
        loop {
            let due = pending.due.unwrap_or_else(Instant::now);
            // Each branch only waits; what is not heard in this round is heard in the next one.
            let round = tokio::select! {
                () = app.closing().cancelled() => Err(Over),
                told = news.next() => self.hear(told, &mut pending),
                job = jobs.next() => {
                    self.hear_of_job(job, &mut pending);
                    Ok(())
                }
                _ = look.tick() => self.look(&mut pending),
                () = sleep_until(due), if pending.due.is_some() => self.tell(std::mem::take(&mut pending)).await,
                () = &mut token_over => Err(Over),
            };
            if round.is_err() {
                return;
            }
        }
    }

    fn hear(&mut self, told: Result<News, Missed>, pending: &mut Pending) -> Result<(), Over> {
        match told {
            Ok(News::Inventory) => {
                self.inventory_changed(pending);
                Ok(())
            }
            Ok(News::Tokens) => self.look(pending),
            // All of it may have changed.
            Err(Missed) => {
                self.inventory_changed(pending);
                self.look(pending)
            }
        }
    }

    fn inventory_changed(&self, pending: &mut Pending) {
        pending.resources |= self.tells_resources;
        self.note(pending, |uri| *uri == Uri::Inventory);
    }

    fn hear_of_job(&self, job: Result<String, Missed>, pending: &mut Pending) {
        match job {
            Ok(id) => self.note(pending, |uri| matches!(uri, Uri::Job(own) if *own == id)),
            Err(Missed) => self.note(pending, |uri| matches!(uri, Uri::Job(_))),
        }
    }

    /// Notes the resources that `changed` picks, and when it is time to tell.
    fn note(&self, pending: &mut Pending, changed: impl Fn(&Uri) -> bool) {
        pending.updated.extend(self.watched.of(changed));
        let is_something = pending.tools || pending.resources || !pending.updated.is_empty();
        if is_something {
            pending.due.get_or_insert_with(|| Instant::now() + DEBOUNCE);
        }
    }

    /// Looks whether the principal may still come in, and with which scopes.
    fn look(&mut self, pending: &mut Pending) -> Result<(), Over> {
        if self.app.is_current(&self.caller) {
            return Ok(());
        }
        // A session ends when the scopes of its principal change; a stream goes on with the new ones.
        let Sink::Stream(_) = self.sink else { return Err(Over) };
        let renewed = self.app.renewed(&self.caller).ok_or(Over)?;
        let tools = |caller: &Caller| self.app.listed(caller).map(|spec| spec.name).collect::<Vec<_>>();
        let gained = tools(&self.caller) != tools(&renewed);
        pending.tools |= self.tells_tools && gained;
        pending.resources |=
            self.tells_resources && (gained || self.app.routers_of(&self.caller) != self.app.routers_of(&renewed));
        self.caller = renewed;
        self.note(pending, |_| false);
        Ok(())
    }

    async fn tell(&self, pending: Pending) -> Result<(), Over> {
        let telling = async {
            if pending.tools {
                self.sink.tools_changed().await?;
            }
            if pending.resources {
                self.sink.resources_changed().await?;
            }
            for uri in pending.updated {
                self.sink.updated(uri).await?;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, telling).await.unwrap_or(Err(Over))
    }
}

impl Sink {
    async fn tools_changed(&self) -> Result<(), Over> {
        match self {
            Self::Stream(sink) => sink.notify_tool_list_changed().await.map_err(|_| Over),
            Self::Session(peer) => peer.notify_tool_list_changed().await.map_err(|_| Over),
        }
    }

    async fn resources_changed(&self) -> Result<(), Over> {
        match self {
            Self::Stream(sink) => sink.notify_resource_list_changed().await.map_err(|_| Over),
            Self::Session(peer) => peer.notify_resource_list_changed().await.map_err(|_| Over),
        }
    }

    async fn updated(&self, uri: String) -> Result<(), Over> {
        match self {
            Self::Stream(sink) => sink.notify_resource_updated(uri).await.map_err(|_| Over),
            Self::Session(peer) => {
                let update = ResourceUpdatedNotificationParam::new(uri);
                peer.notify_resource_updated(update).await.map_err(|_| Over)
            }
        }
    }
}
