//! The price of HTTP: an authenticated call over a hundred connections, against a handler that only sends the same bytes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{self, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use axum::serve::ListenerExt as _;
use rmcp::{
    RoleServer, ServerHandler,
    model::{CallToolRequestParams, CallToolResponse, CallToolResult, ErrorData},
    service::RequestContext,
    transport::{
        StreamableHttpServerConfig, StreamableHttpService, streamable_http_server::session::local::LocalSessionManager,
    },
};
use serde_json::{Value, json};

use super::wire;

const CONNECTIONS: usize = 100;

/// One call takes less than what a row can show.
const CALLS: u32 = 1000;

/// Time for clients to get going, and time that is measured.
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(4);

/// Rows of both eras: time per call at full load, of the product and of the protocol library under a handler that does nothing,
/// each against the bare handler.
pub(crate) fn rows(row: impl Fn(&str, Duration, Duration, &str)) {
    let product = Product::start();
    crate::runtime().block_on(async {
        for era in [Era::Sessionless, Era::Session] {
            let requests = era.requests(product.address).await;
            let body = wire::body(&once(product.address, &requests[0]).await);
            assert!(body.contains("edge-1"), "{body}");
            let bare = Child::start(&["http-child", era.content_type()], &body);
            let library = Child::start(&["sdk-child"], era.message(&body));
            let limit = load(bare.address, &requests).await;
            let of_library = load(library.address, &era.requests(library.address).await).await;
            let measured = load(product.address, &requests).await;
            let name = format!(
                "{CALLS} × get_router_list over HTTP, {CONNECTIONS} at once, {}",
                era.name()
            );
            row(&name, measured * CALLS, limit * CALLS, "<= 4.0");
            row(
                "  of which the library of the protocol by itself",
                of_library * CALLS,
                limit * CALLS,
                "-",
            );
        }
    });
}

/// How the calls come.
#[derive(Clone, Copy)]
enum Era {
    Sessionless,
    Session,
}

impl Era {
    fn name(self) -> &'static str {
        match self {
            Era::Sessionless => "sessionless",
            Era::Session => "session",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Era::Sessionless => "application/json",
            Era::Session => "text/event-stream",
        }
    }

    /// The message in a body of this era.
    fn message(self, body: &str) -> &str {
        match self {
            Era::Sessionless => body,
            Era::Session => body
                .lines()
                .find_map(|line| line.strip_prefix("data: "))
                .expect("a message in the stream"),
        }
    }

    /// A request for each connection; those of one session differ in their ids, as the protocol wants it.
    async fn requests(self, address: SocketAddr) -> Vec<Vec<u8>> {
        let headers = match self {
            Era::Sessionless => {
                "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: get_router_list\r\n".to_owned()
            }
            Era::Session => format!("Mcp-Session-Id: {}\r\n", session(address).await),
        };
        let mut params = json!({"name": "get_router_list", "arguments": {}});
        if let Era::Sessionless = self {
            params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {}});
        }
        (1..=CONNECTIONS)
            .map(|id| post(id, "tools/call", &params, &headers))
            .collect()
    }
}

/// Opens a session and gives its id.
async fn session(address: SocketAddr) -> String {
    let client = json!({"name": "bench", "version": "1"});
    let opening = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
    let reply = once(address, &post(0, "initialize", &opening, "")).await;
    let id = wire::session(&reply);
    let opened = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    once(
        address,
        &wire::post(&secret(), &opened, &format!("Mcp-Session-Id: {id}\r\n")),
    )
    .await;
    id
}

