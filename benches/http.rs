//! The price of HTTP: an authenticated call over a hundred connections, against a handler that only sends the same bytes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::wire;

const CONNECTIONS: usize = 100;

/// One call takes less than what a row can show.
const CALLS: u32 = 1000;

/// Time for clients to get going, and time that is measured.
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(4);

/// Rows of both eras: time per call at full load, of the product and of the bare handler.
pub(crate) fn rows(row: impl Fn(&str, Duration, Duration, &str)) {
    let product = Product::start();
    crate::runtime().block_on(async {
        for (era, request) in [("sessionless", product.modern()), ("session", product.legacy().await)] {
            let reply = once(product.address, &request).await;
            let body = wire::body(&reply);
            assert!(body.contains("edge-1"), "{body}");
            let (mut bare, address) = bare(
                if era == "session" {
                    "text/event-stream"
                } else {
                    "application/json"
                },
                &body,
            );
            let measured = load(product.address, &request).await;
            let limit = load(address, &request).await;
            // The bare handler has nothing to finish.
            let _ = bare.kill();
            let _ = bare.wait();
            let name = format!("{CALLS} × get_router_list over HTTP, {CONNECTIONS} at once, {era}");
            row(&name, measured * CALLS, limit * CALLS, "<= 4.0");
        }
    });
}

/// The server as an operator starts it.
struct Product {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Product {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let tokens = folder.path().join("tokens.json");
        let hash = wire::hash_of(&"A".repeat(43));
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

    fn modern(&self) -> Vec<u8> {
        let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {}});
        let headers = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: get_router_list\r\n";
        post(
            "tools/call",
            json!({"name": "get_router_list", "arguments": {}, "_meta": meta}),
            headers,
        )
    }

    async fn legacy(&self) -> Vec<u8> {
        let client = json!({"name": "bench", "version": "1"});
        let opening = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        let reply = once(self.address, &post("initialize", opening, "")).await;
        let id = wire::session(&reply);
        let header = format!("Mcp-Session-Id: {id}\r\n");
        post(
            "tools/call",
            json!({"name": "get_router_list", "arguments": {}}),
            &header,
        )
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn post(method: &str, params: Value, headers: &str) -> Vec<u8> {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    wire::post(&"A".repeat(43), &message, headers)
}

/// A bare handler in a process of its own, as the product is.
fn bare(kind: &str, body: &str) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["http-child", kind])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program");
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(body.as_bytes())
        .expect("written");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped"))
        .read_line(&mut line)
        .expect("an address");
    (child, line.trim().parse().expect("an address"))
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
    let router = axum::Router::new().route("/mcp", axum::routing::post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("bound"));
    axum::serve(listener, router).await.expect("it serves");
}

/// Time per call when all connections ask as fast as they are answered.
async fn load(address: SocketAddr, request: &[u8]) -> Duration {
    let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (count, stop, request) = (Arc::clone(&count), Arc::clone(&stop), request.to_vec());
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
