//! From a reply to the text that the router meant.

use std::borrow::Cow;

use super::{Block, Reply};
use crate::junos::DeviceText;

/// Under the heading of an engine Junos draws this many dashes.
const RULE_WIDTH: usize = 74;

/// How a routing engine begins that leaves a command to the other one.
const ABORTED: &str = "Aborted! This command can only be used on";

impl Reply {
    /// The text of the reply as a CLI user would see it, engine by engine; markup stays only where there is no text form.
    ///
    /// Consumes the reply, so that a large one is not held twice.
    pub(crate) fn into_text(self) -> DeviceText {
        let invalid_bytes = self.invalid_bytes;
        DeviceText::new(self.plain_text()).lossy(invalid_bytes)
    }

    /// The text of a small reply, for the product's own reading; never shown to anybody.
    pub(crate) fn plain_text(&self) -> String {
        if !self.found.blocks.is_empty() {
            return self.joined_blocks();
        }
        let bare = self.bare();
        if !bare.is_empty() {
            return decode_entities(bare).into_owned();
        }
        self.payload().to_owned()
    }

    /// The text if it is so short that it may be nothing but a complaint.
    pub(crate) fn plain_text_if_short(&self) -> Option<String> {
        /// The CLI's complaints are a line or two.
        const SHORT: usize = 1024;
        let size: usize = self.found.blocks.iter().map(|block| block.range.len()).sum();
        (size <= SHORT).then(|| self.plain_text())
    }

    /// Whether the reply holds text blocks, as `format="text"` asks for.
    pub(crate) fn has_blocks(&self) -> bool {
        !self.found.blocks.is_empty()
    }

    /// What the router refuses in words outside any error element: a line of bare text that reports an error, as for an
    /// unknown interface, or output that is nothing but the notice of an aborted command, as on a backup engine.
    pub(crate) fn bare_error(&self) -> Option<String> {
        let line = self
            .bare()
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("error:"));
        match line {
            Some(line) => Some(decode_entities(line.trim_start_matches("error:").trim()).into_owned()),
            None if self.has_blocks() => {
                let text = self.plain_text_if_short()?;
                text.trim().starts_with(ABORTED).then(|| text.trim().to_owned())
            }
            None => None,
        }
    }

    /// Routing engines named in the reply, in order.
    pub(crate) fn engines(&self) -> &[String] {
        &self.found.engines
    }

    fn joined_blocks(&self) -> String {
        let several = self.found.engines.len() > 1;
        let size: usize = self.found.blocks.iter().map(|block| block.range.len()).sum();
        let mut text = String::with_capacity(size + 128 * self.found.engines.len());
        let mut heading = None;
        for block in &self.found.blocks {
            if several && block.engine != heading {
                heading = block.engine;
                self.push_heading(&mut text, heading);
            }
            self.push_block(&mut text, block);
        }
        if several {
            self.push_engine_errors(&mut text);
        }
        text
    }

    fn push_heading(&self, text: &mut String, engine: Option<usize>) {
        let Some(name) = engine.and_then(|index| self.found.engines.get(index)) else {
            return;
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(name);
        text.push_str(":\n");
        text.extend(std::iter::repeat_n('-', RULE_WIDTH));
        text.push('\n');
    }

    fn push_block(&self, text: &mut String, block: &Block) {
        let raw = &self.text[block.range.clone()];
        if block.detail {
            push_detail(text, raw);
            return;
        }
        let body = strip_markup(raw);
        let body = body.strip_prefix('\n').unwrap_or(&body);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        // Straight into the text: a large reply is not held a third time.
        push_decoded(text, body);
    }

    /// An engine that answered with an error gets its labelled line beside the others' output.
    fn push_engine_errors(&self, text: &mut String) {
        for message in self.errors() {
            let Some(name) = &message.re_name else { continue };
            let index = self.found.engines.iter().position(|engine| engine == name);
            self.push_heading(text, index);
            text.push_str("error: ");
            text.push_str(&message.message);
            text.push('\n');
        }
    }
}

/// A warning that Junos puts between two blocks of a text configuration.
fn push_detail(text: &mut String, raw: &str) {
    let field = |name: &str| {
        let start = raw.find(&format!("<{name}>"))? + name.len() + 2;
        let end = raw[start..].find("</")? + start;
        Some(decode_entities(raw[start..end].trim()).into_owned())
    };
    let indent: usize = field("indent").and_then(|value| value.parse().ok()).unwrap_or(0);
    let message = field("message").unwrap_or_else(|| decode_entities(strip_markup(raw).trim()).into_owned());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    for line in message.lines() {
        text.extend(std::iter::repeat_n(' ', indent.min(RULE_WIDTH)));
        text.push_str("## Warning: ");
        text.push_str(line);
        text.push('\n');
    }
}

/// Text blocks hold no elements; should one appear its tags are dropped and CDATA becomes its text.
fn strip_markup(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'<', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(body) = rest.strip_prefix("<![CDATA[") {
            let end = body.find("]]>").unwrap_or(body.len());
            // What stands in CDATA is literal, and the caller decodes entities afterwards.
            text.push_str(&body[..end].replace('&', "&amp;"));
            rest = body.get(end + 3..).unwrap_or_default();
        } else {
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            rest = &rest[end..];
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Replaces the five named entities and numeric references; anything else that looks like one stays as it is.
pub(super) fn decode_entities(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    push_decoded(&mut text, raw);
    Cow::Owned(text)
}

fn push_decoded(text: &mut String, raw: &str) {
    let mut rest = raw;
    while let Some(next) = memchr::memchr(b'&', rest.as_bytes()) {
        text.push_str(&rest[..next]);
        rest = &rest[next..];
        let (decoded, used) = decode_reference(rest);
        match decoded {
            Some(character) => text.push(character),
            None => text.push_str(&rest[..used]),
        }
        rest = &rest[used..];
    }
    text.push_str(rest);
}

/// The character that `text` begins with as a reference, and how many bytes that took; `text` begins with `&`.
fn decode_reference(text: &str) -> (Option<char>, usize) {
    /// No reference is longer: `&#x10FFFF;`.
    const LONGEST: usize = 10;
    let bytes = &text.as_bytes()[..text.len().min(LONGEST)];
    let Some(end) = memchr::memchr(b';', bytes) else {
        return (None, 1);
    };
    let character = match &text[1..end] {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        name => name.strip_prefix('#').and_then(|number| {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok(),
                None => number.parse().ok(),
            };
            code.and_then(char::from_u32)
        }),
    };
    character.map_or((None, 1), |character| (Some(character), end + 1))
}
