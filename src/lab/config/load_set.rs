//! Loads of command lines: `set`, `delete`, `rename` and the rest, one after the other.

mod entries;

use std::sync::Arc;

use super::change::{Applier, Change, Operation};
use super::lexer::{Piece, Token, pieces, tokens};
use super::node::{Node, Step};
use super::pattern;
use super::report::ConfigError;
use super::resolve::{Path, Reading, Unresolved};
use super::schema::{Def, root as schema_root};

/// The verbs of a payload; a unique beginning of one is enough.
const VERBS: [&str; 18] = [
    "set",
    "delete",
    "activate",
    "deactivate",
    "protect",
    "unprotect",
    "rename",
    "insert",
    "copy",
    "annotate",
    "replace",
    "wildcard",
    "edit",
    "up",
    "top",
    "exit",
    "quit",
    "comment",
];

/// Applies the lines up to the first that is wrong.
pub(super) fn load(root: &mut Node, payload: &str, strict: bool, applier: &mut Applier<'_>) {
    let mut session = Session {
        strict,
        edit: Vec::new(),
        trail: Vec::new(),
    };
    for (number, line) in logical_lines(payload) {
        let errors = applier.report.errors.len();
        if let Err(fault) = session.line(root, &line, number, applier) {
            applier
                .report
                .errors
                .push(ConfigError::parser(fault.message, fault.word, Some(number)));
        }
        if applier.report.errors.len() > errors {
            return;
        }
    }
}

/// Lines with their numbers; a quoted text that goes over several lines is one.
fn logical_lines(payload: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (at, line) in payload.lines().enumerate() {
        let trimmed = line.trim();
        if open && let Some((_, last)) = lines.last_mut() {
            last.push('\n');
            last.push_str(line);
        } else if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        } else {
            lines.push((at + 1, trimmed.to_owned()));
        }
        open = lines.last().is_some_and(|(_, line)| unclosed(line));
    }
    lines
}

fn unclosed(line: &str) -> bool {
    let mut inside = false;
    let mut escaped = false;
    for c in line.chars() {
        if c == '"' && !escaped {
            inside = !inside;
        }
        escaped = inside && c == '\\' && !escaped;
    }
    inside
}

/// Where the lines stand: `edit` moves, `up`, `top` and `exit` come back.
struct Session {
    strict: bool,
    edit: Path,
    /// Levels to return to on `exit`.
    trail: Vec<Path>,
}

type Outcome = Result<(), Unresolved>;

impl Session {
    fn line(&mut self, root: &mut Node, line: &str, number: usize, applier: &mut Applier<'_>) -> Outcome {
        let tokens: Vec<Token> = tokens(line);
        let pieces = pieces(&tokens).map_err(|word| Unresolved::syntax(&word))?;
        let Some((Piece::Word(verb), rest)) = pieces.split_first() else {
            return Err(Unresolved::syntax("["));
        };
        self.command(root, verb, rest, number, applier)
    }

    fn command(
        &mut self,
        root: &mut Node,
        verb: &str,
        rest: &[Piece],
        number: usize,
        applier: &mut Applier<'_>,
    ) -> Outcome {
        let verb = full_verb(verb)?;
        match verb {
            "edit" | "up" | "top" | "exit" | "quit" => self.moved(root, verb, rest, number, applier),
            "set" => {
                for path in self.paths(rest, false)? {
                    self.change(root, path, number, applier, |_| ());
                }
                Ok(())
            }
            "delete" if rest.is_empty() => {
                match self.edit.clone() {
                    path if path.is_empty() => root.children.clear(),
                    path => self.edit_change(root, path, number, applier, |last| last.operation = Operation::Delete),
                }
                Ok(())
            }
            "delete" => self.each(root, rest, number, applier, |last| last.operation = Operation::Delete),
            "deactivate" | "activate" => self.each(root, rest, number, applier, |last| {
                last.operation = Operation::Mark;
                last.active = Some(verb == "activate");
            }),
            "protect" | "unprotect" => self.each(root, rest, number, applier, |last| {
                last.operation = Operation::Mark;
                last.protect = Some(verb == "protect");
            }),
            "annotate" => {
                let Some((Piece::Word(text), path)) = rest.split_last() else {
                    return Err(Unresolved::syntax("["));
                };
                self.each(root, path, number, applier, |last| {
                    last.operation = Operation::Mark;
                    last.annotation = Some(Arc::from(text.as_str()));
                })
            }
            "rename" | "copy" => self.renamed(root, verb, rest, number, applier),
            "insert" => self.inserted(root, rest, number, applier),
            "replace" => self.replaced(root, rest),
            "wildcard" => self.wildcard(root, rest, number, applier),
            other => Err(Unresolved::syntax(other)),
        }
    }

    fn moved(
        &mut self,
        root: &mut Node,
        verb: &str,
        rest: &[Piece],
        number: usize,
        applier: &mut Applier<'_>,
    ) -> Outcome {
        let before = self.edit.clone();
        match (verb, rest.first()) {
            ("edit", _) => {
                let path = self.one_path(rest)?;
                self.trail.push(before.clone());
                self.edit.extend(path);
            }
            ("up", Some(Piece::Word(count))) if count.parse::<usize>().is_ok() => {
                let count = count.parse::<usize>().unwrap_or(1);
                self.edit.truncate(self.edit.len().saturating_sub(count));
            }
            ("up", _) => {
                self.edit.pop();
            }
            ("top", _) => self.edit.clear(),
            _ => self.edit = self.trail.pop().unwrap_or_default(),
        }
        match (verb, rest) {
            // `top` and `up` may be followed by a command that is run there, without staying there.
            ("top" | "up", [Piece::Word(next), rest @ ..]) if next.parse::<usize>().is_err() => {
                let outcome = self.command(root, next, rest, number, applier);
                if !matches!(full_verb(next), Ok("edit")) {
                    self.edit = before;
                }
                outcome
            }
            _ => Ok(()),
        }
    }

