//! What a call gives back: blocks of text, a structure, facts for programs. Everything in it has been redacted.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{
    output::Outputs,
    tools::{Body, Call, Code, Effect, Failure, Offer, Outcome, Question, Text},
};

/// The answer to one call.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) blocks: Vec<String>,
    pub(crate) structured: Option<Value>,
    pub(crate) meta: Map<String, Value>,
    pub(crate) failed: bool,
    pub(crate) output_id: Option<String>,
    pub(crate) code: Option<Code>,
}

impl Reply {
    /// Whether the call failed.
    pub fn is_error(&self) -> bool {
        self.failed
    }

    /// The code of the failure; empty for a success.
    pub fn code(&self) -> &'static str {
        self.code.map_or("", Code::as_str)
    }

    /// The first block of text.
    pub fn text(&self) -> &str {
        self.blocks.first().map_or("", String::as_str)
    }

    /// All blocks of text.
    pub fn blocks(&self) -> &[String] {
        &self.blocks
    }

    /// The structured result, null if there is none.
    pub fn structured(&self) -> &Value {
        self.structured.as_ref().unwrap_or(&Value::Null)
    }

    /// The facts of the call for programs.
    pub fn meta(&self) -> &Map<String, Value> {
        &self.meta
    }

    /// The reply to a call that succeeded.
    pub(super) fn success(outcome: Outcome, call: &Call, elapsed: Duration) -> Self {
        let services = call.services();
        match outcome {
            Outcome::Text(text) => Self::of_text(text, call, elapsed),
            Outcome::Structured { mut value, text } => {
                services.outputs.scrub(&mut value);
                let text = match text {
                    Some(text) => scrubbed(&services.outputs, text),
                    None => value.to_string(),
                };
                Self {
                    blocks: vec![text],
                    structured: Some(value),
                    ..Self::empty()
                }
            }
        }
    }

    fn of_text(text: Text, call: &Call, elapsed: Duration) -> Self {
        let services = call.services();
        let mut meta = Map::new();
        let mut asides: Vec<String> = text.warnings.iter().map(|warning| call.said(warning)).collect();
        asides.extend(text.notes.iter().map(|note| format!("note: {note}")));
        let mut output_id = None;
        if let [router] = call.routers().as_slice() {
            meta.insert("router_name".to_owned(), router.as_str().into());
        }
        let millis = text.duration.unwrap_or(elapsed).as_millis();
        meta.insert(
            "duration_ms".to_owned(),
            u64::try_from(millis).unwrap_or(u64::MAX).into(),
        );
        let mut words = match text.body {
            Body::Ready(stored) => stored,
            Body::Device(device) => {
                let presented = call.present(device, call.caps());
                meta.insert("bytes".to_owned(), presented.bytes.into());
                meta.insert("lines".to_owned(), presented.lines.into());
                meta.insert("truncated".to_owned(), presented.truncated.into());
                if let Some(id) = &presented.output_id {
                    meta.insert("output_id".to_owned(), id.as_str().into());
                }
                asides.extend(presented.notes.iter().map(|note| format!("note: {note}")));
                output_id = presented.output_id;
                presented.text
            }
        };
        meta.extend(text.meta);
        if let Some(instead) = text.when_empty.filter(|_| words.trim().is_empty()) {
            words = instead;
        }
        let mut blocks = vec![words];
        if !asides.is_empty() {
            blocks.push(scrubbed(&services.outputs, asides.join("\n")));
        }
        Self {
            blocks,
            meta,
            output_id,
            ..Self::empty()
        }
    }

    /// The reply to a call whose plan has to be confirmed first.
    pub(super) fn offer(offer: Offer, outputs: &Outputs) -> Self {
        let (next, until) = (offer.next(), offer.until());
        let mut plan = offer.plan;
        outputs.scrub(&mut plan);
        let words = scrubbed(outputs, offer.words);
        // The token goes in afterwards: to what looks for secrets it is one.
        let structured = json!({
            "status": "confirmation_required",
            "plan": plan,
            "plan_token": offer.plan_token,
            "expires_at": until,
        });
        Self {
            blocks: vec![format!(
                "Confirmation required [code=confirmation_required]\n\n{words}\n\n{next}"
            )],
            structured: Some(structured),
            ..Self::empty()
        }
    }

    /// The reply to a call that failed.
    pub(super) fn failure(failure: Failure, effect: Effect, outputs: &Outputs) -> Self {
        let failure = failure.redacted(outputs);
        let mut structured = failure.structured(effect);
        outputs.scrub(&mut structured);
        let mut blocks = vec![scrubbed(outputs, failure.text())];
        blocks.extend(failure.evidence().map(|evidence| scrubbed(outputs, evidence)));
        Self {
            blocks,
            structured: Some(structured),
            failed: true,
            code: Some(failure.code()),
            ..Self::empty()
        }
    }

    fn empty() -> Self {
        Self {
            blocks: Vec::new(),
            structured: None,
            meta: Map::new(),
            failed: false,
            output_id: None,
            code: None,
        }
    }
}

impl Question {
    /// The same question without secrets.
    pub(super) fn redacted(mut self, outputs: &Outputs) -> Self {
        self.message = scrubbed(outputs, self.message);
        self
    }
}

fn scrubbed(outputs: &Outputs, text: String) -> String {
    let mut value = Value::String(text);
    outputs.scrub(&mut value);
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
