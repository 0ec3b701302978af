//! Long outputs are cut, not lost; and how the server itself is doing.

use serde_json::json;

use crate::cli::tour::{
    client::Answer,
    step::{Chapter, Cut, Memory, Place, Question, Step, Verdict, expect, succeeded},
};

pub(super) const CHAPTER: Chapter = Chapter {
    title: "Long outputs, and the server itself",
    place: Place::Inside,
    steps: &[
        Step {
            title: "The whole configuration, cut after 1024 bytes.",
            question: |memory| {
                Question::tool(
                    "get_junos_config",
                    json!({ "router_name": memory.router(), "max_bytes": 1024 }),
                )
            },
            judge: cut,
            lines: 60,
        },
        Step {
            title: "Reading on where it was cut; the router is not asked again.",
            question: |memory| {
                let (id, offset) = memory
                    .cut
                    .clone()
                    .map_or_else(Default::default, |cut| (cut.id, cut.offset));
                Question::tool(
                    "read_output",
                    json!({ "output_id": id, "offset": offset, "max_lines": 12 }),
                )
            },
            judge: read_on,
            lines: 16,
        },
        Step {
            title: "How the server is doing: sessions, response times, failures.",
            question: |_| Question::tool("server_status", json!({})),
            judge: status,
            lines: 60,
        },
    ],
};

fn cut(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    expect(answer.meta("truncated") == true, "it was not cut")?;
    let id = answer.meta("output_id").as_str().unwrap_or_default().to_owned();
    // The last line of the text tells a model how to go on.
    let text = answer.text();
    let offset = text
        .rsplit_once("\"offset\":")
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    match offset {
        Some(offset) if !id.is_empty() => {
            memory.cut = Some(Cut { id, offset });
            Ok(())
        }
        _ => Err("it does not say how to read on".to_owned()),
    }
}

fn read_on(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let offset = memory.cut.as_ref().map(|cut| cut.offset);
    expect(answer.meta("offset").as_u64() == offset, "it reads on somewhere else")?;
    expect(!answer.text().is_empty(), "nothing is left to read")
}

fn status(answer: &Answer, memory: &mut Memory) -> Verdict {
    succeeded(answer)?;
    let status = answer.structured();
    expect(
        status["inventory"]["routers"] == memory.routers.len(),
        "it counts other routers",
    )?;
    let pool = &status["pool"];
    expect(pool["reused_total"].as_u64() > Some(0), "no session was used twice")?;
    let failures = status["failures"].as_array().cloned().unwrap_or_default();
    expect(
        failures.iter().any(|failure| failure["code"] == "syntax_error"),
        "the failed command is not counted",
    )
}
