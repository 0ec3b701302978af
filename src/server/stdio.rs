//! MCP over standard input and output: one JSON object per line, nothing else ever.

use std::{io, sync::Arc, time::Duration};

use rmcp::{
    RoleServer, ServiceExt,
    model::{ErrorCode, ErrorData, GetExtensions as _, JsonRpcMessage},
    service::{RxJsonRpcMessage, ServerInitializeError, TxJsonRpcMessage},
    transport::{Transport, io::stdio_pipes},
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::Mutex,
};
use tokio_util::sync::CancellationToken;

use super::{
    desk::Desk,
    lines::{LONGEST_LINE, Line, Lines},
};
use crate::app::{App, Caller};

/// Time for running reads to stop once the input has ended.
const AFTER_END: Duration = Duration::from_millis(900);

/// Serves the process that started this one until it closes our input or `stop` fires.
pub(crate) async fn serve(app: Arc<App>, stop: CancellationToken) {
    let (reader, writer) = stdio_pipes();
    serve_on(app, stop, reader, writer).await;
}

pub(super) async fn serve_on<R, W>(app: Arc<App>, stop: CancellationToken, reader: R, writer: W)
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let handler = Desk::new(Arc::clone(&app), true).handler(Caller::stdio());
    let channel = Channel::new(reader, writer, Arc::clone(&app));
    let ended = channel.ended.clone();
    let serving = async {
        loop {
            match handler
                .clone()
                .serve_with_ct(channel.clone(), CancellationToken::new())
                .await
            {
                Ok(service) => {
                    // The task of a service ends by itself; how is not of interest.
                    let _ = service.waiting().await;
                    if !channel.is_opened_anew().await {
                        return;
                    }
                }
                // The SDK gives up when anything but a request comes first; a client may do that and go on.
                Err(ServerInitializeError::ExpectedInitializeRequest(_)) => {}
                Err(ServerInitializeError::InitializeFailed(_)) => {}
                Err(_) => return,
            }
        }
    };
    tokio::pin!(serving);
    tokio::select! {
        // A served session is over: nothing is left to do.
        () = &mut serving => return,
        // The client is gone: nobody reads the answers, so reads stop at once and writes settle in `shut_down`.
        () = ended.cancelled() => app.cancel_reads(),
        () = stop.cancelled() => {}
    }
    // What does not end in time ends with the process; protected work has a tracker of its own.
    let _ = tokio::time::timeout(AFTER_END, serving).await;
}

/// The two streams as a transport. Cheap to clone, so that a failed opening does not close them.
struct Channel<R, W> {
    input: Arc<Mutex<Lines<R>>>,
    output: Arc<Mutex<Output<W>>>,
    ended: CancellationToken,
    app: Arc<App>,
    /// An `initialize` that waits for a service of its own.
    opening: Arc<Mutex<Option<RxJsonRpcMessage<RoleServer>>>>,
    /// How the client began with the service that this value belongs to.
    begun: Begun,
}

/// The SDK binds a service to the era of its first request: one that began without `initialize` refuses older requests even
/// after one. So an `initialize` that comes late gets a service of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Begun {
    #[default]
    NotYet,
    WithInitialize,
    Without,
}

/// Whole messages in, whole messages out: a write that is abandoned half way is finished by the next one.
struct Output<W> {
    writer: W,
    pending: Vec<u8>,
    written: usize,
}

