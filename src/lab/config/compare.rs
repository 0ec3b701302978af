//! `show | compare`: what changed between two configurations, in Junos' own layout.
//!
//! A line is a sign, blanks and text. A leaf begins one blank further in than the number of statements in its header, a
//! container or list entry two. Changed entries of a list stand under a header of their own; other changes of one parent
//! that follow each other share a header and the indentation of the first.

use std::sync::Arc;

use super::compare_list::{Event, events};
use super::node::Node;
use super::print_text::{shares_brace, with_lead};
use super::schema::{Def, Kind};
use super::tree::Tree;
use super::words::{join, name, statement};

/// The text of `show | compare`: `-` is in `old` only, `+` in `new` only. Empty when nothing differs.
pub(crate) fn compare(old: &Tree, new: &Tree) -> String {
    let mut differ = Differ {
        out: String::new(),
        hunk: None,
    };
    differ.level(
        &Place {
            words: String::new(),
            depth: 0,
        },
        &old.root,
        &new.root,
    );
    differ.out
}

/// Where a level stands: its words, and how many statements they name.
pub(super) struct Place {
    words: String,
    depth: usize,
}

impl Place {
    fn below(&self, words: &str, statements: usize) -> Place {
        Place {
            words: join(&self.words, words),
            depth: self.depth + statements,
        }
    }
}

struct Differ {
    out: String,
    hunk: Option<Hunk>,
}

/// Lines under one header.
struct Hunk {
    indent: usize,
    /// The list whose entries these are.
    list: Option<&'static Def>,
}

/// A statement of one level: grouped containers give way to what they hold, which carries their name.
#[derive(Clone)]
struct Slot<'a> {
    lead: String,
    rank: (usize, usize),
    node: &'a Arc<Node>,
}

impl Slot<'_> {
    /// Same place in the parent: the same leaf, container or list.
    fn same(&self, other: &Slot<'_>) -> bool {
        self.lead == other.lead
            && self.node.def() == other.node.def()
            && (self.node.def().is_some() || self.node.word() == other.node.word())
    }

    fn is_list(&self) -> bool {
        self.node.kind() == Some(Kind::List)
    }
}

fn slots(parent: &Node) -> Vec<Slot<'_>> {
    let rank = |parent: &Node, node: &Node| match (parent.def(), node.def()) {
        (Some(parent), Some(def)) => parent.rank(def),
        _ => usize::MAX,
    };
    let mut out = Vec::new();
    for node in &parent.children {
        let first = rank(parent, node);
        if node
            .def()
            .is_some_and(|def| def.grouped() && def.kind == Kind::Container)
        {
            let lead = name(&node.step).to_owned();
            out.extend(node.children.iter().map(|below| Slot {
                lead: lead.clone(),
                rank: (first, rank(node, below)),
                node: below,
            }));
        } else {
            out.push(Slot {
                lead: String::new(),
                rank: (first, 0),
                node,
            });
        }
    }
    out
}

impl Differ {
    fn level(&mut self, place: &Place, old: &Node, new: &Node) {
        let (old, new) = (slots(old), slots(new));
        let mut order: Vec<&Slot<'_>> = Vec::new();
        for slot in old.iter().chain(&new) {
            if !order.iter().any(|seen| seen.same(slot)) {
                order.push(slot);
            }
        }
        order.sort_by_key(|slot| slot.rank);
        for slot in order {
            let of_slot = |slots: &[Slot<'_>]| -> Vec<Arc<Node>> {
                slots
                    .iter()
                    .filter(|other| other.same(slot))
                    .map(|other| Arc::clone(other.node))
                    .collect()
            };
            let (before, after) = (of_slot(&old), of_slot(&new));
            match slot.is_list() {
                true => self.list(place, slot, &before, &after),
                false => self.single(place, slot, before.first(), after.first()),
            }
        }
        self.hunk = None;
    }

    fn single(&mut self, place: &Place, slot: &Slot<'_>, old: Option<&Arc<Node>>, new: Option<&Arc<Node>>) {
        match (old, new) {
            (Some(old), Some(new)) if Arc::ptr_eq(old, new) || old == new => {}
            (Some(old), Some(new)) if slot.node.step.holds() => {
                self.marks(place, slot, old, new, None);
                if old.children != new.children {
                    let words = join(&slot.lead, &statement(&new.step));
                    self.deeper(&place.below(&words, 1 + usize::from(!slot.lead.is_empty())), old, new);
                }
            }
            (Some(old), Some(new)) if old.step == new.step => self.marks(place, slot, old, new, None),
            (old, new) => {
                for (sign, node) in [('-', old), ('+', new)] {
                    if let Some(node) = node {
                        let indent = place.depth + if node.step.holds() { 2 } else { 1 };
                        self.open(place, indent, None);
                        self.block(sign, &with_lead(node, &slot.lead));
                    }
                }
            }
        }
    }

