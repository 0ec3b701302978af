//! `show chassis …`.

use super::tree::Command;

pub(super) const COMMANDS: &[Command] = &[];
