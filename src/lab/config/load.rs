//! Loads in every form and with every action.

use std::sync::Arc;

use super::change::{Applier, Change, Operation};
use super::items::Item;
use super::node::Node;
use super::report::{ConfigError, LoadReport};
use super::schema::Kind;
use super::secret::Encoder;
use super::tree::{LoadAction, LoadFormat, Tree};
use super::{items, load_set, parse_json, parse_text, parse_xml, patch};

/// Applies `payload` to `tree`. Braces, elements and objects are read whole before anything is applied; what could be
/// read is applied even when a part could not.
pub(super) fn load(
    tree: &mut Tree,
    (action, format): (LoadAction, LoadFormat),
    payload: &str,
    encoder: &Encoder,
    strict: bool,
) -> LoadReport {
    let mut applier = Applier::new(encoder);
    if action == LoadAction::Set || format == LoadFormat::Set {
        if matches!(action, LoadAction::Override | LoadAction::Update) {
            *tree = Tree::empty();
        }
        load_set::load(Arc::make_mut(&mut tree.root), payload, strict, &mut applier);
        return applier.report;
    }
    if action == LoadAction::Patch {
        patch::load(Arc::make_mut(&mut tree.root), payload, strict, &mut applier);
        return applier.report;
    }
    let (mut changes, errors) = read(format, payload, strict);
    applier.report.errors = errors;
    if action == LoadAction::Merge {
        changes.iter_mut().for_each(merge_only);
    }
    let whole = matches!(action, LoadAction::Override | LoadAction::Update);
    let mut target = if whole {
        Tree::empty()
    } else {
        std::mem::replace(tree, Tree::empty())
    };
    let root = Arc::make_mut(&mut target.root);
    for change in &changes {
        applier.apply(root, change);
    }
    if !whole {
        *tree = target;
    } else if applier.report.errors.is_empty() {
        // A payload that could not be read must not empty the configuration, so only a good one takes its place.
        share(root, &tree.root);
        *tree = target;
    }
    applier.report
}

fn read(format: LoadFormat, payload: &str, strict: bool) -> (Vec<Change>, Vec<ConfigError>) {
    let parsed: Result<Vec<Item>, String> = match format {
        LoadFormat::Text | LoadFormat::Set => return parse_text::read(payload, strict),
        LoadFormat::Xml => parse_xml::read(payload),
        LoadFormat::Json => parse_json::read(payload),
    };
    match parsed {
        Ok(parsed) => items::read(&parsed, strict),
        Err(fault) => (
            Vec::new(),
            vec![ConfigError::parser(format!("syntax error: {fault}"), None, None)],
        ),
    }
}

/// `replace:` tags mean something to a replacing load only; without one they merge.
fn merge_only(change: &mut Change) {
    if change.operation == Operation::Replace && change.step.kind() != Some(Kind::Leaf) {
        change.operation = Operation::Merge;
    }
    change.children.retain(|child| child.operation != Operation::Empty);
    change.children.iter_mut().for_each(merge_only);
}

/// Lets `new` use the statements of `old` where they are equal, so that both take the room of one.
fn share(new: &mut Node, old: &Node) {
    for at in 0..new.children.len() {
        let Some(same) = old.child(&new.children[at].step) else {
            continue;
        };
        match same == &new.children[at] {
            true => new.children[at] = Arc::clone(same),
            false => share(new.child_mut(at), same),
        }
    }
}
