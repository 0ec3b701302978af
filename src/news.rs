//! News for those who listen: that something changed, never what. Nothing told after a moment that was marked is lost, though
//! the listening begins later.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::broadcast;

/// Where news are told. Cheap to clone.
pub(crate) struct Board<T> {
    sender: broadcast::Sender<T>,
    /// How many have been told.
    told: Arc<AtomicU64>,
}

/// How much a board had told at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(u64);

/// More was told than is known of: all of it may have changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missed;

/// All that a board tells from a moment on.
pub(crate) struct Listening<T> {
    receiver: broadcast::Receiver<T>,
    has_missed: bool,
    /// Keeps the board, so that its end is not news.
    _board: Board<T>,
}

impl<T> Clone for Board<T> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            told: Arc::clone(&self.told),
        }
    }
}

impl<T: Clone> Board<T> {
    /// A board whose listeners may be `kept` news behind; one that is further behind has missed some.
    pub(crate) fn new(kept: usize) -> Self {
        Self {
            sender: broadcast::Sender::new(kept),
            told: Arc::default(),
        }
    }

    /// Tells whoever listens.
    pub(crate) fn tell(&self, news: T) {
        // Counted first: who begins to listen in between has missed it or hears it.
        self.told.fetch_add(1, Ordering::SeqCst);
        // Nobody may be listening.
        let _ = self.sender.send(news);
    }

    /// This moment.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.told.load(Ordering::SeqCst))
    }

    /// Everything told since a moment.
    pub(crate) fn since(&self, mark: Mark) -> Listening<T> {
        let receiver = self.sender.subscribe();
        Listening {
            receiver,
            has_missed: self.mark() != mark,
            _board: self.clone(),
        }
    }
}

impl<T: Clone> Listening<T> {
    /// The next news. Losing this wait is harmless.
    ///
    /// # Errors
    ///
    /// Once for all that was told before the listening began, or while it was too far behind.
    pub(crate) async fn next(&mut self) -> Result<T, Missed> {
        if std::mem::take(&mut self.has_missed) {
            return Err(Missed);
        }
        // The board is kept, so that the only error is to be behind.
        self.receiver.recv().await.map_err(|_| Missed)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_told_before_the_listening_begins_is_missed_once_and_not_lost() {
        let board = Board::new(2);
        board.tell("long ago");
        let mark = board.mark();
        let mut in_time = board.since(mark);
        board.tell("in between");
        let mut late = board.since(mark);
        board.tell("afterwards");
        assert_eq!(in_time.next().await, Ok("in between"));
        assert_eq!(in_time.next().await, Ok("afterwards"));
        assert_eq!(late.next().await, Err(Missed));
        assert_eq!(late.next().await, Ok("afterwards"));
        assert!(in_time.next().now_or_never().is_none() && late.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn who_is_too_far_behind_is_told_so() {
        let board = Board::new(2);
        let mut listening = board.since(board.mark());
        for number in 0..5 {
            board.tell(number);
        }
        assert_eq!(listening.next().await, Err(Missed));
        assert_eq!(listening.next().await, Ok(3));
    }
}
