//! The serve form: judge, refuse or start, and end in good order.

use std::process::ExitCode;

use super::{assemble, environment::Parsed, findings::Findings, refuse};

/// Serves until the client goes away or a signal comes.
pub(super) fn run(parsed: &Parsed, mut findings: Findings) -> anyhow::Result<ExitCode> {
    let _assembled = assemble::assemble(parsed, &mut findings);
    for warning in findings.warnings() {
        tracing::warn!("{}", warning.line());
    }
    if !findings.permit_start() {
        return Ok(refuse(&findings));
    }
    Ok(ExitCode::SUCCESS)
}
