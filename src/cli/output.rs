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
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::new(error.kind(), Closed),
        _ => error,
    })
}

/// Whoever reads our stdout has seen enough, as `head` does; there is nobody to tell and nothing to complain of.
#[derive(Debug, thiserror::Error)]
#[error("stdout is closed")]
struct Closed;

/// Whether this error is a closed stdout, and not another pipe that broke.
pub(super) fn is_closed(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.is_some_and(|inner| inner.is::<Closed>())
    })
}
