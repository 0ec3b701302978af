//! From the words of a command line to the statements that they name.

use std::sync::Arc;

use super::lexer::Piece;
use super::node::{Step, Word};
use super::schema::{Def, Key, Kind, Type};
use super::value::judge;

/// Statements from the outside in.
pub(super) type Path = Vec<Step>;

/// Words that name no statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    pub(super) message: String,
    pub(super) word: Option<String>,
}

impl Unresolved {
    pub(super) fn syntax(word: &str) -> Unresolved {
        Unresolved {
            message: "syntax error".to_owned(),
            word: Some(word.to_owned()),
        }
    }
    fn missing() -> Unresolved {
        Unresolved {
            message: "missing argument.".to_owned(),
            word: None,
        }
    }
}

/// How words are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Words that the table does not know are refused, except where it says that it is incomplete.
    pub(super) strict: bool,
    /// Words may be shortened.
    pub(super) short: bool,
    /// A list may be named without its keys and a leaf without its value.
    pub(super) partial: bool,
}

impl Reading {
    /// The statements that `pieces` name below `base`; one path per leaf, since a line may set several.
    pub(super) fn paths(self, base: Option<&'static Def>, pieces: &[Piece]) -> Result<Vec<Path>, Unresolved> {
        let mut out = Vec::new();
        let mut prefix: Path = Vec::new();
        let mut here = base;
        let mut rest = pieces;
        let mut leaf_seen = false;
        while let Some(first) = rest.first() {
            let (def, used) = match (here, first) {
                (_, Piece::List(values)) if here.is_none() => {
                    out.extend(
                        values
                            .iter()
                            .map(|value| [prefix.clone(), vec![unknown(value)]].concat()),
                    );
                    return if rest.len() == 1 {
                        Ok(out)
                    } else {
                        Err(Unresolved::syntax("["))
                    };
                }
                (_, Piece::List(_)) => return Err(Unresolved::syntax("[")),
                (None, Piece::Word(_)) => (None, 0),
                (Some(def), Piece::Word(word)) => self.statement(def, word, !leaf_seen)?,
            };
            let Some(def) = def else {
                let Piece::Word(word) = first else {
                    return Err(Unresolved::syntax("["));
                };
                prefix.push(unknown(word));
                (here, rest) = (None, &rest[1..]);
                continue;
            };
            if def.kind == Kind::List
                && let Some((at, values)) = bracketed_key(def, &rest[used..])
            {
                return self.each(here, rest, used + at, values).map(|paths| {
                    out.extend(paths.into_iter().map(|path| [prefix.clone(), path].concat()));
                    out
                });
            }
            let (words, taken) = self.words(def, &rest[used..])?;
            rest = &rest[used + taken..];
            let step = Step::new(def, words);
            if step.holds() {
                prefix.push(step);
                here = Some(def);
                leaf_seen = false;
            } else {
                out.push([prefix.clone(), vec![step]].concat());
                leaf_seen = true;
            }
        }
        if !leaf_seen {
            out.push(prefix);
        }
        Ok(out)
    }

    /// A bracketed key stands for one entry per value.
    fn each(
        self,
        base: Option<&'static Def>,
        pieces: &[Piece],
        at: usize,
        values: &[String],
    ) -> Result<Vec<Path>, Unresolved> {
        let mut out = Vec::new();
        for value in values {
            let mut pieces = pieces.to_vec();
            pieces[at] = Piece::Word(value.clone());
            out.extend(self.paths(base, &pieces)?);
        }
        Ok(out)
    }

