//! Which tools are offered: names that do not exist, and selections that leave nothing.

use super::{findings::Findings, options::Options};

/// Judges the options that select tools.
pub(super) fn judge(_options: &Options, _findings: &mut Findings) {}
