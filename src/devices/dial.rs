//! How the first bytes get to a router: TCP, or a pipe inside this process.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::fault::DialFault;

/// Opens the near end of a pipe whose far end is an SSH server in this process.
pub type OpenPipe = Arc<dyn Fn() -> io::Result<tokio::io::DuplexStream> + Send + Sync>;

/// The way to a router.
#[derive(Clone, Default)]
pub enum Dial {
    /// TCP to the router's address.
    #[default]
    Tcp,
    /// A pipe to a simulated router in this process.
    Pipe(OpenPipe),
}

impl std::fmt::Debug for Dial {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Tcp => "Tcp",
            Self::Pipe(_) => "Pipe",
        })
    }
}

/// A connected byte stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A stream that keeps alive what it runs over.
pub(super) struct Held<S, K> {
    stream: S,
    _keep: K,
}

impl<S, K> Held<S, K> {
    pub(super) fn new(stream: S, keep: K) -> Self {
        Self { stream, _keep: keep }
    }
}

impl<S: AsyncRead + Unpin, K: Unpin> AsyncRead for Held<S, K> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin, K: Unpin> AsyncWrite for Held<S, K> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Dial {
    /// Connects; the caller bounds the time.
    pub(super) async fn open(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, DialFault> {
        match self {
            Self::Tcp => tcp(host, port).await,
            Self::Pipe(open) => match open() {
                Ok(pipe) => Ok(Box::new(pipe)),
                Err(error) => Err(connect_fault(host, port, &error)),
            },
        }
    }
}

/// Tries every address of the host in turn; the last failure speaks for all.
async fn tcp(host: &str, port: u16) -> Result<Box<dyn Stream>, DialFault> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| DialFault::Resolve {
            host: host.to_owned(),
            reason: error.to_string(),
        })?
        .collect();
    let mut last = DialFault::Resolve {
        host: host.to_owned(),
        reason: "it has no address".to_owned(),
    };
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are small and each waits for its reply: Nagle's algorithm would only add delay.
                // A stream that cannot do without it works all the same.
                let _ = stream.set_nodelay(true);
                return Ok(Box::new(stream));
            }
            Err(error) => last = connect_fault(host, port, &error),
        }
    }
    Err(last)
}

fn connect_fault(host: &str, port: u16, error: &io::Error) -> DialFault {
    let retryable = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    );
    DialFault::Connect {
        reason: format!("{host} port {port}: {error}"),
        retryable,
    }
}