    /// The statement that `word` begins, and how many words its name takes. None: kept unread.
    fn statement(
        self,
        here: &'static Def,
        word: &str,
        unread: bool,
    ) -> Result<(Option<&'static Def>, usize), Unresolved> {
        if let Some(def) = here.by_word(word) {
            // A list whose first key has a word of its own starts with that word, which its keys take.
            return Ok((Some(def), usize::from(!def.nameless())));
        }
        if let Some(def) = here.unnamed().filter(|_| unread) {
            return Ok((Some(def), 0));
        }
        if self.short {
            match here.by_prefix(word).as_slice() {
                [] => {}
                [def] => return Ok((Some(def), usize::from(!def.nameless()))),
                _ => {
                    return Err(Unresolved {
                        message: format!("'{word}' is ambiguous."),
                        word: Some(word.to_owned()),
                    });
                }
            }
        }
        match unread && (here.open() || !self.strict) {
            true => Ok((None, 0)),
            false => Err(Unresolved::syntax(word)),
        }
    }

    /// The keys or values that follow the name, and how many words they take.
    fn words(self, def: &'static Def, rest: &[Piece]) -> Result<(Vec<Word>, usize), Unresolved> {
        match def.kind {
            Kind::Container | Kind::Presence | Kind::Flag => Ok((Vec::new(), 0)),
            Kind::List => self.keys(def, rest),
            Kind::Leaf | Kind::LeafList => {
                let values = match rest.first() {
                    None if self.partial => return Ok((Vec::new(), 0)),
                    None => return Err(Unresolved::missing()),
                    Some(Piece::Word(value)) => std::slice::from_ref(value),
                    Some(Piece::List(values)) if def.kind == Kind::LeafList => values,
                    Some(Piece::List(_)) => return Err(Unresolved::syntax("[")),
                };
                for value in values {
                    check(&def.value, value)?;
                }
                Ok((values.iter().map(|value| Arc::from(value.as_str())).collect(), 1))
            }
        }
    }

    fn keys(self, def: &'static Def, rest: &[Piece]) -> Result<(Vec<Word>, usize), Unresolved> {
        let mut words = Vec::new();
        let mut at = 0;
        for key in &def.keys {
            if let Some(word) = &key.word {
                match rest.get(at) {
                    Some(Piece::Word(found)) if found == word || (self.short && word.starts_with(found)) => at += 1,
                    None if self.partial => break,
                    None => return Err(Unresolved::missing()),
                    Some(piece) => return Err(Unresolved::syntax(text(piece))),
                }
            }
            match rest.get(at) {
                None if self.partial => break,
                None => return Err(Unresolved::missing()),
                Some(piece) => {
                    let (word, used) = key_value(key, text(piece), rest.get(at + 1))?;
                    words.push(word);
                    at += used;
                }
            }
        }
        Ok((words, at))
    }
}

fn unknown(word: &str) -> Step {
    Step {
        def: None,
        words: vec![Arc::from(word)],
    }
}

fn text(piece: &Piece) -> &str {
    match piece {
        Piece::Word(word) => word,
        Piece::List(_) => "[",
    }
}

fn key_value(key: &Key, value: &str, next: Option<&Piece>) -> Result<(Word, usize), Unresolved> {
    check(&key.kind, value)?;
    if let Type::Choice(words) = &key.kind
        && words.iter().any(|(word, takes_value)| word == value && *takes_value)
    {
        let next = next.ok_or_else(Unresolved::missing)?;
        return Ok((Arc::from(format!("{value} {}", text(next))), 2));
    }
    Ok((Arc::from(value), 1))
}

fn check(kind: &Type, value: &str) -> Result<(), Unresolved> {
    judge(kind, value).map_err(|bad| Unresolved {
        message: bad.message,
        word: Some(bad.word),
    })
}

/// Where the keys of `list` hold a bracketed list of values.
fn bracketed_key<'a>(list: &Def, rest: &'a [Piece]) -> Option<(usize, &'a [String])> {
    let mut at = 0;
    for key in &list.keys {
        at += usize::from(key.word.is_some());
        match rest.get(at) {
            Some(Piece::List(values)) => return Some((at, values)),
            _ => at += 1,
        }
    }
    None
}
