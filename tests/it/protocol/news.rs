//! News that clients asked for: on sessions, on streams of their own, and when they end.

use std::{
    fs,
    io::{BufRead, BufReader, Lines, Write},
    net::TcpStream,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::wire::{Client, bearer, modern, request};
use crate::{
    cli::program::Program,
    http::{
        client::{Ask, connect},
        server::{OVER_HTTP, Server},
    },
};

fn entry() -> Value {
    json!({"ip": "192.0.2.1", "username": "lab", "auth": {"type": "ssh_agent", "socket": "/nowhere"}})
}

fn inventory(names: &[&str]) -> String {
    let routers = names.iter().map(|name| ((*name).to_owned(), entry()));
    Value::Object(routers.collect()).to_string()
}

fn program(arguments: &[&str]) -> Program {
    let all = [&["-f", "devices.json", "--file-watch-secs=0"], arguments].concat();
    Program::new(&all).file("devices.json", 0o600, &inventory(&["edge-1"]))
}

fn all_news() -> Value {
    json!({"notifications": {"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true,
        "resourceSubscriptions": ["junos://inventory", "junos://edge-1/facts", "junos://jobs/j-0", "nonsense"]}})
}

/// A stream over HTTP, read message by message.
struct Stream(Lines<BufReader<TcpStream>>);

impl Stream {
    fn open(server: &Server, ask: &Ask) -> Self {
        let mut stream = connect(server.address);
        stream.write_all(&ask.bytes()).expect("sent");
        Self(BufReader::new(stream).lines())
    }

    /// That of `subscriptions/listen`, for the holder of a token.
    fn listening(server: &Server, letter: char) -> Self {
        let ask = request("subscriptions/listen", None, all_news());
        let mut stream = Self::open(server, &bearer(ask, letter));
        let acknowledged = stream.next().expect("an acknowledgement");
        assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
        stream
    }

    /// The next message; none at the end.
    fn next(&mut self) -> Option<Value> {
        let mut lines = self.0.by_ref().map_while(Result::ok);
        let line = lines.find_map(|line| line.strip_prefix("data: ").map(str::to_owned))?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}")))
    }

    /// The methods of the next messages.
    fn methods(&mut self, count: usize) -> Vec<String> {
        let messages = (0..count).filter_map(|_| self.next());
        messages.map(|message| method(&message)).collect()
    }
}

fn method(message: &Value) -> String {
    message["method"]
        .as_str()
        .unwrap_or_else(|| panic!("{message}"))
        .to_owned()
}

const LIST: &str = "notifications/resources/list_changed";
const UPDATED: &str = "notifications/resources/updated";

#[test]
fn a_session_is_told_of_the_inventory_it_watches() {
    let mut client = Client::running(program(&[]));
    let answer = client.ask("resources/subscribe", json!({"uri": "junos://inventory"}));
    assert_eq!(answer["result"], json!({}), "{answer}");
    let write = |client: &Client, names: &[&str]| {
        fs::write(client.server.path("devices.json"), inventory(names)).expect("written");
        client.server.signal(Signal::HUP);
    };
    write(&client, &["edge-1", "edge-2"]);
    assert_eq!(method(&client.next()), LIST);
    let update = client.next();
    assert_eq!(
        (method(&update).as_str(), &update["params"]["uri"]),
        (UPDATED, &json!("junos://inventory"))
    );
    let answer = client.ask("resources/unsubscribe", json!({"uri": "junos://inventory"}));
    assert_eq!(answer["result"], json!({}), "{answer}");
    write(&client, &["edge-1"]);
    assert_eq!(method(&client.next()), LIST);
    // Nothing but the answer comes after that.
    client.ask("ping", json!({}));
}

#[test]
fn what_happens_before_the_client_says_that_it_is_ready_is_told_once_it_does() {
    let mut client = Client::opened(program(&[]));
    fs::write(client.server.path("devices.json"), inventory(&["edge-1", "edge-2"])).expect("written");
    client.server.signal(Signal::HUP);
    // Asked until the new inventory is in use.
    while !client.call("get_router_list", json!({})).to_string().contains("edge-2") {}
    client.ready();
    assert_eq!(method(&client.next()), LIST);
}

