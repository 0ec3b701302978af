//! The stream under an SSH connection, which ends for certain once nobody holds the connection any more.
//!
//! The SSH library runs each connection in a task of its own, which does not notice that everybody has left while keys are
//! being exchanged or while it waits to write; a peer that falls silent then would keep the task and the socket for ever.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::dial::Stream;

/// How long the last words of a connection may take after it was left.
const GRACE: Duration = Duration::from_secs(2);

/// A stream that fails soon after its [`Hold`] is dropped.
pub(super) struct Line {
    stream: Box<dyn Stream>,
    ends: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_over: bool,
}

/// Keeps a line open.
pub(super) struct Hold {
    _guard: DropGuard,
}

impl Line {
    pub(super) fn new(stream: Box<dyn Stream>) -> (Self, Hold) {
        let left = CancellationToken::new();
        let guard = left.clone().drop_guard();
        let line = Self {
            stream,
            ends: Box::pin(async move {
                left.cancelled().await;
                tokio::time::sleep(GRACE).await;
            }),
            is_over: false,
        };
        (line, Hold { _guard: guard })
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.is_over = self.is_over || self.ends.as_mut().poll(context).is_ready();
        if self.is_over {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
