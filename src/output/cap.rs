//! What of a text is shown, and the line that says what is not.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};

use crate::junos::{char_ceil, char_floor};

/// How much of a text is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Caps {
    /// Most bytes; the default of the process when absent.
    pub(crate) max_bytes: Option<usize>,
    /// Most lines.
    pub(crate) max_lines: Option<usize>,
    /// Keep the end instead of the beginning.
    pub(crate) tail: bool,
}

impl Caps {
    /// The part of `text`, from `from` on, that fits. It ends, or with `tail` starts, between lines when a line end lies in
    /// the outer tenth of the budget, and never inside a character.
    pub(super) fn kept(&self, text: &str, from: usize, default_bytes: usize) -> Range<usize> {
        let budget = self.max_bytes.unwrap_or(default_bytes);
        let most_lines = self.max_lines.unwrap_or(usize::MAX);
        if self.tail {
            self.last(text, from, budget).max(last_lines(text, from, most_lines))..text.len()
        } else {
            from..self.first(text, from, budget).min(first_lines(text, from, most_lines))
        }
    }

    fn first(&self, text: &str, from: usize, budget: usize) -> usize {
        if text.len() - from <= budget {
            return text.len();
        }
        let mut end = char_floor(text, from + budget);
        if end == from {
            // A budget smaller than one character must not stand still.
            end = char_ceil(text, from + 1);
        }
        let tenth = (from + budget - budget / 10).min(end);
        memrchr(b'\n', &text.as_bytes()[tenth..end]).map_or(end, |at| tenth + at + 1)
    }

    fn last(&self, text: &str, from: usize, budget: usize) -> usize {
        if text.len() - from <= budget {
            return from;
        }
        let start = char_ceil(text, text.len() - budget);
        let tenth = (start + budget / 10).min(text.len());
        memchr(b'\n', &text.as_bytes()[start..tenth]).map_or(start, |at| start + at + 1)
    }
}

/// The number of lines; a final newline ends the last one.
pub(super) fn lines(text: &str) -> usize {
    memchr_iter(b'\n', text.as_bytes()).count() + usize::from(!text.is_empty() && !text.ends_with('\n'))
}

/// The kept part with the line about the rest: after it, or before it for a tail.
pub(super) fn notice(text: &str, kept: Range<usize>, tail: bool, id: &str) -> String {
    let (total, part) = (text.len(), &text[kept.clone()]);
    if tail {
        let left_out = kept.start;
        return format!(
            "… truncated: first {left_out} of {total} bytes left out; read_output {{\"output_id\":\"{id}\",\"offset\":0}}\n{part}"
        );
    }
    let newline = if part.is_empty() || part.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let next = kept.end;
    format!(
        "{part}{newline}… truncated: {next} of {total} bytes; read_output {{\"output_id\":\"{id}\",\"offset\":{next}}}"
    )
}

fn first_lines(text: &str, from: usize, most: usize) -> usize {
    if most == usize::MAX {
        return text.len();
    }
    memchr_iter(b'\n', &text.as_bytes()[from..])
        .nth(most.saturating_sub(1))
        .map_or(text.len(), |at| from + at + 1)
}

fn last_lines(text: &str, from: usize, most: usize) -> usize {
    if most == usize::MAX {
        return from;
    }
    // A newline at the very end ends the last line and begins none.
    let body = text[from..].strip_suffix('\n').unwrap_or(&text[from..]);
    memchr_iter(b'\n', body.as_bytes())
        .rev()
        .nth(most.saturating_sub(1))
        .map_or(from, |at| from + at + 1)
}
