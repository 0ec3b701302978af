//! From what a router said to what a model may read: cleaned, redacted, piped, stored and cut.

mod cap;
mod clean;
mod compact;
mod read;
mod store;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::Value;

use crate::{
    junos::{DeviceText, apply},
    secrets::{Redactor, is_secret_word},
};

pub(crate) use cap::Caps;
pub(crate) use read::{ReadFault, ReadPage, ReadRequest};
use store::Store;

/// How much a model is shown and how long the rest is kept.
#[derive(Clone, Debug)]
pub struct OutputSettings {
    /// Bytes of one text when a call names no other cap.
    pub max_bytes: usize,
    /// Bytes of all stored outputs; one caller may hold half of it.
    pub store_bytes: usize,
    /// How long an output is kept after it was last read.
    pub store_for: Duration,
}

impl Default for OutputSettings {
    fn default() -> Self {
        Self {
            max_bytes: 60_000,
            store_bytes: 64 << 20,
            store_for: Duration::from_secs(900),
        }
    }
}

/// A text as a model gets it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Presented {
    /// The text, with the line that says how to read on when it was cut.
    pub(crate) text: String,
    /// Bytes of the whole text after redaction and pipes.
    pub(crate) bytes: usize,
    /// Its lines.
    pub(crate) lines: usize,
    /// Whether it was cut.
    pub(crate) truncated: bool,
    /// Where the whole text can be read, when it was cut.
    pub(crate) output_id: Option<String>,
    /// What the reader should know.
    pub(crate) notes: Vec<String>,
    /// Bytes of the reply that were no UTF-8.
    pub(crate) invalid_bytes: usize,
}

/// How full the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct StoreStatus {
    /// Stored outputs.
    pub(crate) count: usize,
    /// Their bytes.
    pub(crate) bytes: usize,
    /// Most bytes that are kept.
    pub(crate) limit_bytes: usize,
}

/// The only way from a router's text to a reader.
#[derive(Debug)]
pub(crate) struct Outputs {
    settings: OutputSettings,
    redactor: Arc<Redactor>,
    store: Store,
}

impl Outputs {
    /// An empty store with these limits.
    pub(crate) fn new(settings: OutputSettings, redactor: Arc<Redactor>) -> Self {
        let store = Store::new(settings.store_bytes, settings.store_for);
        Self {
            settings,
            redactor,
            store,
        }
    }

    /// Turns a router's text into what `owner` may read; what exceeds the caps is stored for that owner.
    ///
    /// The order matters: no pipe sees a secret, and what is stored is already redacted.
    pub(crate) fn present(&self, text: DeviceText, caps: &Caps, owner: &str) -> Presented {
        let revealed = text.reveal();
        let invalid_bytes = revealed.invalid_bytes;
        let mut notes = revealed.notes;
        if invalid_bytes > 0 {
            notes.push(format!(
                "{invalid_bytes} bytes were not UTF-8 and are shown as \u{fffd}"
            ));
        }
        let text = clean::trimmed(clean::sanitised(revealed.text));
        let mut text = self.redactor.redact_owned(text, revealed.path.as_deref());
        if revealed.compact {
            let (short, note) = compact::compacted(text);
            notes.extend(note.map(str::to_owned));
            // What was written with escapes is plain now: it is looked at once more.
            text = self
                .redactor
                .redact_owned(clean::sanitised(short), revealed.path.as_deref());
        }
        let text = apply(&revealed.pipes, text);
        self.stored_and_cut(text, caps, owner, notes, invalid_bytes)
    }

    /// Reads more of a stored output.
    pub(crate) fn read(&self, owner: &str, request: &ReadRequest) -> Result<ReadPage, ReadFault> {
        let (text, expires_in) = self.store.get(owner, &request.output_id).ok_or(ReadFault::NotFound)?;
        Ok(read::page(&text, request, self.settings.max_bytes, expires_in))
    }

    /// The whole of a stored output.
    pub(crate) fn whole(&self, owner: &str, id: &str) -> Option<String> {
        self.store.get(owner, id).map(|(text, _)| String::clone(&text))
    }

    /// The ids of what is kept for an owner, newest first.
    pub(crate) fn ids(&self, owner: &str) -> Vec<String> {
        self.store.ids(owner)
    }

    /// A short text as it may be read.
    pub(crate) fn clean(&self, text: &str) -> String {
        self.redactor.redact(text, None)
    }

    /// Redacts every string of a structured value, and cleans it of control characters.
    ///
    /// Strings beside an `error_path` such as `[edit snmp]` are read as text below that path.
    pub(crate) fn scrub(&self, value: &mut Value) {
        self.scrub_below(value, None);
    }

    fn scrub_below(&self, value: &mut Value, path: Option<&str>) {
        match value {
            Value::String(text) => *text = self.redactor.redact_owned(clean::sanitised(std::mem::take(text)), path),
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub_below(item, path)),
            Value::Object(members) => {
                let own = members.get("error_path").and_then(Value::as_str).map(edited);
                let path = own.as_deref().or(path);
                for (name, member) in members.iter_mut() {
                    match member {
                        Value::String(text) if is_secret_word(name) => *text = self.redactor.mark(name, text),
                        member => self.scrub_below(member, path),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// How many outputs have left the store, by why: `size` or `age`.
    pub(crate) fn evictions(&self) -> [(&'static str, u64); 2] {
        self.store.evictions()
    }

    /// How many secrets were replaced, by what they were.
    pub(crate) fn redacted(&self) -> BTreeMap<&'static str, u64> {
        self.redactor.counts()
    }

    /// How full the store is.
    pub(crate) fn status(&self) -> StoreStatus {
        self.store.status()
    }

    fn stored_and_cut(
        &self,
        text: String,
        caps: &Caps,
        owner: &str,
        mut notes: Vec<String>,
        invalid_bytes: usize,
    ) -> Presented {
        let (bytes, lines) = (text.len(), cap::lines(&text));
        let kept = caps.kept(&text, 0, self.settings.max_bytes);
        if kept.len() == bytes {
            return Presented {
                text,
                bytes,
                lines,
                truncated: false,
                output_id: None,
                notes,
                invalid_bytes,
            };
        }
        let id = store::new_id();
        let shown = cap::notice(&text, kept, caps.tail, &id);
        let stored = self.store.put(&id, owner, text);
        if stored < bytes {
            notes.push(format!(
                "the output is larger than what is kept; its first {stored} bytes can be read on"
            ));
        }
        Presented {
            text: shown,
            bytes,
            lines,
            truncated: true,
            output_id: Some(id),
            notes,
            invalid_bytes,
        }
    }
}

/// The path in `[edit snmp]`.
fn edited(path: &str) -> String {
    let path = path.trim().trim_start_matches("[edit").trim_end_matches(']');
    path.trim().to_owned()
}

#[cfg(test)]
mod tests;
