//! Somebody else is at work on the router: their uncommitted changes are neither committed nor lost.

use serde_json::json;

use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Memory, Place, Question, Step, Verdict, expect, failed_with, succeeded},
};

const COLLEAGUE: &str = "maria";
const THEIRS: &str = "set snmp contact \"Maria, until Monday\"";
const OURS: &str = "set snmp location \"hall 7\"";

pub(super) const CHAPTER: Chapter = Chapter {
    title: "A colleague's unfinished work",
    place: Place::Network,
    steps: &[
        Step {
            title: "Maria is at the command line of another router. She has not committed yet.",
            question: |memory| Question::Colleague {
                router: memory.second_router().to_owned(),
                user: COLLEAGUE,
                line: THEIRS,
            },
            judge: uncommitted,
            lines: 6,
        },
        Step {
            title: "A change of ours would commit her unfinished work along with it. It is refused, and she is named.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.second_router(), "config_text": OURS });
                Question::tool("load_and_commit_config", arguments)
            },
            judge: refused,
            lines: 8,
        },
        Step {
            title: "Her work is still there, and nothing of ours.",
            question: |memory| {
                let arguments = json!({ "router_name": memory.second_router(), "database": "candidate", "version": 0 });
                Question::tool("junos_config_diff", arguments)
            },
            judge: untouched,
            lines: 6,
        },
    ],
};

fn uncommitted(answer: &Answer, _: &mut Memory) -> Verdict {
    expect(is_theirs_only(answer), "the candidate does not hold what she typed")
}

fn refused(answer: &Answer, _: &mut Memory) -> Verdict {
    failed_with(answer, "candidate_dirty")?;
    expect(answer.text().contains(COLLEAGUE), "she is not named")
}

fn untouched(answer: &Answer, _: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(is_theirs_only(answer), "her work has been touched")
}

fn is_theirs_only(answer: &Answer) -> bool {
    let text = answer.text();
    text.contains("Maria, until Monday") && !text.contains("hall 7")
}
