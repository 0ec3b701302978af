//! What a caller learns when a call fails: a code, one sentence, and what to try next.

use serde_json::{Map, Value, json};

use super::{code::Code, spec::Effect};
use crate::{
    devices::Fault,
    junos::{CommandFault, DeviceMessage, Severity},
    output::Outputs,
};

/// Router errors shown in full; the rest are counted.
const SHOWN_ERRORS: usize = 10;

/// A failed call. Its texts pass through redaction before anybody reads them.
#[derive(Clone, Debug)]
pub(crate) struct Failure(Box<Parts>);

/// On the heap, so that a result that may fail stays small.
#[derive(Clone, Debug)]
struct Parts {
    code: Code,
    message: String,
    hint: String,
    details: Map<String, Value>,
    known: Map<String, Value>,
    errors: Vec<DeviceMessage>,
    concealed: Option<Concealed>,
    shown: Option<String>,
}

/// A reason that the reply must not tell, because it would confirm or deny that something exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concealed {
    /// The router is not only out of scope, there is none.
    UnknownRouter,
}

impl Failure {
    /// A failure with `code` and one sentence that names its subject, without a final full stop.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            message: message.into(),
            hint: String::new(),
            details: Map::new(),
            known: Map::new(),
            errors: Vec::new(),
            concealed: None,
            shown: None,
        }))
    }

    /// The same failure in other words.
    pub(crate) fn saying(mut self, message: String) -> Self {
        self.0.message = message;
        self
    }

    /// The same failure saying what to try next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = hint.into();
        self
    }

    /// The same failure with one more fact under `error.details`.
    pub(crate) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(name.to_owned(), value.into());
        self
    }

    /// The same failure with something the call had learnt before it failed, beside `error`.
    pub(crate) fn known(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.known.insert(name.to_owned(), value.into());
        self
    }

    /// The same failure with a text beside it.
    pub(crate) fn shown(mut self, text: String) -> Self {
        self.0.shown = Some(text);
        self
    }

    /// The same failure with what the router said.
    pub(crate) fn errors(mut self, errors: Vec<DeviceMessage>) -> Self {
        self.0.errors = errors;
        self
    }

    /// The same failure whose true reason only the audit record may tell.
    pub(crate) fn concealing(mut self, reason: Concealed) -> Self {
        self.0.concealed = Some(reason);
        self
    }

    /// The same failure without secrets in what the router said, also where our sentence repeats it.
    ///
    /// What is secret may depend on the configuration path that an error names, which only the error itself knows.
    pub(crate) fn redacted(mut self, outputs: &Outputs) -> Self {
        for error in &mut self.0.errors {
            let clean = redacted(error, outputs);
            let pairs = [
                (Some(&error.message), Some(&clean.message)),
                (error.bad_element.as_ref(), clean.bad_element.as_ref()),
            ];
            for (before, after) in pairs {
                if let (Some(before), Some(after)) = (before, after)
                    && before != after
                {
                    self.0.message = self.0.message.replace(before.as_str(), after);
                }
            }
            *error = clean;
        }
        self
    }

    /// The code.
    pub(crate) fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The reason that the reply hides.
    pub(crate) fn concealed(&self) -> Option<Concealed> {
        self.0.concealed
    }

    /// The sentence with its code, as a row of a batch carries it.
    pub(crate) fn row(&self) -> String {
        format!("{} [code={}]", self.0.message, self.0.code.as_str())
    }

    /// The text block of an error result.
    pub(crate) fn text(&self) -> String {
        if self.0.hint.is_empty() {
            self.row()
        } else {
            format!("{}\nhint: {}", self.row(), self.0.hint)
        }
    }

    /// The second text block: what the router said, the diff if one is known, and what is to be shown.
    pub(crate) fn evidence(&self) -> Option<String> {
        let mut lines: Vec<String> = self.0.errors.iter().take(SHOWN_ERRORS).map(line).collect();
        if self.0.errors.len() > SHOWN_ERRORS {
            lines.push(format!("… and {} more", self.0.errors.len() - SHOWN_ERRORS));
        }
        if let Some(Value::String(diff)) = self.0.known.get("diff") {
            lines.push(diff.clone());
        }
        lines.extend(self.0.shown.clone());
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// The structured content of an error result.
    pub(crate) fn structured(&self, effect: Effect) -> Value {
        let mut error = json!({
            "code": self.0.code.as_str(),
            "message": self.0.message,
            "hint": self.0.hint,
            "retryable": self.0.code.retryable(effect),
        });
        let mut details = self.0.details.clone();
        if !self.0.errors.is_empty() {
            details.insert("errors".to_owned(), self.0.errors.iter().map(error_value).collect());
        }
        if !details.is_empty() {
            error["details"] = Value::Object(details);
        }
        let mut root = self.0.known.clone();
        root.insert("error".to_owned(), error);
        Value::Object(root)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let mut failure = Failure::new(Code::from_word(fault.code), fault.message).hint(fault.hint);
        failure.0.errors = fault.errors;
        failure
    }
}

impl From<CommandFault> for Failure {
    fn from(fault: CommandFault) -> Self {
        let (code, hint) = match &fault {
            CommandFault::Invalid(_) => (
                Code::InvalidArgument,
                "give one command line as typed at the CLI prompt",
            ),
            CommandFault::UnsupportedPipe(_) => (Code::UnsupportedPipe, "nothing was sent; use an accepted pipe"),
            CommandFault::Interactive(_) => (
                Code::InteractiveCommand,
                "nothing was sent; use a form of the command that ends by itself and needs no terminal",
            ),
            CommandFault::FormatConflict => (
                Code::ConflictingArguments,
                "give output_format or the display pipe, not both",
            ),
        };
        Failure::new(code, fault.to_string()).hint(hint)
    }
}

/// A router's message without secrets; those that only its path gives away are known by it.
pub(crate) fn redacted(message: &DeviceMessage, outputs: &Outputs) -> DeviceMessage {
    let mut value = error_value(message);
    outputs.scrub(&mut value);
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    DeviceMessage {
        message: text("message").unwrap_or_default(),
        bad_element: text("bad_element"),
        ..message.clone()
    }
}

/// One router error or warning as a line of text.
pub(crate) fn line(message: &DeviceMessage) -> String {
    let severity = match message.severity {
        Severity::Warning => "warning",
        _ => "error",
    };
    let mut line = match &message.re_name {
        Some(engine) => format!("{severity}: {engine}: {}", message.message),
        None => format!("{severity}: {}", message.message),
    };
    if let Some(path) = &message.path {
        line.push_str(&format!(" ({path})"));
    }
    line
}

fn error_value(message: &DeviceMessage) -> Value {
    let mut value = json!({ "message": message.message });
    let fields = [
        ("source_daemon", &message.source_daemon),
        ("error_path", &message.path),
        ("bad_element", &message.bad_element),
        ("re_name", &message.re_name),
    ];
    for (name, field) in fields {
        if let Some(text) = field {
            value[name] = Value::String(text.clone());
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_ends_its_first_line_with_the_code() {
        let failure = Failure::new(Code::Blocked, "denied").hint("ask the operator");
        assert_eq!(failure.text(), "denied [code=blocked]\nhint: ask the operator");
        assert_eq!(failure.structured(Effect::Operate)["error"]["retryable"], false);
        assert!(failure.structured(Effect::Operate)["error"].get("details").is_none());
    }
}