    fn list(&mut self, place: &Place, slot: &Slot<'_>, old: &[Arc<Node>], new: &[Arc<Node>]) {
        if old == new {
            return;
        }
        if shares_brace(slot.node) {
            let group = name(&slot.node.step).to_owned();
            if !old.is_empty() && !new.is_empty() {
                return self.entries(&place.below(&group, 0), slot, old, new);
            }
            // The first entry brings the brace with it, and the last one takes it away.
            for (sign, nodes) in [('-', old), ('+', new)] {
                if !nodes.is_empty() {
                    self.open(place, place.depth + 2, None);
                    let lines: String = nodes.iter().map(|node| entry_text(node)).collect();
                    self.block(sign, &format!("{group} {{\n{}}}\n", indented(&lines)));
                }
            }
            return;
        }
        self.entries(place, slot, old, new);
    }

    fn entries(&mut self, place: &Place, slot: &Slot<'_>, old: &[Arc<Node>], new: &[Arc<Node>]) {
        let list = slot.node.def();
        // Captures show the items of prefix lists one blank further out than other entries.
        let items = list.is_some_and(|def| def.tag == "prefix-list-item");
        let indent = place.depth + if items { 1 } else { 2 };
        for event in events(list, old, new) {
            match event {
                Event::Context(node) => {
                    self.open(place, indent, list);
                    let marker = if node.inactive { "inactive: " } else { "" };
                    self.line(' ', &format!("{marker}{} {{ ... }}", entry_head(&node)));
                }
                Event::Removed(node) | Event::Added(node) if slot.lead.is_empty() && node.vacuous() => {}
                Event::Removed(node) => self.whole(place, indent, list, '-', &node),
                Event::Added(node) => self.whole(place, indent, list, '+', &node),
                Event::Moved(node) => {
                    self.open(place, indent, list);
                    self.line('!', &format!("{} {{ ... }}", entry_head(&node)));
                }
                Event::Kept(old, new) => {
                    self.marks(place, slot, &old, &new, Some(indent));
                    if old.children != new.children {
                        self.deeper(&place.below(&entry_head(&new), 1), &old, &new);
                    }
                }
            }
        }
        self.hunk = None;
    }

    fn whole(&mut self, place: &Place, indent: usize, list: Option<&'static Def>, sign: char, node: &Node) {
        self.open(place, indent, list);
        self.block(sign, &entry_text(node));
    }

    /// Changes of what is said about a statement rather than by it.
    fn marks(&mut self, place: &Place, slot: &Slot<'_>, old: &Node, new: &Node, entry: Option<usize>) {
        let indent = entry.unwrap_or(place.depth + if new.step.holds() { 2 } else { 1 });
        let list = if entry.is_some() { slot.node.def() } else { None };
        let head = if entry.is_some() {
            entry_head(new)
        } else {
            join(&slot.lead, &statement(&new.step))
        };
        let tail = if new.step.holds() { " { ... }" } else { ";" };
        let marks = [
            (
                old.inactive != new.inactive,
                if new.inactive { "inactive" } else { "active" },
            ),
            (
                old.protect != new.protect,
                if new.protect { "protect" } else { "unprotect" },
            ),
        ];
        for (changed, mark) in marks {
            if changed {
                self.open(place, indent, list);
                self.line('!', &format!("  {mark}: {head}{tail}")[1..]);
            }
        }
        if old.annotation != new.annotation {
            self.open(place, indent, list);
            for (sign, text) in [('-', &old.annotation), ('+', &new.annotation)] {
                if let Some(text) = text {
                    self.line(sign, &format!("/* {text} */"));
                }
            }
        }
    }

    /// Differences below a statement that both sides have.
    fn deeper(&mut self, place: &Place, old: &Node, new: &Node) {
        self.hunk = None;
        self.level(place, old, new);
    }

    /// Continues the hunk of the same list, or of statements that are not entries; else begins one.
    fn open(&mut self, place: &Place, indent: usize, list: Option<&'static Def>) {
        if self.hunk.as_ref().is_some_and(|hunk| hunk.list == list) {
            return;
        }
        self.out.push_str(&format!("[{}]\n", join("edit", &place.words)));
        self.hunk = Some(Hunk { indent, list });
    }

    fn block(&mut self, sign: char, text: &str) {
        for line in text.lines() {
            self.line(sign, line);
        }
    }

    fn line(&mut self, sign: char, text: &str) {
        let indent = self.hunk.as_ref().map_or(0, |hunk| hunk.indent);
        self.out.push(sign);
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(text);
        self.out.push('\n');
    }
}

/// The words of an entry: with the name of the list, unless its brace carries it.
fn entry_head(node: &Node) -> String {
    let all = statement(&node.step);
    match shares_brace(node) {
        true => all
            .strip_prefix(name(&node.step))
            .unwrap_or(&all)
            .trim_start()
            .to_owned(),
        false => all,
    }
}

fn entry_text(node: &Node) -> String {
    match shares_brace(node) {
        true => super::print_text::grouped_entry(node, 0),
        false => with_lead(node, ""),
    }
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("    {line}\n")).collect()
}
