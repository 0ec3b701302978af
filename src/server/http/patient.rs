//! A connection whose other end must keep reading: a client that takes nothing, or next to nothing, is not waited for without end.
//! What it says is heard by whoever waits for it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::idle::Business;

/// How long writes may wait for room: on a line that moves at all there is some long before.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes whose taking wins back a second of patience. The poorest line over which anybody works is twice as fast, and the
/// largest answer, a megabyte, is over in some five minutes even so.
const SLOWEST: u32 = 4096;

/// A stream whose writes fail when they have waited too long for what of them could go out.
pub(super) struct Patient<S> {
    inner: S,
    left: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    hears: Option<Arc<Business>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Patient<S> {
    pub(super) fn new(inner: S) -> Self {
        Self {
            inner,
            left: PATIENCE,
            waiting: None,
            hears: None,
        }
    }

    /// Tells when something comes in.
    pub(super) fn heard_by(mut self, business: &Arc<Business>) -> Self {
        self.hears = Some(Arc::clone(business));
        self
    }

    /// What becomes of a write of which `taken` says how many bytes went out.
    fn judged<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        taken: impl FnOnce(&T) -> usize,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let left = self.left;
        if let Poll::Ready(ended) = &written {
            if let Some((since, _)) = self.waiting.take() {
                self.left = left.saturating_sub(since.elapsed());
            }
            let taken = ended.as_ref().map_or(0, taken);
            let won = Duration::from_secs(1) * u32::try_from(taken).unwrap_or(u32::MAX) / SLOWEST;
            self.left = (self.left + won).min(PATIENCE);
            return written;
        }
        let (_, end) = self
            .waiting
            .get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
        end.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if let Some(business) = self.hears.as_ref().filter(|_| buffer.filled().len() > before) {
            business.heard();
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.judged(written, |bytes| *bytes, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.judged(written, |bytes| *bytes, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        self.judged(flushed, |()| 0, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(context);
        self.judged(shut, |()| 0, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        time::Instant,
    };

    use super::*;

    /// Writes `bytes` while the other end takes `piece` of them every `pause`; says what became of it, and when.
    async fn write(bytes: usize, piece: usize, pause: Duration) -> (io::Result<()>, Duration) {
        let (near, mut far) = tokio::io::duplex(8);
        let mut near = Patient::new(near);
        let started = Instant::now();
        let data = vec![7; bytes];
        let reading = async {
            let mut taken = vec![0; piece];
            loop {
                tokio::time::sleep(pause).await;
                far.read_exact(&mut taken).await.expect("there is something");
            }
        };
        let written = tokio::select! {
            written = near.write_all(&data) => written,
            () = reading => unreachable!("it reads for ever"),
        };
        (written, started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_stops_is_given_up() {
        let (written, after) = write(12, 1, Duration::from_secs(3600)).await;
        assert_eq!(written.expect_err("nobody reads").kind(), io::ErrorKind::TimedOut);
        assert_eq!(after, PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_a_byte_now_and_then_is_given_up_too() {
        let (written, after) = write(1000, 1, PATIENCE - Duration::from_secs(1)).await;
        assert_eq!(written.expect_err("it never ends").kind(), io::ErrorKind::TimedOut);
        assert!(after < PATIENCE + Duration::from_secs(1), "{after:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_waited_for() {
        // A millisecond is the least that a timer waits: twice as fast as the slowest.
        let pause = Duration::from_millis(1);
        let bytes = usize::try_from(SLOWEST).expect("it fits") * 200;
        let (written, after) = write(bytes, 8, pause).await;
        written.expect("it moves");
        assert!(after > PATIENCE, "{after:?}");
    }
}
