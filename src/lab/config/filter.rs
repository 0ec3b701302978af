//! Subtree filters: the part of a configuration that a filter element asks for.
//!
//! An element without content asks for everything it names; keys with a value choose entries; other values must be equal;
//! what remains asks for that part of each entry.

use std::sync::Arc;

use super::items::Item;
use super::node::{Node, Word};
use super::schema::{Def, Kind};

/// The part of `node` that the filter elements ask for; nothing where none of them matches.
pub(super) fn select(node: &Node, filters: &[Item]) -> Vec<Arc<Node>> {
    let mut chosen: Vec<(usize, Arc<Node>)> = Vec::new();
    for filter in filters.iter().filter(|filter| filter.name != "comment") {
        for (at, child) in node.children.iter().enumerate() {
            let Some(part) = part(child, filter) else { continue };
            match chosen.iter_mut().find(|(place, _)| *place == at) {
                Some((_, known)) => *known = Arc::new(union(known, &part, child)),
                None => chosen.push((at, part)),
            }
        }
    }
    chosen.sort_by_key(|(at, _)| *at);
    chosen.into_iter().map(|(_, part)| part).collect()
}

fn part(node: &Arc<Node>, filter: &Item) -> Option<Arc<Node>> {
    let named = node
        .def()
        .map_or(node.word() == filter.name, |def| def.tag == filter.name);
    if !named {
        return None;
    }
    let value = filter.text.trim();
    if !node.step.holds() || node.def().is_none() {
        let equal = value.is_empty() || node.step.words.iter().any(|word| &**word == value);
        return equal.then(|| Arc::clone(node));
    }
    let def = node.def()?;
    let (keys, rest): (Vec<&Item>, Vec<&Item>) = filter
        .children
        .iter()
        .partition(|child| def.kind == Kind::List && key_place(def, child).is_some());
    for key in &keys {
        let wanted = key.text.trim();
        let at = key_place(def, key)?;
        if !wanted.is_empty() && node.step.words.get(at).map(|word: &Word| &**word) != Some(wanted) {
            return None;
        }
    }
    if rest.is_empty() {
        // Nothing but an empty key asks for the keys alone.
        let keys_only = !keys.is_empty() && keys.iter().all(|key| key.text.trim().is_empty());
        return Some(if keys_only {
            Arc::new(bare(node))
        } else {
            Arc::clone(node)
        });
    }
    // A leaf with a value is a condition on its siblings, not a choice among them.
    let conditions = || rest.iter().filter(|child| !child.text.trim().is_empty());
    let holds = |condition: &&Item| node.children.iter().any(|child| part(child, condition).is_some());
    if !conditions().all(holds) {
        return None;
    }
    if conditions().count() == rest.len() {
        return Some(Arc::clone(node));
    }
    let rest: Vec<Item> = rest.into_iter().cloned().collect();
    let mut out = bare(node);
    out.children = select(node, &rest);
    (!out.children.is_empty()).then(|| Arc::new(out))
}

fn key_place(def: &Def, item: &Item) -> Option<usize> {
    def.keys.iter().position(|key| key.tag == item.name)
}

fn bare(node: &Node) -> Node {
    Node {
        children: Vec::new(),
        ..node.clone()
    }
}

/// Two parts of one statement as one, in the order of the whole.
fn union(one: &Node, other: &Node, whole: &Node) -> Node {
    let mut out = bare(whole);
    for child in &whole.children {
        match (one.child(&child.step), other.child(&child.step)) {
            (Some(one), Some(other)) => out.children.push(Arc::new(union(one, other, child))),
            (Some(part), None) | (None, Some(part)) => out.children.push(Arc::clone(part)),
            (None, None) => {}
        }
    }
    out
}
