//! Connections: how many, how they are secured, and how long they may be silent.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::Request};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::{
    client::Peer,
    errand::Errands,
    held::Held,
    idle::Business,
    patient::Patient,
    tls::{self, Tls},
};

/// Time for the handshake of TLS, and for the head of a request.
const HANDSHAKE: Duration = Duration::from_secs(10);
const HEAD: Duration = Duration::from_secs(10);

/// Bytes and lines of the head of a request.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_LINES: usize = 100;

/// Requests at a time on one connection that carries several.
const STREAMS: u32 = 128;

/// A client that does not answer within these on such a connection is gone.
const PING: Duration = Duration::from_secs(20);

/// Pause after the system has refused a connection, most often because files have run out.
const BREATH: Duration = Duration::from_millis(100);

/// Takes connections and serves each in a task of its own.
#[derive(Clone)]
pub(super) struct Reception {
    pub(super) router: Router,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) places: Arc<Semaphore>,
    /// Is told when a connection has to wait for a place.
    pub(super) on_full: Arc<dyn Fn() + Send + Sync>,
    /// Fires when no connection is taken any more.
    pub(super) closed: CancellationToken,
    /// Fires when connections end with the requests that run on them.
    pub(super) finish: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Reception {
    /// Takes connections until told to close; those beyond the limit wait where they are.
    pub(super) async fn take(self, listener: TcpListener, mut pulse: Errands) {
        loop {
            let accepted = tokio::select! {
                // Losing it is harmless: a connection that was not taken stays in the backlog.
                accepted = listener.accept() => accepted,
                asked = pulse.next() => {
                    asked.tell();
                    continue;
                }
                () = self.closed.cancelled() => return,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("cannot take a connection: {error}");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            };
            let Some(place) = self.place(&mut pulse).await else {
                return;
            };
            let reception = self.clone();
            self.tasks.spawn(async move {
                reception
                    .serve(
                        stream,
                        Peer {
                            address,
                            certificate: None,
                        },
                    )
                    .await;
                drop(place);
            });
        }
    }

    /// A place for a connection, once there is one; none when connections are not taken any more.
    async fn place(&self, pulse: &mut Errands) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        (self.on_full)();
        let mut place = std::pin::pin!(Arc::clone(&self.places).acquire_owned());
        loop {
            tokio::select! {
                // Nobody closes the semaphore.
                place = &mut place => return place.ok(),
                asked = pulse.next() => asked.tell(),
                () = self.closed.cancelled() => return None,
            }
        }
    }

    async fn serve(self, stream: TcpStream, mut peer: Peer) {
        // Answers are short and complete; holding them back for more only delays them.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.serve_http1(stream, peer).await;
        };
        let handshake = TlsAcceptor::from(tls.current()).accept(stream);
        let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, handshake).await else {
            tracing::debug!(peer = %peer.address, "no TLS handshake");
            return;
        };
        let session = stream.get_ref().1;
        peer.certificate = session.peer_certificates().and_then(<[_]>::first).map(tls::identity);
        if session.alpn_protocol() == Some(b"h2") {
            self.serve_http2(stream, peer).await;
        } else {
            self.serve_http1(stream, peer).await;
        }
    }

    async fn serve_http1<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S, peer: Peer) {
        let business = Business::new();
        let service = service_fn(|request| self.answer(request, &peer, &business));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES)
            .serve_connection(TokioIo::new(Patient::new(stream)), service);
        tokio::pin!(connection);
        tokio::select! {
            // A client may break off at any time; that is no event.
            _ = connection.as_mut() => return,
            () = self.finish.cancelled() => {}
            () = business.is_over() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }

    async fn serve_http2<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S, peer: Peer) {
        let business = Business::new();
        let service = service_fn(|request| self.answer(request, &peer, &business));
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(HEAD_BYTES as u32)
            .max_concurrent_streams(STREAMS)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .serve_connection(TokioIo::new(Patient::new(stream)), service);
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.finish.cancelled() => {}
            () = business.is_over() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
        business: &Arc<Business>,
    ) -> impl Future<Output = Result<axum::response::Response, std::convert::Infallible>> + Send + use<> {
        let busy: Arc<super::idle::Busy> = Arc::new(business.begin());
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer.clone());
        let router = self.router.clone();
        async move {
            let response = router.oneshot(request).await?;
            Ok(response.map(|body| Held::new(body, vec![busy]).into_body()))
        }
    }
}
