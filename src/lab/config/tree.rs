//! A whole configuration.

use std::sync::Arc;

use super::lexer::{Piece, pieces, tokens};
use super::node::{Node, Step};
use super::read::NodeRef;
use super::report::{ConfigError, LoadReport};
use super::resolve::{Path, Reading};
use super::schema::{Kind, root as schema_root};
use super::secret::Encoder;
use super::words::edit_path;
use super::{filter, groups, load, parse_xml, print_json, print_set, print_text, print_xml};

/// How a payload meets what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadAction {
    /// Union; leaves take the new value.
    Merge,
    /// The payload is the whole configuration.
    Override,
    /// What the payload tags is replaced, the rest is merged.
    Replace,
    /// As override, but what is equal does not count as changed.
    Update,
    /// Command lines.
    Set,
    /// The text of a comparison.
    Patch,
}

/// The form of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoadFormat {
    /// Braces.
    Text,
    /// Elements of `<configuration>`, with or without that element.
    Xml,
    /// The object of `configuration`, with or without that name.
    Json,
    /// Command lines.
    Set,
}

/// A configuration; clones share everything until one is edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    pub(super) root: Arc<Node>,
}

impl Tree {
    /// A configuration that says nothing.
    pub(crate) fn empty() -> Tree {
        Tree {
            root: Arc::new(Node::new(Step::new(schema_root(), Vec::new()))),
        }
    }

    /// The configuration that `set` lines describe. Secrets are encoded with seed 0.
    ///
    /// # Errors
    /// What is wrong with the first bad line.
    pub(crate) fn from_set(text: &str) -> Result<Tree, Vec<ConfigError>> {
        let mut tree = Tree::empty();
        let report = tree.load(LoadAction::Set, LoadFormat::Set, text, &Encoder::default());
        if report.errors.is_empty() {
            Ok(tree)
        } else {
            Err(report.errors)
        }
    }

    /// Edits in place; statements that the schema does not know are kept as written.
    pub(crate) fn load(
        &mut self,
        action: LoadAction,
        format: LoadFormat,
        payload: &str,
        encoder: &Encoder,
    ) -> LoadReport {
        self.load_as(action, format, payload, encoder, false)
    }

    /// Edits in place; statements that the schema does not know are syntax errors, except where it is incomplete.
    pub(crate) fn load_strictly(
        &mut self,
        action: LoadAction,
        format: LoadFormat,
        payload: &str,
        encoder: &Encoder,
    ) -> LoadReport {
        self.load_as(action, format, payload, encoder, true)
    }

    fn load_as(
        &mut self,
        action: LoadAction,
        format: LoadFormat,
        payload: &str,
        encoder: &Encoder,
        strict: bool,
    ) -> LoadReport {
        load::load(self, (action, format), payload, encoder, strict)
    }

    /// The contents of the statement at the CLI words `path`, in braces. An empty path is everything.
    pub(crate) fn text(&self, path: &[&str]) -> Option<String> {
        self.braces(path, false)
    }

    /// As [`Tree::text`], with a remark before every statement that [`Tree::inherited`] added.
    pub(crate) fn text_with_inheritance(&self, path: &[&str]) -> Option<String> {
        self.braces(path, true)
    }

    fn braces(&self, path: &[&str], inheritance: bool) -> Option<String> {
        let selection = self.select(path)?;
        let mut out = String::new();
        if selection.inactive {
            let place = edit_path(&selection.above);
            out = format!(
                "##\n## inactive: {}\n##\n",
                place.trim_start_matches("[edit ").trim_end_matches(']')
            );
        }
        for node in &selection.nodes {
            out.push_str(&match node.step.holds() {
                true if selection.list && print_text::shares_brace(node) => print_text::grouped_entry(node, 0),
                true if selection.list => print_text::whole(node, 0, inheritance),
                true => print_text::contents(node, 0, inheritance),
                false => print_text::whole(node, 0, inheritance),
            });
        }
        Some(out)
    }

    /// The `set` lines of the statement at `path`, each with its whole path.
    pub(crate) fn set_lines(&self, path: &[&str]) -> Option<String> {
        let mut out = String::new();
        print_set::lines(&self.narrowed(path)?, "", &mut out);
        Some(out)
    }

    /// The statement at `path` within its parents, as it stands inside `<configuration>`, indented by one level.
    pub(crate) fn xml(&self, path: &[&str]) -> Option<String> {
        Some(print_xml::contents(&self.narrowed(path)?, 1, false))
    }

    /// As [`Tree::xml`], naming the group of every statement that [`Tree::inherited`] added.
    pub(crate) fn xml_with_groups(&self, path: &[&str]) -> Option<String> {
        Some(print_xml::contents(&self.narrowed(path)?, 1, true))
    }

    /// As [`Tree::xml`], as a JSON document.
    #[cfg(test)]
    pub(crate) fn json(&self, path: &[&str]) -> Option<String> {
        self.json_with(path, &[])
    }

