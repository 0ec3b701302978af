//! From named items, as XML and JSON have them, to changes.

use std::sync::Arc;

use super::change::{Change, Operation, Place};
use super::node::{Step, Word};
use super::print_xml::UNNAMED;
use super::report::ConfigError;
use super::schema::{Def, Kind, Type, root as schema_root};
use super::value::judge;

/// An element, or a member of an object.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Item>,
    /// The annotation that goes with it.
    pub(super) comment: Option<String>,
}

impl Item {
    pub(super) fn named(name: &str) -> Item {
        Item {
            name: name.to_owned(),
            ..Item::default()
        }
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn value(&self) -> &str {
        self.text.trim()
    }
}

/// The changes that the items of a payload ask for, and what could not be read.
pub(super) fn read(items: &[Item], strict: bool) -> (Vec<Change>, Vec<ConfigError>) {
    let mut reader = Reader {
        strict,
        errors: Vec::new(),
    };
    let inner = match items {
        [only] if only.name == "configuration" => &only.children,
        items => items,
    };
    let changes = reader.below(Some(schema_root()), inner);
    (changes, reader.errors)
}

struct Reader {
    strict: bool,
    errors: Vec<ConfigError>,
}

/// A message and the word that it is about.
type Fault = (String, String);

impl Reader {
    fn below<'a>(&mut self, def: Option<&'static Def>, items: impl IntoIterator<Item = &'a Item>) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let mut comment: Option<Word> = None;
        for item in items {
            if item.name == "comment" && def.is_none_or(|def| def.by_tag("comment").is_none()) {
                let text = item.value().trim_start_matches("/*").trim_end_matches("*/").trim();
                comment = Some(Arc::from(text));
                continue;
            }
            match self.change(def, item) {
                Ok(mut change) => {
                    change.annotation = comment.take().or_else(|| item.comment.as_deref().map(Arc::from));
                    join(&mut changes, change);
                }
                Err((message, word)) => self.errors.push(ConfigError::parser(message, Some(word), None)),
            }
        }
        changes
    }

    fn change(&mut self, parent: Option<&'static Def>, item: &Item) -> Result<Change, Fault> {
        let def = parent.and_then(|parent| parent.by_tag(&item.name));
        let Some(def) = def else {
            let closed = parent.is_some_and(|parent| !parent.open());
            if self.strict && closed {
                return Err(("syntax error".to_owned(), item.name.clone()));
            }
            return self.unknown(item);
        };
        let operation = operation(item, def)?;
        let deleting = matches!(operation, Operation::Delete | Operation::Empty);
        let mut change = match def.kind {
            Kind::Flag => Change::new(Step::new(def, Vec::new())),
            Kind::Leaf | Kind::LeafList => {
                let value = item.value();
                let words = if value.is_empty() && (deleting || mark(item).is_some()) {
                    Vec::new()
                } else {
                    vec![Arc::from(value)]
                };
                for word in &words {
                    check(&def.value, word)?;
                }
                Change::new(Step::new(def, words))
            }
            Kind::Container | Kind::Presence | Kind::List => self.holder(def, item, deleting)?,
        };
        change.operation = operation;
        marked(&mut change, item);
        Ok(change)
    }

    fn holder(&mut self, def: &'static Def, item: &Item, deleting: bool) -> Result<Change, Fault> {
        let mut words = Vec::new();
        let mut used: Vec<&str> = Vec::new();
        for key in &def.keys {
            let found = item.children.iter().find(|child| is_key(&key.tag, &key.kind, child));
            let Some(found) = found else {
                if deleting && words.is_empty() {
                    break;
                }
                return Err(("missing mandatory key".to_owned(), key.tag.clone()));
            };
            used.push(&found.name);
            let word = match &key.kind {
                Type::Choice(_) => super::words::join(&found.name, found.value()),
                _ => found.value().to_owned(),
            };
            check(&key.kind, &word)?;
            words.push(Arc::from(word));
        }
        if !item.text.trim().is_empty() {
            return Err(("syntax error".to_owned(), item.text.trim().to_owned()));
        }
        let mut change = Change::new(Step::new(def, words));
        let rest = item
            .children
            .iter()
            .filter(|child| !used.contains(&child.name.as_str()));
        change.children = self.below(Some(def), rest);
        Ok(change)
    }

