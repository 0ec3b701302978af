//! A statement's own words as they are printed: name, keys or values, in quotes where needed.

use super::lexer::{quote, written};
use super::node::{Node, Step};
use super::schema::{Kind, Type};

/// Values and keys of a statement, quoted as the statement asks for.
fn arguments(step: &Step) -> Vec<String> {
    let Some(def) = step.def else {
        return step.words.iter().map(|word| written(word).into_owned()).collect();
    };
    let mut out = Vec::new();
    for (at, word) in step.words.iter().enumerate() {
        let key = def.keys.get(at);
        out.extend(key.and_then(|key| key.word.clone()));
        out.push(match key.map(|key| &key.kind) {
            Some(Type::Choice(_)) => word.to_string(),
            _ if def.quoted() => quote(word),
            _ => written(word).into_owned(),
        });
    }
    out
}

/// Name and arguments; a leaf-list as `name [ a b ]`.
pub(super) fn statement(step: &Step) -> String {
    let arguments = arguments(step);
    let arguments = match step.kind() {
        Some(Kind::LeafList) if arguments.len() > 1 => format!("[ {} ]", arguments.join(" ")),
        _ => arguments.join(" "),
    };
    join(name(step), &arguments)
}

/// The written name, empty for a statement that begins with a key or a value.
pub(super) fn name(step: &Step) -> &str {
    step.def.filter(|def| !def.nameless()).map_or("", |def| &def.word)
}

/// One line per value of a leaf-list, else one.
pub(super) fn set_statements(step: &Step) -> Vec<String> {
    match step.kind() {
        Some(Kind::LeafList) => arguments(step).iter().map(|value| join(name(step), value)).collect(),
        _ => vec![statement(step)],
    }
}

/// The statement without the value of a leaf: how `deactivate` and friends name it.
pub(super) fn target(node: &Node) -> String {
    match node.kind() {
        Some(Kind::Leaf | Kind::LeafList) if !name(&node.step).is_empty() => name(&node.step).to_owned(),
        _ => statement(&node.step),
    }
}

/// Two pieces with a blank between them where both say something.
pub(super) fn join(one: &str, other: &str) -> String {
    match (one, other) {
        ("", text) | (text, "") => text.to_owned(),
        _ => format!("{one} {other}"),
    }
}

/// `[edit …]` of the statements from the outside in.
pub(super) fn edit_path<'a>(steps: impl IntoIterator<Item = &'a Step>) -> String {
    let mut out = "[edit".to_owned();
    for step in steps {
        out.push(' ');
        out.push_str(&statement(step));
    }
    out.push(']');
    out
}
