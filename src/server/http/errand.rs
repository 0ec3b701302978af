//! Errands to a task from outside: whoever asks learns when it is done, and so that the task is alive.

use tokio::sync::{mpsc, oneshot};

/// Errands that may wait: who asks twice before the first is done waits for his turn.
const WAITING: usize = 1;

/// Asks a task.
#[derive(Clone)]
pub(crate) struct Errand(mpsc::Sender<Done>);

/// What a task is asked.
pub(crate) struct Errands(mpsc::Receiver<Done>);

/// An errand in the hands of the task.
pub(super) struct Done(oneshot::Sender<()>);

/// The two ends of the way to a task.
pub(crate) fn errand() -> (Errand, Errands) {
    let (asks, asked) = mpsc::channel(WAITING);
    (Errand(asks), Errands(asked))
}

impl Errand {
    /// Asks, and waits until it is done. False if there is no such task any more. The wait has no end of its own.
    pub(crate) async fn run(&self) -> bool {
        let (done, answer) = oneshot::channel();
        self.0.send(Done(done)).await.is_ok() && answer.await.is_ok()
    }
}

impl Errands {
    /// The next one; waits for ever when nobody can ask any more. Losing the wait is harmless: what was asked stays.
    pub(super) async fn next(&mut self) -> Done {
        match self.0.recv().await {
            Some(done) => done,
            None => std::future::pending().await,
        }
    }
}

impl Done {
    /// Tells whoever asked.
    pub(super) fn tell(self) {
        // He may have gone.
        let _ = self.0.send(());
    }
}
