//! A change to a router from the check to the rollback.

use serde_json::json;

use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Memory, Place, Question, Step, Verdict, expect, succeeded},
};

const CHANGE: &str = "set interfaces ge-0/0/1 description \"uplink, spare pair\"";
const NEW: &str = "uplink, spare pair";

pub(super) const CHAPTER: Chapter = Chapter {
    title: "Changing a router",
    place: Place::Inside,
    steps: &[
        Step {
            title: "A change is checked by the router first. The difference is shown, nothing is committed.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "config_text": CHANGE });
                Question::tool("commit_check_config", arguments)
            },
            judge: valid,
            lines: 10,
        },
        Step {
            title: "It is committed for five minutes: unless it is confirmed, the router goes back by itself.",
            question: |memory| {
                let arguments = json!({
                    "router_name": memory.router(),
                    "config_text": CHANGE,
                    "confirm_timeout_mins": 5,
                    "commit_comment": "label the spare uplink",
                });
                Question::tool("load_and_commit_config", arguments)
            },
            judge: committed_for_five_minutes,
            lines: 10,
        },
        Step {
            title: "Does the router do what was wanted? Reading tells.",
            question: descriptions,
            judge: new_description,
            lines: 10,
        },
        Step {
            title: "It does, so the commit is kept, named by its commit_id: nobody else's is confirmed by mistake.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "commit_id": memory.commit_id });
                Question::tool("confirm_commit", arguments)
            },
            judge: confirmed,
            lines: 8,
        },
        Step {
            title: "The router's own commit log names the calls, so everybody can tell who changed what.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "command": "show system commit" });
                Question::tool("execute_junos_command", arguments)
            },
            judge: logged,
            lines: 10,
        },
        Step {
            title: "Going back. First a preview: 2, because the confirmation was a commit of its own.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "version": 2 });
                Question::tool("rollback_config", arguments)
            },
            judge: previewed,
            lines: 10,
        },
        Step {
            title: "Then for good.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.router(), "version": 2, "commit": true });
                Question::tool("rollback_config", arguments)
            },
            judge: rolled_back,
            lines: 10,
        },
        Step {
            title: "Everything is as it was.",
            question: descriptions,
            judge: old_description,
            lines: 10,
        },
    ],
};

fn descriptions(memory: &Memory) -> Question {
    let arguments = json!({ "router_name": memory.router(), "command": "show interfaces descriptions" });
    Question::tool("execute_junos_command", arguments)
}

fn valid(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(
        answer.structured()["outcome"] == "valid",
        "the change should have been valid",
    )?;
    expect(adds(answer, NEW), "the difference does not show the change")
}

fn committed_for_five_minutes(answer: &Answer, memory: &mut Memory) -> Verdict {
    committed(answer, memory)?;
    expect(
        answer.structured()["rollback_in_minutes"] == 5,
        "the router would not go back by itself",
    )?;
    expect(adds(answer, NEW), "the difference does not show the change")
}

fn new_description(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(
        answer.text().contains(NEW),
        "the router does not show the new description",
    )
}

fn confirmed(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(
        answer.structured()["outcome"] == "confirmed",
        "the commit should have been confirmed",
    )
}

fn logged(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let text = answer.text();
    expect(
        text.contains(&format!("[mcp:{}]", memory.commit_id)),
        "the log does not name the call",
    )?;
    expect(!text.contains("rollback pending"), "a rollback is still pending")
}

fn previewed(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(
        answer.structured()["committed"] == false,
        "a preview should commit nothing",
    )?;
    expect(removes(answer, NEW), "the difference does not undo the change")
}

fn rolled_back(answer: &Answer, memory: &mut Memory) -> Verdict {
    committed(answer, memory)?;
    expect(removes(answer, NEW), "the difference does not undo the change")
}

fn old_description(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(
        !answer.text().contains(NEW),
        "the router still shows the new description",
    )
}

pub(super) fn committed(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let result = answer.structured();
    expect(
        result["outcome"] == "committed",
        "the change should have been committed",
    )?;
    memory.commit_id = result["commit_id"].as_str().unwrap_or_default().to_owned();
    expect(!memory.commit_id.is_empty(), "the commit has no id")
}

fn adds(answer: &Answer, text: &str) -> bool {
    marked(answer, '+', text)
}

fn removes(answer: &Answer, text: &str) -> bool {
    marked(answer, '-', text)
}

fn marked(answer: &Answer, mark: char, text: &str) -> bool {
    let diff = answer.structured()["diff"].as_str().unwrap_or_default();
    diff.lines().any(|line| line.starts_with(mark) && line.contains(text))
}
