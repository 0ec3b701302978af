//! Reads configuration text in braces, with the tags that a load may carry.

use std::sync::Arc;

use super::change::{Change, Operation};
use super::lexer::{Kind, Piece, Token, pieces, tokens};
use super::node::{Step, Word};
use super::report::ConfigError;
use super::resolve::{Path, Reading, Unresolved};
use super::schema::{Def, root as schema_root};

/// Deeper nesting than any configuration has; more is refused rather than followed.
const DEEPEST: usize = 64;

/// The changes that the text asks for, and what could not be read.
pub(super) fn read(payload: &str, strict: bool) -> (Vec<Change>, Vec<ConfigError>) {
    let tokens = tokens(payload);
    let reading = Reading {
        strict,
        short: false,
        partial: false,
    };
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        reading,
        errors: Vec::new(),
    };
    let mut changes = parser.block(Some(schema_root()), 0);
    while let Some(token) = parser.peek() {
        // A closing brace too many.
        parser.errors.push(recovery(token));
        parser.at += 1;
        changes.extend(parser.block(Some(schema_root()), 0));
    }
    (changes, parser.errors)
}

fn recovery(token: &Token) -> ConfigError {
    ConfigError::parser(
        "error recovery ignores input until this point",
        Some("}".to_owned()),
        Some(token.line),
    )
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    reading: Reading,
    errors: Vec<ConfigError>,
}

/// What is wrong, and in which line.
type Fault = (Unresolved, usize);

/// What was written before a statement.
#[derive(Default)]
struct Tags {
    operation: Option<Operation>,
    active: Option<bool>,
    protect: Option<bool>,
    annotation: Option<Word>,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    /// Statements up to a closing brace, which is left, or the end.
    fn block(&mut self, def: Option<&'static Def>, depth: usize) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut annotation: Option<Word> = None;
        while let Some(token) = self.peek() {
            match &token.kind {
                Kind::CloseBrace => break,
                Kind::Semicolon => self.at += 1,
                Kind::Annotation(text) => {
                    annotation = Some(Arc::from(text.as_str()));
                    self.at += 1;
                }
                _ => match self.statement(def, annotation.take(), depth) {
                    Ok(statements) => changes.extend(statements),
                    Err((fault, line)) => {
                        self.errors
                            .push(ConfigError::parser(fault.message, fault.word, Some(line)));
                        self.recover();
                    }
                },
            }
        }
        changes
    }

