//! A stream of which every byte is counted, hashed and paid for with time where there is a limit.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::digests::hex;

/// How many bytes a second one copy may move.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace(Option<u64>);

impl Pace {
    /// So many bytes a second; 0 is no limit.
    pub(crate) fn of(bytes_per_second: u64) -> Self {
        Self((bytes_per_second > 0).then_some(bytes_per_second))
    }

    fn time_for(self, bytes: u64) -> Duration {
        self.0.map_or(Duration::ZERO, |pace| {
            Duration::from_secs_f64(bytes as f64 / pace as f64)
        })
    }
}

/// A reader or a writer that tells how far it is.
pub(crate) struct Metered<S> {
    inner: S,
    pace: Pace,
    /// When the next bytes may move.
    due: Pin<Box<Sleep>>,
    moved: u64,
    hash: Sha256,
    on_progress: Box<dyn FnMut(u64, u64) + Send>,
}

impl<S> Metered<S> {
    /// Moves bytes at that pace; `on_progress` hears of each piece how many bytes it has, and how many there were in all.
    pub(crate) fn new(inner: S, pace: Pace, on_progress: impl FnMut(u64, u64) + Send + 'static) -> Self {
        Self {
            inner,
            pace,
            due: Box::pin(sleep_until(Instant::now())),
            moved: 0,
            hash: Sha256::new(),
            on_progress: Box::new(on_progress),
        }
    }

    /// Their SHA-256, in hexadecimal digits.
    pub(crate) fn digest(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// The stream itself.
    pub(crate) fn into_inner(self) -> S {
        self.inner
    }

    fn has_moved(&mut self, bytes: &[u8]) {
        let count = bytes.len() as u64;
        self.moved += count;
        self.hash.update(bytes);
        if self.pace.0.is_some() {
            let earliest = self.due.deadline().max(Instant::now());
            self.due.as_mut().reset(earliest + self.pace.time_for(count));
        }
        (self.on_progress)(count, self.moved);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pace.0.is_some() {
            ready!(self.due.as_mut().poll(context));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        self.has_moved(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.pace.0.is_some() {
            ready!(self.due.as_mut().poll(context));
        }
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        self.has_moved(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[tokio::test(start_paused = true)]
    async fn bytes_are_counted_hashed_and_paid_for() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let note = move |piece, all| told.lock().expect("no panic").push((piece, all));
        let started = Instant::now();
        let mut reader = Metered::new(&b"abc"[..], Pace::of(1), note);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).await.expect("memory");
        assert_eq!((read.as_slice(), reader.digest().as_str()), (&b"abc"[..], ABC));
        assert_eq!(*seen.lock().expect("no panic"), [(3, 3), (0, 3)]);
        assert_eq!(started.elapsed(), Duration::from_secs(3), "one byte a second");
        let started = Instant::now();
        let mut writer = Metered::new(Vec::new(), Pace::of(2), |_, _| {});
        for byte in [b"a", b"b", b"c"] {
            writer.write_all(byte).await.expect("memory");
        }
        assert_eq!(writer.digest(), ABC);
        assert_eq!(
            started.elapsed(),
            Duration::from_secs(1),
            "the first one at once, two a second"
        );
        assert_eq!(writer.into_inner(), b"abc");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_no_time_passes() {
        let started = Instant::now();
        let mut writer = Metered::new(Vec::new(), Pace::of(0), |_, _| {});
        writer.write_all(&vec![0; 1 << 20]).await.expect("memory");
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
