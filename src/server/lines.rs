//! Lines of a byte stream, bounded in length, in a way that an abandoned wait loses nothing.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// Longest line in bytes. Requests are small; a configuration of 1 MiB fits many times over.
pub(super) const LONGEST_LINE: usize = 16 * 1024 * 1024;

/// What the next line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line without its end; never blank.
    Whole(Vec<u8>),
    /// A line that was longer than the limit; it is gone.
    TooLong,
    /// There is no more.
    End,
}

/// The lines of a reader.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    longest: usize,
    discarding: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of up to `longest` bytes.
    pub(super) fn new(reader: R, longest: usize) -> Self {
        Self {
            reader: BufReader::new(reader),
            line: Vec::new(),
            longest,
            discarding: false,
        }
    }

    /// The next line that is not blank. Losing this wait is harmless: what was read stays in the buffer.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                return Ok(Line::End);
            }
            let newline = memchr::memchr(b'\n', available);
            let taken = newline.map_or(available.len(), |index| index + 1);
            let too_long = !self.discarding && self.line.len() + taken > self.longest;
            if !self.discarding && !too_long {
                self.line.extend_from_slice(&available[..taken]);
            }
            self.reader.consume(taken);
            if too_long {
                self.line = Vec::new();
                self.discarding = newline.is_none();
                return Ok(Line::TooLong);
            }
            if newline.is_none() {
                continue;
            }
            if std::mem::take(&mut self.discarding) {
                continue;
            }
            let line = std::mem::take(&mut self.line);
            let trimmed = line.trim_ascii();
            if !trimmed.is_empty() {
                return Ok(Line::Whole(trimmed.to_vec()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(input: &[u8]) -> Vec<Line> {
        let mut lines = Lines::new(input, 8);
        let mut found = Vec::new();
        loop {
            let line = lines.next().await.expect("memory does not fail");
            let end = line == Line::End;
            found.push(line);
            if end {
                return found;
            }
        }
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    #[tokio::test]
    async fn blank_lines_and_carriage_returns_vanish_and_long_lines_are_told() {
        assert_eq!(all(b"a\r\n\n \r\nbc\n").await, [whole("a"), whole("bc"), Line::End]);
        assert_eq!(
            all(b"a\n0123456789abcdef\nb\n").await,
            [whole("a"), Line::TooLong, whole("b"), Line::End]
        );
        assert_eq!(all(b"unfinished").await, [Line::TooLong, Line::End]);
        assert_eq!(all(b"cut").await, [Line::End]);
    }
}
