//! What subcommands print on stdout.

use std::io::{self, Write as _};

use serde::Serialize;

/// Prints one JSON document, indented by two blanks.
pub(super) fn document(value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    write(&text)
}

/// Prints a text as it is and sends it off at once.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
