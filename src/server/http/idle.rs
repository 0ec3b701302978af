//! When a connection has had nothing to do for too long.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::{sync::Notify, time::Instant};

/// Time for the head of a request: for the first one from the beginning on, for others from their first byte on.
const HEAD: Duration = Duration::from_secs(10);

/// A connection on which nobody waits for us is kept this long: longer than clients keep it for their next request.
const KEPT: Duration = Duration::from_secs(60);

/// The requests of one connection.
pub(super) struct Business {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    /// Requests that wait for us, not for their client.
    running: usize,
    /// What we wait for while there are none.
    awaited: Awaited,
    since: Instant,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// The first word of a client.
    First,
    /// The rest of a head that has begun.
    Head,
    /// The next request, or that the client takes the rest of an answer.
    Next,
}

impl Awaited {
    fn patience(self) -> Duration {
        match self {
            Self::First | Self::Head => HEAD,
            Self::Next => KEPT,
        }
    }
}

/// One request of a connection; it is over when this is dropped.
pub(super) struct Busy {
    business: Arc<Business>,
    /// Whether we are the ones who have to do something.
    is_ours: bool,
}

/// The body of an answer. Once a piece of it is there, it is up to the client to want the next one: on a connection of
/// several streams a client can leave an answer lying without stopping the connection.
struct Attended {
    inner: Body,
    busy: Busy,
}

impl Business {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                running: 0,
                awaited: Awaited::First,
                since: Instant::now(),
            }),
            changed: Notify::new(),
        })
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.count(|running| running + 1);
        Busy {
            business: Arc::clone(self),
            is_ours: true,
        }
    }

    /// Something came in.
    pub(super) fn heard(&self) {
        let mut state = self.state();
        match (state.awaited, state.running) {
            (Awaited::First, _) => {}
            (Awaited::Next, 0) => state.since = Instant::now(),
            // The rest of a head, or a body.
            (Awaited::Head, _) | (Awaited::Next, _) => return,
        }
        state.awaited = Awaited::Head;
        self.changed.notify_one();
    }

    /// Waits until nobody has waited for us for too long, and says what has not come. Losing this wait is harmless.
    pub(super) async fn is_over(&self) -> Awaited {
        loop {
            let waiting = {
                let state = self.state();
                (state.running == 0).then_some((state.awaited, state.since + state.awaited.patience()))
            };
            match waiting {
                None => self.changed.notified().await,
                Some((awaited, end)) if end <= Instant::now() => return awaited,
                Some((_, end)) => tokio::select! {
                    () = tokio::time::sleep_until(end) => {}
                    () = self.changed.notified() => {}
                },
            }
        }
    }

    /// Waits until the head of a first request has not come for too long; for ever where one has come.
    pub(super) async fn is_unasked(&self) {
        if self.is_over().await == Awaited::Next {
            std::future::pending().await
        }
    }

    fn count(&self, change: impl FnOnce(usize) -> usize) {
        let mut state = self.state();
        state.running = change(state.running);
        state.awaited = Awaited::Next;
        state.since = Instant::now();
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the lock")
    }
}

impl Busy {
    /// The answer is on its way, as far as its client wants it.
    pub(super) fn answered(mut self, response: Response) -> Response {
        self.turn(false);
        response.map(|inner| Body::new(Attended { inner, busy: self }))
    }

    fn turn(&mut self, is_ours: bool) {
        if self.is_ours != is_ours {
            self.is_ours = is_ours;
            self.business
                .count(|running| if is_ours { running + 1 } else { running - 1 });
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.turn(false);
    }
}

impl http_body::Body for Attended {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        self.busy.turn(polled.is_pending());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_some_time_after_its_last_request() {
        let business = Business::new();
        let started = Instant::now();
        let busy = business.begin();
        let request = async {
            tokio::time::sleep(KEPT * 3).await;
            drop(busy);
        };
        let ((), awaited) = tokio::join!(request, business.is_over());
        assert_eq!((awaited, started.elapsed()), (Awaited::Next, KEPT * 4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_its_time_from_its_first_byte_on() {
        let business = Business::new();
        let started = Instant::now();
        let slow = async {
            tokio::time::sleep(HEAD / 2).await;
            business.heard();
        };
        let ((), awaited) = tokio::join!(slow, business.is_over());
        assert_eq!(
            (awaited, started.elapsed()),
            (Awaited::Head, HEAD),
            "the first one, from the beginning on"
        );
        drop(business.begin());
        let started = Instant::now();
        let slow = async {
            for _ in 0..3 {
                tokio::time::sleep(KEPT - HEAD / 2).await;
                business.heard();
            }
        };
        let awaited = tokio::select! {
            awaited = business.is_over() => awaited,
            () = slow => unreachable!("nobody waits that long"),
        };
        assert_eq!((awaited, started.elapsed()), (Awaited::Head, KEPT + HEAD / 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_says_a_word_is_not_waited_for() {
        let business = Business::new();
        let started = Instant::now();
        assert_eq!(business.is_over().await, Awaited::First);
        assert_eq!(started.elapsed(), HEAD);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_its_client_leaves_lying_keeps_no_connection() {
        let business = Business::new();
        let (sender, pieces) = futures::channel::mpsc::unbounded::<std::io::Result<Bytes>>();
        let response = business.begin().answered(Response::new(Body::from_stream(pieces)));
        let mut body = response.into_body();
        let mut wanted = || {
            let mut context = Context::from_waker(std::task::Waker::noop());
            http_body::Body::poll_frame(Pin::new(&mut body), &mut context).is_ready()
        };
        assert!(!wanted(), "there is nothing yet");
        let over = tokio::time::timeout(KEPT * 10, business.is_over());
        over.await.expect_err("the client waits for us");
        sender.unbounded_send(Ok(Bytes::from_static(b"x"))).expect("it is open");
        assert!(wanted());
        let started = Instant::now();
        assert_eq!(business.is_over().await, Awaited::Next);
        assert_eq!(started.elapsed(), KEPT);
    }
}
