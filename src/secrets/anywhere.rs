//! Secrets that give themselves away without their statement: hashes, private keys, marked values, addresses with passwords.

use memchr::{memchr, memmem, memrchr};

use super::{
    find::{BACK, Finder, WORD},
    value::{Form, Span},
};

impl Finder<'_> {
    /// `$9$…` and the like, wherever they stand.
    pub(super) fn hash(&mut self, start: usize, end: usize) -> usize {
        let rest = &self.text[end..];
        let mut length = 0;
        while let Some(byte) = rest.get(length) {
            match byte {
                b'.' | b'/' | b'$' | b'+' | b'=' | b'-' | b'_' => length += 1,
                b'\\' if rest.get(length + 1) == Some(&b'/') => length += 2,
                byte if byte.is_ascii_alphanumeric() => length += 1,
                _ => break,
            }
        }
        if length > 0 {
            let form = if rest[..length].contains(&b'\\') {
                Form::Json
            } else {
                Form::Text
            };
            self.spans.push(Span::new(start, end + length, form));
        }
        end + length
    }

    /// The value before `## SECRET-DATA`. Old releases mark public keys with it, too: those stay.
    pub(super) fn secret_data(&mut self, start: usize, end: usize) -> usize {
        let line_start = self.line_start(start, 64 * BACK).max(self.marked_until);
        self.marked_until = end;
        let line = self.text[line_start..start].trim_ascii_end();
        let line = line
            .trim_ascii_end()
            .strip_suffix(b"##")
            .unwrap_or(line)
            .trim_ascii_end();
        let line = line.strip_suffix(b";").unwrap_or(line).trim_ascii_end();
        let (from, to) = match line.strip_suffix(b"\"") {
            Some(inner) => (opening_quote(inner).map_or(0, |at| at + 1), inner.len()),
            None => (
                line.iter().rposition(u8::is_ascii_whitespace).map_or(0, |at| at + 1),
                line.len(),
            ),
        };
        let value = &line[from..to];
        let public = [&b"ssh-"[..], b"ecdsa-", b"sk-"]
            .iter()
            .any(|kind| value.starts_with(kind));
        if !value.is_empty() && !public && !super::is_mark(value) {
            self.spans
                .push(Span::new(line_start + from, line_start + to, Form::Text));
        }
        end
    }

    /// A PEM private key: from its first line, or from wherever it was cut, to its last.
    pub(super) fn private_key(&mut self, start: usize, end: usize) -> usize {
        let before = &self.text[start.saturating_sub(40)..start];
        if let Some(begin) = memmem::rfind(before, b"-----BEGIN") {
            let from = start - before.len() + begin;
            let rest = &self.text[end..];
            let to = memmem::find(rest, b"-----END")
                .and_then(|last| memmem::find(&rest[last + 8..], b"-----").map(|close| end + last + 8 + close + 5))
                .unwrap_or(self.text.len());
            self.spans.push(Span::new(from, to, Form::Text));
            return to;
        }
        if let Some(last) = memmem::rfind(before, b"-----END") {
            let to = start - before.len() + last;
            let done = self.spans.last().map_or(0, |span| span.end).min(to);
            let base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n \t".contains(byte);
            let from = self.text[done..to]
                .iter()
                .rposition(|byte| !base64(byte))
                .map_or(done, |at| done + at + 1);
            let from = from
                + self.text[from..to]
                    .iter()
                    .take_while(|byte| byte.is_ascii_whitespace())
                    .count();
            let to = from + self.text[from..to].trim_ascii_end().len();
            if to > from + WORD {
                self.spans.push(Span::new(from, to, Form::Text));
            }
        }
        end
    }

    /// The password in `scheme://user:password@host`.
    pub(super) fn url(&mut self, end: usize) -> usize {
        let rest = &self.text[end..self.text.len().min(end + BACK)];
        let stop = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'<');
        let rest = &rest[..rest.iter().position(stop).unwrap_or(rest.len())];
        let Some(host) = memrchr(b'@', rest) else { return end };
        let Some(colon) = memchr(b':', &rest[..host]) else {
            return end;
        };
        let password = &rest[colon + 1..host];
        let port = password.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_port = password.get(port) == Some(&b'/');
        if password.is_empty() || is_port || rest[0] == b'[' || memchr(b'/', &rest[..colon]).is_some() {
            return end;
        }
        let password_end = end + host;
        self.spans.push(Span::new(end + colon + 1, password_end, Form::Text));
        password_end
    }
}

/// The unescaped quote that opens the string at the end of `text`.
fn opening_quote(text: &[u8]) -> Option<usize> {
    let mut end = text.len();
    while let Some(at) = memrchr(b'"', &text[..end]) {
        let slashes = text[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return Some(at);
        }
        end = at;
    }
    None
}
