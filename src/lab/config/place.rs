//! Where somebody stands who edits a configuration statement by statement: `edit`, `up`, `top` and `exit`.

use super::lexer::{pieces, tokens};
use super::node::Step;
use super::report::ConfigError;
use super::resolve::{Path, Reading};
use super::schema::{Def, Kind, root as schema_root};
use super::words::edit_path;

/// A level of the configuration, and the levels that `exit` goes back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    path: Path,
    trail: Vec<Path>,
}

impl Place {
    /// Goes down to the statement that these words name.
    ///
    /// # Errors
    /// The syntax error, with the word that is wrong.
    pub(crate) fn down(&mut self, words: &str) -> Result<(), Box<ConfigError>> {
        let wrong = |message: &str, word: Option<String>| Box::new(ConfigError::parser(message, word, None));
        let pieces = pieces(&tokens(words)).map_err(|word| wrong("syntax error", Some(word)))?;
        let base = self.path.last().map_or(Some(schema_root()), |step| step.def);
        let reading = Reading {
            strict: true,
            short: true,
            partial: false,
        };
        let mut paths = reading
            .paths(base, &pieces)
            .map_err(|fault| wrong(&fault.message, fault.word))?;
        let path = match (paths.pop(), paths.is_empty()) {
            (Some(path), true) if path.last().is_some_and(Step::holds) => path,
            _ => {
                return Err(wrong(
                    "syntax error",
                    words.split_whitespace().last().map(str::to_owned),
                ));
            }
        };
        self.trail.push(self.path.clone());
        self.path.extend(path);
        Ok(())
    }

    /// Goes up that many statements.
    pub(crate) fn up(&mut self, levels: usize) {
        for _ in 0..levels {
            self.path.pop();
            // `family inet` is one level, though two statements.
            while self
                .path
                .last()
                .is_some_and(|step| step.kind() == Some(Kind::Container) && step.def.is_some_and(Def::grouped))
            {
                self.path.pop();
            }
        }
    }

    /// Goes to the top.
    pub(crate) fn top(&mut self) {
        self.path.clear();
        self.trail.clear();
    }

    /// Goes back to where the last [`Place::down`] began; whether there was one.
    pub(crate) fn back(&mut self) -> bool {
        let earlier = self.trail.pop();
        let was = !self.path.is_empty();
        self.path = earlier.unwrap_or_default();
        was
    }

    /// `[edit …]`.
    pub(crate) fn banner(&self) -> String {
        edit_path(&self.path)
    }

    /// The words that lead here from the top, as the command line takes them.
    pub(crate) fn written(&self) -> String {
        let banner = self.banner();
        banner["[edit".len()..banner.len() - 1].trim().to_owned()
    }

    /// The same words, one by one and without quotes.
    pub(crate) fn words(&self) -> Vec<String> {
        let words = self.path.iter().flat_map(|step| step.cli());
        words.map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_down_by_words_and_up_by_statements() {
        let mut place = Place::default();
        assert_eq!(place.banner(), "[edit]");
        place.down("inter ge-0/0/0 unit 0").expect("it exists");
        assert_eq!(place.banner(), "[edit interfaces ge-0/0/0 unit 0]");
        assert_eq!(place.words(), ["interfaces", "ge-0/0/0", "unit", "0"]);
        place.down("family inet").expect("it exists");
        place.up(2);
        assert_eq!(place.written(), "interfaces ge-0/0/0");
        assert!(place.back());
        assert_eq!(place.written(), "interfaces ge-0/0/0 unit 0");
        assert!(place.back() && !place.back());
        let wrong = place.down("nonsense here").expect_err("there is no such statement");
        assert_eq!(wrong.bad_element.as_deref(), Some("nonsense"));
        assert!(place.down("system host-name x").is_err(), "a leaf holds nothing");
    }
}
