//! One edit of a configuration, and its application.

use std::sync::Arc;

use super::node::{Node, Step, Word};
use super::report::{ConfigError, LoadReport};
use super::resolve::Path;
use super::schema::Kind;
use super::secret::Encoder;
use super::words::{edit_path, statement};

/// Junos' text for an edit of something that is not there.
pub(super) const NOT_FOUND: &str = "statement not found";

/// What an edit does with the statement it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Adds what is missing and sets values.
    Merge,
    /// As merge, after what was there is gone.
    Replace,
    Delete,
    /// As delete, but it does not matter whether there was anything.
    Empty,
    /// Marks what is there; adds nothing.
    Mark,
    /// Gives an entry other keys.
    Rename(Step),
    /// Moves an entry.
    Insert(Place),
    /// Adds an entry like this one under other keys.
    Copy(Step),
}

/// Where an entry is moved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Before(Step),
    After(Step),
}

/// An edit and the edits below it.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) step: Step,
    pub(super) operation: Operation,
    pub(super) active: Option<bool>,
    pub(super) protect: Option<bool>,
    pub(super) annotation: Option<Word>,
    pub(super) braced: bool,
    pub(super) line: Option<usize>,
    pub(super) children: Vec<Change>,
}

impl Change {
    pub(super) fn new(step: Step) -> Change {
        Change {
            step,
            operation: Operation::Merge,
            active: None,
            protect: None,
            annotation: None,
            braced: false,
            line: None,
            children: Vec::new(),
        }
    }

    /// `last` below the statements of `path`.
    pub(super) fn below(path: &[Step], last: Change) -> Change {
        path.iter().rev().fold(last, |below, step| {
            let line = below.line;
            Change {
                children: vec![below],
                line,
                ..Change::new(step.clone())
            }
        })
    }

    /// A change of the statement at the end of `path`; `None` for an empty path.
    pub(super) fn at(mut path: Path, edit: impl FnOnce(&mut Change)) -> Option<Change> {
        let mut last = Change::new(path.pop()?);
        edit(&mut last);
        Some(Change::below(&path, last))
    }

    /// Whether this edit only makes sense where the statement exists.
    fn needs_target(&self) -> bool {
        !matches!(self.operation, Operation::Merge | Operation::Replace | Operation::Empty)
            || (!self.children.is_empty() && self.children.iter().all(Change::needs_target))
    }
}

impl Change {
    /// The move, copy or rename that this is all about.
    fn moved(&self) -> Option<&Change> {
        match self.operation {
            Operation::Rename(_) | Operation::Copy(_) | Operation::Insert(_) => Some(self),
            _ => self.children.iter().find_map(Change::moved),
        }
    }
}

/// Applies changes to a tree and collects what is wrong with them.
pub(super) struct Applier<'a> {
    pub(super) encoder: &'a Encoder,
    pub(super) report: LoadReport,
    path: Vec<Step>,
}

