//! Pages of a stored output.

use std::{borrow::Cow, time::Duration};

use super::cap::{Caps, notice};
use crate::junos::{Pattern, char_floor};

/// Which part of which output.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReadRequest {
    /// The id that the cut named.
    pub(crate) output_id: String,
    /// Where to start, in bytes; moved back to the start of a character.
    pub(crate) offset: usize,
    /// How much.
    pub(crate) caps: Caps,
    /// Only lines that match; the offset then counts bytes of these.
    pub(crate) matching: Option<String>,
    /// Only lines that do not match.
    pub(crate) except: Option<String>,
    /// As base64 instead of text.
    pub(crate) base64: bool,
}

/// One page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReadPage {
    /// The text, with the line that says how to read on while more remains.
    pub(crate) text: String,
    /// Where the page starts.
    pub(crate) offset: usize,
    /// Where the next page starts, while more remains.
    pub(crate) next_offset: Option<usize>,
    /// Bytes of the whole output, or of its matching lines.
    pub(crate) total_bytes: usize,
    /// Nothing remains after this page, and for a tail nothing before it.
    pub(crate) complete: bool,
    /// How long the output is kept unless it is read again.
    pub(crate) expires_in: Duration,
    /// What the reader should know.
    pub(crate) notes: Vec<String>,
}

/// Why nothing can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadFault {
    /// Unknown, expired, or another caller's.
    #[error("no output of this id is stored for this caller")]
    NotFound,
}

/// Cuts a page out of a stored text.
pub(super) fn page(text: &str, request: &ReadRequest, default_bytes: usize, expires_in: Duration) -> ReadPage {
    let mut notes = Vec::new();
    let text = filtered(text, request, &mut notes);
    let total_bytes = text.len();
    let offset = char_floor(&text, request.offset);
    let kept = request.caps.kept(&text, offset, default_bytes);
    let complete = kept.end == total_bytes && (!request.caps.tail || kept.start == offset);
    let shown = &text[kept.clone()];
    let text = if request.base64 {
        base64(shown.as_bytes())
    } else if complete {
        shown.to_owned()
    } else {
        notice(&text, kept.clone(), request.caps.tail, &request.output_id)
    };
    let next_offset = (kept.end < total_bytes).then_some(kept.end);
    ReadPage {
        text,
        offset: kept.start,
        next_offset,
        total_bytes,
        complete,
        expires_in,
        notes,
    }
}

/// The lines that are asked for, each with its number; the whole text when no pattern is given.
fn filtered<'a>(text: &'a str, request: &ReadRequest, notes: &mut Vec<String>) -> Cow<'a, str> {
    let matching = request.matching.as_deref().map(Pattern::new);
    let except = request.except.as_deref().map(Pattern::new);
    if matching.is_none() && except.is_none() {
        return Cow::Borrowed(text);
    }
    notes.extend([&matching, &except].into_iter().flatten().filter_map(Pattern::note));
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let wanted = matching.as_ref().is_none_or(|pattern| pattern.is_match(line));
        let unwanted = except.as_ref().is_some_and(|pattern| pattern.is_match(line));
        if wanted && !unwanted {
            out.push_str(&format!("{}:{line}\n", at + 1));
        }
    }
    Cow::Owned(out)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = ALPHABET[(group >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}