#[test]
fn only_what_there_is_can_be_watched() {
    let mut client = Client::running(program(&[]));
    for uri in [
        "junos://edge-1/facts",
        "junos://edge-1/config?format=set",
        "junos://inventory",
    ] {
        let answer = client.ask("resources/subscribe", json!({ "uri": uri }));
        assert_eq!(answer["result"], json!({}), "{uri}: {answer}");
    }
    for uri in [
        "junos://edge-2/facts",
        "junos://outputs/o-1",
        "junos://jobs/j-1",
        "nonsense",
    ] {
        let answer = client.ask("resources/subscribe", json!({ "uri": uri }));
        assert_eq!(answer["error"]["code"], -32002, "{uri}: {answer}");
    }
    // A session watches a hundred at most.
    for index in 3..100 {
        let answer = client.ask(
            "resources/subscribe",
            json!({"uri": format!("junos://edge-1/config?path=x{index}")}),
        );
        assert_eq!(answer["result"], json!({}), "{index}: {answer}");
    }
    let answer = client.ask("resources/subscribe", json!({"uri": "junos://edge-1/config?path=more"}));
    assert_eq!(answer["error"]["code"], -31000, "{answer}");
    assert_eq!(answer["error"]["data"]["error"]["code"], "overloaded");
    // Each era has its own way, in whatever form the other one is asked for.
    for (method, params) in [
        ("resources/subscribe", modern(json!({"uri": "junos://inventory"}))),
        ("resources/subscribe", modern(json!({}))),
        ("resources/unsubscribe", modern(json!({}))),
        ("subscriptions/listen", all_news()),
        ("subscriptions/listen", json!({})),
    ] {
        let answer = client.ask(method, params);
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
}

#[test]
fn a_stream_is_acknowledged_with_what_is_told_and_told_of_it() {
    let mut client = Client::running(program(&[]));
    let id = client.begin("subscriptions/listen", modern(all_news()));
    let acknowledged = client.next();
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(
        acknowledged["params"]["notifications"],
        json!({"toolsListChanged": true, "resourcesListChanged": true, "resourceSubscriptions": ["junos://inventory"]})
    );
    fs::write(client.server.path("devices.json"), inventory(&["edge-1", "edge-2"])).expect("written");
    // Both at once are told once: the second finds nothing new.
    client.server.signal(Signal::HUP);
    client.server.signal(Signal::HUP);
    // The session that the client has opened too is told in its own way.
    let mut told: Vec<(String, bool)> = Vec::new();
    for _ in 0..3 {
        let message = client.next();
        let key = "io.modelcontextprotocol/subscriptionId";
        let own = &message["params"]["_meta"][key];
        assert!(own.is_null() || own == &json!(id), "{message}");
        told.push((method(&message), !own.is_null()));
    }
    told.sort();
    let expected = [(LIST, false), (LIST, true), (UPDATED, true)];
    assert_eq!(told, expected.map(|(name, own)| (name.to_owned(), own)));
    client.say("notifications/cancelled", json!({"requestId": id}));
    let answer = client.ask("ping", json!({}));
    assert_eq!(answer["result"], json!({}), "{answer}");
}

#[test]
fn a_listener_does_not_keep_the_server_when_the_input_ends() {
    let mut client = Client::running(program(&[]));
    client.begin("subscriptions/listen", modern(all_news()));
    client.next();
    let started = std::time::Instant::now();
    let ended = client.server.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(started.elapsed().as_secs_f64() < 3.0, "{:?}", started.elapsed());
}

#[test]
fn news_over_http_reach_the_stream_and_the_session() {
    let server = Server::of(program(&OVER_HTTP));
    let mut stream = Stream::listening(&server, 'A');
    let session = server.session();
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    server.send(&Ask::message(&note).authorized().session(&session));
    let subscribe =
        json!({"jsonrpc": "2.0", "id": 2, "method": "resources/subscribe", "params": {"uri": "junos://inventory"}});
    let subscribed = server.send(&Ask::message(&subscribe).authorized().session(&session));
    assert_eq!(subscribed.json()["result"], json!({}), "{subscribed:?}");
    let get = Ask::get("/mcp").header("Accept", "text/event-stream");
    let mut older = Stream::open(&server, &get.authorized().session(&session));
    fs::write(server.running.path("devices.json"), inventory(&["edge-1", "edge-2"])).expect("written");
    server.running.signal(Signal::HUP);
    assert_eq!(stream.methods(2), [LIST, UPDATED]);
    assert_eq!(older.methods(2), [LIST, UPDATED]);
    // The end of the server ends the stream with its result.
    server.running.signal(Signal::TERM);
    let last = stream.next().expect("a result");
    assert_eq!(
        (&last["id"], &last["result"]["resultType"]),
        (&json!(1), &json!("complete")),
        "{last}"
    );
    assert!(stream.next().is_none());
}

#[test]
fn a_changed_token_is_told_of_its_tools_and_a_revoked_one_hears_no_more() {
    let server = Server::of(program(&OVER_HTTP));
    let (mut noc, mut desk, mut site) = (
        Stream::listening(&server, 'A'),
        Stream::listening(&server, 'B'),
        Stream::listening(&server, 'F'),
    );
    let path = server.running.path("tokens.json");
    let mut tokens: Value = serde_json::from_str(&fs::read_to_string(&path).expect("a file")).expect("JSON");
    let all = tokens["tokens"].as_array_mut().expect("tokens");
    all.retain(|token| token["name"] != "noc");
    for token in all.iter_mut().filter(|token| token["name"] == "desk") {
        token["tools"] = json!(["effect:read", "effect:operate"]);
    }
    fs::write(&path, tokens.to_string()).expect("written");
    server.running.signal(Signal::HUP);
    let last = noc.next().expect("a result");
    assert_eq!(last["result"]["resultType"], "complete", "{last}");
    assert!(noc.next().is_none());
    assert_eq!(desk.methods(2), ["notifications/tools/list_changed", LIST]);
    // What did not change is not told: the next thing that site hears is about the inventory.
    fs::write(server.running.path("devices.json"), inventory(&["edge-1", "edge-2"])).expect("written");
    server.running.signal(Signal::HUP);
    assert_eq!(site.methods(2), [LIST, UPDATED]);
}

#[test]
fn one_principal_has_so_many_streams_and_no_more() {
    let server = Server::of(program(&OVER_HTTP));
    let held: Vec<Stream> = (0..16).map(|_| Stream::listening(&server, 'A')).collect();
    let mut one_more = Stream::listening(&server, 'A');
    let refused = one_more.next().expect("an error");
    assert_eq!(refused["error"]["code"], -31000, "{refused}");
    assert_eq!(refused["error"]["data"]["error"]["code"], "overloaded");
    // Others are not shut out.
    let _other = Stream::listening(&server, 'B');
    drop(held);
}

#[test]
fn capabilities_say_what_is_told_where() {
    let opening =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
    let claimed = |server: &Server| {
        let ask = Ask::message(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": opening}));
        let legacy = server.send(&ask.authorized()).json()["result"]["capabilities"].clone();
        let modern = server.send(&request("server/discover", None, json!({})).authorized());
        (legacy, modern.json()["result"]["capabilities"].clone())
    };
    let all = json!({"subscribe": true, "listChanged": true});
    let (legacy, discovered) = claimed(&Server::of(program(&OVER_HTTP)));
    assert_eq!((&legacy["resources"], &discovered["resources"]), (&all, &all));
    assert_eq!(discovered["tools"], json!({"listChanged": true}));
    let (legacy, discovered) = claimed(&Server::of(program(&[&OVER_HTTP[..], &["--stateless"]].concat())));
    assert_eq!(
        (&legacy["resources"], &legacy["tools"]),
        (&json!({}), &json!({})),
        "nobody can be told without a session"
    );
    assert_eq!(discovered["resources"], all);
}