impl<'a> Applier<'a> {
    pub(super) fn new(encoder: &'a Encoder) -> Applier<'a> {
        Applier {
            encoder,
            report: LoadReport::default(),
            path: Vec::new(),
        }
    }

    /// Applies one change to the statements of `parent`.
    pub(super) fn apply(&mut self, parent: &mut Node, change: &Change) {
        let found = parent.find(&change.step);
        let locked = found.is_some_and(|at| parent.children[at].protect) && change.protect != Some(false);
        if locked {
            return self.error(change, "statement is protected and cannot be changed");
        }
        match &change.operation {
            Operation::Merge | Operation::Replace if found.is_none() && change.needs_target() => self.absent(change),
            Operation::Merge => self.merge(parent, change),
            Operation::Replace => {
                if let Some(at) = found {
                    parent.child_mut(at).clear();
                }
                self.merge(parent, change);
            }
            Operation::Empty => {
                delete(parent, &change.step);
            }
            Operation::Delete => {
                if !delete(parent, &change.step) {
                    self.absent(change);
                }
            }
            Operation::Mark => match found {
                Some(_) => each_match(parent, &change.step, |node| change.mark(node)),
                None => self.absent(change),
            },
            Operation::Rename(to) => self.rename(parent, change, found, to),
            Operation::Copy(to) => self.copy(parent, change, found, to),
            Operation::Insert(place) => self.insert(parent, change, found, place),
        }
    }

    fn merge(&mut self, parent: &mut Node, change: &Change) {
        let step = self.stored(parent, &change.step);
        let at = match parent.find(&step) {
            Some(at) => at,
            None => {
                if step.def.is_some_and(|def| def.exclusive()) {
                    parent
                        .children
                        .retain(|other| !other.def().is_some_and(|def| def.exclusive()));
                }
                let words = if step.kind() == Some(Kind::LeafList) {
                    Vec::new()
                } else {
                    step.words.clone()
                };
                parent.insert(Arc::new(Node::new(Step { words, ..step.clone() })))
            }
        };
        let node = parent.child_mut(at);
        match step.kind() {
            Some(Kind::Leaf) => node.step.words = step.words.clone(),
            Some(Kind::LeafList) => {
                for word in &step.words {
                    if !node.step.words.contains(word) {
                        node.step.words.push(word.clone());
                    }
                }
            }
            _ => {}
        }
        change.mark(node);
        node.braced |= change.braced;
        self.path.push(step);
        for below in &change.children {
            self.apply(node, below);
        }
        self.path.pop();
        if parent.children[at].vacuous() {
            parent.children.remove(at);
        }
    }

    /// The statement with its secret encoded; a clear-text password becomes the encrypted one.
    fn stored(&self, parent: &Node, step: &Step) -> Step {
        let Some((def, value)) = step.def.zip(step.words.first()) else {
            return step.clone();
        };
        if def.holds() {
            return step.clone();
        }
        let place = edit_path(&self.path);
        if def.clear_text()
            && let Some(encrypted) = parent.def().and_then(|def| def.by_tag("encrypted-password"))
        {
            return Step::new(encrypted, vec![Arc::from(self.encoder.crypt(&place, value))]);
        }
        if def.secret() && def.tag != "encrypted-password" {
            return Step::new(
                def,
                vec![Arc::from(self.encoder.shared(&format!("{place} {}", def.tag), value))],
            );
        }
        step.clone()
    }

    fn rename(&mut self, parent: &mut Node, change: &Change, found: Option<usize>, to: &Step) {
        let Some(at) = found else {
            return self.error(change, NOT_FOUND);
        };
        if parent.find(to).is_some() {
            return self.error(change, &format!("target '{}' already exists", statement(to)));
        }
        let mut node = parent.children.remove(at);
        Arc::make_mut(&mut node).step = to.clone();
        match to.def.is_some_and(|def| def.user_ordered()) {
            true => parent.children.insert(at, node),
            false => {
                parent.insert(node);
            }
        }
    }

    fn copy(&mut self, parent: &mut Node, change: &Change, found: Option<usize>, to: &Step) {
        let Some(at) = found else {
            return self.error(change, NOT_FOUND);
        };
        if parent.find(to).is_some() {
            return self.error(change, &format!("target '{}' already exists", statement(to)));
        }
        let mut node = parent.children[at].clone();
        Arc::make_mut(&mut node).step = to.clone();
        parent.insert(node);
    }

    fn insert(&mut self, parent: &mut Node, change: &Change, found: Option<usize>, place: &Place) {
        let Some(at) = found else {
            return self.error(change, NOT_FOUND);
        };
        let node = parent.children.remove(at);
        let target = match place {
            Place::First => parent.children.iter().position(|other| other.def() == node.def()),
            Place::Before(step) => parent.find(step),
            Place::After(step) => parent.find(step).map(|at| at + 1),
        };
        match target {
            Some(target) => parent.children.insert(target, node),
            None => {
                parent.children.insert(at, node);
                if *place != Place::First {
                    self.error(change, NOT_FOUND);
                }
            }
        }
    }

    /// A deletion of what is not there is a remark; a move of it is an error.
    fn absent(&mut self, change: &Change) {
        if let Some(moved) = change.moved() {
            return self.error(moved, NOT_FOUND);
        }
        let path = Some(self.place(change));
        self.report.warnings.push(ConfigError {
            path,
            line: change.line,
            ..ConfigError::warning(NOT_FOUND)
        });
    }

    fn error(&mut self, change: &Change, message: &str) {
        let path = Some(self.place(change));
        let bad_element = Some(statement(&change.step));
        let error = ConfigError {
            path,
            ..ConfigError::parser(message, bad_element, change.line)
        };
        self.report.errors.push(error);
    }

    fn place(&self, change: &Change) -> String {
        edit_path(self.path.iter().chain([&change.step]))
    }
}

impl Change {
    fn mark(&self, node: &mut Node) {
        if let Some(active) = self.active {
            node.inactive = !active;
        }
        if let Some(protect) = self.protect {
            node.protect = protect;
        }
        if let Some(text) = &self.annotation {
            node.annotation = (!text.is_empty()).then(|| text.clone());
        }
    }
}

impl Node {
    /// Forgets everything but what this statement is.
    fn clear(&mut self) {
        *self = Node::new(Step {
            words: if self.kind() == Some(Kind::LeafList) {
                Vec::new()
            } else {
                self.step.words.clone()
            },
            def: self.step.def,
        });
    }
}

fn each_match(parent: &mut Node, step: &Step, mut edit: impl FnMut(&mut Node)) {
    for at in 0..parent.children.len() {
        if parent.children[at].is(step) {
            edit(parent.child_mut(at));
        }
    }
}

/// Removes what `step` names; whether there was anything.
fn delete(parent: &mut Node, step: &Step) -> bool {
    let Some(at) = parent.find(step) else { return false };
    match step.kind() {
        Some(Kind::LeafList) if !step.words.is_empty() => {
            let node = parent.child_mut(at);
            let before = node.step.words.len();
            node.step.words.retain(|word| !step.words.contains(word));
            let found = node.step.words.len() < before;
            if node.step.words.is_empty() {
                parent.children.remove(at);
            }
            found
        }
        Some(Kind::Leaf) if !step.words.is_empty() && parent.children[at].step.words != step.words => false,
        _ => {
            parent.children.retain(|child| !child.is(step));
            true
        }
    }
}
