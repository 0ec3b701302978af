//! Regular expressions of pipes: close to POSIX extended ones, without regard to case, bounded in size.

use regex::{Regex, RegexBuilder};

/// Compiled size of one expression; far above any sensible one, far below what hurts.
const SIZE_LIMIT: usize = 2 << 20;

/// Nesting of one expression, so that parsing stays cheap.
const NEST_LIMIT: u32 = 64;

/// An expression of `match`, `except` or `find`.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    source: String,
    regex: Regex,
    literal: bool,
}

impl Pattern {
    /// Compiles an expression; one that is invalid or too large is taken literally.
    pub(crate) fn new(source: &str) -> Self {
        let (regex, literal) = match compile(&translated(source)) {
            Some(regex) => (regex, false),
            None => (compile(&regex::escape(source)).unwrap_or_else(never), true),
        };
        Self {
            source: source.to_owned(),
            regex,
            literal,
        }
    }

    /// Says whether the line contains a match.
    pub(crate) fn is_match(&self, line: &str) -> bool {
        self.regex.is_match(line)
    }

    /// A note for the reader when the expression was taken literally.
    pub(crate) fn note(&self) -> Option<String> {
        self.literal.then(|| {
            format!(
                "'{}' is not a valid regular expression and was taken literally",
                self.source
            )
        })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

fn compile(expression: &str) -> Option<Regex> {
    RegexBuilder::new(expression)
        .case_insensitive(true)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .ok()
}

/// A literal too large to compile matches nothing.
fn never() -> Regex {
    Regex::new(r"[^\s\S]").expect("a constant expression")
}

/// In POSIX brackets `[`, `&&`, `~~` and `--` are plain characters, for the regex crate they are operators.
fn translated(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            '[' => bracket(&mut chars, &mut out),
            _ => out.push(c),
        }
    }
    out
}

fn bracket(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    out.push('[');
    out.extend(chars.next_if_eq(&'^'));
    if chars.next_if_eq(&']').is_some() {
        out.push_str("\\]");
    }
    while let Some(c) = chars.next() {
        match c {
            ']' => {
                out.push(']');
                return;
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '\\' => {
                out.push(c);
                out.extend(chars.next());
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_read_as_posix_extended_ones() {
        for (source, line, found) in [
            ("ge-0/0/[0-9]+", "GE-0/0/12 up", true),
            ("^down$", "down", true),
            ("a|b", "xxb", true),
            ("[[:digit:]]{2}", "a12", true),
            ("[a&&b]", "&", true),
            ("[]x]", "]", true),
            ("[[]", "[", true),
            ("\\.1\\.", "x.1.y", true),
            ("\\.1\\.", "x21y", false),
        ] {
            let pattern = Pattern::new(source);
            assert_eq!(pattern.is_match(line), found, "{source}");
            assert_eq!(pattern.note(), None, "{source}");
        }
    }

    #[test]
    fn an_invalid_expression_is_literal_and_says_so() {
        let pattern = Pattern::new("*[up");
        assert!(pattern.is_match("link *[UP"));
        assert!(pattern.note().expect("a note").contains("literally"));
        assert!(Pattern::new("(a{1000}){1000}").note().is_some());
    }
}
