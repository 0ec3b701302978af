//! Where the value of a statement starts and ends, in text, XML and JSON.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::{MARK, is_mark};

/// Longest tag with its attributes.
const TAG: usize = 1024;

/// How a value is written, so that equal secrets compare equal in all forms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// Curly or set text, quoted or bare.
    Text,
    /// Between tags.
    Xml,
    /// In a JSON string.
    Json,
}

impl Form {
    /// The value without the escapes of its form.
    pub(super) fn decoded(self, value: &str) -> Cow<'_, str> {
        match self {
            Self::Xml if value.contains('&') => Cow::Owned(
                [
                    ("&lt;", "<"),
                    ("&gt;", ">"),
                    ("&quot;", "\""),
                    ("&apos;", "'"),
                    ("&#34;", "\""),
                    ("&amp;", "&"),
                ]
                .iter()
                .fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain)),
            ),
            Self::Json if value.contains('\\') => match serde_json::from_str::<String>(&format!("\"{value}\"")) {
                Ok(plain) => Cow::Owned(plain),
                Err(_) => Cow::Borrowed(value),
            },
            Self::Text if value.contains('\\') => Cow::Owned(value.replace("\\\"", "\"").replace("\\\\", "\\")),
            _ => Cow::Borrowed(value),
        }
    }
}

/// The place of one secret.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) form: Form,
    /// A JSON number: its mark needs quotes.
    pub(super) bare_json: bool,
}

impl Span {
    pub(super) fn new(start: usize, end: usize, form: Form) -> Self {
        Self {
            start,
            end,
            form,
            bare_json: false,
        }
    }
}

/// A value in curly or set text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TextValue {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// `=` or `:` stands between the word and the value.
    pub(super) assigned: bool,
}

impl TextValue {
    pub(super) fn span(self) -> Span {
        Span::new(self.start, self.end, Form::Text)
    }
}

/// Part of a word of Junos.
pub(super) fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

pub(super) fn skip_blanks(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The value on the same line after a word that ends at `at`; none after a word that stands alone.
pub(super) fn text_value(text: &[u8], at: usize) -> Option<TextValue> {
    let assigned = matches!(text.get(skip_blanks(text, at)), Some(b'=' | b':'));
    let start = if assigned {
        skip_blanks(text, skip_blanks(text, at) + 1)
    } else {
        skip_blanks(text, at)
    };
    if start == at {
        return None;
    }
    let rest = &text[start..];
    let (start, end, quoted) = if rest.starts_with(b"\\\"") {
        let length = memmem::find(&rest[2..], b"\\\"").unwrap_or_else(|| line_length(&rest[2..]));
        (start + 2, start + 2 + length, true)
    } else if rest.starts_with(b"\"") {
        (start + 1, start + 1 + quoted_length(&rest[1..]), true)
    } else {
        (start, start + bare_length(rest), false)
    };
    (start < end && !is_mark(&text[start..end])).then_some(TextValue {
        start,
        end,
        quoted,
        assigned,
    })
}

/// Bytes up to the closing quote; a quote that does not close on its line takes the rest of the line.
fn quoted_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\n' => return at,
            b'"' if !escaped => return at,
            _ => escaped = *byte == b'\\' && !escaped,
        }
    }
    text.len()
}

fn line_length(text: &[u8]) -> usize {
    memchr(b'\n', text).unwrap_or(text.len())
}

/// Bytes of an unquoted value. A mark of ours counts as one value although it holds angle brackets.
fn bare_length(text: &[u8]) -> usize {
    if text.starts_with(MARK.as_bytes()) {
        return memchr(b'>', text).map_or(text.len(), |at| at + 1);
    }
    let stop = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b';' | b'"' | b'<' | b'{' | b'}' | b'[' | b']');
    let length = text.iter().position(stop).unwrap_or(text.len());
    // Logs put whole commands into single quotes.
    if length > 1 && text[length - 1] == b'\'' {
        length - 1
    } else {
        length
    }
}

/// Says whether the word at `start..end` is the name of an XML start tag; answers where the tag ends. Escaped tags count.
pub(super) fn xml_tag(text: &[u8], start: usize, end: usize) -> Option<Tag> {
    let mut name = start;
    if name > 0 && text[name - 1] == b':' {
        name -= 1;
        while name > 0 && start - name < 32 && in_word(text[name - 1]) {
            name -= 1;
        }
    }
    if text[..name].ends_with(b"&lt;") {
        let close = memmem::find(&text[end..text.len().min(end + TAG)], b"&gt;")?;
        return Some(Tag {
            content: end + close + 4,
            open: b"&lt;",
            empty: close > 0 && text[end + close - 1] == b'/',
        });
    }
    if !text[..name].ends_with(b"<") {
        return None;
    }
    // A tag that does not close nearby is cut: what follows its name is taken for its content.
    let near = &text[end..text.len().min(end + TAG)];
    let Some(close) = memchr(b'>', near) else {
        return Some(Tag {
            content: end,
            open: b"<",
            empty: false,
        });
    };
    Some(Tag {
        content: end + close + 1,
        open: b"<",
        empty: close > 0 && text[end + close - 1] == b'/',
    })
}

