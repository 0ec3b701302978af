//! The configuration as XML elements.

use std::fmt::Write;

use quick_xml::escape::partial_escape;

use super::node::Node;
use super::schema::{Kind, Type};

/// An unknown word that cannot be an element name is the `name` of this element.
pub(super) const UNNAMED: &str = "undocumented-word";

/// Prints what `node` holds, `depth` levels of four blanks deep; `groups` adds where inherited statements come from.
pub(super) fn contents(node: &Node, depth: usize, groups: bool) -> String {
    let mut printer = Printer {
        out: String::new(),
        groups,
    };
    printer.contents(node, depth);
    printer.out
}

struct Printer {
    out: String,
    groups: bool,
}

impl Printer {
    fn contents(&mut self, node: &Node, depth: usize) {
        for child in &node.children {
            self.element(child, depth);
        }
    }

    fn element(&mut self, node: &Node, depth: usize) {
        if let Some(text) = &node.annotation {
            self.line(
                depth,
                &format!("<junos:comment>/* {} */</junos:comment>", partial_escape(&**text)),
            );
        }
        let attributes = self.attributes(node);
        let Some(def) = node.def() else {
            return self.unknown(node, &attributes, depth);
        };
        let tag = def.tag.as_str();
        match def.kind {
            Kind::Flag => self.line(depth, &format!("<{tag}{attributes}/>")),
            Kind::Leaf | Kind::LeafList => {
                for value in &node.step.words {
                    self.text(depth, tag, &attributes, value);
                }
            }
            Kind::Container if node.children.is_empty() => {}
            Kind::Container | Kind::Presence | Kind::List => {
                self.line(depth, &format!("<{tag}{attributes}>"));
                self.keys(node, depth + 1);
                self.contents(node, depth + 1);
                self.line(depth, &format!("</{tag}>"));
            }
        }
    }

    fn keys(&mut self, node: &Node, depth: usize) {
        let keys = node.def().map(|def| def.keys.as_slice()).unwrap_or_default();
        for (key, value) in keys.iter().zip(&node.step.words) {
            match &key.kind {
                Type::Choice(_) => match value.split_once(' ') {
                    Some((word, value)) => self.text(depth, word, "", value),
                    None => self.line(depth, &format!("<{value}/>")),
                },
                _ => self.text(depth, &key.tag, "", value),
            }
        }
    }

    fn unknown(&mut self, node: &Node, attributes: &str, depth: usize) {
        let word = node.word();
        let named = element_name(word);
        let tag = if named { word } else { UNNAMED };
        if named && node.children.is_empty() {
            return self.line(depth, &format!("<{tag}{attributes}/>"));
        }
        if let [only] = node.children.as_slice()
            && named
            && only.children.is_empty()
            && only.def().is_none()
            && !only.inactive
        {
            return self.text(depth, tag, attributes, only.word());
        }
        self.line(depth, &format!("<{tag}{attributes}>"));
        if !named {
            self.text(depth + 1, "name", "", word);
        }
        self.contents(node, depth + 1);
        self.line(depth, &format!("</{tag}>"));
    }

    fn attributes(&self, node: &Node) -> String {
        let mut out = String::new();
        if node.inactive {
            out.push_str(" inactive=\"inactive\"");
        }
        if node.protect {
            out.push_str(" protect=\"protect\"");
        }
        if let Some(group) = node.origin.as_ref().filter(|_| self.groups) {
            let _ = write!(out, " junos:group=\"{}\"", quick_xml::escape::escape(&**group));
        }
        out
    }

    fn text(&mut self, depth: usize, tag: &str, attributes: &str, text: &str) {
        self.line(depth, &format!("<{tag}{attributes}>{}</{tag}>", partial_escape(text)));
    }

    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.out.push_str("    ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn element_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && word != UNNAMED
}
