//! Who the server is, what it can do, and which routers it knows.

use serde_json::{Value, json};

use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Memory, Place, Question, Step, Verdict, expect, succeeded},
};

pub(super) const CHAPTER: Chapter = Chapter {
    title: "Getting acquainted",
    place: Place::Inside,
    steps: &[
        Step {
            title: "The client introduces itself, the server says who it is and how to use it.",
            question: |_| Question::Hello,
            judge: initialized,
            lines: 24,
        },
        Step {
            title: "The tools on offer.",
            question: |_| Question::Tools,
            judge: listed,
            lines: 40,
        },
        Step {
            title: "The routers it knows, without anything secret.",
            question: |_| Question::tool("get_router_list", json!({})),
            judge: routers,
            lines: 24,
        },
    ],
};

fn initialized(answer: &Answer, _: &mut Memory) -> Verdict {
    expect(
        answer.result["serverInfo"]["name"].is_string() && answer.result["capabilities"]["tools"].is_object(),
        "it names neither itself nor its tools",
    )
}

fn listed(answer: &Answer, _: &mut Memory) -> Verdict {
    let tools = answer.result["tools"].as_array().cloned().unwrap_or_default();
    let described = |tool: &Value| tool["description"].is_string() && tool["inputSchema"].is_object();
    expect(
        tools.len() > 5 && tools.iter().all(described),
        "tools are missing or not described",
    )
}

fn routers(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let rows = answer.structured()["routers"].as_array().cloned().unwrap_or_default();
    memory.routers = rows
        .iter()
        .filter_map(|row| row["name"].as_str().map(str::to_owned))
        .collect();
    let text = answer.text();
    expect(memory.routers.len() == 3, "there should be three routers")?;
    expect(
        !text.contains("PRIVATE KEY") && !text.contains("private_key"),
        "the list shows a key",
    )
}
