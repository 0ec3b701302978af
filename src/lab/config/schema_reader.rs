//! Reads the notation of `schema.txt`.

use std::collections::HashMap;

use super::schema::{Kind, Type};

/// One row, or the use of a named group of rows.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Row(Row),
    Group(String),
}

/// One row of the table; several names share everything else.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// CLI word and XML name.
    pub(super) names: Vec<(String, String)>,
    pub(super) kind: Kind,
    pub(super) flags: String,
    /// XML name, word before the key, type.
    pub(super) keys: Vec<(String, Option<String>, Type)>,
    pub(super) value: Type,
    pub(super) mandatory: bool,
    pub(super) body: Vec<Item>,
}

impl Default for Row {
    fn default() -> Row {
        Row {
            names: Vec::new(),
            kind: Kind::Container,
            flags: String::new(),
            keys: Vec::new(),
            value: Type::Text,
            mandatory: false,
            body: Vec::new(),
        }
    }
}

/// Reads a whole asset into its named groups.
pub(super) fn read(text: &str) -> Result<HashMap<String, Vec<Item>>, String> {
    let mut reader = Reader {
        words: words(text),
        at: 0,
    };
    let mut groups = HashMap::new();
    while let Some(word) = reader.next() {
        if word == "\n" {
            continue;
        }
        let name = word
            .strip_prefix('@')
            .ok_or_else(|| format!("`{word}` is not a group name"))?
            .to_owned();
        reader.expect("=")?;
        reader.expect("{")?;
        groups.insert(name, reader.rows()?);
    }
    Ok(groups)
}

/// Braces and row ends are words of their own; a row ends at `;` or at the end of the line.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        for word in line.split_whitespace() {
            match word.strip_suffix(';') {
                Some(word) => words.extend([word.to_owned(), "\n".to_owned()]),
                None => words.push(word.to_owned()),
            }
        }
        words.push("\n".to_owned());
    }
    words
}

struct Reader {
    words: Vec<String>,
    at: usize,
}

impl Reader {
    fn next(&mut self) -> Option<String> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        match self.next() {
            Some(word) if word == wanted => Ok(()),
            other => Err(format!("expected `{wanted}`, found {other:?}")),
        }
    }

    /// Rows up to the closing brace.
    fn rows(&mut self) -> Result<Vec<Item>, String> {
        let mut items = Vec::new();
        loop {
            let word = self.next().ok_or("a brace is not closed")?;
            match word.as_str() {
                "}" => return Ok(items),
                "\n" => {}
                _ => match word.strip_prefix('@') {
                    Some(group) => items.push(Item::Group(group.to_owned())),
                    None => items.push(Item::Row(self.row(&word)?)),
                },
            }
        }
    }

    fn row(&mut self, names: &str) -> Result<Row, String> {
        let mut row = Row::default();
        for name in names.split('|') {
            let (word, tag) = name.split_once('=').unwrap_or((name, name));
            row.names.push((word.to_owned(), tag.to_owned()));
        }
        let kind = self.next().ok_or_else(|| format!("{names}: no kind"))?;
        row.kind(&kind).map_err(|fault| format!("{names}: {fault}"))?;
        loop {
            let word = self.next().ok_or_else(|| format!("{names}: the asset ends"))?;
            match word.as_str() {
                "\n" => return Ok(row),
                "{" => {
                    row.body = self.rows()?;
                    return Ok(row);
                }
                "}" => {
                    self.at -= 1;
                    return Ok(row);
                }
                "!" => row.mandatory = true,
                other => row.value = value_type(other).map_err(|fault| format!("{names}: {fault}"))?,
            }
        }
    }
}

impl Row {
    /// `L(name,choice[a|b:])<UP>`: letter, keys, flags.
    fn kind(&mut self, text: &str) -> Result<(), String> {
        let (text, flags) = match text.split_once('<') {
            Some((text, flags)) => (text, flags.strip_suffix('>').ok_or("flags are not closed")?),
            None => (text, ""),
        };
        self.flags = flags.to_owned();
        self.kind = match text.chars().next() {
            Some('C') => Kind::Container,
            Some('P') => Kind::Presence,
            Some('L') => Kind::List,
            Some('l') => Kind::Leaf,
            Some('f') => Kind::Flag,
            Some('m') => Kind::LeafList,
            other => return Err(format!("unknown kind {other:?}")),
        };
        if self.kind != Kind::List {
            return if text.len() == 1 {
                Ok(())
            } else {
                Err(format!("`{text}` is not a kind"))
            };
        }
        let keys = text[1..]
            .strip_prefix('(')
            .and_then(|keys| keys.strip_suffix(')'))
            .ok_or("a list needs keys")?;
        self.keys = keys.split(',').map(key).collect::<Result<_, _>>()?;
        Ok(())
    }
}

fn key(text: &str) -> Result<(String, Option<String>, Type), String> {
    if let Some((tag, words)) = text.split_once('[') {
        let words = words.strip_suffix(']').ok_or("a choice is not closed")?;
        let words = words.split('|').map(|word| match word.strip_suffix(':') {
            Some(word) => (word.to_owned(), true),
            None => (word.to_owned(), false),
        });
        return Ok((tag.to_owned(), None, Type::Choice(words.collect())));
    }
    let (text, kind) = text.split_once(':').unwrap_or((text, ""));
    let (word, tag) = match text.split_once('>') {
        Some((word, tag)) => (Some(word.to_owned()), tag),
        None => (None, text),
    };
    let kind = match kind {
        "" => Type::Text,
        "if" => Type::Interface,
        other => value_type(other)?,
    };
    Ok((tag.to_owned(), word, kind))
}

fn value_type(text: &str) -> Result<Type, String> {
    if let Some(words) = text.strip_prefix('(').and_then(|words| words.strip_suffix(')')) {
        return Ok(Type::Choice(
            words.split('|').map(|word| (word.to_owned(), false)).collect(),
        ));
    }
    match text {
        "i" => Ok(Type::Integer(None)),
        "ip" => Ok(Type::Address),
        _ => {
            let range = text
                .strip_prefix("i(")
                .and_then(|range| range.strip_suffix(')'))
                .and_then(|r| r.split_once(".."));
            let (low, high) = range.ok_or_else(|| format!("unknown type `{text}`"))?;
            let number = |text: &str| text.parse::<i64>().map_err(|_| format!("`{text}` is not a number"));
            Ok(Type::Integer(Some((number(low)?, number(high)?))))
        }
    }
}