/// An XML start tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag {
    /// Where its content starts.
    pub(super) content: usize,
    /// How tags are opened here: `<`, or `&lt;` in escaped XML.
    pub(super) open: &'static [u8],
    /// It is closed at once.
    pub(super) empty: bool,
}

impl Tag {
    /// The text right after the tag, trimmed; none when another tag follows.
    pub(super) fn text(self, text: &[u8]) -> Option<Span> {
        if self.empty {
            return None;
        }
        let start = skip_space(text, self.content);
        if text[start..].starts_with(b"<![CDATA[") {
            let start = start + 9;
            let length = memmem::find(&text[start..], b"]]>").unwrap_or(text.len() - start);
            let end = start + length;
            return (!is_mark(&text[start..end])).then(|| Span::new(start, end, Form::Text));
        }
        let length = memmem::find(&text[start..], self.open).unwrap_or(text.len() - start);
        let trimmed = text[start..start + length].trim_ascii_end().len();
        let end = start + trimmed;
        (trimmed > 0 && !is_mark(&text[start..end])).then(|| Span::new(start, end, Form::Xml))
    }
}

/// Says whether the word at `start..end` is a JSON member; answers where its value starts, and how strings are quoted there.
pub(super) fn json_member(text: &[u8], start: usize, end: usize) -> Option<(usize, &'static [u8])> {
    for quote in [&b"\\\""[..], b"\""] {
        if text[..start].ends_with(quote) && text[end..].starts_with(quote) {
            let colon = skip_space(text, end + quote.len());
            return (text.get(colon) == Some(&b':')).then(|| (skip_space(text, colon + 1), quote));
        }
    }
    None
}

/// The end of a JSON string whose first character is at `at`.
pub(super) fn json_string_end(text: &[u8], at: usize, quote: &[u8]) -> usize {
    if quote.len() == 2 {
        return memmem::find(&text[at..], quote).map_or(text.len(), |length| at + length);
    }
    let mut escaped = false;
    for (offset, byte) in text[at..].iter().enumerate() {
        if *byte == b'"' && !escaped {
            return at + offset;
        }
        escaped = *byte == b'\\' && !escaped;
    }
    text.len()
}

/// Collects the secret values of a JSON member whose value starts at `at`, and answers where that value ends.
///
/// A string or a number is secret itself. In a container, array elements are, and members that `secret(depth, name)` names.
pub(super) fn json_secrets(
    text: &[u8],
    at: usize,
    quote: &[u8],
    secret: impl Fn(usize, &[u8]) -> bool,
    spans: &mut Vec<Span>,
) -> usize {
    let mut position = at;
    let mut depth = 0_usize;
    let mut arrays: Vec<bool> = Vec::new();
    let mut wanted = true;
    while position < text.len() {
        let byte = text[position];
        match byte {
            b'{' | b'[' => {
                depth += 1;
                arrays.push(byte == b'[');
                wanted = wanted && byte == b'[';
                position += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                arrays.pop();
                position += 1;
            }
            _ if text[position..].starts_with(quote) => {
                let start = position + quote.len();
                let end = json_string_end(text, start, quote);
                position = (end + quote.len()).min(text.len());
                let is_name =
                    text.get(skip_space(text, position)) == Some(&b':') && arrays.last() != Some(&true) && depth > 0;
                if is_name {
                    wanted = secret(depth, &text[start..end]);
                } else if wanted && start < end && !is_mark(&text[start..end]) {
                    spans.push(Span::new(start, end, Form::Json));
                }
            }
            b'0'..=b'9' | b'-' if wanted => {
                let length = text[position..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit() || b"-+.eE".contains(byte))
                    .count();
                spans.push(Span {
                    bare_json: true,
                    ..Span::new(position, position + length, Form::Json)
                });
                position += length;
            }
            // The end of the string that this JSON is embedded in.
            b'"' => return position,
            b',' => {
                wanted = wanted && arrays.last() == Some(&true);
                position += 1;
            }
            _ => position += 1,
        }
        if depth == 0 && !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
            return position;
        }
    }
    position
}