    fn base(&self) -> Option<&'static Def> {
        self.edit.last().map_or(Some(schema_root()), |step| step.def)
    }

    fn paths(&self, pieces: &[Piece], partial: bool) -> Result<Vec<Path>, Unresolved> {
        if pieces.is_empty() {
            return Err(Unresolved {
                message: "missing argument.".to_owned(),
                word: None,
            });
        }
        Reading {
            strict: self.strict,
            short: true,
            partial,
        }
        .paths(self.base(), pieces)
    }

    /// Exactly one statement that holds others or stands for itself.
    fn one_path(&self, pieces: &[Piece]) -> Result<Path, Unresolved> {
        let mut paths = self.paths(pieces, false)?;
        match (paths.pop(), paths.is_empty()) {
            (Some(path), true) => Ok(path),
            _ => Err(Unresolved {
                message: "syntax error".to_owned(),
                word: None,
            }),
        }
    }

    /// Changes what each of the paths names; names without keys stand for all entries of a list that shares a brace.
    fn each(
        &mut self,
        root: &mut Node,
        pieces: &[Piece],
        number: usize,
        applier: &mut Applier<'_>,
        edit: impl Fn(&mut Change),
    ) -> Outcome {
        for path in self.paths(pieces, true)? {
            let last_incomplete = path.last().filter(|step| !step.complete());
            if last_incomplete.is_some_and(|step| !step.def.is_some_and(Def::grouped) || !step.words.is_empty()) {
                return Err(Unresolved {
                    message: "missing argument.".to_owned(),
                    word: None,
                });
            }
            self.change(root, path, number, applier, &edit);
        }
        Ok(())
    }

    fn change(
        &self,
        root: &mut Node,
        path: Path,
        number: usize,
        applier: &mut Applier<'_>,
        edit: impl FnOnce(&mut Change),
    ) {
        self.edit_change(root, [self.edit.clone(), path].concat(), number, applier, edit);
    }

    fn edit_change(
        &self,
        root: &mut Node,
        path: Path,
        number: usize,
        applier: &mut Applier<'_>,
        edit: impl FnOnce(&mut Change),
    ) {
        let change = Change::at(path, |last| {
            last.line = Some(number);
            edit(last);
        });
        if let Some(change) = change {
            applier.apply(root, &change);
        }
    }

    /// `replace pattern A with B [upto N]` below the current level.
    fn replaced(&mut self, root: &mut Node, rest: &[Piece]) -> Outcome {
        let words: Vec<&str> = rest
            .iter()
            .filter_map(|piece| {
                if let Piece::Word(word) = piece {
                    Some(&**word)
                } else {
                    None
                }
            })
            .collect();
        let (from, to, upto) = match words.as_slice() {
            ["pattern", from, "with", to] => (from, to, usize::MAX),
            ["pattern", from, "with", to, "upto", count] => {
                (from, to, count.parse().map_err(|_| Unresolved::syntax(count))?)
            }
            other => return Err(Unresolved::syntax(other.first().unwrap_or(&"replace"))),
        };
        let pattern = regex::Regex::new(from).map_err(|_| Unresolved::syntax(from))?;
        let mut left = upto;
        if let Some(node) = descend(root, &self.edit) {
            pattern::replace(node, &pattern, to, &mut left);
        }
        Ok(())
    }

    /// `wildcard delete …` removes what the last word matches; `wildcard range …` repeats a command over ranges.
    fn wildcard(&mut self, root: &mut Node, rest: &[Piece], number: usize, applier: &mut Applier<'_>) -> Outcome {
        let Some((Piece::Word(verb), rest)) = rest.split_first() else {
            return Err(Unresolved::syntax("wildcard"));
        };
        match verb.as_str() {
            "delete" => {
                let Some((Piece::Word(last), above)) = rest.split_last() else {
                    return Err(Unresolved::syntax("delete"));
                };
                let wanted = pattern::wildcard(last).ok_or_else(|| Unresolved::syntax(last))?;
                let path = if above.is_empty() {
                    Vec::new()
                } else {
                    self.paths(above, true)?.concat()
                };
                let path = [self.edit.clone(), path].concat();
                for step in pattern::matches(root, &path, &wanted) {
                    self.edit_change(root, step, number, applier, |last| last.operation = Operation::Delete);
                }
                Ok(())
            }
            "range" => {
                let Some((Piece::Word(verb), rest)) = rest.split_first() else {
                    return Err(Unresolved::syntax("range"));
                };
                for pieces in pattern::ranges(rest) {
                    self.command(root, verb, &pieces, number, applier)?;
                }
                Ok(())
            }
            other => Err(Unresolved::syntax(other)),
        }
    }
}

fn descend<'a>(root: &'a mut Node, path: &[Step]) -> Option<&'a mut Node> {
    let mut node = root;
    for step in path {
        let at = node.find(step)?;
        node = node.child_mut(at);
    }
    Some(node)
}

fn full_verb(word: &str) -> Result<&'static str, Unresolved> {
    if let Some(verb) = VERBS.iter().find(|verb| **verb == word) {
        return Ok(verb);
    }
    let found: Vec<&&str> = VERBS.iter().filter(|verb| verb.starts_with(word)).collect();
    match found.as_slice() {
        [verb] => Ok(verb),
        [] => Err(Unresolved::syntax(word)),
        _ => Err(Unresolved {
            message: format!("'{word}' is ambiguous."),
            word: Some(word.to_owned()),
        }),
    }
}
