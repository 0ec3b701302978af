//! What a configuration does as a whole.

mod compare;
mod forms;
mod identities;
mod loads;
mod network;
mod parts;

use super::{Encoder, LoadAction, LoadFormat, LoadReport, Tree};

/// The configuration of the given `set` lines.
pub(super) fn tree(lines: &str) -> Tree {
    Tree::from_set(lines).expect("the lines of a test are well formed")
}

/// Edits `tree` with command lines.
pub(super) fn edit(tree: &mut Tree, lines: &str) -> LoadReport {
    tree.load(LoadAction::Set, LoadFormat::Set, lines, &Encoder { seed: 1 })
}