    fn unknown(&mut self, item: &Item) -> Result<Change, Fault> {
        let mut children: Vec<&Item> = item.children.iter().collect();
        let mut words: Vec<&str> = Vec::new();
        if item.name != UNNAMED {
            words.push(&item.name);
        }
        if let Some(at) = children
            .iter()
            .position(|child| child.name == "name" && child.children.is_empty())
        {
            words.push(children.remove(at).value());
        }
        if !item.value().is_empty() {
            words.push(item.value());
        }
        let Some((first, rest)) = words.split_first() else {
            return Err(("syntax error".to_owned(), item.name.clone()));
        };
        let below = self.below(None, children);
        let step = |word: &str| Step {
            def: None,
            words: vec![Arc::from(word)],
        };
        let inner = rest.iter().rev().fold(below, |below, word| {
            vec![Change {
                children: below,
                ..Change::new(step(word))
            }]
        });
        let mut change = Change {
            children: inner,
            ..Change::new(step(first))
        };
        marked(&mut change, item);
        if item.attribute("delete").is_some() || item.attribute("operation") == Some("delete") {
            change.operation = Operation::Delete;
        }
        Ok(change)
    }
}

fn is_key(tag: &str, kind: &Type, child: &Item) -> bool {
    match kind {
        Type::Choice(words) => words.iter().any(|(word, _)| *word == child.name),
        _ => child.name == tag,
    }
}

/// The values of a leaf-list come one by one and are one change.
fn join(changes: &mut Vec<Change>, change: Change) {
    if change.step.kind() == Some(Kind::LeafList)
        && let Some(last) = changes.last_mut()
        && last.step.def == change.step.def
        && last.operation == change.operation
        && last.active == change.active
    {
        last.step.words.extend(change.step.words);
        return;
    }
    changes.push(change);
}

fn check(kind: &Type, word: &str) -> Result<(), Fault> {
    judge(kind, word).map_err(|bad| (bad.message, bad.word))
}

fn mark(item: &Item) -> Option<bool> {
    match (item.attribute("inactive"), item.attribute("active")) {
        (Some("inactive"), _) => Some(false),
        (_, Some("active")) => Some(true),
        _ => None,
    }
}

fn marked(change: &mut Change, item: &Item) {
    change.active = mark(item);
    if item.attribute("protect").is_some() {
        change.protect = Some(true);
    }
    if item.attribute("unprotect").is_some() {
        change.protect = Some(false);
    }
}

fn operation(item: &Item, def: &'static Def) -> Result<Operation, Fault> {
    let other = || -> Result<Step, Fault> {
        let words = def.keys.iter().filter_map(|key| item.attribute(&key.tag));
        let words: Vec<Word> = words.map(Arc::from).collect();
        if words.len() == def.keys.len() {
            Ok(Step::new(def, words))
        } else {
            Err(("missing argument.".to_owned(), item.name.clone()))
        }
    };
    if item.attribute("delete").is_some() {
        return Ok(Operation::Delete);
    }
    if item.attribute("replace").is_some() {
        return Ok(Operation::Replace);
    }
    if item.attribute("rename").is_some() {
        return Ok(Operation::Rename(other()?));
    }
    match item.attribute("insert") {
        Some("first") => return Ok(Operation::Insert(Place::First)),
        Some("before") => return Ok(Operation::Insert(Place::Before(other()?))),
        Some("after") => return Ok(Operation::Insert(Place::After(other()?))),
        _ => {}
    }
    match item.attribute("operation") {
        None | Some("merge" | "create" | "none") => Ok(Operation::Merge),
        Some("replace") => Ok(Operation::Replace),
        Some("delete") => Ok(Operation::Delete),
        Some("remove") => Ok(Operation::Empty),
        Some(unknown) => Err(("syntax error".to_owned(), unknown.to_owned())),
    }
}
