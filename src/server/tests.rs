//! The wire as a client sees it: framing, both eras on one process, failures.

mod ended;
mod progress;

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::stdio::serve_on;
use crate::{
    app::{App, Settings},
    audit::AuditFormat,
    inventory::InventorySource,
    junos::DeviceText,
    tools::{Call, Effect, Failure, Spec, Text, registry},
    work::Step,
};

/// Does as it is told.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Behaviour {
    Answer,
    Panic,
    Hang,
    Report,
}

/// Behave.
#[derive(Deserialize, JsonSchema)]
struct Args {
    /// How.
    behaviour: Behaviour,
}

async fn behave(call: Call, args: Args) -> Result<Text, Failure> {
    match args.behaviour {
        Behaviour::Answer => Ok(Text::device(DeviceText::new("done".to_owned()))),
        Behaviour::Panic => panic!("a secret hunter2 in a message"),
        Behaviour::Hang => std::future::pending().await,
        Behaviour::Report => {
            for done in 1..=50 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                call.work().report(Step {
                    done,
                    total: Some(50),
                    message: "counting".to_owned(),
                });
            }
            Ok(Text::device(DeviceText::new("done".to_owned())))
        }
    }
}

/// The product, offering one tool more: `behave` does as it is told.
pub(super) fn misbehaving() -> Arc<App> {
    let mut settings = Settings::new(InventorySource::Text("{}".to_owned()));
    settings.audit.format = AuditFormat::Off;
    let mut tools = registry();
    tools.push(Spec::text("behave", "Behave", Effect::Read, behave));
    App::start_with(settings, tools).expect("good settings")
}

/// A client at the other end of the pipes.
struct Client {
    writer: DuplexStream,
    reader: Lines<BufReader<DuplexStream>>,
    server: JoinHandle<()>,
}

impl Client {
    fn start() -> Self {
        let app = misbehaving();
        let (writer, server_reader) = tokio::io::duplex(1 << 16);
        let (server_writer, reader) = tokio::io::duplex(1 << 16);
        let server = tokio::spawn(serve_on(app, CancellationToken::new(), server_reader, server_writer));
        Self {
            writer,
            reader: BufReader::new(reader).lines(),
            server,
        }
    }

    /// A client that has opened a session of the era with sessions.
    async fn opened() -> Self {
        let mut client = Self::start();
        client.send(&initialize()).await;
        assert_eq!(client.next().await["id"], 0);
        client
            .send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await;
        client
    }

    async fn send(&mut self, message: &Value) {
        self.write(message.to_string().as_bytes()).await;
    }

    async fn write(&mut self, line: &[u8]) {
        self.writer.write_all(line).await.expect("the server reads");
        self.writer.write_all(b"\n").await.expect("the server reads");
    }

    async fn next(&mut self) -> Value {
        let line = self
            .reader
            .next_line()
            .await
            .expect("the server writes text")
            .expect("a line");
        serde_json::from_str(&line).expect("every line is JSON")
    }

    async fn ask(&mut self, message: &Value) -> Value {
        self.send(message).await;
        self.next().await
    }
}

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
}

fn call(id: u64, tool: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

fn modern(mut message: Value) -> Value {
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    });
    message
}

#[tokio::test]
async fn both_eras_are_served_interleaved_on_one_process() {
    let mut client = Client::opened().await;
    let legacy = client
        .ask(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}))
        .await;
    assert!(legacy["result"].get("resultType").is_none(), "{legacy}");
    let answer = client
        .ask(&modern(
            json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}),
        ))
        .await;
    assert_eq!(answer["result"]["resultType"], "complete");
    assert_eq!(answer["result"]["cacheScope"], "private");
    assert_eq!(answer["result"]["tools"], legacy["result"]["tools"]);
    let answer = client.ask(&call(3, "behave", json!({"behaviour": "answer"}))).await;
    assert_eq!(answer["result"]["content"][0]["text"], "done");
    let answer = client
        .ask(&modern(call(4, "behave", json!({"behaviour": "answer"}))))
        .await;
    assert_eq!(answer["result"]["resultType"], "complete");
}

