//! The single pass over a reply: local names only, tolerant, bounded.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{Block, Findings};
use crate::junos::{DeviceMessage, Severity};

/// Deeper replies are refused: no Junos reply comes near, and depth is memory.
const MAX_DEPTH: usize = 256;

/// The namespace of Junos' own error elements.
const XNM: &str = "http://xml.juniper.net/xnm/1.1/xnm";

/// Elements under which a bare `error` or `warning` is the router's own word, not data.
const MESSAGE_PARENTS: [&str; 6] = [
    "rpc-reply",
    "load-configuration-results",
    "commit-results",
    "routing-engine",
    "multi-routing-engine-item",
    "rollback-information",
];

/// Why a reply could not be read; the session that brought it is of no further use.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason} at byte {offset}")]
pub(crate) struct Unreadable {
    /// What is wrong with the reply.
    pub(crate) reason: String,
    /// Where in the reply.
    pub(crate) offset: u64,
}

/// Reads one reply.
pub(super) fn read(text: &str) -> Result<Findings, Unreadable> {
    let text_start = text.len()
        - text
            .trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
            .len();
    let mut reader = Reader::from_str(&text[text_start..]);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    reader.config_mut().allow_dangling_amp = true;
    let mut pass = Pass {
        text,
        base: text_start,
        stack: Vec::new(),
        closed: false,
        error: None,
        engine: None,
        open_block: None,
        root_start: 0,
        collecting: Vec::new(),
        found: Findings::default(),
    };
    loop {
        let before = text_start + position(&reader);
        let event = reader.read_event().map_err(|error| Unreadable {
            reason: format!("not well-formed: {error}"),
            offset: before as u64,
        })?;
        let after = text_start + position(&reader);
        if !pass.take(event, before, after)? {
            break;
        }
    }
    pass.finish()
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).expect("a reply fits into memory")
}

/// A message that is being read, and how deep its element lies.
struct OpenMessage {
    depth: usize,
    message: DeviceMessage,
    severity_given: bool,
}

struct Pass<'t> {
    text: &'t str,
    base: usize,
    stack: Vec<&'t str>,
    closed: bool,
    error: Option<OpenMessage>,
    engine: Option<usize>,
    open_block: Option<(usize, usize, bool)>,
    root_start: usize,
    collecting: Vec<String>,
    found: Findings,
}

