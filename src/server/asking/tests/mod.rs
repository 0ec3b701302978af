//! Questions as clients see them: each answer in each era, with what the router saw meanwhile.

mod adding;
mod destroying;
mod modern;
mod older;
mod plans;
mod seals;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Settings},
    clock::Clock,
    devices::{Dial, KnownHosts, OpenPipe},
    inventory::InventorySource,
    lab::{Lab, LabSettings, RouterHandle},
    server::stdio::serve_on,
    tools::{ConfirmPolicy, registry},
};

const CHANGE: &str = "set snmp location B7";

/// A product with two routers of a lab.
pub(super) struct Site {
    lab: Lab,
    app: Arc<App>,
    folder: TempDir,
}

impl Site {
    pub(super) async fn new(confirm: ConfirmPolicy) -> Self {
        Self::made(confirm, |_, _, _| ()).await
    }

    /// A product whose settings are changed before it starts.
    async fn made(confirm: ConfirmPolicy, change: impl FnOnce(&mut Settings, &Lab, &Path)) -> Self {
        let clock = Clock::system();
        let names = vec!["edge1".to_owned(), "edge2".to_owned()];
        let lab = Lab::start(LabSettings {
            names: names.clone(),
            clock,
            ..LabSettings::new(2)
        });
        let lab = lab.await.expect("a lab in memory");
        let (mut dials, mut entries, mut known_hosts) = (HashMap::new(), Map::new(), String::new());
        for (index, name) in names.iter().enumerate() {
            let router = lab.router(name).expect("a router").clone();
            let host = format!("192.0.2.{}", index + 1);
            known_hosts.push_str(&format!("{}\n", router.host_key_line(&host, 830)));
            let auth = json!({"type": "password", "password": router.password()});
            let entry = json!({"ip": host, "port": 830, "username": router.username(), "auth": auth});
            entries.insert(name.clone(), entry);
            let open: OpenPipe = Arc::new(move || router.connect());
            dials.insert((host, 830), Dial::Pipe(open));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::new(InventorySource::Text(Value::Object(entries).to_string()));
        settings.devices.known_hosts = KnownHosts::Memory(known_hosts);
        settings.audit.file = Some(folder.path().join("audit.jsonl"));
        settings.devices.dials = dials;
        settings.tools.confirm = confirm;
        settings.renderer = program();
        change(&mut settings, &lab, folder.path());
        let mut tools = registry();
        tools.push(destroying::spec());
        Self {
            app: App::start_with(settings, tools).expect("good settings"),
            lab,
            folder,
        }
    }

    pub(super) fn router(&self, name: &str) -> &RouterHandle {
        self.lab.router(name).expect("a router")
    }

    /// What a colleague commits at the router's own command line.
    fn colleague(&self, line: &str) {
        let router = self.router("edge1");
        router.edit_as("ann", line).expect("nobody else edits");
        router.commit_as("ann").expect("committed");
    }

    /// No lock, no uncommitted work, no session in use.
    async fn assert_nothing_is_held(&self) {
        for router in self.lab.routers() {
            assert_eq!(router.locked_by(), None, "{}", router.name());
            assert_eq!(router.uncommitted(), "", "{}", router.name());
        }
        let text = self.app.metrics().await;
        let busy = text
            .lines()
            .find(|line| line.contains("device_sessions{state=\"busy\"}"));
        assert!(busy.is_some_and(|line| line.ends_with(" 0")), "{busy:?}");
    }

    /// The records of calls, each once its call has ended.
    fn records(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("audit.jsonl")).expect("a file");
        let records = text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        records
            .filter(|record: &Value| record["event"] == "tool_call")
            .collect()
    }

    /// A client that can ask its user.
    pub(super) fn client(&self) -> Client {
        Client::of(&self.app, json!({"elicitation": {"form": {}}}))
    }

    /// One that cannot.
    pub(super) fn mute_client(&self) -> Client {
        Client::of(&self.app, json!({}))
    }
}

/// The tests' own program renders nothing: templates go through the product that cargo built, if it did.
fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a path");
    let folder = tests.parent().and_then(|deps| deps.parent()).expect("a folder");
    folder.join("rust-junosmcp")
}

/// A client at the other end of the pipes.
pub(super) struct Client {
    writer: DuplexStream,
    reader: Lines<BufReader<DuplexStream>>,
    capabilities: Value,
    next_id: u64,
    _server: JoinHandle<()>,
}

impl Client {
    fn of(app: &Arc<App>, capabilities: Value) -> Self {
        let (writer, server_reader) = tokio::io::duplex(1 << 16);
        let (server_writer, reader) = tokio::io::duplex(1 << 16);
        let serving = serve_on(Arc::clone(app), CancellationToken::new(), server_reader, server_writer);
        Self {
            writer,
            reader: BufReader::new(reader).lines(),
            capabilities,
            next_id: 0,
            _server: tokio::spawn(serving),
        }
    }

    /// Opens a session of the older era.
    async fn opened(mut self) -> Self {
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": self.capabilities,
            "clientInfo": {"name": "t", "version": "1"}});
        self.send(&json!({"jsonrpc": "2.0", "id": "open", "method": "initialize", "params": params}))
            .await;
        assert_eq!(self.next().await["id"], "open");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await;
        self
    }

    async fn send(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.writer.write_all(line.as_bytes()).await.expect("the server reads");
    }

    async fn next(&mut self) -> Value {
        let line = self.reader.next_line().await.expect("text").expect("a line");
        serde_json::from_str(&line).expect("every line is JSON")
    }

    /// Sends a call in the older form; gives its id.
    async fn begin(&mut self, tool: &str, arguments: Value) -> u64 {
        self.next_id += 1;
        let params = json!({"name": tool, "arguments": arguments});
        self.send(&json!({"jsonrpc": "2.0", "id": self.next_id, "method": "tools/call", "params": params}))
            .await;
        self.next_id
    }

    /// One call in the newer form, perhaps with what was answered to an earlier one.
    pub(super) async fn call(&mut self, tool: &str, arguments: Value, brought: Value) -> Value {
        self.next_id += 1;
        let mut params = json!({"name": tool, "arguments": arguments, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": self.capabilities,
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        }});
        for (name, value) in brought.as_object().expect("members") {
            params[name.as_str()] = value.clone();
        }
        self.send(&json!({"jsonrpc": "2.0", "id": self.next_id, "method": "tools/call", "params": params}))
            .await;
        let answer = self.next().await;
        assert_eq!(answer["id"], self.next_id, "{answer}");
        answer
    }
}

/// What a repeated call brings: the state of the question and an answer to it.
pub(super) fn answering(asked: &Value, action: &str, content: Value) -> Value {
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required", "{asked}");
    let key = result["inputRequests"]
        .as_object()
        .and_then(|all| all.keys().next())
        .expect("a question");
    let mut response = json!({"action": action});
    if !content.is_null() {
        response["content"] = content;
    }
    json!({"requestState": result["requestState"], "inputResponses": {key: response}})
}

pub(super) fn accepting(asked: &Value) -> Value {
    answering(asked, "accept", json!({"confirm": true}))
}

/// The code of a failed call.
#[track_caller]
pub(super) fn code(answer: &Value) -> &str {
    answer["result"]["structuredContent"]["error"]["code"]
        .as_str()
        .unwrap_or_default()
}

pub(super) fn change() -> Value {
    json!({"router_name": "edge1", "config_text": CHANGE})
}
