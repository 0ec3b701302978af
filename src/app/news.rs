//! What a process tells the clients that listen: changes of the routers and of who may come in, and of jobs.

use super::App;
use crate::news::{self as board, Listening};

/// News of [`News`] that a listener may be behind.
pub(super) const KEPT: usize = 64;

/// Something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The routers in use.
    Inventory,
    /// Who may come in, and what for.
    Tokens,
}

/// A moment, after which all news are heard by who listens since then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    changes: board::Mark,
    jobs: board::Mark,
}

impl App {
    /// This moment.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            changes: self.board.mark(),
            jobs: self.services.jobs.news().mark(),
        }
    }

    /// All news since a moment, and the ids of the jobs of this process each time one of them changes.
    pub(crate) fn news_since(&self, mark: Mark) -> (Listening<News>, Listening<String>) {
        (
            self.board.since(mark.changes),
            self.services.jobs.news().since(mark.jobs),
        )
    }
}
