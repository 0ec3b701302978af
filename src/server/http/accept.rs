//! Connections: how many, how they are secured, and how long they may be silent.

use std::{convert::Infallible, error::Error as _, io, sync::Arc, time::Duration};

use axum::{Router, extract::Request, http::StatusCode, response::Response};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
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
    idle::Business,
    pages::record,
    patient::Patient,
    refusal::Counted,
    tls::{self, Tls},
};
use crate::app::App;

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

/// Time for the last answers of a connection that is to end: what the largest takes at the slowest.
const LAST: Duration = Duration::from_secs(300);

/// Pause after the system has refused a connection, most often because files have run out.
const BREATH: Duration = Duration::from_millis(100);

/// Takes connections and serves each in a task of its own.
#[derive(Clone)]
pub(super) struct Reception {
    pub(super) app: Arc<App>,
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
        self.attend(connection, &business, &peer).await;
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
        self.attend(connection, &business, &peer).await;
    }

    /// Lets a connection go on until it ends, it has nothing to do any more, or all connections are to end.
    async fn attend(
        &self,
        connection: impl GracefulConnection<Error = hyper::Error>,
        business: &Business,
        peer: &Peer,
    ) {
        tokio::pin!(connection);
        let is_to_end = async {
            tokio::select! {
                () = self.finish.cancelled() => {}
                () = business.is_over() => {}
            }
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            // Losing the other branch is harmless: the connection goes on here.
            () = is_to_end => {
                connection.as_mut().graceful_shutdown();
                tokio::time::timeout(LAST, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            self.note(&error, peer);
        }
    }

    /// Records why a connection was given up, where that is more than a client that has broken off.
    fn note(&self, error: &hyper::Error, peer: &Peer) {
        let (status, counted) = if error.is_parse_too_large() {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Counted::Form("malformed"))
        } else if error.is_parse() {
            (StatusCode::BAD_REQUEST, Counted::Form("malformed"))
        } else if is_out_of_patience(error) {
            (StatusCode::REQUEST_TIMEOUT, Counted::Limit("slow_reader"))
        } else {
            return;
        };
        // Nothing of such a request can be believed, not even for whom a proxy has sent it.
        record(&self.app, status, counted, &peer.address.ip().to_string());
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
        business: &Arc<Business>,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<> {
        let busy = business.begin();
        let mut request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(peer.clone());
        let router = self.router.clone();
        async move { router.oneshot(request).await.map(|response| busy.answered(response)) }
    }
}

fn is_out_of_patience(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::TimedOut)
}
