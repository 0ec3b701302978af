//! News for clients that listen: that something changed, never what.

use tokio::sync::broadcast;

/// News that a listener may be behind; one that is further behind is told that everything may have changed.
const KEPT: usize = 64;

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The routers in use.
    Inventory,
    /// Who may come in, and what for.
    Tokens,
}

/// Where news are told. Cheap to clone.
#[derive(Clone)]
pub(super) struct Board(broadcast::Sender<News>);

impl Board {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Tells whoever listens, if it `is_new`.
    pub(super) fn tell(&self, is_new: bool, news: News) {
        if is_new {
            // Nobody may be listening.
            let _ = self.0.send(news);
        }
    }

    /// All news from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<News> {
        self.0.subscribe()
    }
}
