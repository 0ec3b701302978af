//! The configuration in braces, as `show configuration` prints it.

use super::node::Node;
use super::schema::Kind;
use super::words::{join, name, statement};

const SECRET: &str = " ## SECRET-DATA";
const INDENT: &str = "    ";

/// Prints what `node` holds, `depth` levels deep.
pub(super) fn contents(node: &Node, depth: usize, inheritance: bool) -> String {
    let mut printer = Printer {
        out: String::new(),
        inheritance,
    };
    printer.contents(node, depth);
    printer.out
}

/// Prints one statement with everything below it.
pub(super) fn whole(node: &Node, depth: usize, inheritance: bool) -> String {
    let mut printer = Printer {
        out: String::new(),
        inheritance,
    };
    printer.entry(node, "", depth);
    printer.out
}

/// Prints one statement as it stands in its parent, after the name of the grouped container that it is in.
pub(super) fn with_lead(node: &Node, lead: &str) -> String {
    let mut printer = Printer {
        out: String::new(),
        inheritance: false,
    };
    printer.entry(node, lead, 0);
    printer.out
}

/// Prints one entry of a list that shares a brace: the keys without the name.
pub(super) fn grouped_entry(node: &Node, depth: usize) -> String {
    let mut printer = Printer {
        out: String::new(),
        inheritance: false,
    };
    printer.statement(node, &keys(node), depth);
    printer.out
}

struct Printer {
    out: String,
    /// Says where inherited statements come from.
    inheritance: bool,
}

impl Printer {
    fn contents(&mut self, node: &Node, depth: usize) {
        let mut at = 0;
        while let Some(child) = node.children.get(at) {
            if !shares_brace(child) {
                self.entry(child, "", depth);
                at += 1;
                continue;
            }
            let run = node.children[at..]
                .iter()
                .take_while(|other| other.def() == child.def())
                .count();
            self.line(depth, &format!("{} {{", name(&child.step)));
            for entry in &node.children[at..at + run] {
                self.statement(entry, &keys(entry), depth + 1);
            }
            self.line(depth, "}");
            at += run;
        }
    }

    /// A statement under its parent; the children of a grouped container carry its name instead of a brace.
    fn entry(&mut self, node: &Node, lead: &str, depth: usize) {
        if node
            .def()
            .is_some_and(|def| def.grouped() && def.kind == Kind::Container)
        {
            let lead = join(lead, name(&node.step));
            for child in &node.children {
                self.entry(child, &lead, depth);
            }
        } else {
            self.statement(node, &join(lead, &statement(&node.step)), depth);
        }
    }

    fn statement(&mut self, node: &Node, head: &str, depth: usize) {
        if node.vacuous() && node.origin.is_none() {
            return;
        }
        if let Some(text) = &node.annotation {
            self.line(depth, &format!("/* {text} */"));
        }
        if let Some(group) = node.origin.as_ref().filter(|_| self.inheritance) {
            let what = node.step.words.first().map_or(name(&node.step), |word| word);
            self.line(
                depth,
                &format!(
                    "##\n{0}## '{what}' was inherited from group '{group}'\n{0}##",
                    INDENT.repeat(depth)
                ),
            );
        }
        let head = format!(
            "{}{}{head}",
            marker(node.protect, "protect: "),
            marker(node.inactive, "inactive: ")
        );
        let (head, node) = unread_chain(head, node);
        if node.children.is_empty() && !node.braced {
            let secret = node.def().is_some_and(|def| def.secret());
            return self.line(depth, &format!("{head};{}", marker(secret, SECRET)));
        }
        match one_line(node) {
            Some(line) => self.line(
                depth,
                &format!("{};{}", join(&head, &line), marker(holds_secret(node), SECRET)),
            ),
            None => {
                self.line(depth, &format!("{head} {{"));
                self.contents(node, depth + 1);
                self.line(depth, "}");
            }
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.out.push_str(INDENT);
        }
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn marker(yes: bool, text: &str) -> &str {
    if yes { text } else { "" }
}

/// The keys of an entry, as printed inside the brace that carries the name.
fn keys(node: &Node) -> String {
    let all = statement(&node.step);
    all.strip_prefix(name(&node.step))
        .unwrap_or(&all)
        .trim_start()
        .to_owned()
}

/// A list with a name whose entries stand in one brace.
pub(super) fn shares_brace(node: &Node) -> bool {
    node.def()
        .is_some_and(|def| def.grouped() && !def.nameless() && def.kind == Kind::List)
}

/// Unknown words that lead to one another are printed as one statement.
fn unread_chain(mut head: String, mut node: &Node) -> (String, &Node) {
    while node.def().is_none() && !node.braced && node.children.len() == 1 && plain(&node.children[0]) {
        node = &node.children[0];
        head = join(&head, &statement(&node.step));
    }
    (head, node)
}

fn plain(node: &Node) -> bool {
    !node.inactive && !node.protect && node.annotation.is_none() && node.origin.is_none()
}

/// What a statement holds, if it belongs on the same line.
pub(super) fn one_line(node: &Node) -> Option<String> {
    let Some(def) = node.def() else { return values(node) };
    let all_plain = node
        .children
        .iter()
        .all(|child| plain(child) && child.def().is_some_and(|child| def.rank(child) > 0));
    if !all_plain || !(def.one_line() || (def.short_line() && short(node))) {
        return None;
    }
    let mut line = String::new();
    for child in &node.children {
        line = join(&line, &statement(&child.step));
        if !child.children.is_empty() {
            line = join(&line, &attributes(child)?);
        }
    }
    Some(line)
}

/// What a container within a one-line statement holds: on the same line, whatever it says of itself.
fn attributes(node: &Node) -> Option<String> {
    let mut line = String::new();
    for child in &node.children {
        if !plain(child) {
            return None;
        }
        line = join(&line, &statement(&child.step));
        line = join(&line, &attributes(child)?);
    }
    Some(line)
}

/// At most one named statement, and that one a leaf.
fn short(node: &Node) -> bool {
    let mut named = node
        .children
        .iter()
        .filter(|child| child.step.holds() || child.def().is_none_or(|def| !def.nameless()));
    match (named.next(), named.next()) {
        (None, _) => true,
        (Some(only), None) => !only.step.holds(),
        _ => false,
    }
}

/// The values of an unknown statement that was given several.
fn values(node: &Node) -> Option<String> {
    let simple = |child: &Node| child.def().is_none() && child.children.is_empty() && plain(child);
    if node.braced || node.children.len() < 2 || !node.children.iter().all(|child| simple(child)) {
        return None;
    }
    let values: Vec<String> = node.children.iter().map(|child| statement(&child.step)).collect();
    Some(format!("[ {} ]", values.join(" ")))
}

fn holds_secret(node: &Node) -> bool {
    node.children
        .iter()
        .any(|child| child.def().is_some_and(|def| def.secret()) || holds_secret(child))
}
