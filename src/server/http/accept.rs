//! Connections: how many, how they are secured, and how long they may be silent.

use std::{convert::Infallible, error::Error as _, io, pin::Pin, sync::Arc, time::Duration};

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
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::{
    client::Peer,
    errand::Errands,
    idle::{Awaited, Business},
    pages::record,
    patient::Patient,
    refusal::Counted,
    tls::{self, Tls},
};
use crate::app::App;

/// Time for the handshake of TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Bytes and lines of the head of a request.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_LINES: usize = 100;

/// Requests at a time on one connection that carries several.
const STREAMS: u32 = 128;

/// A client that does not answer within these on such a connection is gone.
const PING: Duration = Duration::from_secs(20);

/// Time for the last answers of a connection that is to end: what the largest takes at the slowest.
const LAST: Duration = Duration::from_secs(300);

/// What a client hears whose request has begun and does not go on.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

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
        let stream = TokioIo::new(Patient::new(stream).heard_by(&business));
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // It would end a connection that is kept for the next request too.
            .header_read_timeout(None)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES)
            .serve_connection(stream, service);
        if let Some(Awaited::Head) = self.attend(Pin::new(&mut connection), &business, &peer).await {
            let mut stream = connection.into_parts().io.into_inner();
            // Who is too slow to ask may be gone too.
            let _ = tokio::time::timeout(BREATH, stream.write_all(TOO_SLOW)).await;
            self.refuse(StatusCode::REQUEST_TIMEOUT, Counted::Form("malformed"), &peer);
        }
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
        self.attend(std::pin::pin!(connection), &business, &peer).await;
    }

    /// Lets a connection go on until it ends, it has nothing to do any more, or all connections are to end. Says what has not come
    /// where nothing is left to be said on it.
    async fn attend(
        &self,
        mut connection: Pin<&mut impl GracefulConnection<Error = hyper::Error>>,
        business: &Business,
        peer: &Peer,
    ) -> Option<Awaited> {
        // Losing the other branches is harmless: the connection goes on below.
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = self.finish.cancelled() => None,
            awaited = business.is_over() => match awaited {
                Awaited::First | Awaited::Head => return Some(awaited),
                Awaited::Next => None,
            },
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = business.is_unasked() => Ok(()),
                    () = tokio::time::sleep(LAST) => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            self.note(&error, peer);
        }
        None
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
        self.refuse(status, counted, peer);
    }

    /// Records a request of which nothing can be believed, not even for whom a proxy has sent it.
    fn refuse(&self, status: StatusCode, counted: Counted, peer: &Peer) {
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

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, DuplexStream},
        time::{Instant, sleep},
    };

    use super::*;
    use crate::server::tests::misbehaving;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /// The client's end of a connection.
    fn connected(finish: &CancellationToken) -> DuplexStream {
        let reception = Reception {
            app: misbehaving(),
            router: Router::new().fallback(|| async { "here" }),
            tls: None,
            places: Arc::new(Semaphore::new(1)),
            on_full: Arc::new(|| {}),
            closed: CancellationToken::new(),
            finish: finish.clone(),
            tasks: TaskTracker::new(),
        };
        let peer = Peer {
            address: ([127, 0, 0, 1], 1).into(),
            certificate: None,
        };
        let (near, far) = tokio::io::duplex(HEAD_BYTES);
        tokio::spawn(reception.serve_http1(far, peer));
        near
    }

    async fn ask(client: &mut DuplexStream) {
        client.write_all(REQUEST).await.expect("it is open");
        answered(client).await;
    }

    async fn answered(client: &mut DuplexStream) {
        let mut answer = Vec::new();
        while !answer.ends_with(b"here") {
            assert!(
                client.read_buf(&mut answer).await.expect("it is open") > 0,
                "{answer:?}"
            );
        }
    }

    /// What the server says of its own accord, and how many seconds later it hangs up.
    async fn last_words(client: &mut DuplexStream) -> (String, u64) {
        let (started, mut words) = (Instant::now(), String::new());
        client.read_to_string(&mut words).await.expect("text");
        (words, started.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_kept_between_requests_and_a_slow_head_is_not_waited_for() {
        let mut client = connected(&CancellationToken::new());
        for silence in [9, 59, 59] {
            sleep(Duration::from_secs(silence)).await;
            ask(&mut client).await;
        }
        // A head that comes in pieces has its time, however long the connection was silent before.
        sleep(Duration::from_secs(55)).await;
        let (begun, rest) = REQUEST.split_at(20);
        client.write_all(begun).await.expect("it is open");
        sleep(Duration::from_secs(9)).await;
        client.write_all(rest).await.expect("it is open");
        answered(&mut client).await;
        client.write_all(begun).await.expect("it is open");
        let (words, after) = last_words(&mut client).await;
        assert_eq!((words.as_bytes(), after), (TOO_SLOW, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_is_closed_without_a_word() {
        let mut silent = connected(&CancellationToken::new());
        assert_eq!(last_words(&mut silent).await, (String::new(), 10));
        let mut idle = connected(&CancellationToken::new());
        ask(&mut idle).await;
        assert_eq!(last_words(&mut idle).await, (String::new(), 60));
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_end_idle_connections_are_closed_at_once_and_others_are_answered() {
        let finish = CancellationToken::new();
        let (mut idle, mut silent) = (connected(&finish), connected(&finish));
        let (mut asking, mut stuck) = (connected(&finish), connected(&finish));
        ask(&mut idle).await;
        let (begun, rest) = REQUEST.split_at(20);
        asking.write_all(begun).await.expect("it is open");
        stuck.write_all(begun).await.expect("it is open");
        sleep(Duration::from_secs(1)).await;
        finish.cancel();
        assert_eq!(last_words(&mut idle).await, (String::new(), 0));
        assert_eq!(last_words(&mut silent).await, (String::new(), 0));
        asking.write_all(rest).await.expect("it is open");
        answered(&mut asking).await;
        assert_eq!(last_words(&mut asking).await, (String::new(), 0));
        assert_eq!(last_words(&mut stuck).await, (String::new(), 9));
    }
}
