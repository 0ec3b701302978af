//! Secrets out of every text that leaves: passwords, keys and communities become marks that say only which are equal.

mod anywhere;
mod find;
mod kind;
mod snmp;
mod value;
mod words;

use std::{collections::BTreeMap, fmt};

use ring::{hmac, rand::SystemRandom};

use crate::junos::{char_ceil, char_floor};
use find::find;
use kind::{Counts, Kind};
use value::Span;

pub(crate) use words::is_secret_word;

/// What stands before the eight hex digits of a mark.
const MARK: &str = "<redacted:";

/// Replaces secrets by `<redacted:xxxxxxxx>`.
///
/// The digits come from a keyed hash under a key of this process: equal secrets get equal marks, and nobody outside can
/// test a guess.
pub(crate) struct Redactor {
    key: hmac::Key,
    show: bool,
    replaced: Counts,
}

impl Redactor {
    /// A redactor with a fresh random key; with `show` it leaves what goes to the model as it is.
    pub(crate) fn new(show: bool) -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).expect("the system has random bytes");
        Self {
            key,
            show,
            replaced: Counts::default(),
        }
    }

    /// A text without its secrets; `path` is the configuration path below which it was printed.
    pub(crate) fn redact(&self, text: &str, path: Option<&str>) -> String {
        if self.show {
            text.to_owned()
        } else {
            self.replaced(text, path).unwrap_or_else(|| text.to_owned())
        }
    }

    /// As [`Redactor::redact`], for a text that is large and often clean: it is given back uncopied then.
    pub(crate) fn redact_owned(&self, text: String, path: Option<&str>) -> String {
        if self.show {
            text
        } else {
            self.replaced(&text, path).unwrap_or(text)
        }
    }

    /// A text without its secrets whatever the settings: for audit records and logs.
    pub(crate) fn redact_always(&self, text: &str) -> String {
        self.replaced(text, None).unwrap_or_else(|| text.to_owned())
    }

    /// The mark of the secret that a member of this name holds, or the secret itself where secrets are shown.
    pub(crate) fn mark(&self, member: &str, secret: &str) -> String {
        if self.show || is_mark(secret.as_bytes()) {
            secret.to_owned()
        } else {
            self.replaced.count(Kind::of(member, secret));
            self.mark_always(secret)
        }
    }

    /// How many secrets were replaced so far, by what they were.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.replaced.by_kind()
    }

    fn mark_always(&self, secret: &str) -> String {
        let tag = hmac::sign(&self.key, secret.as_bytes());
        let mut mark = String::with_capacity(MARK.len() + 9);
        mark.push_str(MARK);
        for byte in &tag.as_ref()[..4] {
            for digit in [byte >> 4, byte & 15] {
                mark.push(char::from_digit(digit.into(), 16).expect("four bits are a hex digit"));
            }
        }
        mark.push('>');
        mark
    }

    /// `None` when there was nothing to replace.
    fn replaced(&self, text: &str, path: Option<&str>) -> Option<String> {
        let mut spans = find(text.as_bytes(), path);
        if spans.is_empty() {
            return None;
        }
        spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for span in spans {
            let Span {
                start,
                end,
                form,
                bare_json,
            } = span;
            // Spans end at ASCII characters; should one not, it is widened rather than let through.
            let (start, end) = (char_floor(text, start), char_ceil(text, end));
            if start < done {
                // The mark before covers this one, too.
                done = done.max(end);
                continue;
            }
            out.push_str(&text[done..start]);
            let secret = form.decoded(&text[start..end]);
            self.replaced.count(Kind::of(&text[..start], &secret));
            let mark = self.mark_always(&secret);
            if bare_json {
                out.push('"');
                out.push_str(&mark);
                out.push('"');
            } else {
                out.push_str(&mark);
            }
            done = end;
        }
        out.push_str(&text[done..]);
        Some(out)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Redactor")
            .field("show", &self.show)
            .finish_non_exhaustive()
    }
}

/// Says whether a text holds a mark of ours, in plain, XML or JSON spelling: such a text must not be written to a router.
pub(crate) fn has_marker(text: &str) -> bool {
    text.match_indices("redacted:").any(|(at, word)| {
        let opened = ["<", "&lt;", "\\u003c", "\\u003C"]
            .iter()
            .any(|open| text[..at].ends_with(open));
        let rest = &text.as_bytes()[at + word.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let closed = [">".as_bytes(), b"&gt;", b"\\u003e", b"\\u003E"]
            .iter()
            .any(|close| rest[digits..].starts_with(close));
        opened && digits == 8 && closed
    })
}

/// Says whether a value is a mark already.
fn is_mark(value: &[u8]) -> bool {
    value
        .strip_prefix(MARK.as_bytes())
        .is_some_and(|rest| rest.len() == 9 && rest[8] == b'>' && rest[..8].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests;
