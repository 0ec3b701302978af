//! The program under test as a child that serves over stdio, its log read line by line.

use std::process::Stdio;

use rustix::process::{Pid, Signal};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use super::site::{PATIENCE, Site};

/// A server; killed when dropped.
pub(super) struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    log: Lines<BufReader<ChildStderr>>,
    logged: Vec<String>,
}

/// What a server left behind.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) log: Vec<String>,
}

impl Ended {
    /// The audit record of the last call of a tool.
    pub(super) fn record(&self, tool: &str) -> Value {
        let records = self
            .log
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut records = records.filter(|record| record["tool"] == tool);
        records
            .next_back()
            .unwrap_or_else(|| panic!("no record: {:#?}", self.log))
    }
}

impl Server {
    /// Starts a server with the files of this site.
    pub(super) fn start(site: &Site, options: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rust-junosmcp"))
            .env_clear()
            .env("HOME", site.path(""))
            .arg("--device-mapping")
            .arg(site.path("devices.json"))
            .arg("--known-hosts-file")
            .arg(site.path("known_hosts"))
            .arg("--state-dir")
            .arg(site.path("state"))
            .args(["--audit-format", "json"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().expect("piped")).lines(),
            log: BufReader::new(child.stderr.take().expect("piped")).lines(),
            logged: Vec::new(),
            child,
        }
    }

    pub(super) async fn greet(&mut self) {
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        });
        self.send(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello }))
            .await;
        self.answer(0).await;
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
    }

    /// Calls a tool and waits for its result.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.call_as(1, tool, arguments).await
    }

    /// As [`Server::call`], beside another call.
    pub(super) async fn call_as(&mut self, id: u64, tool: &str, arguments: Value) -> Value {
        self.begin(id, tool, arguments).await;
        self.answer(id).await
    }

    /// Calls a tool and leaves it running.
    pub(super) async fn begin(&mut self, id: u64, tool: &str, arguments: Value) {
        let params = json!({ "name": tool, "arguments": arguments });
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }))
            .await;
    }

    /// Says that the result of a call is not wanted any more.
    pub(super) async fn cancel(&mut self, id: u64) {
        let params = json!({ "requestId": id });
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }))
            .await;
    }

    /// Waits for the result of a request that is no call of a tool.
    pub(super) async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        self.answer(id).await
    }

    /// Waits for the result of a call.
    pub(super) async fn answer(&mut self, id: u64) -> Value {
        self.message(|message| message["id"] == id).await["result"].take()
    }

    /// Waits for something that the server says of its own accord.
    pub(super) async fn told(&mut self, method: &str) -> Value {
        self.message(|message| message["method"] == method).await["params"].take()
    }

    async fn message(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = timeout(PATIENCE, self.output.next_line())
                .await
                .expect("a message in time");
            let line = line.expect("text").expect("the server goes on");
            let message: Value = serde_json::from_str(&line).expect("a message");
            if wanted(&message) {
                return message;
            }
        }
    }

    async fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("open");
        input
            .write_all(format!("{message}\n").as_bytes())
            .await
            .expect("the server listens");
        input.flush().await.expect("the server listens");
    }

    /// Waits for a line of the log that holds this text.
    pub(super) async fn logs(&mut self, text: &str) -> String {
        loop {
            let line = timeout(PATIENCE, self.log.next_line()).await.expect("a line in time");
            let line = line
                .expect("text")
                .unwrap_or_else(|| panic!("'{text}' is not logged: {:#?}", self.logged));
            self.logged.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let process = id.and_then(Pid::from_raw).expect("it runs");
        rustix::process::kill_process(process, signal).expect("it runs");
    }

    /// Ends it as a crash would.
    pub(super) async fn kill(mut self) {
        self.child.kill().await.expect("it runs");
    }

    /// Hangs up.
    pub(super) fn hang_up(&mut self) {
        self.input = None;
    }

    /// Hangs up and waits for its end.
    pub(super) async fn end(mut self) -> Ended {
        self.hang_up();
        self.wait().await
    }

    /// Waits for its end while its input stays as it is.
    pub(super) async fn wait(mut self) -> Ended {
        while let Some(line) = timeout(PATIENCE, self.log.next_line())
            .await
            .expect("it ends in time")
            .expect("text")
        {
            self.logged.push(line);
        }
        let status = timeout(PATIENCE, self.child.wait()).await.expect("it ends in time");
        Ended {
            code: status.expect("a child").code(),
            log: self.logged,
        }
    }
}
