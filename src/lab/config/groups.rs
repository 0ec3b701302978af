//! Configuration groups: the tree as the daemons see it.

use std::sync::Arc;

use regex::Regex;

use super::node::{Node, Word};
use super::schema::Kind;

/// A group's statements for one place, with the name of the group.
#[derive(Clone)]
struct Source<'a> {
    group: Word,
    node: &'a Node,
}

/// `root` with every group applied and the groups themselves gone.
pub(super) fn expand(root: &Node) -> Node {
    let groups: Vec<&Node> = root.active().filter(|node| tag(node) == "groups").collect();
    let ranged =
        |node: &Node| tag(node) == "interfaces" && node.children.iter().any(|child| tag(child) == "interface-range");
    if groups.is_empty() && !root.active().any(ranged) && names(root, "apply-groups").is_empty() {
        return root.clone();
    }
    let mut out = expanded(root, &groups, Vec::new(), &mut Vec::new());
    out.children.retain(|child| tag(child) != "groups");
    interface_ranges(&mut out);
    out
}

fn expanded<'a>(node: &Node, groups: &[&'a Node], outer: Vec<Source<'a>>, path: &mut Vec<Node>) -> Node {
    let removed = names(node, "apply-groups-except");
    // A group that is applied further in comes before one that is applied further out.
    let mut sources = Vec::new();
    for name in names(node, "apply-groups") {
        let found = groups
            .iter()
            .filter(|group| *group.word() == *name)
            .flat_map(|group| at(group, path));
        sources.extend(found.map(|node| Source {
            group: name.clone(),
            node,
        }));
    }
    sources.extend(outer);
    sources.retain(|source| !removed.contains(&source.group));
    let mut out = node.clone();
    out.children.retain(|child| !applies(child));
    for source in &sources {
        for child in source.node.active().filter(|child| !wildcard(child) && !applies(child)) {
            inherit(&mut out, child, &source.group);
        }
    }
    let root = path.is_empty() && tag(node) == "configuration";
    for place in 0..out.children.len() {
        let child = Arc::clone(&out.children[place]);
        if !child.step.holds() || (root && tag(&child) == "groups") {
            continue;
        }
        let below: Vec<Source<'a>> = sources
            .iter()
            .flat_map(|source| {
                let matching = source.node.active().filter(|other| matches(other, &child));
                matching.map(|node| Source {
                    group: source.group.clone(),
                    node,
                })
            })
            .collect();
        path.push(Node {
            children: Vec::new(),
            ..(*child).clone()
        });
        let whole = expanded(&child, groups, below, path);
        path.pop();
        if whole != *child || !names(&child, "apply-groups").is_empty() {
            out.children[place] = Arc::new(whole);
        }
    }
    out.children.retain(|child| !child.vacuous());
    out
}

fn applies(node: &Node) -> bool {
    matches!(tag(node), "apply-groups" | "apply-groups-except")
}

/// Adds what is not there; of a leaf-list the values that are not there.
fn inherit(parent: &mut Node, child: &Node, group: &Word) {
    match parent.find(&child.step) {
        None => {
            let bare = if child.step.holds() {
                Vec::new()
            } else {
                child.children.clone()
            };
            let node = Node {
                children: bare,
                origin: Some(group.clone()),
                ..child.clone()
            };
            parent.insert(Arc::new(node));
        }
        Some(place) if child.kind() == Some(Kind::LeafList) => {
            let known = parent.child_mut(place);
            for word in &child.step.words {
                if !known.step.words.contains(word) {
                    known.step.words.push(word.clone());
                }
            }
        }
        Some(_) => {}
    }
}

fn tag(node: &Node) -> &'static str {
    node.def().map_or("", |def| &def.tag)
}

fn names(node: &Node, list: &str) -> Vec<Word> {
    node.active()
        .filter(|child| tag(child) == list)
        .flat_map(|child| child.step.words.clone())
        .collect()
}

