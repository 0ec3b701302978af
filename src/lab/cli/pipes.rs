//! Pipes of the command line: which the router itself answers, and what the others do to the lines of its output.

use regex::{Regex, RegexBuilder};

/// Lines `last` shows when no number is given.
const LAST: usize = 10;

/// Largest compiled pattern, in bytes: enough for any that a person types.
const PATTERN: usize = 1 << 20;

/// What one pipe does to the lines before it.
#[derive(Debug)]
enum Filter {
    Match(Regex),
    Except(Regex),
    Find(Regex),
    Count,
    Last(usize),
    Trim(usize),
}

/// A command line, taken apart.
#[derive(Debug)]
pub(super) struct Piped {
    /// The command with the pipes that the router answers.
    pub(super) command: String,
    filters: Vec<Filter>,
    /// Where the output is to be stored, and whether behind what is there.
    pub(super) file: Option<(String, bool)>,
}

/// Takes a line apart.
///
/// # Errors
/// What the command line says to a pipe it cannot run.
pub(super) fn split(line: &str) -> Result<Piped, String> {
    let mut pieces = outside_quotes(line, '|').into_iter();
    let mut piped = Piped {
        command: pieces.next().unwrap_or_default().trim().to_owned(),
        filters: Vec::new(),
        file: None,
    };
    for piece in pieces {
        piped.add(piece.trim())?;
    }
    Ok(piped)
}

/// The parts of a line between marks that do not stand in quotes.
pub(super) fn outside_quotes(line: &str, mark: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        if character == mark && !quoted {
            pieces.push(String::new());
            continue;
        }
        quoted ^= character == '"';
        pieces.last_mut().expect("there is always a last piece").push(character);
    }
    pieces
}

/// Every pipe, and how many letters of it are enough.
const WORDS: [(&str, usize); 14] = [
    ("append", 1),
    ("compare", 3),
    ("count", 3),
    ("display", 1),
    ("except", 1),
    ("find", 1),
    ("hold", 1),
    ("last", 1),
    ("match", 1),
    ("no-more", 1),
    ("refresh", 3),
    ("resolve", 3),
    ("save", 1),
    ("trim", 1),
];

impl Piped {
    fn add(&mut self, pipe: &str) -> Result<(), String> {
        let (word, rest) = pipe.split_once(char::is_whitespace).unwrap_or((pipe, ""));
        let rest = rest.trim();
        let known = WORDS
            .iter()
            .find(|(name, least)| word.len() >= *least && name.starts_with(word));
        let needed = || match rest.is_empty() {
            true => Err("missing argument.\n".to_owned()),
            false => Ok(rest.trim_matches('"')),
        };
        let number = |default: usize| match rest {
            "" => Ok(default),
            digits => digits
                .parse()
                .map_err(|_| format!("Invalid numeric value: '{digits}'\n")),
        };
        match known.map(|(name, _)| *name) {
            Some("compare" | "display") => self.command.push_str(&format!(" | {pipe}")),
            Some("match") => self.filters.push(Filter::Match(pattern(needed()?))),
            Some("except") => self.filters.push(Filter::Except(pattern(needed()?))),
            Some("find") => self.filters.push(Filter::Find(pattern(needed()?))),
            Some("count") => self.filters.push(Filter::Count),
            Some("last") => self.filters.push(Filter::Last(number(LAST)?)),
            Some("trim") => {
                needed()?;
                self.filters.push(Filter::Trim(number(0)?));
            }
            Some("save") => self.file = Some((needed()?.to_owned(), false)),
            Some("append") => self.file = Some((needed()?.to_owned(), true)),
            // Nothing is paged here, addresses stay addresses, and nothing is shown twice.
            Some(_) => {}
            None => return Err(format!("syntax error: {word}\n")),
        }
        Ok(())
    }

    /// Lets the pipes work on the command's output, one after the other.
    pub(super) fn apply(&self, output: String) -> String {
        self.filters.iter().fold(output, |text, filter| filter.apply(&text))
    }
}

/// An expression that cannot be read is taken as it is written.
fn pattern(text: &str) -> Regex {
    let compiled = |text: &str| {
        RegexBuilder::new(text)
            .case_insensitive(true)
            .size_limit(PATTERN)
            .build()
    };
    compiled(text).unwrap_or_else(|_| {
        compiled(&regex::escape(text)).unwrap_or_else(|_| Regex::new("").expect("the empty pattern is valid"))
    })
}

impl Filter {
    fn apply(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let joined = |lines: &mut dyn Iterator<Item = &str>| lines.map(|line| format!("{line}\n")).collect::<String>();
        match self {
            Self::Match(wanted) => joined(&mut lines.into_iter().filter(|line| wanted.is_match(line))),
            Self::Except(unwanted) => joined(&mut lines.into_iter().filter(|line| !unwanted.is_match(line))),
            Self::Find(wanted) => match lines.iter().position(|line| wanted.is_match(line)) {
                Some(first) => joined(&mut lines.into_iter().skip(first)),
                None => "\nPattern not found\n".to_owned(),
            },
            Self::Count => format!("Count: {} lines\n", lines.len()),
            Self::Last(count) => {
                let skipped = lines.len().saturating_sub(*count);
                joined(&mut lines.into_iter().skip(skipped))
            }
            Self::Trim(count) => lines
                .into_iter()
                .map(|line| line.chars().skip(*count).chain(['\n']).collect::<String>())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "ge-0/0/0 up\nge-0/0/1 down\nlo0 UP\n\nlast\n";

    fn run(pipes: &str) -> String {
        split(&format!("show x {pipes}"))
            .expect("known pipes")
            .apply(TEXT.to_owned())
    }

    #[test]
    fn each_pipe_does_what_it_does_on_a_router() {
        for (pipes, output) in [
            ("| match up", "ge-0/0/0 up\nlo0 UP\n"),
            ("| m \"0/(0|1)\" | exc down", "ge-0/0/0 up\n"),
            ("| find lo0", "lo0 UP\n\nlast\n"),
            ("| find nothing", "\nPattern not found\n"),
            ("| count", "Count: 5 lines\n"),
            ("| match ge | count", "Count: 2 lines\n"),
            ("| last 2", "\nlast\n"),
            ("| match ge | trim 5", "0/0 up\n0/1 down\n"),
            ("| match ge-0/0/0 | no-more", "ge-0/0/0 up\n"),
            ("| match [", ""),
        ] {
            assert_eq!(run(pipes), output, "{pipes}");
        }
    }

    #[test]
    fn the_routers_own_pipes_stay_with_the_command() {
        let piped = split("show configuration | display set | match \"a|b\" | save /var/tmp/x").expect("known pipes");
        assert_eq!(piped.command, "show configuration | display set");
        assert_eq!(piped.file, Some(("/var/tmp/x".to_owned(), false)));
        assert!(split("show version | grep x").is_err());
        assert!(split("show version | match").is_err());
    }
}
