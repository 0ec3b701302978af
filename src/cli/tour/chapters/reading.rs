//! Facts, commands and batches.

use serde_json::json;

use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Memory, Place, Question, Step, Verdict, expect, succeeded},
};

pub(super) const CHAPTER: Chapter = Chapter {
    title: "Reading from routers",
    place: Place::Inside,
    steps: &[
        Step {
            title: "What kind of router this is. Here the first SSH connection is made.",
            question: |memory| Question::tool("gather_device_facts", json!({ "router_name": memory.router() })),
            judge: facts,
            lines: 30,
        },
        Step {
            title: "A command with a pipe, as one would type it. The session of the step before is used again.",
            question: |memory| {
                let command = "show interfaces terse | match ge-";
                Question::tool(
                    "execute_junos_command",
                    json!({ "router_name": memory.router(), "command": command }),
                )
            },
            judge: interfaces,
            lines: 16,
        },
        Step {
            title: "Two commands on all routers at once.",
            question: |_| {
                let commands = ["show version | match Junos:", "show system uptime"];
                Question::tool(
                    "execute_junos_command_batch",
                    json!({ "router_names": ["*"], "commands": commands }),
                )
            },
            judge: batch,
            lines: 40,
        },
    ],
};

fn facts(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let facts = answer.structured();
    expect(
        facts["hostname"] == memory.router(),
        "the host name is not the router's",
    )?;
    expect(
        facts["version"].is_string() && facts["model"].is_string(),
        "model or version are missing",
    )
}

fn interfaces(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let text = answer.text();
    let mut lines = text.lines().filter(|line| !line.is_empty()).peekable();
    expect(lines.peek().is_some(), "no interface is listed")?;
    expect(
        lines.all(|line| line.contains("ge-")),
        "the pipe let other lines through",
    )
}

fn batch(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let summary = &answer.structured()["summary"];
    expect(
        summary["successful"] == memory.routers.len() && summary["failed"] == 0,
        "not every router answered",
    )?;
    let rows = answer.structured()["results"].as_array().cloned().unwrap_or_default();
    let answered = rows.iter().all(|row| {
        let commands = row["commands"].as_array().cloned().unwrap_or_default();
        commands.len() == 2 && commands.iter().all(|command| command["status"] == "success")
    });
    expect(answered, "a command failed")
}
