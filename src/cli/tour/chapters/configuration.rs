//! Configurations, whose secrets the model never sees, and what changed in them.

use serde_json::json;

use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Memory, Place, Question, Step, Verdict, expect, succeeded},
};

pub(super) const CHAPTER: Chapter = Chapter {
    title: "Looking at configurations",
    place: Place::Inside,
    steps: &[
        Step {
            title: "A part of the configuration. Passwords and keys are replaced by markers.",
            question: |memory| {
                Question::tool(
                    "get_junos_config",
                    json!({ "router_name": memory.router(), "config_path": "system" }),
                )
            },
            judge: redacted,
            lines: 40,
        },
        Step {
            title: "The same as set commands.",
            question: |memory| {
                Question::tool(
                    "get_junos_config",
                    json!({ "router_name": memory.router(), "config_path": "interfaces", "output_format": "set" }),
                )
            },
            judge: set_lines,
            lines: 16,
        },
        Step {
            title: "What waits uncommitted in the candidate configuration: nothing yet.",
            question: |memory| {
                Question::tool(
                    "junos_config_diff",
                    json!({ "router_name": memory.router(), "database": "candidate", "version": 0 }),
                )
            },
            judge: no_difference,
            lines: 8,
        },
    ],
};

fn redacted(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let text = answer.text();
    expect(text.contains("encrypted-password"), "no password is configured")?;
    expect(crate::secrets::has_marker(&text), "no marker stands for a secret")?;
    expect(!text.contains("$6$") && !text.contains("$9$"), "a secret is shown")
}

fn set_lines(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let text = answer.text();
    let mut lines = text.lines().filter(|line| !line.is_empty());
    expect(
        lines.next().is_some_and(|line| line.starts_with("set interfaces ")),
        "these are no set commands",
    )
}

fn no_difference(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(
        answer.text().starts_with("(no differences"),
        "somebody has changed the candidate",
    )
}