/// The server as an operator starts it.
struct Product {
    child: process::Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Product {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tokens = folder.path().join("tokens.json");
        let hash = wire::hash_of(&secret());
        let entry = json!({"name": "noc", "hash": hash, "routers": ["*"], "tools": ["*"]});
        std::fs::write(&tokens, json!({"version": 1, "tokens": [entry]}).to_string()).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_rust-junosmcp"))
            .args(["--lab=3", "-t", "streamable-http", "-p", "0", "--insecure-file-modes"])
            .args([
                "--max-inflight-requests-per-token=0",
                "--audit-format=off",
                "--tokens-file",
            ])
            .arg(&tokens)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut log = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        while !line.contains("streamable-http listening on ") {
            line.clear();
            assert_ne!(log.read_line(&mut line).expect("text"), 0, "the server has ended");
        }
        let url = line.split(" on http://").nth(1).expect("a URL");
        let address = url.trim().trim_end_matches("/mcp").parse().expect("an address");
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self {
            child,
            address,
            _folder: folder,
        }
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn post(id: usize, method: &str, params: &Value, headers: &str) -> Vec<u8> {
    let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    wire::post(&secret(), &message, headers)
}

fn secret() -> String {
    "A".repeat(43)
}

/// This program as another server, in a process of its own as the product is.
struct Child {
    process: process::Child,
    address: SocketAddr,
}

impl Child {
    fn start(arguments: &[&str], body: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program");
        let mut input = process.stdin.take().expect("piped");
        input.write_all(body.as_bytes()).expect("written");
        drop(input);
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("an address");
        let address = line.trim().parse().expect("an address");
        Self { process, address }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has nothing to finish.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the child does: axum, and nothing before or behind it.
pub(crate) async fn child(kind: String) {
    let mut body = String::new();
    std::io::stdin().read_to_string(&mut body).expect("text");
    let body = bytes::Bytes::from(body);
    let answer = move |_: bytes::Bytes| {
        let body = body.clone();
        let kind = kind.clone();
        async move { ([(axum::http::header::CONTENT_TYPE, kind)], body) }
    };
    listen(axum::Router::new().route("/mcp", axum::routing::post(answer))).await;
}

/// The library of the protocol, and behind it a handler that answers every call with the same result.
pub(crate) async fn library_child() {
    let mut message = String::new();
    std::io::stdin().read_to_string(&mut message).expect("text");
    let message: Value = serde_json::from_str(&message).expect("a message");
    let result: CallToolResult = serde_json::from_value(message["result"].clone()).expect("the result of a tool");
    let constant = Constant(Arc::new(result));
    let config = StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_sse_retry(None);
    let service = StreamableHttpService::new(
        move || Ok(constant.clone()),
        Arc::new(LocalSessionManager::default()),
        config,
    );
    listen(axum::Router::new().nest_service("/mcp", service)).await;
}

/// Answers every call with the same result.
#[derive(Clone)]
struct Constant(Arc<CallToolResult>);

impl ServerHandler for Constant {
    async fn call_tool(
        &self,
        _: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::clone(&self.0).into())
    }
}

async fn listen(router: axum::Router) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("bound"));
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("an option"));
    axum::serve(listener, router).await.expect("it serves");
}

/// Time per call when all connections ask as fast as they are answered.
async fn load(address: SocketAddr, requests: &[Vec<u8>]) -> Duration {
    let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut clients = tokio::task::JoinSet::new();
    for request in requests {
        let (count, stop, request) = (Arc::clone(&count), Arc::clone(&stop), request.clone());
        clients.spawn(async move {
            let mut stream = wire::connect(address).await;
            let mut buffer = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                wire::exchange(&mut stream, &request, &mut buffer).await;
                assert!(
                    buffer.starts_with(b"HTTP/1.1 200"),
                    "{}",
                    String::from_utf8_lossy(&buffer)
                );
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let (before, started) = (count.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(MEASURED).await;
    let calls = count.load(Ordering::Relaxed) - before;
    let time = started.elapsed();
    stop.store(true, Ordering::Relaxed);
    while clients.join_next().await.is_some() {}
    time.div_f64(calls as f64)
}

async fn once(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut buffer = Vec::new();
    wire::exchange(&mut wire::connect(address).await, request, &mut buffer).await;
    buffer
}
