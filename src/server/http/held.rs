//! A response that holds on to what its request occupies until its last byte is on its way.

use std::{
    any::Any,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use futures::{FutureExt as _, future::BoxFuture};
use http_body::{Frame, SizeHint};

/// Whatever is given back when a request is over.
pub(super) type Occupied = Arc<dyn Any + Send + Sync>;

/// A body with what it occupies. Ends early when one of `until` is there.
pub(super) struct Held {
    inner: Body,
    until: Vec<BoxFuture<'static, ()>>,
    _occupied: Vec<Occupied>,
}

impl Held {
    /// The body, which gives back `occupied` when it is over.
    pub(super) fn new(inner: Body, occupied: Vec<Occupied>) -> Self {
        Self {
            inner,
            until: Vec::new(),
            _occupied: occupied,
        }
    }

    /// The same body, which also ends when `end` is there.
    pub(super) fn until(mut self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until.push(end.boxed());
        self
    }

    pub(super) fn into_body(self) -> Body {
        Body::new(self)
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            return Poll::Ready(frame);
        }
        let mut until = self.until.iter_mut();
        let is_over = until.any(|until| until.as_mut().poll(context).is_ready());
        if is_over { Poll::Ready(None) } else { Poll::Pending }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