    /// Skips the rest of a statement that could not be read.
    fn recover(&mut self) {
        let mut depth = 0usize;
        while let Some(token) = self.peek() {
            match token.kind {
                Kind::Semicolon if depth == 0 => {
                    self.at += 1;
                    return;
                }
                Kind::OpenBrace => depth += 1,
                Kind::CloseBrace if depth <= 1 => {
                    if depth == 1 {
                        self.errors.push(recovery(token));
                        self.at += 1;
                    }
                    return;
                }
                Kind::CloseBrace => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn statement(
        &mut self,
        def: Option<&'static Def>,
        annotation: Option<Word>,
        depth: usize,
    ) -> Result<Vec<Change>, Fault> {
        let line = self.line();
        let tags = Tags {
            annotation,
            ..self.tags()
        };
        let words = self.words(line)?;
        let Some(end) = self.peek() else {
            let last = self.tokens.last().map_or("", |token| token.kind.text());
            return Err((Unresolved::syntax(last), line));
        };
        if words.is_empty() {
            return Err((Unresolved::syntax(end.kind.text()), end.line));
        }
        let opens = end.kind == Kind::OpenBrace;
        // A deletion may leave out keys and values, and the brace of a list has its keys inside.
        let partial = opens || tags.operation == Some(Operation::Delete);
        let paths = Reading {
            partial,
            ..self.reading
        }
        .paths(def, &words)
        .map_err(|fault| (fault, line))?;
        if opens {
            return self.braces(def, &paths, &tags, depth);
        }
        self.at += 1;
        Ok(paths
            .into_iter()
            .filter_map(|path| tagged(path, &tags, line, Vec::new()))
            .collect())
    }

    /// From the opening brace of a statement to its closing one.
    fn braces(
        &mut self,
        def: Option<&'static Def>,
        paths: &[Path],
        tags: &Tags,
        depth: usize,
    ) -> Result<Vec<Change>, Fault> {
        let line = self.line();
        let ([path], true) = (paths, depth < DEEPEST) else {
            return Err((Unresolved::syntax("{"), line));
        };
        let Some((last, above)) = path.split_last().filter(|(last, _)| last.holds()) else {
            return Err((Unresolved::syntax("{"), line));
        };
        let list = last.def.filter(|def| def.grouped());
        if !last.complete() && list.is_none() {
            return Err((
                Unresolved {
                    message: "missing argument.".to_owned(),
                    word: None,
                },
                line,
            ));
        }
        self.at += 1;
        let mut changes = Vec::new();
        match list.filter(|_| !last.complete()) {
            Some(list) => {
                if tags.operation == Some(Operation::Replace) {
                    changes.extend(Change::at(path.clone(), |last| last.operation = Operation::Empty));
                }
                let owner = above.last().map_or(def, |step| step.def);
                changes.extend(self.group(
                    &Group {
                        list,
                        owner,
                        above,
                        tags,
                    },
                    depth,
                )?);
            }
            None => {
                let below = self.block(last.def, depth + 1);
                changes.extend(tagged(path.clone(), tags, line, below));
            }
        }
        if self.peek().is_none() {
            self.errors
                .push(ConfigError::parser("syntax error", Some("{".to_owned()), Some(line)));
        }
        self.at += 1;
        Ok(changes)
    }

    /// The entries inside the brace of a list: each begins with its key.
    fn group(&mut self, group: &Group<'_>, depth: usize) -> Result<Vec<Change>, Fault> {
        let mut changes = Vec::new();
        let mut annotation: Option<Word> = None;
        while let Some(token) = self.peek() {
            match &token.kind {
                Kind::CloseBrace => break,
                Kind::Semicolon => self.at += 1,
                Kind::Annotation(text) => {
                    annotation = Some(Arc::from(text.as_str()));
                    self.at += 1;
                }
                _ => changes.extend(self.group_entry(group, annotation.take(), depth)?),
            }
        }
        Ok(changes)
    }

    fn group_entry(&mut self, group: &Group<'_>, annotation: Option<Word>, depth: usize) -> Result<Vec<Change>, Fault> {
        let line = self.line();
        let tags = self.tags();
        // Replacing the brace has emptied the list already; other tags of the brace hold for each entry.
        let outer = group
            .tags
            .operation
            .clone()
            .filter(|operation| *operation != Operation::Replace);
        let tags = Tags {
            annotation,
            operation: tags.operation.or(outer),
            active: tags.active.or(group.tags.active),
            ..tags
        };
        let words = self.words(line)?;
        let named: Vec<Piece> = std::iter::once(Piece::Word(group.list.word.clone()))
            .chain(words)
            .collect();
        let paths = self.reading.paths(group.owner, &named).map_err(|fault| (fault, line))?;
        let below = match self.peek().map(|token| &token.kind) {
            Some(Kind::OpenBrace) => {
                self.at += 1;
                self.block(Some(group.list), depth + 1)
            }
            _ => Vec::new(),
        };
        self.at += 1;
        let whole = |path: Vec<Step>| [group.above, &path].concat();
        Ok(paths
            .into_iter()
            .filter_map(|path| tagged(whole(path), &tags, line, below.clone()))
            .collect())
    }

    fn line(&self) -> usize {
        self.peek().map_or(1, |token| token.line)
    }

    /// Words and bracketed lists up to whatever ends them.
    fn words(&mut self, line: usize) -> Result<Vec<Piece>, Fault> {
        let start = self.at;
        let word = |token: &Token| matches!(token.kind, Kind::Word { .. } | Kind::OpenBracket | Kind::CloseBracket);
        while self.peek().is_some_and(word) {
            self.at += 1;
        }
        pieces(&self.tokens[start..self.at]).map_err(|word| (Unresolved::syntax(&word), line))
    }

    fn tags(&mut self) -> Tags {
        let mut tags = Tags::default();
        while let Some(Kind::Word { text, quoted: false }) = self.peek().map(|token| &token.kind) {
            match text.as_str() {
                "inactive:" => tags.active = Some(false),
                "active:" => tags.active = Some(true),
                "protect:" => tags.protect = Some(true),
                "unprotect:" => tags.protect = Some(false),
                "replace:" => tags.operation = Some(Operation::Replace),
                "delete:" => tags.operation = Some(Operation::Delete),
                _ => break,
            }
            self.at += 1;
        }
        tags
    }
}

/// The list whose entries stand in one brace, and where it is.
struct Group<'a> {
    list: &'static Def,
    owner: Option<&'static Def>,
    above: &'a [Step],
    tags: &'a Tags,
}

fn tagged(path: Vec<Step>, tags: &Tags, line: usize, below: Vec<Change>) -> Option<Change> {
    Change::at(path, |last| {
        last.operation = tags.operation.clone().unwrap_or(Operation::Merge);
        last.active = tags.active;
        last.protect = tags.protect;
        last.annotation = tags.annotation.clone();
        last.braced = !below.is_empty() && last.step.def.is_none();
        last.line = Some(line);
        last.children = below;
    })
}