impl<R, W> Clone for Channel<R, W> {
    fn clone(&self) -> Self {
        Self {
            input: Arc::clone(&self.input),
            output: Arc::clone(&self.output),
            ended: self.ended.clone(),
            app: Arc::clone(&self.app),
            opening: Arc::clone(&self.opening),
            begun: Begun::NotYet,
        }
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Channel<R, W> {
    fn new(reader: R, writer: W, app: Arc<App>) -> Self {
        Self {
            input: Arc::new(Mutex::new(Lines::new(reader, LONGEST_LINE))),
            output: Arc::new(Mutex::new(Output {
                writer,
                pending: Vec::new(),
                written: 0,
            })),
            ended: CancellationToken::new(),
            app,
            opening: Arc::default(),
            begun: Begun::NotYet,
        }
    }
}

impl<R, W> Channel<R, W> {
    /// A request with the moment when it came in.
    fn arrived(&self, mut message: RxJsonRpcMessage<RoleServer>) -> RxJsonRpcMessage<RoleServer> {
        if let JsonRpcMessage::Request(request) = &mut message {
            request.request.extensions_mut().insert(self.app.mark());
        }
        message
    }

    /// Whether the client opened a session anew, which the next service takes up.
    async fn is_opened_anew(&self) -> bool {
        self.opening.lock().await.is_some()
    }
}

impl<R, W: AsyncWrite + Unpin> Channel<R, W> {
    /// Answers a line that is no message; `None` when nobody reads the answers any more.
    async fn refuse(&self, refusal: Refusal) -> Option<()> {
        self.app.unreadable(&Caller::stdio(), &refusal.error.message);
        let mut output = self.output.lock().await;
        let answer = json!({ "jsonrpc": "2.0", "id": refusal.id, "error": refusal.error });
        output.queue(&answer).ok()?;
        output.flush().await.ok()
    }
}

impl<W: AsyncWrite + Unpin> Output<W> {
    fn queue(&mut self, message: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.pending, message)?;
        self.pending.push(b'\n');
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        while self.written < self.pending.len() {
            self.written += self.writer.write(&self.pending[self.written..]).await?;
        }
        self.pending = Vec::new();
        self.written = 0;
        self.writer.flush().await
    }
}

impl<R, W> Transport<RoleServer> for Channel<R, W>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let output = Arc::clone(&self.output);
        async move {
            let mut output = output.lock().await;
            output.queue(&item)?;
            output.flush().await
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        if let Some(message) = self.opening.lock().await.take() {
            self.begun = Begun::WithInitialize;
            return Some(message);
        }
        let mut input = self.input.lock().await;
        loop {
            let line = match input.next().await {
                Ok(Line::Whole(line)) => line,
                Ok(Line::TooLong) => {
                    let words = format!("the line is longer than {LONGEST_LINE} bytes");
                    self.refuse(Refusal::unreadable(words)).await?;
                    continue;
                }
                Ok(Line::End) | Err(_) => {
                    self.ended.cancel();
                    return None;
                }
            };
            match serde_json::from_slice(&line).map(|message| self.arrived(message)) {
                Ok(message) => match (self.begun, is_initialize(&line)) {
                    (Begun::Without, true) => {
                        *self.opening.lock().await = Some(message);
                        return None;
                    }
                    (Begun::NotYet, initializes) => {
                        self.begun = if initializes {
                            Begun::WithInitialize
                        } else {
                            Begun::Without
                        };
                        return Some(message);
                    }
                    _ => return Some(message),
                },
                Err(_) => self.refuse(Refusal::of(&line)).await?,
            }
        }
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.output.lock().await.flush().await
    }
}

/// Whether a line is the request that opens a session of the older era.
fn is_initialize(line: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        method: Option<String>,
        id: Option<Value>,
    }
    // Most lines are told apart without reading them a second time.
    memchr::memmem::find(line, b"\"initialize\"").is_some()
        && serde_json::from_slice::<Head>(line)
            .is_ok_and(|head| head.id.is_some() && head.method.as_deref() == Some("initialize"))
}

/// Why a line is no message, and the id of the request it may have been.
struct Refusal {
    id: Value,
    error: ErrorData,
}

impl Refusal {
    fn unreadable(words: impl Into<String>) -> Self {
        Self {
            id: Value::Null,
            error: ErrorData::new(ErrorCode::PARSE_ERROR, words.into(), None),
        }
    }

    fn invalid(id: Value, words: &'static str) -> Self {
        Self {
            id,
            error: ErrorData::new(ErrorCode::INVALID_REQUEST, words, None),
        }
    }

    fn of(line: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(line) {
            Err(_) => Self::unreadable("the line is not JSON"),
            Ok(Value::Array(_)) => Self::invalid(Value::Null, "batches are not supported: send one object per line"),
            Ok(Value::Object(mut message)) => {
                let id = message
                    .remove("id")
                    .filter(|id| id.is_string() || id.is_i64() || id.is_u64());
                Self::invalid(id.unwrap_or_default(), "the object is not a JSON-RPC 2.0 message")
            }
            Ok(_) => Self::invalid(Value::Null, "a message is a JSON object"),
        }
    }
}
