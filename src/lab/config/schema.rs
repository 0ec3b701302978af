//! What statements exist: the table that tells a key from a leaf and a leaf from a list.
//!
//! The table is a text asset (`schema.txt`) read once; [`root`] is its top.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::schema_reader::{Item, Row, read};

/// What a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Holds statements; not kept when it holds none.
    Container,
    /// Holds statements; means something by itself.
    Presence,
    /// Holds entries told apart by their keys.
    List,
    /// Has one value.
    Leaf,
    /// Is there or not.
    Flag,
    /// Has several values.
    LeafList,
}

/// What a value or key must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Integer(Option<(i64, i64)>),
    Address,
    Interface,
    /// One of these words; the flag says that the word is followed by a value.
    Choice(Vec<(String, bool)>),
}

/// A key of a list.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) tag: String,
    /// A word written before the key, where there is one.
    pub(super) word: Option<String>,
    pub(super) kind: Type,
}

/// One statement of the table.
#[derive(Debug)]
pub(super) struct Def {
    id: usize,
    /// The XML name.
    pub(super) tag: String,
    /// The CLI word.
    pub(super) word: String,
    pub(super) kind: Kind,
    flags: String,
    pub(super) keys: Vec<Key>,
    pub(super) value: Type,
    pub(super) mandatory: bool,
    /// Allowed in every container, before its own statements.
    common: bool,
    children: Vec<usize>,
}

impl PartialEq for Def {
    fn eq(&self, other: &Def) -> bool {
        self.id == other.id
    }
}
impl Eq for Def {}

impl Def {
    fn flag(&self, letter: char) -> bool {
        self.flags.contains(letter)
    }
    /// The name is not written on the command line.
    pub(super) fn nameless(&self) -> bool {
        self.flag('N')
    }
    /// Entries are grouped in one brace under the name.
    pub(super) fn grouped(&self) -> bool {
        self.flag('H')
    }
    /// Always on one line.
    pub(super) fn one_line(&self) -> bool {
        self.flag('O')
    }
    /// On one line when it holds exactly one simple statement.
    pub(super) fn short_line(&self) -> bool {
        self.flag('P')
    }
    /// Entries keep the order in which they were entered.
    pub(super) fn user_ordered(&self) -> bool {
        self.flag('U')
    }
    /// The value is a secret: stored encoded, printed with a remark.
    pub(super) fn secret(&self) -> bool {
        self.flag('S')
    }
    /// The value is a clear-text password that only ever exists on its way in.
    pub(super) fn clear_text(&self) -> bool {
        self.flag('W')
    }
    /// The value (of a list: the key) is always printed in quotes.
    pub(super) fn quoted(&self) -> bool {
        self.flag('Q')
    }
    /// At most one statement of this sort in one container: a new one takes the place of the old.
    pub(super) fn exclusive(&self) -> bool {
        self.flag('X')
    }
    /// Statements that are not in the table are kept unread, even by a strict load.
    pub(super) fn open(&self) -> bool {
        self.flag('T')
    }
    /// Holds other statements.
    pub(super) fn holds(&self) -> bool {
        matches!(self.kind, Kind::Container | Kind::Presence | Kind::List)
    }
    /// A value that prints as a bare number in JSON.
    pub(super) fn numeric(&self) -> bool {
        matches!(self.value, Type::Integer(_))
    }

    /// The statements below this one, in display order.
    pub(super) fn children(&self) -> impl Iterator<Item = &'static Def> + use<> {
        let schema = &*SCHEMA;
        let own: &'static Def = &schema.defs[self.id];
        own.children.iter().map(|&id| &schema.defs[id])
    }

    /// Where `child` stands among the statements of this one.
    pub(super) fn rank(&self, child: &Def) -> usize {
        match self.children.iter().position(|&id| id == child.id) {
            Some(at) => at + 1,
            None if child.common => 0,
            None => usize::MAX - 1,
        }
    }

    /// The statement that the CLI word `word` begins, exactly.
    pub(super) fn by_word(&self, word: &str) -> Option<&'static Def> {
        self.children()
            .chain(common())
            .find(|def| def.first_word() == Some(word))
    }

    /// Statements whose CLI word begins with `start`.
    pub(super) fn by_prefix(&self, start: &str) -> Vec<&'static Def> {
        self.children()
            .filter(|def| def.first_word().is_some_and(|word| word.starts_with(start)))
            .collect()
    }

    /// The statement whose name is left out on the command line.
    pub(super) fn unnamed(&self) -> Option<&'static Def> {
        self.children().find(|def| def.first_word().is_none())
    }

    /// The statement with the XML name `tag`.
    pub(super) fn by_tag(&self, tag: &str) -> Option<&'static Def> {
        self.children().chain(common()).find(|def| def.tag == tag)
    }

    /// The first word on the command line; none when the statement starts with a key or a value.
    pub(super) fn first_word(&self) -> Option<&str> {
        if !self.nameless() {
            return Some(&self.word);
        }
        self.keys.first().and_then(|key| key.word.as_deref())
    }
}

