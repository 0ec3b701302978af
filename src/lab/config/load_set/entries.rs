//! Commands about whole entries: `rename`, `copy` and `insert`.

use super::super::change::{Applier, Operation, Place};
use super::super::lexer::Piece;
use super::super::node::{Node, Step};
use super::super::resolve::{Reading, Unresolved};
use super::super::schema::{Kind, root as schema_root};
use super::{Outcome, Session};

impl Session {
    /// `rename A to B`, `copy A to B`.
    pub(super) fn renamed(
        &mut self,
        root: &mut Node,
        verb: &str,
        rest: &[Piece],
        number: usize,
        applier: &mut Applier<'_>,
    ) -> Outcome {
        let at = rest
            .iter()
            .rposition(|piece| *piece == Piece::Word("to".to_owned()))
            .filter(|&at| at > 0);
        let at = at.ok_or_else(|| Unresolved {
            message: "missing argument.".to_owned(),
            word: None,
        })?;
        let from = self.one_path(&rest[..at])?;
        let to = self.sibling(&from, &rest[at + 1..])?;
        self.change(root, from, number, applier, |last| {
            last.operation = if verb == "copy" {
                Operation::Copy(to)
            } else {
                Operation::Rename(to)
            };
        });
        Ok(())
    }

    /// `insert A before B`, `insert A after B`.
    pub(super) fn inserted(
        &mut self,
        root: &mut Node,
        rest: &[Piece],
        number: usize,
        applier: &mut Applier<'_>,
    ) -> Outcome {
        let at = rest
            .iter()
            .rposition(|piece| matches!(piece, Piece::Word(word) if word == "before" || word == "after"));
        let at = at.filter(|&at| at > 0).ok_or_else(|| Unresolved {
            message: "missing argument.".to_owned(),
            word: None,
        })?;
        let from = self.one_path(&rest[..at])?;
        let to = self.sibling(&from, &rest[at + 1..])?;
        let before = rest[at] == Piece::Word("before".to_owned());
        self.change(root, from, number, applier, |last| {
            last.operation = Operation::Insert(if before { Place::Before(to) } else { Place::After(to) });
        });
        Ok(())
    }

    /// Another entry of the list that the end of `path` is an entry of; the list name may be left out.
    fn sibling(&self, path: &[Step], pieces: &[Piece]) -> Result<Step, Unresolved> {
        let Some((last, above)) = path.split_last() else {
            return Err(Unresolved::syntax("to"));
        };
        let base = above
            .last()
            .or(self.edit.last())
            .map_or(Some(schema_root()), |step| step.def);
        let reading = Reading {
            strict: true,
            short: true,
            partial: false,
        };
        let name = last
            .def
            .filter(|def| !def.nameless())
            .map(|def| Piece::Word(def.word.clone()));
        let named = name.into_iter().chain(pieces.iter().cloned()).collect::<Vec<_>>();
        let direct = reading.paths(base, pieces);
        let found = direct.or_else(|fault| reading.paths(base, &named).map_err(|_| fault))?;
        match found.as_slice() {
            [path] if path.len() == 1 && path[0].def == last.def && last.kind() == Some(Kind::List) => {
                Ok(path[0].clone())
            }
            _ => Err(Unresolved {
                message: "syntax error".to_owned(),
                word: None,
            }),
        }
    }
}
