//! Clients at the wire: one at the other end of pipes, and single requests over HTTP as the holder of a token.

use serde_json::{Value, json};

use crate::{
    cli::program::{Program, Running},
    http::{
        client::{Ask, Reply},
        server::Server,
    },
};

/// The members that every request of the newer era carries.
pub(crate) fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

/// A client on stdio that has opened a session, so that it may ask in both eras.
pub(crate) struct Client {
    pub(crate) server: Running,
    last: u64,
}

impl Client {
    pub(crate) fn of(arguments: &[&str]) -> Self {
        Self::running(Program::new(arguments))
    }

    pub(crate) fn running(program: Program) -> Self {
        let mut client = Self::opened(program);
        client.ready();
        client
    }

    /// One that has not said yet that it is ready.
    pub(crate) fn opened(program: Program) -> Self {
        let mut client = Self {
            server: program.start(),
            last: 0,
        };
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"}});
        let opened = client.ask("initialize", params);
        assert!(opened["result"].is_object(), "{opened}");
        client
    }

    pub(crate) fn ready(&mut self) {
        self.say("notifications/initialized", json!({}));
    }

    /// The answer to a request; what the server says of its own accord meanwhile is not expected.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        let answer = self.next();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// Sends a request and gives its id.
    pub(crate) fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.last += 1;
        self.write(&json!({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}));
        self.last
    }

    pub(crate) fn say(&mut self, method: &str, params: Value) {
        self.write(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// The next message of the server.
    pub(crate) fn next(&mut self) -> Value {
        let line = self.server.line();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn write(&mut self, message: &Value) {
        self.server.send(&message.to_string());
    }
}

/// The text of a token, which are equal letters.
pub(crate) fn bearer(ask: Ask, letter: char) -> Ask {
    ask.header("Authorization", &format!("Bearer {}", String::from(letter).repeat(43)))
}

/// A request of the newer era; `name` is what its header repeats.
pub(crate) fn request(method: &str, name: Option<&str>, params: Value) -> Ask {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": modern(params)});
    let ask = Ask::message(&body)
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", method);
    match name {
        Some(name) => ask.header("Mcp-Name", name),
        None => ask,
    }
}

/// What the holder of a token gets.
pub(crate) fn ask_as(server: &Server, letter: char, method: &str, name: Option<&str>, params: Value) -> Value {
    let reply: Reply = server.send(&bearer(request(method, name, params), letter));
    reply.json()
}
