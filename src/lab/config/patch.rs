//! Loads of comparison texts: what `show | compare` printed is applied elsewhere.

use super::change::{Applier, Change, Operation};
use super::lexer::{Piece, pieces, tokens};
use super::node::{Node, Step};
use super::parse_text;
use super::report::ConfigError;
use super::resolve::{Path, Reading};
use super::schema::{Kind, root as schema_root};

/// Applies the hunks up to the first that is wrong.
pub(super) fn load(root: &mut Node, payload: &str, strict: bool, applier: &mut Applier<'_>) {
    let mut hunks = Hunks {
        header: Vec::new(),
        sign: ' ',
        block: String::new(),
        line: 0,
        strict,
    };
    for (at, line) in payload.lines().enumerate() {
        let outcome = hunks.line(root, line, at + 1, applier);
        if let Err(error) = outcome {
            applier.report.errors.push(*error);
            return;
        }
    }
    if let Err(error) = hunks.flush(root, applier) {
        applier.report.errors.push(*error);
    }
}

struct Hunks {
    header: Path,
    sign: char,
    /// Lines of one sign that belong together.
    block: String,
    line: usize,
    strict: bool,
}

impl Hunks {
    fn line(
        &mut self,
        root: &mut Node,
        line: &str,
        number: usize,
        applier: &mut Applier<'_>,
    ) -> Result<(), Box<ConfigError>> {
        if let Some(header) = line
            .strip_prefix("[edit")
            .and_then(|line| line.trim_end().strip_suffix(']'))
        {
            self.flush(root, applier)?;
            self.header = self.path(header, number)?;
            return Ok(());
        }
        let mut chars = line.chars();
        let sign = chars.next().unwrap_or(' ');
        let text = chars.as_str().trim_end();
        if sign != self.sign {
            self.flush(root, applier)?;
            (self.sign, self.line) = (sign, number);
        }
        match sign {
            '+' | '-' => {
                self.block.push_str(text);
                self.block.push('\n');
                Ok(())
            }
            '!' => self.mark(root, text.trim(), number, applier),
            ' ' | '\0' => Ok(()),
            other => Err(fault("syntax error", Some(other.to_string()), number)),
        }
    }

    fn path(&self, words: &str, number: usize) -> Result<Path, Box<ConfigError>> {
        let fault = |word: Option<String>| fault("syntax error", word, number);
        let words = pieces(&tokens(words)).map_err(|word| fault(Some(word)))?;
        let reading = Reading {
            strict: self.strict,
            short: false,
            partial: true,
        };
        let paths = reading
            .paths(Some(schema_root()), &words)
            .map_err(|bad| fault(bad.word))?;
        paths.into_iter().next().ok_or_else(|| fault(None))
    }

    /// Statements of the block below the header, as a load in braces would read them.
    fn flush(&mut self, root: &mut Node, applier: &mut Applier<'_>) -> Result<(), Box<ConfigError>> {
        let block = std::mem::take(&mut self.block);
        if block.is_empty() {
            return Ok(());
        }
        let opened: String = self
            .header
            .iter()
            .map(|step| format!("{} {{ ", super::words::statement(step)))
            .collect();
        let text = format!("{opened}{block}{}", "}".repeat(self.header.len()));
        let (mut changes, errors) = parse_text::read(&text, self.strict);
        if let Some(error) = errors.into_iter().next() {
            return Err(Box::new(ConfigError {
                line: error.line.map(|line| line + self.line - 1),
                ..error
            }));
        }
        if self.sign == '-' {
            let depth = self.header.iter().filter(|step| step.complete()).count();
            changes.iter_mut().for_each(|change| remove(change, depth));
        }
        for change in &changes {
            applier.apply(root, change);
        }
        Ok(())
    }

    /// `!  inactive: unit 0 { ... }`; moves cannot be told from the text and are left out.
    fn mark(
        &mut self,
        root: &mut Node,
        text: &str,
        number: usize,
        applier: &mut Applier<'_>,
    ) -> Result<(), Box<ConfigError>> {
        let (active, rest) = match text.split_once(": ") {
            Some(("inactive", rest)) => (false, rest),
            Some(("active", rest)) => (true, rest),
            _ => return Ok(()),
        };
        let name = rest.trim_end_matches(';').trim_end_matches("{ ... }");
        let words = pieces(&tokens(name)).map_err(|word| fault("syntax error", Some(word), number))?;
        let (base, words) = self.grouped(words);
        let reading = Reading {
            strict: self.strict,
            short: false,
            partial: true,
        };
        let paths = reading
            .paths(base, &words)
            .map_err(|bad| fault(bad.message, bad.word, number))?;
        for path in paths {
            let above: Vec<Step> = self.header.iter().filter(|step| step.complete()).cloned().collect();
            let change = Change::at([above, path].concat(), |last| {
                last.operation = Operation::Mark;
                last.active = Some(active);
                last.line = Some(number);
            });
            if let Some(change) = change {
                applier.apply(root, &change);
            }
        }
        Ok(())
    }

    /// Below a header that ends in the name of a list, entries are named by their keys alone.
    fn grouped(&self, words: Vec<Piece>) -> (Option<&'static super::schema::Def>, Vec<Piece>) {
        let base = |path: &[Step]| path.last().map_or(Some(schema_root()), |step| step.def);
        match self.header.split_last() {
            Some((
                Step {
                    def: Some(list),
                    words: keys,
                },
                above,
            )) if !list.keys.is_empty() && keys.is_empty() => {
                let name = Piece::Word(list.word.clone());
                (base(above), std::iter::once(name).chain(words).collect())
            }
            _ => (base(&self.header), words),
        }
    }
}

/// Turns the statements below the header into deletions.
fn remove(change: &mut Change, depth: usize) {
    // A family stands in its parent with what it holds, and unknown words lead to one another.
    let leads = change
        .step
        .def
        .is_none_or(|def| def.grouped() && def.kind == Kind::Container);
    if (depth > 0 || leads) && !change.children.is_empty() {
        return change
            .children
            .iter_mut()
            .for_each(|child| remove(child, depth.saturating_sub(1)));
    }
    change.children.clear();
    change.operation = Operation::Delete;
}

fn fault(message: impl Into<String>, word: Option<String>, line: usize) -> Box<ConfigError> {
    Box::new(ConfigError::parser(message, word, Some(line)))
}
