//! What parent and child say to each other: one JSON document in each direction.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::TemplateFault;

/// A template and what it is rendered with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The text of the template.
    pub(crate) template: String,
    /// The variables.
    pub(crate) variables: Map<String, Value>,
    /// Whether values are escaped for XML.
    pub(crate) xml: bool,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Answer {
    Rendered { text: String },
    Syntax { line: Option<usize>, text: String },
    Undefined { line: Option<usize>, text: String },
    Render { line: Option<usize>, text: String },
    Limit { text: String },
}

impl From<Answer> for Result<String, TemplateFault> {
    fn from(answer: Answer) -> Self {
        Err(match answer {
            Answer::Rendered { text } => return Ok(text),
            Answer::Syntax { line, text } => TemplateFault::Syntax { line, text },
            Answer::Undefined { line, text } => TemplateFault::Undefined { line, text },
            Answer::Render { line, text } => TemplateFault::Render { line, text },
            Answer::Limit { text } => TemplateFault::Limit(text),
        })
    }
}