/// The statements of `group` for the place that `path` leads to.
fn at<'a>(group: &'a Node, path: &[Node]) -> Vec<&'a Node> {
    path.iter().fold(vec![group], |nodes, step| {
        nodes
            .into_iter()
            .flat_map(|node| node.active().filter(|child| matches(child, step)))
            .collect()
    })
}

/// A key such as `<ge-*>` stands for the entries that are there.
fn wildcard(node: &Node) -> bool {
    node.kind() == Some(Kind::List) && node.step.words.iter().any(|word| pattern(word).is_some())
}

fn pattern(word: &str) -> Option<&str> {
    word.strip_prefix('<').and_then(|word| word.strip_suffix('>'))
}

fn matches(source: &Node, node: &Node) -> bool {
    source.def() == node.def()
        && match source.kind() {
            Some(Kind::List) => {
                source.step.words.len() == node.step.words.len()
                    && source
                        .step
                        .words
                        .iter()
                        .zip(&node.step.words)
                        .all(|(one, other)| fits(one, other))
            }
            None => source.step.words == node.step.words,
            Some(_) => true,
        }
}

fn fits(source: &str, word: &str) -> bool {
    let Some(pattern) = pattern(source) else {
        return source == word;
    };
    let mut expression = String::from("^");
    for c in pattern.chars() {
        match c {
            '*' => expression.push_str(".*"),
            '?' => expression.push('.'),
            '[' | ']' | '-' => expression.push(c),
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
    }
    expression.push('$');
    Regex::new(&expression).is_ok_and(|expression| expression.is_match(word))
}

/// Gives the members of every interface range what the range says.
fn interface_ranges(root: &mut Node) {
    let Some(place) = root.children.iter().position(|child| tag(child) == "interfaces") else {
        return;
    };
    let interfaces = root.child_mut(place);
    let ranges: Vec<Arc<Node>> = interfaces
        .children
        .iter()
        .filter(|child| tag(child) == "interface-range" && !child.inactive)
        .cloned()
        .collect();
    for range in &ranges {
        for name in members(range) {
            give(interfaces, range, &name);
        }
    }
    interfaces.children.retain(|child| tag(child) != "interface-range");
}

/// Most interfaces that one range may stand for.
const MOST_MEMBERS: usize = 1024;

fn members(range: &Node) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    for child in range.active() {
        match (tag(child), child.step.words.as_slice()) {
            ("member", [name]) if !name.contains(['*', '[']) => out.push(name.clone()),
            ("member-range", [first, last]) => out.extend(between(first, last)),
            _ => {}
        }
    }
    out.truncate(MOST_MEMBERS);
    out
}

fn between(first: &str, last: &str) -> Vec<Word> {
    let split = |name: &str| {
        name.rsplit_once('/')
            .and_then(|(slot, port)| Some((slot.to_owned(), port.parse::<usize>().ok()?)))
    };
    match (split(first), split(last)) {
        (Some((slot, low)), Some((other, high))) if slot == other => (low..=high)
            .take(MOST_MEMBERS)
            .map(|port| Arc::from(format!("{slot}/{port}")))
            .collect(),
        _ => Vec::new(),
    }
}

fn give(interfaces: &mut Node, range: &Node, name: &Word) {
    let Some(def) = interfaces.def().and_then(|def| def.by_tag("interface")) else {
        return;
    };
    let step = super::node::Step::new(def, vec![name.clone()]);
    let place = match interfaces.find(&step) {
        Some(place) => place,
        None => interfaces.insert(Arc::new(Node::new(step))),
    };
    let target = interfaces.child_mut(place);
    let given = range
        .children
        .iter()
        .filter(|child| !matches!(tag(child), "member" | "member-range"));
    for child in given {
        fill(target, child);
    }
}

/// Adds what is not there, all the way down.
fn fill(parent: &mut Node, child: &Arc<Node>) {
    match parent.find(&child.step) {
        None => {
            parent.insert(Arc::clone(child));
        }
        Some(place) if child.step.holds() => {
            let node = parent.child_mut(place);
            for below in &child.children {
                fill(node, below);
            }
        }
        Some(_) => {}
    }
}
