//! What a tool hands back: text from a router that is still sealed, or a structure.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::schema::Object;
use crate::{
    devices::Answer,
    junos::{DeviceMessage, DeviceText},
};

/// The result of a tool, before redaction and caps.
pub(crate) enum Outcome {
    /// Plain text.
    Text(Text),
    /// A structure, and other words for it where they serve better.
    Structured {
        /// An object without nulls.
        value: Value,
        /// The text block; none means the structure itself as JSON.
        text: Option<String>,
    },
}

impl Outcome {
    /// Seals a typed structure.
    pub(crate) fn from_structured<T: Serialize>(structured: Structured<T>) -> Self {
        Outcome::Structured {
            value: plain(&structured.value),
            text: structured.text,
        }
    }
}

/// A result as programs read it.
pub(crate) fn plain<T: Serialize>(result: &T) -> Value {
    let mut value =
        serde_json::to_value(result).expect("results hold strings, numbers, lists and maps with string keys");
    drop_nulls(&mut value);
    value
}

/// A typed structure, with the text block for clients that show only text.
pub(crate) struct Structured<T> {
    value: T,
    text: Option<String>,
}

impl<T> Structured<T> {
    /// The same text beside another structure made of this one.
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> Structured<U> {
        Structured {
            value: make(self.value),
            text: self.text,
        }
    }

    /// The structure with `text` instead of its JSON form beside it.
    pub(crate) fn with_text(value: T, text: String) -> Self {
        Self {
            value,
            text: Some(text),
        }
    }
}

impl<T> From<T> for Structured<T> {
    fn from(value: T) -> Self {
        Self { value, text: None }
    }
}

/// Plain text, sealed or ready.
pub(crate) enum Body {
    /// From a router: to be redacted, piped and cut.
    Device(DeviceText),
    /// Out of the output store: already redacted and cut.
    Ready(String),
}

/// A text result and the facts of the call.
pub(crate) struct Text {
    pub(crate) body: Body,
    pub(crate) when_empty: Option<String>,
    pub(crate) duration: Option<Duration>,
    /// What the router warned of.
    pub(crate) warnings: Vec<DeviceMessage>,
    pub(crate) notes: Vec<String>,
    pub(crate) meta: Object,
}

impl Text {
    /// Text from a router.
    pub(crate) fn device(text: DeviceText) -> Self {
        Self::new(Body::Device(text))
    }

    /// Text out of the output store.
    pub(crate) fn stored(text: String) -> Self {
        Self::new(Body::Ready(text))
    }

    fn new(body: Body) -> Self {
        Self {
            body,
            when_empty: None,
            duration: None,
            warnings: Vec::new(),
            notes: Vec::new(),
            meta: Object::new(),
        }
    }

    /// The same result, saying `words` where there is no text.
    pub(crate) fn when_empty(mut self, words: impl Into<String>) -> Self {
        self.when_empty = Some(words.into());
        self
    }

    /// The same result with a note beside the text.
    pub(crate) fn note(mut self, note: impl AsRef<str>) -> Self {
        self.notes.push(note.as_ref().to_owned());
        self
    }

    /// The same result with one more fact for programs.
    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.meta.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Answer> for Text {
    fn from(answer: Answer) -> Self {
        let mut text = Text::device(answer.text);
        text.duration = Some(answer.duration);
        text.warnings = answer.warnings;
        text
    }
}

/// Absent means absent: no member of a result is null.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nulls_vanish_at_every_depth() {
        let mut value = json!({"a": null, "b": {"c": null, "d": 1}, "e": [{"f": null}]});
        drop_nulls(&mut value);
        assert_eq!(value, json!({"b": {"d": 1}, "e": [{}]}));
    }
}
