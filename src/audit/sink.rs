//! Where records end up. A file with a hash chain and the journal implement the same trait.

use std::io::Write;

use super::AuditFormat;

/// A finished record in both spellings, without line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// For people.
    pub(crate) text: String,
    /// One JSON object.
    pub(crate) json: String,
}

/// Takes records. Every sink gets every record, in order.
pub(crate) trait Sink: Send + Sync {
    /// Writes one record; a failure must not disturb the call it is about.
    fn write(&self, line: &Line);
}

/// Standard error.
#[derive(Debug)]
pub(crate) struct Stderr(AuditFormat);

impl Stderr {
    /// Writes records in this format.
    pub(crate) fn new(format: AuditFormat) -> Self {
        Self(format)
    }
}

impl Sink for Stderr {
    fn write(&self, line: &Line) {
        let line = match self.0 {
            AuditFormat::Off => return,
            AuditFormat::Text => &line.text,
            AuditFormat::Json => &line.json,
        };
        // One write, so that lines of several threads do not mix; a closed stderr is no reason to fail.
        let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}
