//! An MCP client of few words: one JSON object per line to a server it started itself.

use std::{
    ffi::OsStr,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// No step of the tour takes that long; a server that is silent for longer is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server and the line to it. The server ends when this is dropped.
pub(super) struct Client {
    server: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    last_id: u64,
}

/// What came back, and after how long.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The `result` member, or null.
    pub(super) result: Value,
    /// The `error` member, when the request itself was refused.
    pub(super) error: Option<Value>,
    /// From the question to the answer.
    pub(super) took: Duration,
}

impl Client {
    /// Starts this program as a server with these arguments.
    pub(super) fn start(arguments: &[impl AsRef<OsStr>]) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot tell where this program is")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .args(["--log-level", "error", "--audit-format", "off"]);
        // The tour is the same for everybody, whatever this shell is set up for.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JMCP_")) {
            command.env_remove(name);
        }
        let mut server = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the server")?;
        let input = server.stdin.take().context("the server has no input")?;
        let output = server.stdout.take().context("the server has no output")?;
        Ok(Self {
            server,
            input,
            output: BufReader::new(output).lines(),
            last_id: 0,
        })
    }

    /// Introduces itself, as any client does first.
    pub(super) async fn greet(&mut self) -> anyhow::Result<Answer> {
        let introduction = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": { "name": "tour", "version": env!("CARGO_PKG_VERSION") },
        });
        let answer = self.ask("initialize", &introduction).await?;
        self.tell("notifications/initialized").await?;
        Ok(answer)
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&mut self, method: &str, params: &Value) -> anyhow::Result<Answer> {
        self.last_id += 1;
        let id = self.last_id;
        let asked = Instant::now();
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await?;
        let answer = tokio::time::timeout(PATIENCE, self.answer(id))
            .await
            .with_context(|| format!("no answer to {method} within {} s", PATIENCE.as_secs()))??;
        Ok(Answer {
            result: answer.get("result").cloned().unwrap_or_default(),
            error: answer.get("error").cloned(),
            took: asked.elapsed(),
        })
    }

    /// Says something that has no answer.
    async fn tell(&mut self, method: &str) -> anyhow::Result<()> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method })).await
    }

    /// Hangs up; the server should end by itself, and well.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        let Self {
            mut server,
            input,
            output,
            ..
        } = self;
        drop(input);
        let status = tokio::time::timeout(PATIENCE, server.wait())
            .await
            .context("the server did not end")??;
        drop(output);
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }

    async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let line = format!("{message}\n");
        self.input
            .write_all(line.as_bytes())
            .await
            .context("the server does not listen")?;
        self.input.flush().await.context("the server does not listen")
    }

    /// The answer of that id; what the server says unasked is passed over.
    async fn answer(&mut self, id: u64) -> anyhow::Result<Value> {
        while let Some(line) = self.output.next_line().await.context("the server cannot be read")? {
            let message: Value =
                serde_json::from_str(&line).with_context(|| format!("the server printed something else: {line}"))?;
            let is_answer = message.get("method").is_none() && message.get("id").and_then(Value::as_u64) == Some(id);
            if is_answer {
                return Ok(message);
            }
        }
        bail!("the server ended without an answer");
    }
}

impl Answer {
    /// What was seen without asking a server.
    pub(super) fn seen(text: &str) -> Self {
        Self {
            result: json!({ "content": [{ "type": "text", "text": text }] }),
            error: None,
            took: Duration::ZERO,
        }
    }

    /// All texts of a tool's result, one after the other.
    pub(super) fn text(&self) -> String {
        let blocks = self.result["content"].as_array();
        let texts = blocks.into_iter().flatten().filter_map(|block| block["text"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The structured part of a tool's result, or null.
    pub(super) fn structured(&self) -> &Value {
        &self.result["structuredContent"]
    }

    /// A fact of the call itself, or null.
    pub(super) fn meta(&self, name: &str) -> &Value {
        &self.result["_meta"][name]
    }

    /// Whether the call failed.
    pub(super) fn is_failure(&self) -> bool {
        self.error.is_some() || self.result["isError"] == Value::Bool(true)
    }

    /// The code of a failed call.
    pub(super) fn code(&self) -> Option<&str> {
        self.structured()["error"]["code"].as_str()
    }
}
