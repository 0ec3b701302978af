//! Short JSON from the tree: wrappers and single-element arrays are gone, rows stand one to a line.

use serde_json::Value;

use super::{
    shapes::{Shapes, is_integer},
    tree::{Member, Node},
};
use crate::secrets::is_secret_word;

/// What stays of what Junos says about a value: the seconds in a time, and the value as a person reads it.
const KEPT: &[(&str, &str)] = &[("junos:seconds", "seconds"), ("junos:format", "format")];

/// Writes one answer.
pub(super) struct Writer<'a> {
    shapes: &'a Shapes<'a>,
    out: String,
}

impl<'a> Writer<'a> {
    pub(super) fn new(shapes: &'a Shapes<'a>) -> Self {
        Self {
            shapes,
            out: String::new(),
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// One document.
    pub(super) fn document(&mut self, document: &Node) {
        self.item("", document);
    }

    /// Documents, or the parts of several routing engines: a list with one row for each.
    pub(super) fn rows(&mut self, rows: &[&Node]) {
        self.list(rows, |writer, row| writer.document(row));
    }

    /// An element with elements inside.
    fn container(&mut self, name: &str, node: &Node) {
        self.out.push('{');
        for member in Member::all(node) {
            self.separate('{');
            self.quoted(member.name);
            self.out.push(':');
            // A configuration keeps every member, its marks too: it may be loaded again.
            if name.is_empty() && member.name == "configuration" {
                member.items.iter().for_each(|item| self.plain(item));
            } else {
                self.member(name, &member);
            }
        }
        self.out.push('}');
    }

    fn member(&mut self, parent: &str, member: &Member<'_>) {
        let name = member.name;
        match member.items.as_slice() {
            [single] if !member.is_real_list() && !self.shapes.is_list(parent, name) => {
                self.item(name, single);
                // What is said of a secret could repeat it.
                let said = kept(single.member("attributes")).chain(kept(member.beside));
                for (label, said) in said.filter(|_| !is_secret_word(name)) {
                    self.out.push(',');
                    self.quoted(&format!("{name}:{label}"));
                    self.out.push(':');
                    self.said(said);
                }
            }
            several if several.iter().any(|item| says_more(item)) && !is_secret_word(name) => {
                self.list(several, |writer, item| writer.with_what_is_said(name, item));
            }
            several => self.list(several, |writer, item| writer.item(name, item)),
        }
    }

    fn item(&mut self, name: &str, item: &Node) {
        match item.leaf() {
            Some(value) => self.leaf(name, value),
            None if item.members().is_some() => self.container(name, item),
            None => self.unwrapped(item),
        }
    }

    /// One of several values of which Junos says more, as an object.
    fn with_what_is_said(&mut self, name: &str, item: &Node) {
        let Some(value) = item.leaf() else {
            return self.item(name, item);
        };
        self.out.push_str("{\"data\":");
        self.leaf(name, value);
        for (label, said) in kept(item.member("attributes")) {
            self.out.push(',');
            self.quoted(label);
            self.out.push(':');
            self.said(said);
        }
        self.out.push('}');
    }

    fn leaf(&mut self, name: &str, value: &Node) {
        match value {
            Node::Text(digits) if self.shapes.is_number(name) => self.out.push_str(digits),
            value => self.unwrapped(value),
        }
    }

    fn unwrapped(&mut self, value: &Node) {
        match value {
            // An empty element says something by being there.
            Node::Null => self.out.push_str("true"),
            value => self.plain(value),
        }
    }

    fn said(&mut self, value: &Node) {
        match value {
            Node::Text(digits) if is_integer(digits) => self.out.push_str(digits),
            value => self.plain(value),
        }
    }

    /// Objects each begin a line: as many bytes as without, and pipes and cuts find rows.
    fn list(&mut self, items: &[&Node], mut write: impl FnMut(&mut Self, &Node)) {
        self.out.push('[');
        for item in items {
            self.separate('[');
            if item.members().is_some() && item.leaf().is_none() {
                self.out.push('\n');
            }
            write(self, item);
        }
        self.out.push(']');
    }

    /// The same value without blanks.
    fn plain(&mut self, node: &Node) {
        match node {
            Node::Null => self.out.push_str("null"),
            Node::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Node::Number(number) => self.out.push_str(&number.to_string()),
            Node::Text(text) => self.quoted(text),
            Node::List(items) => self.list(&items.iter().collect::<Vec<_>>(), |writer, item| writer.plain(item)),
            Node::Map(members) => {
                self.out.push('{');
                for (name, value) in members {
                    self.separate('{');
                    self.quoted(name);
                    self.out.push(':');
                    self.plain(value);
                }
                self.out.push('}');
            }
        }
    }

    fn separate(&mut self, opening: char) {
        if !self.out.ends_with(opening) {
            self.out.push(',');
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push_str(&Value::from(text).to_string());
    }
}

fn says_more(item: &Node) -> bool {
    item.leaf().is_some() && kept(item.member("attributes")).next().is_some()
}

fn kept(attributes: Option<&Node>) -> impl Iterator<Item = (&'static str, &Node)> {
    KEPT.iter()
        .filter_map(move |(name, label)| attributes?.member(name).map(|value| (*label, value)))
}
