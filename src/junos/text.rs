//! What a router said, sealed: only the output module opens it.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::Pipe;

/// Dashes under the name of a routing engine, as the Junos CLI prints them.
const RULE: usize = 74;

/// Raw text from a router, with what is needed to turn it into something a model may read.
///
/// It cannot be printed, compared or serialised: it may hold secrets and control characters.
#[derive(Clone)]
pub(crate) struct DeviceText(Revealed);

/// The contents of a [`DeviceText`].
#[derive(Clone, Default)]
pub(crate) struct Revealed {
    /// The text as decoded from the reply.
    pub(crate) text: String,
    /// The configuration path below which the text was printed; empty for the whole configuration.
    pub(crate) path: Option<String>,
    /// Pipes that we apply, in order.
    pub(crate) pipes: Vec<Pipe>,
    /// Notes for the reader.
    pub(crate) notes: Vec<String>,
    /// How many bytes of the reply were no UTF-8.
    pub(crate) invalid_bytes: usize,
    /// Whether it is JSON to be shortened for its reader.
    pub(crate) compact: bool,
}

impl DeviceText {
    /// Seals a text.
    pub(crate) fn new(text: String) -> Self {
        Self(Revealed {
            text,
            ..Revealed::default()
        })
    }

    /// SHA-256 of the text, to tell it from another without looking at it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0.text).into()
    }

    /// The same text, printed below a configuration path.
    pub(crate) fn under(mut self, path: impl Into<String>) -> Self {
        self.0.path = Some(path.into());
        self
    }

    /// The same text with pipes to apply after redaction.
    pub(crate) fn piped(mut self, pipes: Vec<Pipe>) -> Self {
        self.0.pipes.extend(pipes);
        self
    }

    /// The same text with a note for the reader.
    pub(crate) fn noted(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    /// The same text; if `wanted`, it is JSON to be shortened.
    pub(crate) fn compacted(mut self, wanted: bool) -> Self {
        self.0.compact = wanted;
        self
    }

    /// The same text, of which `invalid_bytes` bytes had to be replaced.
    pub(crate) fn lossy(mut self, invalid_bytes: usize) -> Self {
        self.0.invalid_bytes += invalid_bytes;
        self
    }

    /// Says whether the router said nothing but blanks.
    pub(crate) fn is_blank(&self) -> bool {
        self.0.text.trim().is_empty()
    }

    /// Opens the text. For the output module, and for readers whose result passes through it.
    pub(crate) fn reveal(self) -> Revealed {
        self.0
    }
}

impl fmt::Debug for DeviceText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DeviceText({} bytes)", self.0.text.len())
    }
}

/// The positions of lines that head a routing engine's part: a name with a colon, then a line of dashes.
pub(crate) fn is_engine_header(line: &str, next: Option<&str>) -> bool {
    next.is_some_and(|next| next.len() == RULE && next.bytes().all(|b| b == b'-'))
        && line.strip_suffix(':').is_some_and(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_text() {
        assert_eq!(
            format!("{:?}", DeviceText::new("secret".to_owned())),
            "DeviceText(6 bytes)"
        );
    }
}
