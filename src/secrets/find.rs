//! One pass over a text that finds every secret, whatever the format.

use std::sync::LazyLock;

use memchr::{memchr, memchr_iter, memmem, memrchr};
use regex::bytes::Regex;

use super::{
    snmp::{self, Snmp},
    value::{Span, Tag, TextValue, in_word, json_member, json_secrets, skip_blanks, text_value, xml_tag},
    words::{Weight, is_prose, weight},
};

/// What may begin a secret; everything else is passed over at the speed of a substring search.
static TRIGGERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$[15689]\$|SECRET-DATA|PRIVATE KEY|key|secret|password|passphrase|ascii-text|hexadecimal|cak|snmp|SNMP community|://")
        .expect("a constant expression")
});

/// How far back the surroundings of a word are looked at, so that long lines stay cheap.
pub(super) const BACK: usize = 512;

/// How far a JSON container is followed in search of values.
const CONTAINER: usize = 64 * 1024;

/// Longest word that is judged; no statement is as long.
pub(super) const WORD: usize = 64;

/// Words that begin a command with a statement in it.
pub(super) const VERBS: &[&[u8]] = &[
    b"set",
    b"delete",
    b"activate",
    b"deactivate",
    b"insert",
    b"rename",
    b"copy",
    b"replace",
    b"request",
];

/// The search in one text.
pub(super) struct Finder<'a> {
    pub(super) text: &'a [u8],
    pub(super) spans: Vec<Span>,
    snmp: Snmp,
    /// Up to where JSON containers have been read.
    json_until: usize,
    /// Up to where `SECRET-DATA` has been read.
    pub(super) marked_until: usize,
    /// The path says that a bare `key` is a secret, as below `md5 1`.
    md5_path: bool,
}

/// The places of all secrets in a text that was printed below `path`.
pub(super) fn find(text: &[u8], path: Option<&str>) -> Vec<Span> {
    let mut finder = Finder {
        text,
        spans: Vec::new(),
        snmp: Snmp::default(),
        json_until: 0,
        marked_until: 0,
        md5_path: false,
    };
    if let Some(path) = path {
        finder.below(path);
    }
    let mut at = 0;
    while let Some(found) = TRIGGERS.find_at(text, at) {
        at = finder.take(found.start(), found.end()).max(found.end());
    }
    finder.spans
}

