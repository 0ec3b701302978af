//! Words, quotes, braces and comments of configuration text.

use std::borrow::Cow;

/// What one token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word { text: String, quoted: bool },
    OpenBrace,
    CloseBrace,
    Semicolon,
    OpenBracket,
    CloseBracket,
    Annotation(String),
}

/// A token and the line it stands on, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
}

/// A word, or the values between brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Word(String),
    List(Vec<String>),
}

/// Splits text into tokens. An unclosed quote or comment ends at the end of the text.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut lexer = Lexer {
        rest: text,
        line: 1,
        brackets: 0,
        tokens: Vec::new(),
    };
    while lexer.step() {}
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    brackets: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        match first {
            _ if first.is_whitespace() => {
                self.skip(first.len_utf8());
            }
            '#' => {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.skip(end);
            }
            '/' if self.rest.starts_with("/*") => self.annotation(),
            '{' => self.single(Kind::OpenBrace),
            '}' => self.single(Kind::CloseBrace),
            ';' => self.single(Kind::Semicolon),
            '[' => {
                self.brackets += 1;
                self.single(Kind::OpenBracket);
            }
            ']' => {
                self.brackets = self.brackets.saturating_sub(1);
                self.single(Kind::CloseBracket);
            }
            '"' => self.quoted(),
            _ => self.bare(),
        }
        true
    }

    fn skip(&mut self, bytes: usize) {
        self.line += self.rest[..bytes].matches('\n').count();
        self.rest = &self.rest[bytes..];
    }

    fn push(&mut self, kind: Kind, bytes: usize) {
        self.tokens.push(Token { kind, line: self.line });
        self.skip(bytes);
    }

    fn single(&mut self, kind: Kind) {
        self.push(kind, 1);
    }

    fn annotation(&mut self) {
        let end = self.rest.find("*/").unwrap_or(self.rest.len());
        let text = self.rest[2..end].trim().to_owned();
        self.push(Kind::Annotation(text), (end + 2).min(self.rest.len()));
    }

    fn quoted(&mut self) {
        let mut escaped = false;
        let end = self.rest[1..].char_indices().find(|&(_, c)| {
            let end = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            end
        });
        let end = end.map_or(self.rest.len(), |(at, _)| at + 1);
        let text = unescape(&self.rest[1..end]);
        self.push(Kind::Word { text, quoted: true }, (end + 1).min(self.rest.len()));
    }

    fn bare(&mut self) {
        let brackets = self.brackets;
        let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';') || (c == ']' && brackets > 0);
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let text = self.rest[..end].to_owned();
        self.push(Kind::Word { text, quoted: false }, end);
    }
}

/// Joins words and bracketed values; the first token that is neither is given back as its text.
pub(super) fn pieces(tokens: &[Token]) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut list: Option<Vec<String>> = None;
    for token in tokens {
        match (&token.kind, &mut list) {
            (Kind::Word { text, .. }, Some(values)) => values.push(text.clone()),
            (Kind::Word { text, .. }, None) => pieces.push(Piece::Word(text.clone())),
            (Kind::OpenBracket, None) => list = Some(Vec::new()),
            (Kind::CloseBracket, Some(values)) => {
                pieces.push(Piece::List(std::mem::take(values)));
                list = None;
            }
            (kind, _) => return Err(kind.text().to_owned()),
        }
    }
    match list {
        Some(_) => Err("[".to_owned()),
        None => Ok(pieces),
    }
}

impl Kind {
    /// The token as it is written, for error messages.
    pub(super) fn text(&self) -> &str {
        match self {
            Kind::Word { text, .. } | Kind::Annotation(text) => text,
            Kind::OpenBrace => "{",
            Kind::CloseBrace => "}",
            Kind::Semicolon => ";",
            Kind::OpenBracket => "[",
            Kind::CloseBracket => "]",
        }
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next @ ('"' | '\\'))) => {
                out.push(next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// `text` between quotes.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // A backslash before an ordinary character stands for itself, so `\n` in a banner stays as typed.
        let ambiguous = c == '\\' && matches!(chars.peek(), None | Some('"' | '\\'));
        if c == '"' || ambiguous {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// `text` as it is written in configuration text: bare where the grammar allows it.
pub(super) fn written(text: &str) -> Cow<'_, str> {
    // A wildcard key of a group, such as `<ge-*>`, is written bare.
    let inner = text
        .strip_prefix('<')
        .and_then(|text| text.strip_suffix('>'))
        .unwrap_or(text);
    if text.is_empty() || inner.is_empty() || inner.starts_with("/*") || inner.chars().any(special) {
        return Cow::Owned(quote(text));
    }
    Cow::Borrowed(text)
}

fn special(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '"' | ';' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '&' | '<' | '>' | '|' | '$' | '!' | '\'' | '\\'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in ".{0,40}") {
            let tokens = tokens(&written(&text));
            prop_assert_eq!(tokens.len(), 1);
            prop_assert_eq!(tokens[0].kind.text(), text);
        }
    }

    #[test]
    fn blanks_and_specials_are_quoted_and_urls_are_not() {
        for (text, expected) in [
            ("to core", "\"to core\""),
            ("", "\"\""),
            ("$9$abc", "\"$9$abc\""),
            ("ftp://192.0.2.1/x", "ftp://192.0.2.1/x"),
            ("<ge-*>", "<ge-*>"),
            ("a\\nb c", "\"a\\nb c\""),
        ] {
            assert_eq!(written(text), expected);
        }
    }
}