/// The top of the table.
pub(super) fn root() -> &'static Def {
    &SCHEMA.defs[SCHEMA.root]
}

/// Statements allowed in every container.
fn common() -> impl Iterator<Item = &'static Def> {
    let schema = &*SCHEMA;
    schema.common.iter().map(|&id| &schema.defs[id])
}

struct Schema {
    defs: Vec<Def>,
    root: usize,
    common: Vec<usize>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Builder::default().build(include_str!("schema.txt")));

const COMMON: &str = "@common = { apply-groups m<U>; apply-groups-except m<U>; apply-macro L(name)<T> }";

#[derive(Default)]
struct Builder {
    defs: Vec<Def>,
    groups: HashMap<String, Vec<Item>>,
    built: HashMap<String, Vec<usize>>,
}

impl Builder {
    fn build(mut self, text: &str) -> Schema {
        self.groups = read(text).expect("the schema asset is well formed, as its test proves");
        self.groups
            .extend(read(COMMON).expect("a constant that is well formed"));
        let common = self.group("common");
        for &id in &common {
            self.defs[id].common = true;
        }
        let children = self.group("configuration");
        let row = Row {
            names: vec![("configuration".into(), "configuration".into())],
            ..Row::default()
        };
        let root = self.push(&row, 0, children);
        Schema {
            defs: self.defs,
            root,
            common,
        }
    }

    /// Each named group is built once; every place that uses it shares the same rows.
    fn group(&mut self, name: &str) -> Vec<usize> {
        if let Some(ids) = self.built.get(name) {
            return ids.clone();
        }
        let items = self
            .groups
            .get(name)
            .cloned()
            .unwrap_or_else(|| panic!("schema group @{name} is not defined"));
        let ids = self.items(&items);
        self.built.insert(name.to_owned(), ids.clone());
        ids
    }

    fn items(&mut self, items: &[Item]) -> Vec<usize> {
        let mut ids = Vec::new();
        for item in items {
            match item {
                Item::Group(name) => ids.extend(self.group(name)),
                Item::Row(row) => {
                    let children = self.items(&row.body);
                    for name in 0..row.names.len() {
                        ids.push(self.push(row, name, children.clone()));
                    }
                }
            }
        }
        ids
    }

    fn push(&mut self, row: &Row, name: usize, children: Vec<usize>) -> usize {
        let id = self.defs.len();
        let (word, tag) = row.names[name].clone();
        let keys = row.keys.iter().map(|(tag, word, kind)| Key {
            tag: tag.clone(),
            word: word.clone(),
            kind: kind.clone(),
        });
        self.defs.push(Def {
            id,
            tag,
            word,
            kind: row.kind,
            flags: row.flags.clone(),
            keys: keys.collect(),
            value: row.value.clone(),
            mandatory: row.mandatory,
            common: false,
            children,
        });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_asset_is_read_and_no_container_holds_two_statements_of_one_name() {
        assert!(SCHEMA.defs.len() > 700, "{}", SCHEMA.defs.len());
        for def in &SCHEMA.defs {
            let mut tags: Vec<&str> = def.children().map(|child| child.tag.as_str()).collect();
            tags.sort_unstable();
            let before = tags.len();
            tags.dedup();
            assert_eq!(before, tags.len(), "{}: {tags:?}", def.tag);
            assert!(
                def.children()
                    .filter(|child| child.kind == Kind::List && child.first_word().is_none())
                    .count()
                    <= 1
            );
        }
    }

    #[test]
    fn words_and_tags_lead_to_the_same_statement() {
        let interface = root()
            .by_tag("interfaces")
            .and_then(|def| def.by_tag("interface"))
            .expect("in the table");
        let options = interface.by_word("gigether-options").expect("in the table");
        assert_eq!(options.by_word("802.3ad"), options.by_tag("ieee-802.3ad"));
        let policies = root()
            .by_word("security")
            .and_then(|def| def.by_word("policies"))
            .expect("in the table");
        assert_eq!(policies.by_word("from-zone"), policies.by_tag("policy"));
    }
}
