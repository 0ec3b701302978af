//! Reading a configuration: what the operational side of a router asks of it.

use super::lexer::Piece;
use super::node::{Node, Step};
use super::resolve::{Path, Reading};
use super::schema::{Kind, root as schema_root};

/// An active statement of a configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeRef<'a> {
    node: &'a Node,
}

impl<'a> NodeRef<'a> {
    pub(super) fn new(node: &'a Node) -> NodeRef<'a> {
        NodeRef { node }
    }

    /// All keys of a list entry, or all values of a leaf.
    pub(crate) fn keys(&self) -> Vec<&'a str> {
        self.node.step.words.iter().map(|word| &**word).collect()
    }

    /// The XML name of the statement, or the word itself where the schema does not know it.
    pub(crate) fn name(&self) -> &'a str {
        self.node.def().map_or(self.node.word(), |def| &def.tag)
    }

    /// The statement that the CLI words `path` lead to.
    pub(crate) fn get(&self, path: &[&str]) -> Option<NodeRef<'a>> {
        let steps = steps(self.node, path)?;
        let mut node = self.node;
        for step in &steps {
            node = node.active().find(|child| child.is(step) && holds_value(child, step))?;
        }
        Some(NodeRef { node })
    }

    /// The value at `path`: of a leaf, or of the unnamed leaf of a container (`autonomous-system 65000`).
    pub(crate) fn value(&self, path: &[&str]) -> Option<&'a str> {
        let node = self.get(path)?.node;
        match node.kind() {
            Some(Kind::Leaf | Kind::LeafList) => Some(node.word()),
            Some(Kind::Flag) => None,
            Some(_) => node
                .active()
                .find(|child| child.kind() == Some(Kind::Leaf) && child.def().is_some_and(|def| def.nameless()))
                .map(Node::word),
            None => node.active().next().map(Node::word),
        }
    }

    /// The values of the leaf-list at `path`.
    pub(crate) fn values(&self, path: &[&str]) -> Vec<&'a str> {
        self.get(path).map(|found| found.keys()).unwrap_or_default()
    }

    /// Whether the statement is there.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.get(path).is_some()
    }

    /// The entries of the list with this CLI word or XML name, with their first key, in order.
    pub(crate) fn entries(&self, list: &str) -> Vec<(&'a str, NodeRef<'a>)> {
        let of_list = |node: &&Node| {
            node.def()
                .is_some_and(|def| def.kind == Kind::List && (def.tag == list || def.word == list))
        };
        let known = self
            .node
            .active()
            .filter(of_list)
            .map(|node| (node.word(), NodeRef { node }));
        let unread = self
            .node
            .active()
            .filter(|node| node.def().is_none() && node.word() == list);
        known
            .chain(
                unread
                    .flat_map(Node::active)
                    .map(|node| (node.word(), NodeRef { node })),
            )
            .collect()
    }

    /// Every active statement below, in display order.
    pub(crate) fn children(&self) -> Vec<NodeRef<'a>> {
        self.node.active().map(|node| NodeRef { node }).collect()
    }
}

/// A value in the path must be the value that is there.
fn holds_value(node: &Node, step: &Step) -> bool {
    match step.kind() {
        Some(Kind::Leaf | Kind::LeafList) => step.words.iter().all(|word| node.step.words.contains(word)),
        _ => true,
    }
}

/// The statements that CLI words name below `node`.
pub(super) fn steps(node: &Node, path: &[&str]) -> Option<Path> {
    let pieces: Vec<Piece> = path.iter().map(|word| Piece::Word((*word).to_owned())).collect();
    let base = if node.step.words.is_empty() && node.def().is_none() {
        Some(schema_root())
    } else {
        node.def()
    };
    let mut paths = Reading {
        strict: false,
        short: false,
        partial: true,
    }
    .paths(base, &pieces)
    .ok()?;
    match paths.len() {
        1 => paths.pop(),
        _ => None,
    }
}