#[tokio::test]
async fn a_modern_client_needs_no_opening_and_may_ask_what_there_is() {
    let mut client = Client::start();
    let discover = modern(json!({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {}}));
    let answer = client.ask(&discover).await;
    let instructions = answer["result"]["instructions"].as_str().expect("instructions");
    assert!(instructions.contains("get_router_list"), "{answer}");
    assert_eq!(answer["result"]["cacheScope"], "private", "{answer}");
    let answer = client
        .ask(&modern(call(2, "behave", json!({"behaviour": "answer"}))))
        .await;
    assert_eq!(answer["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn the_opening_names_this_server_and_claims_only_what_is_served() {
    let mut client = Client::start();
    let answer = client.ask(&initialize()).await;
    assert_eq!(answer["result"]["serverInfo"]["name"], "rust-junosmcp");
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    assert!(
        answer["result"]["instructions"]
            .as_str()
            .is_some_and(|text| text.len() <= 2000)
    );
    let claimed: Vec<&String> = answer["result"]["capabilities"]
        .as_object()
        .expect("capabilities")
        .keys()
        .collect();
    assert_eq!(claimed, ["completions", "prompts", "resources", "tools"]);
}

#[tokio::test]
async fn tools_are_listed_in_the_order_of_the_registry_every_time_alike() {
    let mut client = Client::opened().await;
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let (first, second) = (client.ask(&list).await, client.ask(&list).await);
    assert_eq!(first.to_string(), second.to_string());
    let tools = first["result"]["tools"].as_array().expect("tools");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    let registered: Vec<&str> = registry().iter().map(|spec| spec.name).chain(["behave"]).collect();
    assert_eq!(names, registered);
}

#[tokio::test]
async fn a_notification_that_comes_first_does_no_harm() {
    let mut client = Client::start();
    client
        .send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        .await;
    assert_eq!(client.ask(&initialize()).await["id"], 0);
    let answer = client.ask(&call(1, "behave", json!({"behaviour": "answer"}))).await;
    assert_eq!(answer["result"]["isError"], false);
}

#[tokio::test]
async fn lines_that_are_no_messages_are_answered_and_the_next_one_is_served() {
    let mut client = Client::opened().await;
    let id = json!(null);
    for (line, code, id) in [
        ("garbage", -32700, &id),
        ("{\"jsonrpc\": \"2.0\"", -32700, &id),
        ("[{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"ping\"}]", -32600, &id),
        ("5", -32600, &id),
        (
            "{\"jsonrpc\": \"1.0\", \"id\": 9, \"method\": \"ping\"}",
            -32600,
            &json!(9),
        ),
    ] {
        client.write(line.as_bytes()).await;
        let answer = client.next().await;
        assert_eq!(
            (&answer["error"]["code"], answer.get("id")),
            (&json!(code), Some(id)),
            "{line}"
        );
    }
    let answer = client.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await;
    assert_eq!(answer["id"], 2);
}

#[tokio::test]
async fn a_line_or_an_argument_that_is_too_large_is_refused_and_forgotten() {
    let mut client = Client::opened().await;
    let argument = call(1, "behave", json!({"behaviour": "x".repeat(100 << 20)})).to_string();
    for line in [vec![b'x'; 17 << 20], argument.into_bytes()] {
        client.write(&line).await;
        let answer = client.next().await;
        assert_eq!(
            (&answer["error"]["code"], &answer["id"]),
            (&json!(-32700), &Value::Null)
        );
        assert_eq!(
            client.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "ping"})).await["id"],
            2
        );
    }
}

#[tokio::test]
async fn what_is_no_call_is_a_protocol_error() {
    let mut client = Client::opened().await;
    let answer = client.ask(&call(1, "nonsense", json!({}))).await;
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(answer["error"]["message"], "Unknown tool: nonsense");
    let malformed = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": 5}});
    assert_eq!(client.ask(&malformed).await["error"]["code"], -32602);
    let malformed =
        json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "behave", "arguments": []}});
    assert_eq!(client.ask(&malformed).await["error"]["code"], -32602);
    let cursor = json!({"jsonrpc": "2.0", "id": 4, "method": "tools/list", "params": {"cursor": "x"}});
    assert_eq!(client.ask(&cursor).await["error"]["code"], -32602);
    let unknown = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/nothing"});
    assert_eq!(client.ask(&unknown).await["error"]["code"], -32601);
    let resource =
        json!({"jsonrpc": "2.0", "id": 6, "method": "resources/read", "params": {"uri": "junos://outputs/o-1"}});
    assert_eq!(client.ask(&resource).await["error"]["code"], -32002);
    assert_eq!(client.ask(&modern(resource)).await["error"]["code"], -32602);
}

#[tokio::test]
async fn a_refused_argument_is_a_result_with_code_and_hint() {
    let mut client = Client::opened().await;
    let answer = client.ask(&call(1, "behave", json!({"behavior": "hunter2"}))).await;
    let result = &answer["result"];
    assert_eq!(
        (&result["isError"], &result["structuredContent"]["error"]["code"]),
        (&json!(true), &json!("unknown_argument"))
    );
    let text = result["content"][0]["text"].as_str().expect("text");
    assert!(
        text.contains("[code=unknown_argument]\nhint: did you mean 'behaviour'?"),
        "{text}"
    );
    assert!(!answer.to_string().contains("hunter2"));
}

#[tokio::test]
async fn a_panic_is_answered_with_its_incident_and_the_process_lives() {
    let mut client = Client::opened().await;
    let answer = client.ask(&call(1, "behave", json!({"behaviour": "panic"}))).await;
    let result = &answer["result"];
    let incident = result["_meta"]["call_id"].as_str().expect("a call id");
    assert_eq!(result["structuredContent"]["error"]["code"], "internal");
    assert!(
        result["content"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains(incident)),
        "{answer}"
    );
    assert!(!answer.to_string().contains("hunter2"));
    let answer = client.ask(&call(2, "behave", json!({"behaviour": "answer"}))).await;
    assert_eq!(answer["result"]["isError"], false);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_not_answered_and_the_next_one_is() {
    let mut client = Client::opened().await;
    client.send(&call(1, "behave", json!({"behaviour": "hang"}))).await;
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    client.send(&cancel).await;
    assert_eq!(
        client.ask(&call(2, "behave", json!({"behaviour": "answer"}))).await["id"],
        2
    );
    assert_eq!(
        client.ask(&json!({"jsonrpc": "2.0", "id": 3, "method": "ping"})).await["id"],
        3
    );
}
