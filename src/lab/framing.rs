//! Where one NETCONF message ends: the end-of-message mark, or chunks.

use bytes::{Buf, BytesMut};
use memchr::memmem;

/// The end-of-message mark of base:1.0.
pub(super) const MARK: &[u8] = b"]]>]]>";

/// A request larger than this ends the session: nothing a client has to say is longer.
const MAX_MESSAGE: usize = 256 * 1024 * 1024;

/// How messages are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Each message ends with the mark.
    Mark,
    /// Each message is a row of counted chunks.
    Chunked,
}

/// Why the bytes of a client cannot be messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameFault {
    /// A chunk header that is none.
    BadChunk,
    /// More bytes than one message may have.
    TooLarge,
}

/// Cuts a stream of bytes into messages.
pub(super) struct Deframer {
    framing: Framing,
    buffer: BytesMut,
    /// With the mark: how far it was searched for. With chunks: unused.
    searched: usize,
    /// With chunks: what came of the message so far.
    message: Vec<u8>,
}

impl Deframer {
    /// A reader at the start of a session.
    pub(super) fn new() -> Self {
        Self {
            framing: Framing::Mark,
            buffer: BytesMut::new(),
            searched: 0,
            message: Vec::new(),
        }
    }

    /// Switches to chunks, after the hellos.
    pub(super) fn use_chunks(&mut self) {
        self.framing = Framing::Chunked;
    }

    /// Takes bytes off the wire.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, without its frame.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, FrameFault> {
        match self.framing {
            Framing::Mark => self.next_marked(),
            Framing::Chunked => self.next_chunked(),
        }
    }

    fn next_marked(&mut self) -> Result<Option<Vec<u8>>, FrameFault> {
        let from = self.searched.saturating_sub(MARK.len() - 1);
        match memmem::find(&self.buffer[from..], MARK) {
            Some(found) => {
                let message = self.buffer.split_to(from + found).to_vec();
                self.buffer.advance(MARK.len());
                self.searched = 0;
                Ok(Some(message))
            }
            None if self.buffer.len() > MAX_MESSAGE => Err(FrameFault::TooLarge),
            None => {
                self.searched = self.buffer.len();
                Ok(None)
            }
        }
    }

    fn next_chunked(&mut self) -> Result<Option<Vec<u8>>, FrameFault> {
        loop {
            let Some((header, size)) = self.chunk_header()? else {
                return Ok(None);
            };
            let Some(size) = size else {
                self.buffer.advance(header);
                return Ok(Some(std::mem::take(&mut self.message)));
            };
            if self.message.len() + size > MAX_MESSAGE {
                return Err(FrameFault::TooLarge);
            }
            if self.buffer.len() < header + size {
                return Ok(None);
            }
            self.buffer.advance(header);
            self.message.extend_from_slice(&self.buffer.split_to(size));
        }
    }

    /// The length of the header at the start of the buffer and the size it announces, `None` for the end of chunks.
    fn chunk_header(&mut self) -> Result<Option<(usize, Option<usize>)>, FrameFault> {
        // Between the hello's mark and the first chunk, some clients send a line feed of their own.
        while self.buffer.starts_with(b"\n\n") || self.buffer.starts_with(b"\r") {
            self.buffer.advance(1);
        }
        const LONGEST: usize = 13;
        let head = &self.buffer[..self.buffer.len().min(LONGEST)];
        let Some(end) = head.iter().skip(1).position(|byte| *byte == b'\n') else {
            return match head.len() < LONGEST && b"\n#".starts_with(&head[..head.len().min(2)]) {
                true => Ok(None),
                false => Err(FrameFault::BadChunk),
            };
        };
        let word = &head[..=end];
        let Some(number) = word.strip_prefix(b"\n#") else {
            return Err(FrameFault::BadChunk);
        };
        if number == b"#" {
            return Ok(Some((end + 2, None)));
        }
        let size = std::str::from_utf8(number)
            .ok()
            .and_then(|number| number.parse::<u32>().ok())
            .filter(|size| *size > 0)
            .ok_or(FrameFault::BadChunk)?;
        Ok(Some((end + 2, Some(size as usize))))
    }
}

/// Puts a part of a message into a chunk, or leaves it as it is.
pub(super) fn part(framing: Framing, bytes: &[u8]) -> Vec<u8> {
    match framing {
        Framing::Mark => bytes.to_vec(),
        Framing::Chunked if bytes.is_empty() => Vec::new(),
        Framing::Chunked => {
            let mut framed = format!("\n#{}\n", bytes.len()).into_bytes();
            framed.extend_from_slice(bytes);
            framed
        }
    }
}

/// What ends a message.
pub(super) fn end(framing: Framing) -> &'static [u8] {
    match framing {
        Framing::Mark => b"]]>]]>\n",
        Framing::Chunked => b"\n##\n",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(deframer: &mut Deframer) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(message) = deframer.next().unwrap() {
            found.push(String::from_utf8(message).unwrap());
        }
        found
    }

    #[test]
    fn a_mark_split_at_any_byte_ends_the_message() {
        let wire = b"<a/>]]>]]>\n<b/>]]>]]>";
        for cut in 0..wire.len() {
            let mut deframer = Deframer::new();
            deframer.push(&wire[..cut]);
            let mut found = all(&mut deframer);
            deframer.push(&wire[cut..]);
            found.extend(all(&mut deframer));
            assert_eq!(found, ["<a/>", "\n<b/>"], "cut at {cut}");
        }
    }

    #[test]
    fn chunks_split_at_any_byte_are_joined() {
        let wire = b"\n#4\n<rpc\n#2\n/>\n##\n\n#4\n<b/>\n##\n";
        for cut in 0..wire.len() {
            let mut deframer = Deframer::new();
            deframer.use_chunks();
            deframer.push(&wire[..cut]);
            let mut found = all(&mut deframer);
            deframer.push(&wire[cut..]);
            found.extend(all(&mut deframer));
            assert_eq!(found, ["<rpc/>", "<b/>"], "cut at {cut}");
        }
    }

    #[test]
    fn a_false_chunk_header_is_a_fault() {
        for bad in ["<rpc/>", "\n#0\nx", "\n#x\n", "\n#99999999999\n", "x"] {
            let mut deframer = Deframer::new();
            deframer.use_chunks();
            deframer.push(bad.as_bytes());
            assert_eq!(deframer.next(), Err(FrameFault::BadChunk), "{bad:?}");
        }
    }

    #[test]
    fn parts_round_trip() {
        let mut deframer = Deframer::new();
        deframer.use_chunks();
        deframer.push(&part(Framing::Chunked, b"one"));
        deframer.push(&part(Framing::Chunked, b" two"));
        deframer.push(end(Framing::Chunked));
        assert_eq!(all(&mut deframer), ["one two"]);
    }
}
