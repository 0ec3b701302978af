//! Where records end up besides the file.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::{AuditFormat, journald::Journald};

/// A finished record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// For people, on one line.
    pub(crate) text: String,
    /// All of it, without what only a chain holds.
    pub(crate) record: Map<String, Value>,
}

/// Takes records. Every sink gets every record, in order.
pub(crate) trait Sink: Send {
    /// The name that metrics and logs carry.
    fn name(&self) -> &'static str;

    /// Whether a record in it outlives this process.
    fn is_durable(&self) -> bool;

    /// Writes one record.
    fn write(&mut self, line: &Line) -> io::Result<()>;
}

/// Standard error.
#[derive(Debug)]
pub(super) struct Stderr(AuditFormat);

impl Stderr {
    /// Writes records in this format.
    pub(super) fn new(format: AuditFormat) -> Self {
        Self(format)
    }
}

impl Sink for Stderr {
    fn name(&self) -> &'static str {
        "stderr"
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let line = match self.0 {
            AuditFormat::Off => return Ok(()),
            // What is no call is in the log already, in words.
            AuditFormat::Text if line.record.get("event") != Some(&Value::from("tool_call")) => return Ok(()),
            AuditFormat::Text => format!("{}\n", line.text),
            AuditFormat::Json => format!("{}\n", Value::Object(line.record.clone())),
        };
        // One write, so that lines of several threads do not mix.
        io::stderr().write_all(line.as_bytes())
    }
}

impl Sink for Journald {
    fn name(&self) -> &'static str {
        "journald"
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        self.send(&line.text, &line.record)
    }
}
