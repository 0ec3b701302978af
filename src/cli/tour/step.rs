//! What a tour is made of: chapters of steps, each a question and what its answer must hold.

use serde_json::{Value, json};

use super::client::Answer;

/// Some steps that belong together.
pub(super) struct Chapter {
    pub(super) title: &'static str,
    pub(super) steps: &'static [Step],
}

/// One question to the server.
pub(super) struct Step {
    /// What is shown, in a sentence.
    pub(super) title: &'static str,
    /// The question; it may build on what earlier steps learned.
    pub(super) question: fn(&Memory) -> Question,
    /// Why the answer is not the one expected, if it is not.
    pub(super) judge: fn(&Answer, &mut Memory) -> Verdict,
    /// How much of the answer is printed.
    pub(super) lines: usize,
}

/// Nothing, or what is wrong.
pub(super) type Verdict = Result<(), String>;

/// What to send.
pub(super) struct Question {
    pub(super) method: &'static str,
    pub(super) params: Value,
}

/// What the tour has learned so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The routers, in the order of the list.
    pub(super) routers: Vec<String>,
    /// The output that was cut, and where to read on.
    pub(super) cut: Option<Cut>,
}

/// An output that was cut.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    pub(super) id: String,
    pub(super) offset: u64,
}

impl Question {
    /// A call of a tool.
    pub(super) fn tool(name: &str, arguments: Value) -> Self {
        Self {
            method: "tools/call",
            params: json!({ "name": name, "arguments": arguments }),
        }
    }
}

impl Memory {
    /// The first router.
    pub(super) fn router(&self) -> &str {
        self.routers.first().map_or("", String::as_str)
    }
}

/// Nothing is wrong if this holds.
pub(super) fn expect(holds: bool, otherwise: &str) -> Verdict {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

/// Nothing is wrong if the call succeeded.
pub(super) fn succeeded(answer: &Answer) -> Verdict {
    if answer.is_failure() {
        let code = answer.code().unwrap_or("no code");
        return Err(format!("the call failed ({code})"));
    }
    Ok(())
}
