//! A terminal's side of a command line: keys become lines, and what is typed is shown.

use std::collections::VecDeque;

/// Longest line, in bytes; what is typed beyond it is not taken.
const LONGEST: usize = 64 * 1024;

/// Lines the up key brings back.
const REMEMBERED: usize = 100;

/// What the bytes that came in amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A line is complete.
    Line(String),
    /// `^C`.
    Interrupt,
    /// `^D` on an empty line, or the end of what the client sends.
    End,
}

/// A line being typed.
#[derive(Debug)]
pub(super) struct Typing {
    /// Whether a terminal shows what is typed.
    echo: bool,
    line: Vec<u8>,
    earlier: VecDeque<String>,
    /// How far back the line shown was taken from.
    back: usize,
    escape: Escape,
    /// The last byte ended a line, so that a line feed behind it belongs to it.
    after_return: bool,
}

/// Where in a key of several bytes the input stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Inside,
}

impl Typing {
    /// Nothing typed yet.
    pub(super) fn new(echo: bool) -> Self {
        Self {
            echo,
            line: Vec::new(),
            earlier: VecDeque::new(),
            back: 0,
            escape: Escape::None,
            after_return: false,
        }
    }

    /// Takes one byte: what is to be shown for it, and what it completes.
    pub(super) fn byte(&mut self, byte: u8) -> (Vec<u8>, Option<Key>) {
        let follows_return = std::mem::take(&mut self.after_return);
        if !self.echo {
            return (Vec::new(), self.plain(byte));
        }
        match (self.escape, byte) {
            (Escape::Begun, b'[' | b'O') => {
                self.escape = Escape::Inside;
                (Vec::new(), None)
            }
            (Escape::Inside, 0x40..=0x7e) => {
                self.escape = Escape::None;
                (self.recalled(byte), None)
            }
            (Escape::Inside, _) => (Vec::new(), None),
            (Escape::Begun | Escape::None, _) => {
                self.escape = Escape::None;
                self.key(byte, follows_return)
            }
        }
    }

    fn key(&mut self, byte: u8, follows_return: bool) -> (Vec<u8>, Option<Key>) {
        match byte {
            b'\n' if follows_return => (Vec::new(), None),
            b'\r' | b'\n' => {
                self.after_return = byte == b'\r';
                (b"\r\n".to_vec(), Some(self.complete()))
            }
            0x03 => {
                self.line.clear();
                (b"^C\r\n".to_vec(), Some(Key::Interrupt))
            }
            0x04 if self.line.is_empty() => (b"\r\n".to_vec(), Some(Key::End)),
            0x08 | 0x7f => (self.rub_out(), None),
            // ^U and ^W take the line or its last word back.
            0x15 => (self.clear(), None),
            0x17 => {
                let mut shown = Vec::new();
                while self.line.last() == Some(&b' ') {
                    shown.extend(self.rub_out());
                }
                while self.line.last().is_some_and(|byte| *byte != b' ') {
                    shown.extend(self.rub_out());
                }
                (shown, None)
            }
            0x1b => {
                self.escape = Escape::Begun;
                (Vec::new(), None)
            }
            0x00..=0x1f => (Vec::new(), None),
            _ if self.line.len() >= LONGEST => (b"\x07".to_vec(), None),
            _ => {
                self.line.push(byte);
                (vec![byte], None)
            }
        }
    }

    fn plain(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'\n' => Some(self.complete()),
            0x04 if self.line.is_empty() => Some(Key::End),
            _ => {
                if self.line.len() < LONGEST {
                    self.line.push(byte);
                }
                None
            }
        }
    }

    /// The line that the end of the input leaves, if anything was typed.
    pub(super) fn rest(&mut self) -> Option<Key> {
        (!self.line.is_empty()).then(|| self.complete())
    }

    fn complete(&mut self) -> Key {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if self.echo && !line.trim().is_empty() {
            self.earlier.push_front(line.clone());
            self.earlier.truncate(REMEMBERED);
        }
        self.back = 0;
        Key::Line(line)
    }

    /// Takes the last character back.
    fn rub_out(&mut self) -> Vec<u8> {
        if self.line.is_empty() {
            return Vec::new();
        }
        // A character of several bytes goes as one.
        while self.line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
        b"\x08 \x08".to_vec()
    }

    fn clear(&mut self) -> Vec<u8> {
        let mut shown = Vec::new();
        while !self.line.is_empty() {
            shown.extend(self.rub_out());
        }
        shown
    }

    /// The up and down keys bring earlier lines; other keys of this kind do nothing.
    fn recalled(&mut self, last: u8) -> Vec<u8> {
        let back = match last {
            b'A' if self.back < self.earlier.len() => self.back + 1,
            b'B' if self.back > 0 => self.back - 1,
            _ => return Vec::new(),
        };
        let mut shown = self.clear();
        self.back = back;
        if let Some(line) = back.checked_sub(1).and_then(|at| self.earlier.get(at)) {
            self.line = line.clone().into_bytes();
            shown.extend_from_slice(&self.line);
        }
        shown
    }
}

/// Output as a terminal needs it: each line begins at the left.
pub(super) fn for_terminal(text: &str) -> String {
    text.replace('\n', "\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> (String, Vec<Key>) {
        let mut typing = Typing::new(true);
        let mut shown = Vec::new();
        let mut keys = Vec::new();
        for byte in bytes {
            let (echo, key) = typing.byte(*byte);
            shown.extend(echo);
            keys.extend(key);
        }
        (String::from_utf8(shown).unwrap(), keys)
    }

    fn line(text: &str) -> Key {
        Key::Line(text.to_owned())
    }

    #[test]
    fn what_is_typed_is_shown_and_can_be_taken_back() {
        let (shown, keys) = typed("sho\u{e9}\x7fw\r".as_bytes());
        assert_eq!((shown.as_str(), keys), ("sho\u{e9}\x08 \x08w\r\n", vec![line("show")]));
        let (_, keys) = typed(b"show ver\x17log\r\n");
        assert_eq!(keys, [line("show log")]);
        let (_, keys) = typed(b"abc\x15x\n");
        assert_eq!(keys, [line("x")]);
    }

    #[test]
    fn keys_of_control_end_or_give_up() {
        let (_, keys) = typed(b"abc\x03\x04");
        assert_eq!(keys, [Key::Interrupt, Key::End]);
        let (_, keys) = typed(b"a\x04b\r");
        assert_eq!(keys, [line("ab")], "it ends nothing behind something");
    }

    #[test]
    fn the_up_key_brings_lines_back() {
        let (_, keys) = typed(b"one\rtwo\r\x1b[A\x1b[A\r\x1b[A\x1b[B\x1b[Cthree\r");
        assert_eq!(keys, [line("one"), line("two"), line("one"), line("three")]);
    }
}
