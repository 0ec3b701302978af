//! A change that was a mistake: nobody confirms it, and the router takes it back.

use serde_json::json;

use super::changes;
use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Memory, Place, Question, Step, Verdict, expect, failed_with, succeeded},
};

const CHANGE: &str = "set interfaces ge-0/0/0 disable";

pub(super) const CHAPTER: Chapter = Chapter {
    title: "A change that nobody confirms",
    place: Place::Network,
    steps: &[
        Step {
            title: "Somebody disables the wrong port. Luckily for one minute only.",
            question: |memory| {
                let arguments = json!({
                    "router_name": memory.router(),
                    "config_text": CHANGE,
                    "confirm_timeout_mins": 1,
                    "commit_comment": "disable the unused port",
                });
                Question::tool("load_and_commit_config", arguments)
            },
            judge: committed_for_a_minute,
            lines: 10,
        },
        Step {
            title: "Nobody confirms. The router is asked until it has gone back; the server has no part in it.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "command": "show system commit" });
                Question::until("execute_junos_command", arguments, shows_rollback)
            },
            judge: gone_back,
            lines: 8,
        },
        Step {
            title: "The link is up again.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "command": "show interfaces ge-0/0/0 terse" });
                Question::tool("execute_junos_command", arguments)
            },
            judge: up_again,
            lines: 6,
        },
        Step {
            title: "Confirming comes too late, and the answer says why.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "commit_id": memory.commit_id });
                Question::tool("confirm_commit", arguments)
            },
            judge: too_late,
            lines: 6,
        },
    ],
};

fn committed_for_a_minute(answer: &Answer, memory: &mut Memory) -> Verdict {
    changes::committed(answer, memory)?;
    expect(
        answer.structured()["rollback_in_minutes"] == 1,
        "the router would not go back by itself",
    )
}

/// The latest commit is the router's own.
fn shows_rollback(answer: &Answer) -> bool {
    let text = answer.text();
    let latest = text.lines().find(|line| line.starts_with("0 "));
    latest.is_some_and(|line| line.contains("by root via other"))
}

fn gone_back(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(shows_rollback(answer), "the router did not go back by itself")
}

fn up_again(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let text = answer.text();
    let link = text.lines().find(|line| line.starts_with("ge-0/0/0 "));
    let words: Vec<&str> = link.unwrap_or_default().split_whitespace().collect();
    expect(words.get(1..3) == Some(&["up", "up"]), "the link is not up")
}

fn too_late(answer: &Answer, _: &mut Memory) -> Verdict {
    failed_with(answer, "no_pending_commit")?;
    expect(
        answer.text().contains("rolled back by the router"),
        "it does not say what happened",
    )
}
