//! The configuration as JSON, in the form of releases since 16.1.

use super::node::Node;
use super::schema::{Def, Kind, Type};

/// The whole document; `attributes` are those of the `configuration` element.
pub(super) fn document(root: &Node, attributes: &[(&str, &str)]) -> String {
    let mut members = Vec::new();
    if !attributes.is_empty() {
        let marks = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Bare(text(value))));
        members.push(("@".to_owned(), Value::Object(marks.collect())));
    }
    members.extend(contents(root));
    let document = Value::Object(vec![("configuration".to_owned(), Value::Object(members))]);
    let mut out = String::new();
    document.print(0, &mut out);
    out.push('\n');
    out
}

enum Value {
    /// Already written.
    Bare(String),
    Object(Vec<(String, Value)>),
    Array(Vec<Value>),
}

impl Value {
    fn print(&self, depth: usize, out: &mut String) {
        match self {
            Value::Bare(text) => out.push_str(text),
            Value::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    separate(at, depth, out);
                    out.push_str(&text(name));
                    out.push_str(" : ");
                    value.print(depth + 1, out);
                }
                close(depth, out, '}');
            }
            Value::Array(values) if values.iter().all(|value| matches!(value, Value::Bare(_))) => {
                let values: Vec<&str> = values
                    .iter()
                    .map(|value| if let Value::Bare(text) = value { text } else { "" })
                    .collect();
                out.push_str(&format!("[{}]", values.join(", ")));
            }
            Value::Array(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    separate(at, depth, out);
                    value.print(depth + 1, out);
                }
                close(depth, out, ']');
            }
        }
    }
}

fn separate(at: usize, depth: usize, out: &mut String) {
    out.push_str(if at > 0 { ", \n" } else { "\n" });
    out.push_str(&"    ".repeat(depth + 1));
}

fn close(depth: usize, out: &mut String, bracket: char) {
    out.push('\n');
    out.push_str(&"    ".repeat(depth));
    out.push(bracket);
}

fn contents(node: &Node) -> Vec<(String, Value)> {
    let mut members: Vec<(String, Value)> = Vec::new();
    for child in node.children.iter().filter(|child| !child.vacuous()) {
        let Some(def) = child.def() else {
            members.push((child.word().to_owned(), unknown(child)));
            continue;
        };
        let value = match def.kind {
            Kind::Flag => Value::Array(vec![Value::Bare("null".to_owned())]),
            Kind::Leaf => leaf(def.numeric(), child.word()),
            Kind::LeafList => Value::Array(child.step.words.iter().map(|word| leaf(def.numeric(), word)).collect()),
            Kind::Container | Kind::Presence => Value::Object(whole(child, Vec::new())),
            Kind::List => {
                let entry = Value::Object(whole(child, keys(def, child)));
                match members.last_mut() {
                    Some((tag, Value::Array(entries))) if *tag == def.tag => entries.push(entry),
                    _ => members.push((def.tag.clone(), Value::Array(vec![entry]))),
                }
                continue;
            }
        };
        members.push((def.tag.clone(), value));
        if !def.holds() && child.inactive {
            members.push((format!("@{}", def.tag), Value::Object(marks(child))));
        }
    }
    members
}

/// Marks, keys and contents of a statement that holds others.
fn whole(node: &Node, keys: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let marks = marks(node);
    let mut members = if marks.is_empty() {
        Vec::new()
    } else {
        vec![("@".to_owned(), Value::Object(marks))]
    };
    members.extend(keys);
    members.extend(contents(node));
    members
}

fn marks(node: &Node) -> Vec<(String, Value)> {
    let set = |yes: bool, name: &str| yes.then(|| (name.to_owned(), Value::Bare("true".to_owned())));
    let annotation = node
        .annotation
        .as_ref()
        .map(|words| ("comment".to_owned(), Value::Bare(text(&format!("/* {words} */")))));
    annotation
        .into_iter()
        .chain(set(node.inactive, "inactive"))
        .chain(set(node.protect, "protect"))
        .collect()
}

fn keys(def: &Def, node: &Node) -> Vec<(String, Value)> {
    let pairs = def.keys.iter().zip(&node.step.words);
    pairs
        .map(|(key, word)| match &key.kind {
            Type::Choice(_) => match word.split_once(' ') {
                Some((word, value)) => (word.to_owned(), leaf(false, value)),
                None => (word.to_string(), Value::Array(vec![Value::Bare("null".to_owned())])),
            },
            kind => (key.tag.clone(), leaf(matches!(kind, Type::Integer(_)), word)),
        })
        .collect()
}

fn unknown(node: &Node) -> Value {
    match node.children.as_slice() {
        [] => Value::Array(vec![Value::Bare("null".to_owned())]),
        [only] if only.children.is_empty() => leaf(false, only.word()),
        children => Value::Object(
            children
                .iter()
                .map(|child| (child.word().to_owned(), unknown(child)))
                .collect(),
        ),
    }
}

fn leaf(numeric: bool, word: &str) -> Value {
    match numeric && word.parse::<i64>().is_ok() {
        true => Value::Bare(word.to_owned()),
        false => Value::Bare(text(word)),
    }
}

fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}