impl<'t> Pass<'t> {
    /// Takes one event that spans the bytes from `before` to `after`; false at the end.
    fn take(&mut self, event: Event<'_>, before: usize, after: usize) -> Result<bool, Unreadable> {
        match event {
            Event::Start(tag) => self.open(&tag, before, after)?,
            Event::Empty(tag) => {
                self.open(&tag, before, after)?;
                self.close_innermost(after, after);
            }
            Event::End(tag) => {
                let end = self.text[before + 2..after].trim_end_matches('>').trim_end();
                let _ = tag;
                self.close(local(end), before, after)?;
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => self.text(before, after)?,
            Event::DocType(_) => return Err(fault("a document type declaration", before)),
            Event::Eof => return Ok(false),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        Ok(true)
    }

    fn open(&mut self, tag: &BytesStart<'_>, before: usize, after: usize) -> Result<(), Unreadable> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(fault("nested too deeply", before));
        }
        let raw = &self.text[before + 1..after];
        let end = raw
            .find(|c: char| c.is_whitespace() || c == '/' || c == '>')
            .unwrap_or(raw.len());
        let qualified = &raw[..end];
        let name = local(qualified);
        match self.stack.len() {
            0 => self.open_reply(name, tag, before, after)?,
            1 => self.root_start = before,
            _ => {}
        }
        let parent = self.stack.last().copied().unwrap_or_default();
        self.stack.push(name);
        self.collecting.clear();
        if self.error.is_some() {
            return Ok(());
        }
        if is_message(name, qualified, parent, tag) {
            self.error = Some(self.new_message(name));
            return Ok(());
        }
        self.mark(name);
        if matches!(
            name,
            "output" | "configuration-output" | "configuration-text" | "configuration-set"
        ) {
            self.open_block = Some((self.stack.len(), after, false));
        } else if name == "configuration-detail" {
            self.open_block = Some((self.stack.len(), after, true));
        }
        Ok(())
    }

    fn open_reply(&mut self, name: &str, tag: &BytesStart<'_>, before: usize, after: usize) -> Result<(), Unreadable> {
        if name != "rpc-reply" || self.closed {
            return Err(fault("not an rpc-reply", before));
        }
        self.found.inner = after..after;
        for attribute in tag.attributes().with_checks(false).flatten() {
            if attribute.key.as_ref() == "message-id" {
                self.found.message_id = Some(attribute.value.to_string());
            }
        }
        Ok(())
    }

    fn new_message(&self, name: &str) -> OpenMessage {
        let mut message = match name {
            "warning" => DeviceMessage::warning(""),
            _ => DeviceMessage::error(""),
        };
        message.re_name = self.engine.map(|index| self.found.engines[index].clone());
        OpenMessage {
            depth: self.stack.len(),
            message,
            severity_given: name == "warning",
        }
    }

    fn mark(&mut self, name: &str) {
        let marks = &mut self.found.marks;
        match name {
            "ok" => marks.ok = true,
            "load-success" => marks.load_success = true,
            "commit-success" => marks.commit_success += 1,
            "commit-check-success" => marks.check_success += 1,
            "load-configuration-results" => marks.load_results = true,
            "commit-results" => marks.commit_results = true,
            _ => {}
        }
    }

    fn text(&mut self, before: usize, after: usize) -> Result<(), Unreadable> {
        let is_blank = || self.text[before..after].trim().is_empty();
        if self.stack.is_empty() && !is_blank() {
            return Err(fault("text outside the reply", before));
        }
        if self.error.is_some() || matches!(self.stack.last(), Some(&("re-name" | "load-error-count"))) {
            self.collecting.push(self.text[before..after].to_owned());
        } else if self.stack.len() == 1 && !is_blank() {
            self.found.bare.push(before..after);
        }
        Ok(())
    }

    fn close(&mut self, name: &str, before: usize, after: usize) -> Result<(), Unreadable> {
        // Clusters and dual engines leave <routing-engine> (and <commit-results>) open in commit replies.
        while self.stack.last().is_some_and(|open| {
            *open != name
                && matches!(name, "commit-results" | "rpc-reply")
                && matches!(*open, "routing-engine" | "commit-results")
        }) {
            self.found.repaired = true;
            self.close_innermost(before, before);
        }
        if self.stack.last() != Some(&name) {
            return Err(fault("an end tag that closes nothing", before));
        }
        self.close_innermost(before, after);
        Ok(())
    }

    /// Closes the innermost element, whose end tag spans the bytes from `before` to `after`.
    fn close_innermost(&mut self, before: usize, after: usize) {
        let depth = self.stack.len();
        let name = self.stack.pop().expect("only called with an open element");
        let value = if self.collecting.is_empty() {
            String::new()
        } else {
            super::text::decode_entities(&std::mem::take(&mut self.collecting).concat())
                .trim()
                .to_owned()
        };
        if let Some(open) = &mut self.error {
            if open.depth == depth {
                let open = self.error.take().expect("just seen");
                self.found.messages.push(open.message);
            } else {
                fill(open, name, value);
            }
        } else if self.open_block.is_some_and(|(at, _, _)| at == depth) {
            let (_, start, detail) = self.open_block.take().expect("just seen");
            let engine = self.engine;
            let range = start..before.max(start);
            self.found.blocks.push(Block { range, engine, detail });
        } else {
            match name {
                "re-name" => {
                    self.found.engines.push(value);
                    self.engine = Some(self.found.engines.len() - 1);
                }
                "multi-routing-engine-item" => self.engine = None,
                "load-error-count" => self.found.marks.load_errors += value.parse::<u64>().unwrap_or(1),
                _ => {}
            }
        }
        self.close_level(depth, name, before, after);
    }

    fn close_level(&mut self, depth: usize, name: &str, before: usize, after: usize) {
        match depth {
            1 => {
                self.found.inner.end = before.max(self.found.inner.start);
                self.closed = true;
            }
            // Banners of old releases and the echo of an ignored pipe are noise, messages are kept apart.
            2 if !matches!(name, "pipe" | "cli" | "rpc-error" | "error" | "warning") => {
                self.found.roots.push(self.root_start..after);
            }
            _ => {}
        }
    }

    fn finish(self) -> Result<Findings, Unreadable> {
        if !self.closed || !self.stack.is_empty() {
            return Err(fault("the reply ends before </rpc-reply>", self.text.len()));
        }
        debug_assert!(self.base <= self.text.len());
        Ok(self.found)
    }
}

fn fill(open: &mut OpenMessage, name: &str, value: String) {
    let message = &mut open.message;
    match name {
        "error-severity" => {
            open.severity_given = true;
            message.severity = if value == "warning" {
                Severity::Warning
            } else {
                Severity::Error
            };
        }
        "error-message" | "message" => {
            if !message.message.is_empty() && !value.is_empty() {
                message.message.push('\n');
            }
            message.message.push_str(&value);
        }
        "error-type" => message.error_type = Some(value),
        "error-tag" => message.error_tag = Some(value),
        "error-path" | "edit-path" => message.path = Some(value),
        "bad-element" | "statement" | "token" if !value.is_empty() => message.bad_element = Some(value),
        "source-daemon" => message.source_daemon = Some(value),
        _ => {}
    }
}

/// Whether an element is the router's own error or warning rather than data of that name.
fn is_message(name: &str, qualified: &str, parent: &str, tag: &BytesStart<'_>) -> bool {
    match name {
        "rpc-error" => true,
        "error" | "warning" => {
            qualified.starts_with("xnm:")
                || MESSAGE_PARENTS.contains(&parent)
                || tag
                    .attributes()
                    .with_checks(false)
                    .flatten()
                    .any(|attribute| attribute.key.as_ref().starts_with("xmlns") && attribute.value.as_ref() == XNM)
        }
        _ => false,
    }
}

fn local(qualified: &str) -> &str {
    qualified.rsplit(':').next().unwrap_or(qualified)
}

fn fault(reason: &str, offset: usize) -> Unreadable {
    Unreadable {
        reason: reason.to_owned(),
        offset: offset as u64,
    }
}