impl Finder<'_> {
    /// What the path says about statements whose parents are not printed.
    fn below(&mut self, path: &str) {
        let words: Vec<&str> = path.split_ascii_whitespace().collect();
        if let Some(at) = words.iter().position(|word| word.len() > 1 && "snmp".starts_with(word)) {
            snmp::whole(self, &words[at + 1..]);
        }
        self.md5_path = words.contains(&"md5");
        if words
            .iter()
            .any(|word| word.len() > 12 && "authentication-key".starts_with(word))
        {
            let range = 0..self.text.len();
            self.statement_values(b"value", range);
        }
    }

    /// Looks at one trigger; answers from where the search goes on.
    fn take(&mut self, start: usize, end: usize) -> usize {
        match &self.text[start..end] {
            [b'$', ..] => self.hash(start, end),
            b"SECRET-DATA" => self.secret_data(start, end),
            b"PRIVATE KEY" => self.private_key(start, end),
            b"://" => self.url(end),
            b"SNMP community" => snmp::complaint(self, end),
            _ => self.word(start, end),
        }
    }

    /// A word that may be the name of a secret statement.
    fn word(&mut self, start: usize, end: usize) -> usize {
        let from = start
            - self.text[start.saturating_sub(WORD)..start]
                .iter()
                .rev()
                .take_while(|byte| in_word(**byte))
                .count();
        let to = end + self.text[end..].iter().take_while(|byte| in_word(**byte)).count();
        let word = &self.text[from..to];
        if word == b"snmp" {
            return snmp::mention(self, from, to);
        }
        let Some(weight) = weight(word) else { return to };
        if let Some(tag) = xml_tag(self.text, from, to) {
            return self.element(word, from, tag);
        }
        if let Some((value, quote)) = json_member(self.text, from, to) {
            return self.member(word, from, value, quote);
        }
        self.statement(word, weight, from, to)
    }

    fn element(&mut self, word: &[u8], from: usize, tag: Tag) -> usize {
        match tag.text(self.text) {
            Some(span) => {
                let number = self.text[span.start..span.end].iter().all(u8::is_ascii_digit);
                // `key` is also the number of an NTP key.
                if word != b"key" || !number || self.mentioned_before(from, b"<md5>", b"</md5>") {
                    self.spans.push(span);
                }
                span.end
            }
            None if !tag.empty && word.ends_with(b"authentication-key") => {
                self.value_element(tag);
                tag.content
            }
            None => tag.content,
        }
    }

    /// `<authentication-key><name>1</name><type>md5</type><value>…` of NTP.
    fn value_element(&mut self, tag: Tag) {
        let content = &self.text[tag.content..self.text.len().min(tag.content + 8 * BACK)];
        let content = &content[..memmem::find(content, b"authentication-key").unwrap_or(content.len())];
        if let Some(at) = memmem::find(content, b"value") {
            let at = tag.content + at;
            self.spans
                .extend(xml_tag(self.text, at, at + 5).and_then(|value| value.text(self.text)));
        }
    }

    fn member(&mut self, word: &[u8], from: usize, value: usize, quote: &'static [u8]) -> usize {
        let opens = matches!(self.text.get(value), Some(b'{' | b'['));
        if opens && value < self.json_until {
            return value;
        }
        if word == b"key" {
            let start = value + quote.len();
            let string = self.text[value..].starts_with(quote);
            let number = !string || self.text.get(start).is_some_and(u8::is_ascii_digit);
            if number && !self.mentioned_before(from, b"\"md5\"", b"]") {
                return value;
            }
        }
        let inner =
            |_: usize, name: &[u8]| matches!(name, b"data" | b"value") || (name != b"key" && weight(name).is_some());
        let limit = self.text.len().min(value + CONTAINER);
        let end = json_secrets(&self.text[..limit], value, quote, inner, &mut self.spans);
        self.json_until = self.json_until.max(end);
        value
    }

    fn statement(&mut self, word: &[u8], weight: Weight, from: usize, to: usize) -> usize {
        // `key` is a common word; only few of its values are worth reading.
        if word == b"key" && !self.may_be_key(from, to) {
            return to;
        }
        let Some(value) = text_value(self.text, to) else {
            return to;
        };
        let content = &self.text[value.start..value.end];
        if word.ends_with(b"authentication-key") && content.iter().all(u8::is_ascii_digit) && self.numbered(value) {
            return value.end;
        }
        if word == b"pre-shared-key" && matches!(content, b"ascii-text" | b"hexadecimal" | b"ckn" | b"cak") {
            return to;
        }
        let secret = match weight {
            Weight::Certain => {
                value.quoted
                    || value.assigned
                    || !is_prose(content)
                    || self.ends_statement(value)
                    || self.in_command(from)
            }
            Weight::Likely => self.is_statement(word, from, value),
        };
        if !secret {
            return to;
        }
        self.spans.push(value.span());
        value.end
    }

    /// Says whether a quote follows `key`, or `md5 N` or the start of a statement stands before it.
    fn may_be_key(&self, from: usize, to: usize) -> bool {
        let rest = &self.text[to..];
        let value = rest
            .iter()
            .find(|byte| !matches!(byte, b' ' | b'\t' | b'=' | b':' | b'\\'));
        let before = self.text[from.saturating_sub(2 * WORD)..from].trim_ascii_end();
        let opens = before.last().is_none_or(|byte| !byte.is_ascii_alphabetic());
        value == Some(&b'"') || (opens && matches!(rest.first(), Some(b' ' | b'\t')))
    }

    /// `authentication-key 1 type md5 value V`, also as a block: the number is no secret, the value is.
    fn numbered(&mut self, number: TextValue) -> bool {
        let next = skip_blanks(self.text, number.end);
        let rest = &self.text[next..self.text.len().min(next + BACK)];
        let length = if rest.starts_with(b"{") {
            memchr(b'}', rest).unwrap_or(rest.len())
        } else if rest.starts_with(b"type ") || rest.starts_with(b"value ") {
            memchr(b'\n', rest).unwrap_or(rest.len())
        } else {
            return false;
        };
        self.statement_values(b"value", next..next + length);
        true
    }

    /// Takes what follows each statement of this name within a range.
    pub(super) fn statement_values(&mut self, name: &[u8], range: std::ops::Range<usize>) {
        let text = self.text;
        for at in memmem::find_iter(&text[range.clone()], name) {
            let (start, end) = (range.start + at, range.start + at + name.len());
            let alone = (start == 0 || !in_word(text[start - 1])) && !text.get(end).is_some_and(|byte| in_word(*byte));
            if alone && let Some(value) = text_value(text, end) {
                self.spans.push(value.span());
            }
        }
    }

    /// Says whether a word that also occurs in prose is used as a statement here.
    fn is_statement(&self, word: &[u8], from: usize, value: TextValue) -> bool {
        let content = &self.text[value.start..value.end];
        if word == b"key" {
            let number = content.iter().all(u8::is_ascii_digit);
            let block = self.ends_statement(value) && self.starts_statement(from) && (!number || self.md5_path);
            return value.quoted || block || self.words_before(from).nth(1) == Some(b"md5");
        }
        if value.quoted || value.assigned || self.ends_statement(value) {
            return true;
        }
        if is_prose(content) {
            return false;
        }
        let last = self.words_before(from).next().unwrap_or_default();
        if word == b"hexadecimal" && matches!(last, b"pre-shared-key" | b"key") {
            return true;
        }
        // `system login password` holds rules for passwords, and bracketed lists name methods.
        if last == b"login" || self.is_listed(from) {
            return false;
        }
        let ends_line = matches!(self.text.get(skip_blanks(self.text, value.end)), None | Some(b'\n'));
        (ends_line && self.starts_statement(from)) || self.in_command(from)
    }

    /// Says whether `at` is inside the brackets of a list.
    fn is_listed(&self, at: usize) -> bool {
        let before = &self.text[self.line_start(at, BACK)..at];
        before.iter().rev().find(|byte| matches!(byte, b'[' | b']')) == Some(&b'[')
    }

    fn ends_statement(&self, value: TextValue) -> bool {
        self.text.get(value.end) == Some(&b';')
    }

    /// Says whether the words before `at` on its line, inside the same quotes, begin with a configuration verb.
    pub(super) fn in_command(&self, at: usize) -> bool {
        self.words_before(at).any(|word| VERBS.contains(&word))
    }

    /// The words before `at` on its line, the nearest first, back to the quote in which they stand.
    pub(super) fn words_before(&self, at: usize) -> impl Iterator<Item = &[u8]> {
        let line = &self.text[self.line_start(at, BACK)..at];
        let quoted = memchr_iter(b'"', line).count() % 2 == 1;
        let line = if quoted {
            &line[memrchr(b'"', line).map_or(0, |quote| quote + 1)..]
        } else {
            line
        };
        line.rsplit(|byte| byte.is_ascii_whitespace() || *byte == b'\'')
            .filter(|word| !word.is_empty())
    }

    /// Says whether nothing but signs of a diff and prefixes such as `inactive:` stands before `at` in its statement.
    pub(super) fn starts_statement(&self, at: usize) -> bool {
        let line = self.text[self.line_start(at, BACK)..at].trim_ascii_end();
        match line.last() {
            None | Some(b'{' | b'}' | b';' | b':' | b'/') => true,
            Some(b'+' | b'-' | b'!') => line.len() == 1,
            Some(_) => false,
        }
    }

    /// The start of the line, looked for at most `back` bytes away.
    pub(super) fn line_start(&self, at: usize, back: usize) -> usize {
        let from = at.saturating_sub(back);
        memrchr(b'\n', &self.text[from..at]).map_or(from, |newline| from + newline + 1)
    }

    /// Says whether `open` stands shortly before `at` without `close` after it.
    fn mentioned_before(&self, at: usize, open: &[u8], close: &[u8]) -> bool {
        let before = &self.text[at.saturating_sub(BACK)..at];
        memmem::rfind(before, open).is_some_and(|open| memmem::find(&before[open..], close).is_none())
    }

    /// What is known about SNMP so far.
    pub(super) fn snmp(&mut self) -> &mut Snmp {
        &mut self.snmp
    }
}
