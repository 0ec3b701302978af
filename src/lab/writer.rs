//! Writes messages to a channel, whole or damaged on purpose.

use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::framing::{self, Framing};

/// Bytes of one piece of invented text in a huge reply.
const FILLER: usize = 32 * 1024;

/// Slices in which a slow link brings what it brings in a second.
const SLICES: u64 = 10;

/// A message before it is framed.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// The text up to where invented text is put in.
    pub(super) head: Vec<u8>,
    /// Bytes of invented text.
    pub(super) filler: u64,
    /// The text after it.
    pub(super) tail: Vec<u8>,
    /// What follows the frame.
    pub(super) trailer: Vec<u8>,
}

impl Message {
    /// A message of that text.
    pub(super) fn text(text: impl Into<Vec<u8>>) -> Self {
        Self {
            head: text.into(),
            ..Self::default()
        }
    }

    /// Its bytes without frame.
    pub(super) fn len(&self) -> u64 {
        self.head.len() as u64 + self.filler + self.tail.len() as u64
    }
}

/// What is done to a message on its way out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Damage {
    /// Bytes before it.
    pub(super) garbage: Vec<u8>,
    /// Stop after that many bytes of the frame.
    pub(super) stop: Option<(u64, Stop)>,
    /// One byte per segment.
    pub(super) single_bytes: bool,
    /// The end mark in two segments.
    pub(super) split_mark: bool,
    /// Bytes a second.
    pub(super) rate: Option<u64>,
}

/// How an unfinished message is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// Nothing more comes, the connection stays.
    Silence,
    /// The connection is dropped.
    Drop,
}

/// Why a message was not written to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfinished {
    /// The client is gone.
    Gone,
    /// As the damage asked for.
    Stopped(Stop),
}

/// The writing side of a session.
pub(super) struct Writer {
    sink: Pin<Box<dyn AsyncWrite + Send + Sync>>,
    framing: Framing,
}

impl Writer {
    /// A writer at the start of a session.
    pub(super) fn new(sink: impl AsyncWrite + Send + Sync + 'static) -> Self {
        Self {
            sink: Box::pin(sink),
            framing: Framing::Mark,
        }
    }

    /// Frames with chunks from now on.
    pub(super) fn use_chunks(&mut self) {
        self.framing = Framing::Chunked;
    }

    /// Writes one message.
    pub(super) async fn send(&mut self, message: &Message, damage: &Damage) -> Result<(), Unfinished> {
        let mut left = damage.stop.map(|(bytes, _)| bytes);
        self.put(&damage.garbage, damage, &mut None).await?;
        let whole = message.filler == 0 && message.tail.is_empty() && !damage.split_mark;
        let mut head = framing::part(self.framing, &message.head);
        if whole {
            head.extend_from_slice(framing::end(self.framing));
            head.extend_from_slice(&message.trailer);
            return self.put(&head, damage, &mut left).await;
        }
        self.put(&head, damage, &mut left).await?;
        self.put_filler(message.filler, damage, &mut left).await?;
        let mut rest = framing::part(self.framing, &message.tail);
        rest.extend_from_slice(framing::end(self.framing));
        rest.extend_from_slice(&message.trailer);
        match damage.split_mark {
            false => self.put(&rest, damage, &mut left).await,
            true => {
                let middle = rest.len().saturating_sub(4);
                self.put(&rest[..middle], damage, &mut left).await?;
                tokio::task::yield_now().await;
                self.put(&rest[middle..], damage, &mut left).await
            }
        }
    }

    async fn put_filler(&mut self, mut bytes: u64, damage: &Damage, left: &mut Option<u64>) -> Result<(), Unfinished> {
        let mut line = b"simulated output of a router that has very much to say\n".repeat(FILLER / 55 + 1);
        line.truncate(FILLER);
        while bytes > 0 {
            let now = bytes.min(FILLER as u64) as usize;
            let piece = framing::part(self.framing, &line[..now]);
            self.put(&piece, damage, left).await?;
            bytes -= now as u64;
        }
        Ok(())
    }

    async fn put(&mut self, bytes: &[u8], damage: &Damage, left: &mut Option<u64>) -> Result<(), Unfinished> {
        let allowed = left.map_or(bytes.len() as u64, |left| left.min(bytes.len() as u64)) as usize;
        let gone = |_| Unfinished::Gone;
        match damage.single_bytes {
            false if damage.rate.is_some() => {
                let rate = damage.rate.unwrap_or(u64::MAX);
                // A tenth of a second's worth, then a tenth of a second.
                let slice = usize::try_from(rate.max(SLICES) / SLICES).unwrap_or(usize::MAX);
                for piece in bytes[..allowed].chunks(slice) {
                    self.sink.write_all(piece).await.map_err(gone)?;
                    self.sink.flush().await.map_err(gone)?;
                    tokio::time::sleep(Duration::from_secs(1) / SLICES as u32).await;
                }
            }
            false => self.sink.write_all(&bytes[..allowed]).await.map_err(gone)?,
            true => {
                for byte in &bytes[..allowed] {
                    self.sink.write_all(std::slice::from_ref(byte)).await.map_err(gone)?;
                }
            }
        }
        self.sink.flush().await.map_err(gone)?;
        if let Some(left) = left {
            *left -= allowed as u64;
            if allowed < bytes.len()
                && let Some((_, stop)) = damage.stop
            {
                return Err(Unfinished::Stopped(stop));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    async fn written(framing: Framing, message: Message, damage: Damage) -> (Vec<u8>, Result<(), Unfinished>) {
        let (near, mut far) = tokio::io::duplex(1 << 20);
        let mut writer = Writer::new(near);
        if framing == Framing::Chunked {
            writer.use_chunks();
        }
        let result = writer.send(&message, &damage).await;
        drop(writer);
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        (bytes, result)
    }

    #[tokio::test]
    async fn a_message_of_three_parts_is_whole_in_both_framings() {
        for framing in [Framing::Mark, Framing::Chunked] {
            for damage in [
                Damage::default(),
                Damage {
                    split_mark: true,
                    single_bytes: true,
                    ..Damage::default()
                },
            ] {
                let message = Message {
                    head: b"<a>".to_vec(),
                    filler: 40_000,
                    tail: b"</a>".to_vec(),
                    ..Message::default()
                };
                let (bytes, result) = written(framing, message, damage).await;
                assert_eq!(result, Ok(()));
                let mut deframer = framing::Deframer::new();
                if framing == Framing::Chunked {
                    deframer.use_chunks();
                }
                deframer.push(&bytes);
                let read = deframer.next().unwrap().unwrap();
                assert_eq!(read.len(), 40_007);
                assert!(read.starts_with(b"<a>") && read.ends_with(b"</a>"));
            }
        }
    }

    #[tokio::test]
    async fn a_stop_leaves_exactly_that_many_bytes() {
        for stop in [0, 1, 4, 9] {
            let damage = Damage {
                stop: Some((stop, Stop::Silence)),
                ..Damage::default()
            };
            let (bytes, result) = written(Framing::Mark, Message::text("<abc/>"), damage).await;
            assert_eq!(
                (bytes.len() as u64, result),
                (stop, Err(Unfinished::Stopped(Stop::Silence)))
            );
        }
    }
}
