//! The wire under a router: a stream that can be cut, and one that takes time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::path::{Gate, Path};

/// Bytes an in-memory connection holds in each direction before its writer waits.
pub(super) const PIPE_CAPACITY: usize = 256 * 1024;

/// Pieces of at most [`PIECE`] bytes that may be under way in one direction: 64 MiB, more than any client keeps in flight.
const PIECES_UNDER_WAY: usize = 1024;
const PIECE: usize = 64 * 1024;

/// Ends a connection from outside.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    token: CancellationToken,
    reset: Arc<AtomicBool>,
}

impl Cut {
    /// A cut that also happens when `parent` is cancelled.
    pub(super) fn under(parent: &CancellationToken) -> Self {
        Self {
            token: parent.child_token(),
            reset: Arc::new(AtomicBool::new(false)),
        }
    }

    /// Ends the connection: with a TCP reset, or with an orderly end of the stream.
    pub(super) fn now(&self, reset: bool) {
        self.reset.store(reset, Ordering::Relaxed);
        self.token.cancel();
    }

    /// Waits until the connection is cut.
    pub(super) async fn happened(&self) {
        self.token.cancelled().await;
    }

    fn is_reset(&self) -> bool {
        self.token.is_cancelled() && self.reset.load(Ordering::Relaxed)
    }
}

/// What carries a connection.
#[derive(Debug)]
pub(super) enum Carrier {
    /// A socket.
    Tcp(TcpStream),
    /// An in-memory pipe.
    Pipe(DuplexStream),
}

impl Carrier {
    fn prepare_end(&self, cut: &Cut) {
        if let Self::Tcp(stream) = self
            && cut.is_reset()
        {
            // Closing the socket then sends a reset; a socket that is already gone needs none.
            stream.set_zero_linger().ok();
        }
    }
}

/// A carrier that a [`Cut`] ends at once, and on which nothing arrives while the router's way is closed.
pub(super) struct Wire {
    carrier: Carrier,
    cut: Cut,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
    /// For what is read, and for what is written: each has its own waiter.
    gates: Option<(Gate, Gate)>,
}

impl Wire {
    /// A wire without delay.
    pub(super) fn new(carrier: Carrier, cut: Cut) -> Self {
        let ended = Box::pin(cut.token.clone().cancelled_owned());
        Self {
            carrier,
            cut,
            ended,
            gates: None,
        }
    }

    /// The same wire, along a way.
    pub(super) fn along(mut self, path: &Path) -> Self {
        self.gates = Some((path.gate(), path.gate()));
        self
    }

    /// A wire on which each byte takes half of `round_trip` in either direction, at any throughput. The second value moves the
    /// bytes and must be polled until it ends.
    pub(super) fn delayed(
        carrier: Carrier,
        cut: Cut,
        round_trip: Duration,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (near, far) = tokio::io::duplex(PIPE_CAPACITY);
        let wire = Self::new(Carrier::Pipe(near), cut.clone());
        (wire, relay(Self::new(carrier, cut), far, round_trip / 2))
    }

    fn poll_cut(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.ended.as_mut().poll(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(()) => {
                self.carrier.prepare_end(&self.cut);
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_cut(context)?;
        if let Some((gate, _)) = &mut self.gates {
            ready!(gate.poll(context));
        }
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Carrier::Pipe(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_cut(context)?;
        if let Some((_, gate)) = &mut self.gates {
            ready!(gate.poll(context));
        }
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Carrier::Pipe(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Carrier::Pipe(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Carrier::Pipe(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

async fn relay(client: Wire, router: DuplexStream, delay: Duration) {
    let (client_read, client_write) = tokio::io::split(client);
    let (router_read, router_write) = tokio::io::split(router);
    tokio::join!(
        one_way(client_read, router_write, delay),
        one_way(router_read, client_write, delay)
    );
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, delay: Duration) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Bytes)>(PIECES_UNDER_WAY);
    let reading = async move {
        let mut buffer = vec![0; PIECE];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let piece = Bytes::copy_from_slice(&buffer[..count]);
            if sender.send((Instant::now() + delay, piece)).await.is_err() {
                break;
            }
        }
    };
    let writing = async move {
        while let Some((due, piece)) = receiver.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
        // The far end may have gone first; there is nobody left to tell.
        to.shutdown().await.ok();
    };
    tokio::join!(reading, writing);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_take_half_a_round_trip_each_way_and_do_not_wait_for_one_another() {
        let (mut client, server) = tokio::io::duplex(PIPE_CAPACITY);
        let root = CancellationToken::new();
        let (mut wire, moving) = Wire::delayed(Carrier::Pipe(server), Cut::under(&root), Duration::from_millis(100));
        tokio::spawn(moving);
        let start = Instant::now();
        let much = vec![7; 4 * 1024 * 1024];
        let length = much.len();
        let writer = tokio::spawn(async move {
            client.write_all(&much).await.unwrap();
            let mut answer = [0; 2];
            client.read_exact(&mut answer).await.unwrap();
            client
        });
        let mut received = vec![0; length];
        wire.read_exact(&mut received).await.unwrap();
        assert!(start.elapsed() < Duration::from_millis(60), "{:?}", start.elapsed());
        wire.write_all(b"ok").await.unwrap();
        writer.await.unwrap();
        let elapsed = start.elapsed();
        assert!((100..120).contains(&elapsed.as_millis()), "{elapsed:?}");
    }

    #[tokio::test]
    async fn a_cut_ends_both_sides() {
        let (mut client, server) = tokio::io::duplex(PIPE_CAPACITY);
        let cut = Cut::under(&CancellationToken::new());
        let mut wire = Wire::new(Carrier::Pipe(server), cut.clone());
        let reading = tokio::spawn(async move {
            let mut byte = [0];
            wire.read(&mut byte).await.unwrap_err().kind()
        });
        cut.now(true);
        assert_eq!(reading.await.unwrap(), io::ErrorKind::ConnectionReset);
        let mut byte = [0];
        assert_eq!(client.read(&mut byte).await.unwrap(), 0);
    }
}
