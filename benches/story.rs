//! Many agents at work on many routers through one server: what they ask, and how each answer has to come out.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet};

use super::wire;

/// Agents that share a token. One in five agents may try changes and may not run commands.
const TOKENS: usize = 5;

/// Routers of one batch.
const BATCH: usize = 5;

const COMMANDS: [&str; 4] = [
    "show version",
    "show interfaces terse",
    "show route summary",
    "show chassis alarms",
];

const ERA: &str = "2026-07-28";

/// The file of tokens that the agents need.
pub(crate) fn tokens() -> String {
    let entry = |number: usize| {
        let tools = match is_writer(number) {
            true => json!(["effect:read", "effect:write"]),
            false => json!(["*"]),
        };
        json!({"name": format!("agents-{number}"), "hash": wire::hash_of(&secret(number)), "routers": ["*"], "tools": tools})
    };
    json!({"version": 1, "tokens": (0..TOKENS).map(entry).collect::<Vec<_>>()}).to_string()
}

fn secret(agent: usize) -> String {
    (agent % TOKENS).to_string().repeat(43)
}

fn is_writer(agent: usize) -> bool {
    agent % TOKENS == TOKENS - 1
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Report {
    /// How long each call took, by what was asked.
    pub(crate) times: BTreeMap<&'static str, Vec<Duration>>,
    /// Answers that are not what they have to be.
    pub(crate) wrong: Vec<String>,
}

impl Report {
    /// How many calls were made.
    pub(crate) fn calls(&self) -> usize {
        self.times.values().map(Vec::len).sum()
    }

    fn add(&mut self, other: Self) {
        for (kind, times) in other.times {
            self.times.entry(kind).or_default().extend(times);
        }
        self.wrong.extend(other.wrong);
    }
}

/// Lets each agent make its next call as soon as it has an answer, as long as `goes_on` says of its next one.
pub(crate) async fn play(
    address: SocketAddr,
    routers: Vec<String>,
    agents: usize,
    goes_on: impl Fn(usize) -> bool + Send + Sync + 'static,
) -> Report {
    let (routers, goes_on) = (Arc::new(routers), Arc::new(goes_on));
    let mut playing = JoinSet::new();
    for number in 0..agents {
        let (routers, goes_on) = (Arc::clone(&routers), Arc::clone(&goes_on));
        playing.spawn(async move {
            let mut agent = Agent::begin(address, number).await;
            let mut report = Report::default();
            // One that is answered wrongly has nothing to go on with.
            for step in (0..).take_while(|step| goes_on(*step)) {
                let asked = Asked::choose(number, step, &routers);
                let started = Instant::now();
                let answer = agent.ask(&asked).await;
                report.times.entry(asked.kind).or_default().push(started.elapsed());
                if let Err(wrong) = asked.judge(&answer) {
                    report.wrong.push(wrong);
                    break;
                }
            }
            report
        });
    }
    let mut all = Report::default();
    while let Some(report) = playing.join_next().await {
        all.add(report.expect("an agent does not fail"));
    }
    all
}

/// One call, and the code of the refusal that it must meet, if any.
struct Asked {
    kind: &'static str,
    tool: &'static str,
    arguments: Value,
    refusal: Option<&'static str>,
}

impl Asked {
    /// What an agent asks next: all ask all kinds, each at another router.
    fn choose(agent: usize, step: usize, routers: &[String]) -> Self {
        let nth = |offset: usize| &routers[(agent * 31 + step * 17 + offset) % routers.len()];
        let router = nth(0);
        let command = COMMANDS[(agent + step / 10) % COMMANDS.len()];
        let execute = |router: &str, command: &str| json!({"router_name": router, "command": command});
        let writes = is_writer(agent);
        match (agent * 3 + step) % 10 {
            0 => Self::good("list", "get_router_list", json!({})),
            1..=3 if writes => {
                let change = format!("set system location building b{step}\nset snmp contact agent-{agent}");
                let arguments = json!({"router_name": router, "config_text": change});
                Self::good("commit check", "commit_check_config", arguments)
            }
            1..=3 => Self::good("command", "execute_junos_command", execute(router, command)),
            4 => Self::good("configuration", "get_junos_config", json!({"router_name": router})),
            5 => {
                let arguments = json!({"router_name": router, "config_path": "interfaces", "output_format": "set"});
                Self::good("configuration, a part", "get_junos_config", arguments)
            }
            6 => Self::good("facts", "gather_device_facts", json!({"router_name": router})),
            7 if writes => Self::good(
                "rollback diff",
                "junos_config_diff",
                json!({"router_name": router, "version": 0}),
            ),
            7 => {
                let some: Vec<&String> = (0..BATCH).map(nth).collect();
                let arguments = json!({"router_names": some, "commands": [command, "show version"]});
                Self::good("batch", "execute_junos_command_batch", arguments)
            }
            8 => {
                let arguments = json!({"router_name": "never-heard-of"});
                Self::good("unknown router", "get_junos_config", arguments).refused("unknown_router")
            }
            _ if writes => {
                let asked = Self::good("tool not granted", "execute_junos_command", execute(router, command));
                asked.refused("tool_scope_denied")
            }
            _ => {
                let reboot = execute(router, "request system reboot");
                Self::good("command not granted", "execute_junos_command", reboot).refused("read_only")
            }
        }
    }

    fn good(kind: &'static str, tool: &'static str, arguments: Value) -> Self {
        Self {
            kind,
            tool,
            arguments,
            refusal: None,
        }
    }

    fn refused(mut self, code: &'static str) -> Self {
        self.refusal = Some(code);
        self
    }

    /// Whether an answer is the one that there has to be; otherwise what it is.
    fn judge(&self, answer: &Value) -> Result<(), String> {
        let result = &answer["result"];
        let structured = &result["structuredContent"];
        let is_right = match self.refusal {
            Some(code) => result["isError"] == true && structured["error"]["code"] == code,
            None => result["isError"] == false && self.has_worked(structured),
        };
        let shown: String = answer.to_string().chars().take(500).collect();
        is_right.then_some(()).ok_or_else(|| format!("{}: {shown}", self.kind))
    }

    /// What "no error" leaves open.
    fn has_worked(&self, structured: &Value) -> bool {
        match self.kind {
            "batch" => {
                structured["summary"]["failed"] == 0 && structured["results"].as_array().map(Vec::len) == Some(BATCH)
            }
            _ => true,
        }
    }
}

/// One agent with its connection. Every other one speaks an older revision, in a session.
struct Agent {
    stream: TcpStream,
    secret: String,
    session: Option<String>,
    buffer: Vec<u8>,
}

impl Agent {
    async fn begin(address: SocketAddr, number: usize) -> Self {
        let mut agent = Self {
            stream: wire::connect(address).await,
            secret: secret(number),
            session: None,
            buffer: Vec::new(),
        };
        if number % 2 == 1 {
            let params = json!({"protocolVersion": "2025-06-18", "capabilities": {},
                "clientInfo": {"name": "agent", "version": "1"}});
            agent.send("initialize", params, "").await;
            agent.session = Some(wire::session(&agent.buffer));
        }
        agent
    }

    async fn ask(&mut self, asked: &Asked) -> Value {
        let mut params = json!({"name": asked.tool, "arguments": asked.arguments});
        let headers = match &self.session {
            Some(id) => format!("Mcp-Session-Id: {id}\r\n"),
            None => {
                params["_meta"] = json!({"io.modelcontextprotocol/protocolVersion": ERA,
                    "io.modelcontextprotocol/clientCapabilities": {}});
                let tool = asked.tool;
                format!("MCP-Protocol-Version: {ERA}\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n")
            }
        };
        self.send("tools/call", params, &headers).await;
        let body = wire::body(&self.buffer);
        let data = body.lines().rev().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(data.unwrap_or(&body)).unwrap_or_else(|_| Value::String(body))
    }

    async fn send(&mut self, method: &str, params: Value, headers: &str) {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let request = wire::post(&self.secret, &message, headers);
        wire::exchange(&mut self.stream, &request, &mut self.buffer).await;
    }
}
