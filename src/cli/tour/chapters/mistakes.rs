//! What a model is told when it gets something wrong: what happened, and what to try next.

use serde_json::json;

use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Memory, Place, Question, Step, Verdict, expect, failed_with},
};

pub(super) const CHAPTER: Chapter = Chapter {
    title: "Mistakes are explained",
    place: Place::Inside,
    steps: &[
        Step {
            title: "A router's name with a slip in it.",
            question: |memory| {
                Question::tool(
                    "gather_device_facts",
                    json!({ "router_name": misspelt(memory.router()) }),
                )
            },
            judge: unknown_router,
            lines: 8,
        },
        Step {
            title: "A command that does not exist: the router's own words, with a code a program can rely on.",
            question: |memory| {
                Question::tool(
                    "execute_junos_command",
                    json!({ "router_name": memory.router(), "command": "show weather" }),
                )
            },
            judge: syntax_error,
            lines: 10,
        },
        Step {
            title: "A command that waits for a terminal is refused before the router hears of it.",
            question: |memory| {
                Question::tool(
                    "execute_junos_command",
                    json!({ "router_name": memory.router(), "command": "start shell" }),
                )
            },
            judge: interactive,
            lines: 8,
        },
    ],
};

/// The name without its second letter.
fn misspelt(name: &str) -> String {
    let letters = name.chars().enumerate().filter(|(index, _)| *index != 1);
    letters.map(|(_, letter)| letter).collect()
}

fn unknown_router(answer: &Answer, memory: &mut Memory) -> Verdict {
    failed_with(answer, "unknown_router")?;
    expect(
        answer.text().contains(memory.router()),
        "the router that was meant is not named",
    )
}

fn syntax_error(answer: &Answer, _: &mut Memory) -> Verdict {
    failed_with(answer, "syntax_error")
}

fn interactive(answer: &Answer, _: &mut Memory) -> Verdict {
    failed_with(answer, "interactive_command")
}
