//! What an agent pays for: bytes of the list of tools, and of the answers to everyday questions, ours and Juniper's.
//!
//! Juniper's shapes are made from what the same simulated routers say, by the rules of its server's code: the CLI's whole
//! text, JSON with an indent of two, the whole configuration as inherited set commands. `docs/economy.md` holds the table;
//! `UPDATE_DOCS=1 cargo test --test it economy` writes it anew.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{
    program::{Program, Running},
    serve::{ask, greeted},
};

/// Bytes of the ten tools of Juniper's server as it lists them (name, description and inputSchema as compact JSON), counted
/// at commit a9142f1 of its repository.
const THEIR_LIST: usize = 4444;

/// Answers hold times; beyond this share of a figure, or these few bytes, something else has changed.
const TOLERANCE: (f64, usize) = (0.03, 24);

const WHOLE: &str = "show configuration | display inheritance no-comments | display set";

/// One question: how it is asked here, and what Juniper's server would send.
struct Question {
    words: &'static str,
    tool: &'static str,
    arguments: Value,
    theirs: Theirs,
}

enum Theirs {
    /// What the CLI prints for that command: pipes that select lines are ignored over NETCONF.
    Cli(&'static str),
    /// Our own text, as JSON with an indent of two.
    Indented,
    /// A row per router with times, as JSON with an indent of two.
    Rows,
}

fn questions() -> Vec<Question> {
    let command = |words, command: &str, theirs| Question {
        words,
        tool: "execute_junos_command",
        arguments: json!({"router_name": "edge-1", "command": command}),
        theirs: Theirs::Cli(theirs),
    };
    let data = |words, command: &str, theirs| Question {
        words,
        tool: "execute_junos_command",
        arguments: json!({"router_name": "edge-1", "command": command, "output_format": "json"}),
        theirs: Theirs::Cli(theirs),
    };
    let configured = |words, path: &str| Question {
        words,
        tool: "get_junos_config",
        arguments: json!({"router_name": "edge-1", "config_path": path}),
        theirs: Theirs::Cli(WHOLE),
    };
    vec![
        Question {
            words: "Which routers are there?",
            tool: "get_router_list",
            arguments: json!({}),
            theirs: Theirs::Indented,
        },
        Question {
            words: "Which version runs on all routers?",
            tool: "execute_junos_command_batch",
            arguments: json!({"router_names": ["*"], "commands": ["show version | match Junos"]}),
            theirs: Theirs::Rows,
        },
        command("What is this router?", "show version", "show version"),
        command(
            "Which interfaces are down?",
            "show interfaces terse | match down",
            "show interfaces terse",
        ),
        command(
            "How many routes are there?",
            "show route | match / | count",
            "show route",
        ),
        data(
            "Interfaces, as data",
            "show interfaces terse",
            "show interfaces terse | display json",
        ),
        data(
            "BGP neighbors, as data",
            "show bgp summary",
            "show bgp summary | display json",
        ),
        data("Routes, as data", "show route", "show route | display json"),
        configured("How is BGP configured?", "protocols bgp"),
        configured("How is SNMP configured?", "snmp"),
    ]
}

fn text(server: &mut Running, tool: &str, mut arguments: Value) -> String {
    if tool != "get_router_list" {
        arguments["max_bytes"] = json!(1_000_000);
    }
    let answer = ask(server, "tools/call", json!({"name": tool, "arguments": arguments}));
    assert_eq!(answer["result"]["isError"], false, "{tool}: {answer}");
    answer["result"]["content"][0]["text"]
        .as_str()
        .expect("text")
        .to_owned()
}

fn cli(server: &mut Running, router: &str, command: &str) -> String {
    let arguments = json!({"router_name": router, "command": command});
    text(server, "execute_junos_command", arguments)
}

fn theirs(server: &mut Running, question: &Question, ours: &str) -> usize {
    match question.theirs {
        Theirs::Cli(command) => cli(server, "edge-1", command).len(),
        Theirs::Indented => indented(&serde_json::from_str(ours).expect("JSON")),
        Theirs::Rows => {
            let time = "2031-03-04T05:06:07.000000+00:00";
            let results: Vec<Value> = ["core-1", "edge-1"]
                .iter()
                .map(|name| {
                    json!({"router_name": name, "status": "success", "output": cli(server, name, "show version"),
                        "execution_duration": 0.123, "start_time": time, "end_time": time})
                })
                .collect();
            let summary = json!({"command": "show version", "total_routers": 2, "successful": 2, "failed": 0,
                "total_duration": 0.123});
            indented(&json!({"summary": summary, "results": results}))
        }
    }
}

fn indented(value: &Value) -> usize {
    serde_json::to_string_pretty(value).expect("JSON").len()
}

/// The bytes that reach a model, and all bytes of the list.
fn list(server: &mut Running) -> (usize, usize, usize) {
    let answer = ask(server, "tools/list", json!({}));
    let tools = answer["result"]["tools"].as_array().expect("tools");
    let read = |tool: &Value| {
        json!({"name": tool["name"], "description": tool["description"], "inputSchema": tool["inputSchema"]})
            .to_string()
            .len()
    };
    let read: usize = tools.iter().map(read).sum::<usize>() + tools.len() + 1;
    (tools.len(), read, Value::Array(tools.clone()).to_string().len())
}

/// The page, and every figure in it.
fn page() -> (String, Vec<usize>) {
    let mut server = greeted(Program::new(&["--lab=2"]));
    let (tools, read, all) = list(&mut server);
    let mut figures = vec![read, all];
    let mut page = format!(
        "# What answers cost\n\n\
         Bytes, as sent, from one run against two simulated routers (`--lab 2`); four bytes are about one token. Written by\n\
         `UPDATE_DOCS=1 cargo test --test it economy`, and checked by the same test.\n\n\
         *Juniper's shape* is what the code of Juniper's server (commit a9142f1) sends for the same question, made from what\n\
         the same routers say: the whole text of the CLI, since pipes that select lines have no effect over NETCONF; Junos' own\n\
         JSON; the whole configuration as inherited set commands; structures as JSON with an indent of two. Compared is the\n\
         text block. Annotations of blocks there (the arguments and times once more), `_meta` and structured content here\n\
         (where clients show it instead of the text) are not counted. Secrets are marks in both.\n\n\
         ## The list of tools\n\n\
         | | tools | bytes that a model reads | with output schemas, annotations and titles |\n|---|---:|---:|---:|\n\
         | here | {tools} | {read} | {all} |\n| Juniper's server | 10 | {THEIR_LIST} | {THEIR_LIST} |\n\n\
         The list here is larger: bounds, allowed words and what each argument means stand in it. `--toolsets` and `--tools`\n\
         make it smaller.\n\n\
         ## Ten everyday questions\n\n| question | asked here | here | Juniper's shape | share |\n|---|---|---:|---:|---:|\n"
    );
    for question in questions() {
        let shown = match (question.arguments.get("command"), question.arguments.get("config_path")) {
            (Some(command), _) => format!("`{}`", command.as_str().expect("text").replace('|', "\\|")),
            (_, Some(path)) => format!("`config_path: {}`", path.as_str().expect("text")),
            _ => format!("`{}`", question.tool),
        };
        let as_data = if question.arguments.get("output_format").is_some() {
            ", `json`"
        } else {
            ""
        };
        let ours = text(&mut server, question.tool, question.arguments.clone());
        let theirs = theirs(&mut server, &question, &ours);
        let share = 100 * ours.len() / theirs.max(1);
        page.push_str(&format!(
            "| {} | {shown}{as_data} | {} | {theirs} | {share} % |\n",
            question.words,
            ours.len()
        ));
        figures.extend([ours.len(), theirs]);
    }
    (page, figures)
}

/// The figures of the page as it was written: the cells that hold nothing but digits.
fn written(page: &str) -> Vec<usize> {
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| Juniper"));
    rows.flat_map(|row| {
        let cells: Vec<usize> = row
            .split(" | ")
            .filter_map(|cell| cell.trim_end_matches(" |").parse().ok())
            .collect();
        let skip = usize::from(row.starts_with("| here"));
        cells.into_iter().skip(skip).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn the_table_of_the_economy_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/economy.md");
    let (fresh, figures) = page();
    assert_eq!(written(&fresh), figures, "the page holds what was measured: {fresh}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &fresh).expect("written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let found = written(&found);
    let is_near = |(was, is): (&usize, &usize)| {
        let allowed = (*is as f64 * TOLERANCE.0) as usize;
        was.abs_diff(*is) <= allowed.max(TOLERANCE.1)
    };
    assert!(
        found.len() == figures.len() && found.iter().zip(&figures).all(is_near),
        "docs/economy.md is stale: run UPDATE_DOCS=1 cargo test --test it economy\n{found:?}\n{figures:?}"
    );
}
