//! A server over HTTP that a test has started.

use std::{
    io::{BufRead, BufReader, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use super::client::{Ask, Reply, connect, exchange};
use crate::cli::program::{Program, Running};

/// The log is not silent for longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What serves over HTTP, on a port that is free, behind the tokens of [`tokens`].
pub(crate) const OVER_HTTP: [&str; 5] = ["-t", "streamable-http", "-p", "0", "--tokens-file=tokens.json"];

/// A server that listens.
pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    log: Arc<(Mutex<Vec<String>>, Condvar)>,
}

/// A file of tokens: `noc` may read everything, `desk` too, `none` may do nothing, `old` has expired.
pub(crate) fn tokens() -> String {
    json!({"version": 1, "tokens": [
        {"name": "noc", "hash": hash_of('A'), "routers": ["*"], "tools": ["*"]},
        {"name": "desk", "hash": hash_of('B'), "routers": ["edge-*"], "tools": ["effect:read"]},
        {"name": "none", "hash": hash_of('C'), "routers": ["*"], "tools": []},
        {"name": "old", "hash": hash_of('D'), "routers": ["*"], "tools": ["*"], "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "lead", "hash": hash_of('E'), "routers": ["*"], "tools": ["effect:read", "effect:write"]},
        {"name": "site", "hash": hash_of('F'), "routers": ["edge-*"], "tools": ["effect:read", "effect:write"]},
    ]})
    .to_string()
}

impl Server {
    /// A lab of two routers behind tokens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::of(Program::new(&[&["--lab=2"], &OVER_HTTP[..], arguments].concat()))
    }

    /// A lab of two routers that asks for no token.
    pub(crate) fn open(arguments: &[&str]) -> Self {
        Self::of(Program::new(
            &[
                &["--lab=2", "-t", "streamable-http", "-p", "0", "--allow-no-auth"],
                arguments,
            ]
            .concat(),
        ))
    }

    /// That of a program, which gets a file of tokens.
    pub(crate) fn of(program: Program) -> Self {
        let mut running = program.file("tokens.json", 0o600, &tokens()).start();
        let log: Arc<(Mutex<Vec<String>>, Condvar)> = Arc::default();
        let stderr = BufReader::new(running.take_stderr());
        let written = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                written.0.lock().expect("not poisoned").push(line);
                written.1.notify_all();
            }
        });
        let mut server = Self {
            running,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            url: String::new(),
            log,
        };
        let line = server.logged("streamable-http listening on ");
        let url = line.split(" on ").nth(1).expect("an address");
        server.url = url.trim_end_matches(" (TLS)").to_owned();
        let authority = server
            .url
            .split("://")
            .nth(1)
            .expect("a URL")
            .trim_end_matches("/mcp")
            .to_owned();
        server.address = authority.parse().expect("an address");
        server
    }

    /// Waits for a line of the log.
    pub(crate) fn logged(&self, part: &str) -> String {
        self.line_where(PATIENCE, |line| line.contains(part))
    }

    /// Waits for the record of a call of a tool.
    pub(crate) fn record(&self, tool: &str) -> Value {
        self.record_where(|record| record["event"] == "tool_call" && record["tool"] == tool)
    }

    /// Waits for an audit record on standard error.
    pub(crate) fn record_where(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.record_within(PATIENCE, wanted)
    }

    /// Waits for an audit record that may take longer.
    pub(super) fn record_within(&self, patience: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let parsed = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_default();
        parsed(&self.line_where(patience, |line| wanted(&parsed(line))))
    }

    fn line_where(&self, patience: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let mut lines = self.log.0.lock().expect("not poisoned");
        loop {
            if let Some(line) = lines.iter().find(|line| wanted(line)) {
                return line.clone();
            }
            let wait = self.log.1.wait_timeout(lines, patience);
            let (next, timeout) = wait.expect("not poisoned");
            lines = next;
            assert!(!timeout.timed_out(), "no such line in {lines:?}");
        }
    }

    /// The log so far.
    pub(crate) fn log(&self) -> String {
        self.log.0.lock().expect("not poisoned").join("\n")
    }

    pub(crate) fn send(&self, ask: &Ask) -> Reply {
        Reply::read(&exchange(self.address, &ask.bytes()))
    }

    /// The stream of a session of the token `noc`: what comes after its first line.
    pub(super) fn stream(&self) -> BufReader<TcpStream> {
        let ask = Ask::get("/mcp")
            .authorized()
            .session(&self.session())
            .header("Accept", "text/event-stream");
        let mut stream = BufReader::new(connect(self.address));
        stream.get_mut().write_all(&ask.bytes()).expect("sent");
        let mut line = String::new();
        stream.read_line(&mut line).expect("a status");
        assert_eq!(line.trim(), "HTTP/1.1 200 OK");
        stream
    }

    /// Waits for the record of a request that was refused before it was a call.
    pub(super) fn refused(&self, status: u16, reason: &str) -> Value {
        self.record_where(|record| {
            record["event"] == "http_reject" && record["status"] == status && record["reason"] == reason
        })
    }

    /// A counter, as `/metrics` shows it to the token `noc`; 0 where it has not begun.
    pub(super) fn counter(&self, name: &str) -> u64 {
        let shown = self.send(&Ask::get("/metrics").authorized());
        assert_eq!(shown.status, 200, "{shown:?}");
        let mut lines = shown.body.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().expect("a number"))
    }

    /// A session of the token `noc`.
    pub(crate) fn session(&self) -> String {
        let reply = self.send(&Ask::initialize().authorized());
        let id = reply.header("mcp-session-id").unwrap_or_else(|| panic!("{reply:?}"));
        id.to_owned()
    }
}

/// `sha256:` of 43 equal letters.
fn hash_of(letter: char) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(String::from(letter).repeat(43).as_bytes());
    format!(
        "sha256:{}",
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
    )
}
