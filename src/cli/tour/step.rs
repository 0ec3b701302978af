//! What a tour is made of: chapters of steps, each a question and what its answer must hold.

use serde_json::{Value, json};

use super::client::Answer;

/// Some steps that belong together.
pub(super) struct Chapter {
    pub(super) title: &'static str,
    pub(super) place: Place,
    pub(super) steps: &'static [Step],
}

/// Which server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One with its routers inside.
    Inside,
    /// One that reaches routers of the tour over the network; their clock runs fast.
    Network,
}

/// One question, and what its answer must hold.
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

/// What is done to get an answer.
pub(super) enum Question {
    /// The client introduces itself.
    Hello,
    /// The client asks which tools there are.
    Tools,
    /// A call of a tool.
    Call(Call),
    /// The same call again and again, until its answer is this one.
    Until(Call, fn(&Answer) -> bool),
    /// A colleague types this at the command line of a router and does not commit it.
    Colleague {
        router: String,
        user: &'static str,
        line: &'static str,
    },
}

/// A tool and its arguments.
pub(super) struct Call {
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
}

/// What the tour has learned so far.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The routers, in the order of the list.
    pub(super) routers: Vec<String>,
    /// The commit that was made last.
    pub(super) commit_id: String,
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
    pub(super) fn tool(tool: &'static str, arguments: Value) -> Self {
        Self::Call(Call { tool, arguments })
    }

    /// A call of a tool, repeated until its answer is the one waited for.
    pub(super) fn until(tool: &'static str, arguments: Value, is_it: fn(&Answer) -> bool) -> Self {
        Self::Until(Call { tool, arguments }, is_it)
    }
}

impl Call {
    /// The parameters of the request.
    pub(super) fn params(&self) -> Value {
        json!({ "name": self.tool, "arguments": self.arguments })
    }
}

impl Memory {
    /// The second router.
    pub(super) fn second_router(&self) -> &str {
        self.routers.get(1).map_or("", String::as_str)
    }

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

/// Nothing is wrong if the call failed in this way, and says how to go on.
pub(super) fn failed_with(answer: &Answer, code: &str) -> Verdict {
    expect(answer.is_failure(), "the call should have failed")?;
    expect(answer.code() == Some(code), &format!("the code should be {code}"))?;
    expect(answer.text().contains("hint: "), "there is no hint")
}