    /// As [`Tree::json`], with attributes of the `configuration` element.
    pub(crate) fn json_with(&self, path: &[&str], attributes: &[(&str, &str)]) -> Option<String> {
        Some(print_json::document(&self.narrowed(path)?, attributes))
    }

    /// The elements that a subtree filter asks for, indented by one level. The filter is the content of `<configuration>`,
    /// with or without that element; an empty one asks for everything, one that cannot be read for nothing.
    #[cfg(test)]
    pub(crate) fn xml_filtered(&self, filter_xml: &str) -> String {
        self.filtered(filter_xml).xml(&[]).unwrap_or_default()
    }

    /// The part of the configuration that a subtree filter asks for.
    pub(crate) fn filtered(&self, filter_xml: &str) -> Tree {
        let Ok(items) = parse_xml::read(filter_xml) else {
            return Tree::empty();
        };
        let filters = match items.as_slice() {
            [only] if only.name == "configuration" => only.children.as_slice(),
            items => items,
        };
        if filters.is_empty() {
            return self.clone();
        }
        let root = Node {
            children: filter::select(&self.root, filters),
            ..Node::new(self.root.step.clone())
        };
        Tree { root: Arc::new(root) }
    }

    /// The configuration as the daemons see it: groups and interface ranges applied, and gone.
    pub(crate) fn inherited(&self) -> Tree {
        Tree {
            root: Arc::new(groups::expand(&self.root)),
        }
    }

    /// The configuration with nothing but the statement at `path` and its parents.
    pub(crate) fn part(&self, path: &[&str]) -> Tree {
        match self.narrowed(path) {
            Some(root) => Tree { root: Arc::new(root) },
            None => Tree::empty(),
        }
    }

    /// The whole configuration as something to read from.
    pub(crate) fn top(&self) -> NodeRef<'_> {
        NodeRef::new(&self.root)
    }

    /// The active statement that the CLI words `path` lead to.
    #[cfg(test)]
    pub(crate) fn get(&self, path: &[&str]) -> Option<NodeRef<'_>> {
        self.top().get(path)
    }

    /// The value of the active leaf at `path`.
    #[cfg(test)]
    pub(crate) fn value(&self, path: &[&str]) -> Option<&str> {
        self.top().value(path)
    }

    /// Whether the active statement at `path` is there.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.top().has(path)
    }

    /// The tree with nothing but what `path` names and its parents.
    fn narrowed(&self, path: &[&str]) -> Option<Node> {
        let steps = self.steps(path)?;
        narrow(&self.root, &steps)
    }

    fn steps(&self, path: &[&str]) -> Option<Path> {
        let words = path
            .iter()
            .map(|word| Piece::Word((*word).to_owned()))
            .collect::<Vec<_>>();
        let words = if let [Piece::Word(only)] = words.as_slice() {
            pieces(&tokens(only)).ok()?
        } else {
            words
        };
        let mut paths = Reading {
            strict: false,
            short: true,
            partial: true,
        }
        .paths(Some(schema_root()), &words)
        .ok()?;
        if paths.len() == 1 { paths.pop() } else { None }
    }

    /// Whether the CLI words `path` can name a statement at all.
    ///
    /// # Errors
    /// The syntax error, with the word that is wrong.
    #[cfg(test)]
    pub(crate) fn judge_path(path: &[&str]) -> Result<(), Box<ConfigError>> {
        let words: Vec<Piece> = path.iter().map(|word| Piece::Word((*word).to_owned())).collect();
        let reading = Reading {
            strict: true,
            short: true,
            partial: true,
        };
        match reading.paths(Some(schema_root()), &words) {
            Ok(_) => Ok(()),
            Err(fault) => Err(Box::new(ConfigError::parser(fault.message, fault.word, None))),
        }
    }

    fn select(&self, path: &[&str]) -> Option<Selection<'_>> {
        let steps = self.steps(path)?;
        let mut selection = Selection {
            nodes: vec![&self.root],
            above: Vec::new(),
            inactive: false,
            list: false,
        };
        for step in &steps {
            let parent = *selection.nodes.first()?;
            selection.nodes = parent
                .children
                .iter()
                .map(|child| &**child)
                .filter(|child| child.is(step))
                .collect();
            let first = *selection.nodes.first()?;
            selection.inactive |= selection.nodes.len() == 1 && first.inactive;
            selection.above.push(first.step.clone());
            selection.list = !step.complete() && step.kind() == Some(Kind::List);
        }
        Some(selection)
    }
}

/// What a path leads to.
struct Selection<'a> {
    nodes: Vec<&'a Node>,
    above: Vec<Step>,
    /// Something on the way is inactive.
    inactive: bool,
    /// The path names a list without its keys.
    list: bool,
}

fn narrow(node: &Node, steps: &[Step]) -> Option<Node> {
    let Some((first, rest)) = steps.split_first() else {
        return Some(node.clone());
    };
    let mut out = node.clone();
    out.children = Vec::new();
    for child in node.children.iter().filter(|child| child.is(first)) {
        out.children.extend(narrow(child, rest).map(Arc::new));
    }
    if out.children.is_empty() { None } else { Some(out) }
}
