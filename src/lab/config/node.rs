//! One statement of a configuration and the statements below it, shared until edited.

use std::sync::Arc;

use super::order;
use super::schema::{Def, Kind, Type};

/// A key, a value or a word that the table does not know.
pub(super) type Word = Arc<str>;

/// Where a statement stands: what it is, and which one of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// None for a word that the table does not know.
    pub(super) def: Option<&'static Def>,
    /// Keys of a list entry, values of a leaf, or the unknown word.
    pub(super) words: Vec<Word>,
}

impl Step {
    pub(super) fn new(def: &'static Def, words: Vec<Word>) -> Step {
        Step { def: Some(def), words }
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.def.map(|def| def.kind)
    }

    /// The statement can hold others.
    pub(super) fn holds(&self) -> bool {
        self.def.is_none_or(Def::holds)
    }

    /// Whether a list entry names all its keys.
    pub(super) fn complete(&self) -> bool {
        self.def.is_none_or(|def| self.words.len() >= def.keys.len())
    }

    /// The words of the statement on the command line, unquoted.
    pub(super) fn cli(&self) -> Vec<&str> {
        let Some(def) = self.def else {
            return self.words.iter().map(|word| &**word).collect();
        };
        let mut out = Vec::new();
        if !def.nameless() {
            out.push(def.word.as_str());
        }
        for (at, word) in self.words.iter().enumerate() {
            let key = def.keys.get(at);
            out.extend(key.and_then(|key| key.word.as_deref()));
            match key.map(|key| &key.kind) {
                Some(Type::Choice(_)) => out.extend(word.split(' ')),
                _ => out.push(word),
            }
        }
        out
    }
}

/// A statement with everything below it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) step: Step,
    pub(super) children: Vec<Arc<Node>>,
    pub(super) inactive: bool,
    pub(super) protect: bool,
    pub(super) annotation: Option<Word>,
    /// The group that an expanded statement comes from.
    pub(super) origin: Option<Word>,
    /// An unknown statement that was written with braces is printed with braces.
    pub(super) braced: bool,
}

// How an unknown statement was written, and where an inherited one comes from, is not what it says.
impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        std::ptr::eq(self, other)
            || (self.step == other.step
                && self.inactive == other.inactive
                && self.protect == other.protect
                && self.annotation == other.annotation
                && self.children.len() == other.children.len()
                && self
                    .children
                    .iter()
                    .zip(&other.children)
                    .all(|(one, other)| Arc::ptr_eq(one, other) || one == other))
    }
}
impl Eq for Node {}

impl Node {
    pub(super) fn new(step: Step) -> Node {
        Node {
            step,
            children: Vec::new(),
            inactive: false,
            protect: false,
            annotation: None,
            origin: None,
            braced: false,
        }
    }

    pub(super) fn def(&self) -> Option<&'static Def> {
        self.step.def
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.step.kind()
    }

    /// The value of a leaf, the first key of an entry, or the unknown word.
    pub(super) fn word(&self) -> &str {
        self.step.words.first().map_or("", |word| word)
    }

    /// Whether this is the statement that `step` names; a step with fewer keys names every entry that begins with them.
    pub(super) fn is(&self, step: &Step) -> bool {
        self.step.def == step.def
            && match step.kind() {
                Some(Kind::List) | None => self.step.words.starts_with(&step.words),
                Some(_) => true,
            }
    }

    /// The first statement below that `step` names.
    pub(super) fn find(&self, step: &Step) -> Option<usize> {
        self.children.iter().position(|child| child.is(step))
    }

    pub(super) fn child(&self, step: &Step) -> Option<&Arc<Node>> {
        self.children.iter().find(|child| child.is(step))
    }

    /// The statement below, made private to this tree.
    pub(super) fn child_mut(&mut self, at: usize) -> &mut Node {
        Arc::make_mut(&mut self.children[at])
    }

    /// Says nothing by itself: an ordinary container without statements.
    pub(super) fn vacuous(&self) -> bool {
        self.children.is_empty() && self.kind() == Some(Kind::Container)
    }

    /// Puts a new statement where display order wants it.
    pub(super) fn insert(&mut self, child: Arc<Node>) -> usize {
        let rank = self.rank(&child);
        let sorted = child.def().filter(|def| def.kind == Kind::List && !def.user_ordered());
        // From the end, where most new statements belong.
        let before = self.children.iter().rposition(|other| {
            let other_rank = self.rank(other);
            other_rank < rank
                || (other_rank == rank
                    && sorted.is_none_or(|def| order::compare(def, &child.step.words, &other.step.words).is_ge()))
        });
        let at = before.map_or(0, |before| before + 1);
        self.children.insert(at, child);
        at
    }

    fn rank(&self, child: &Node) -> usize {
        match (self.def(), child.def()) {
            (Some(parent), Some(def)) => parent.rank(def),
            _ => usize::MAX,
        }
    }

    /// The statements below that are in force.
    pub(super) fn active(&self) -> impl Iterator<Item = &Node> {
        self.children
            .iter()
            .map(|child| &**child)
            .filter(|child| !child.inactive)
    }
}
