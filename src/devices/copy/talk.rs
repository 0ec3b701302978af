//! The words of the protocol: acknowledgements, messages and lines, from a router that may say anything.

use bytes::{Buf as _, Bytes, BytesMut};
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::time::timeout;

use super::{CopyFault, ENDING, LONGEST_LINE};

const ACKNOWLEDGED: u8 = 0;
const WARNING: u8 = 1;
const FATAL: u8 = 2;

/// Bytes of what a router prints beside the protocol that are kept for the message.
const KEPT_WORDS: usize = 512;

/// The channel to `scp` on a router.
pub(super) struct Talk {
    reader: ChannelReadHalf,
    writer: ChannelWriteHalf<Msg>,
    heard: Heard,
}

/// What has come from the router and was not read yet.
#[derive(Default)]
struct Heard {
    bytes: BytesMut,
    /// What it printed elsewhere, often why it refuses.
    words: Vec<u8>,
    has_ended: bool,
    status: Option<u32>,
}

impl Talk {
    pub(super) fn new(reader: ChannelReadHalf, writer: ChannelWriteHalf<Msg>) -> Self {
        Self {
            reader,
            writer,
            heard: Heard::default(),
        }
    }

    /// Sends bytes, unless the router says something first: then it has a reason to stop.
    pub(super) async fn say(&mut self, bytes: impl Into<Bytes>) -> Result<(), CopyFault> {
        {
            let Self { reader, writer, heard } = self;
            let mut sending = std::pin::pin!(writer.data_bytes(bytes));
            while !heard.is_news() {
                tokio::select! {
                    biased;
                    message = reader.wait() => heard.note(message)?,
                    sent = &mut sending => match sent {
                        Ok(()) => return Ok(()),
                        Err(_) => heard.note(None)?,
                    },
                }
            }
        }
        Err(self.stopped().await)
    }

    /// Why the router said something before it had everything.
    async fn stopped(&mut self) -> CopyFault {
        match self.acknowledged().await {
            Ok(()) => CopyFault::Protocol("it acknowledges what was not sent yet"),
            Err(fault) => fault,
        }
    }

    /// Waits for an acknowledgement; a message in its place is the router's refusal.
    pub(super) async fn acknowledged(&mut self) -> Result<(), CopyFault> {
        match self.byte().await? {
            ACKNOWLEDGED => Ok(()),
            WARNING | FATAL => Err(self.refusal().await),
            _ => Err(CopyFault::Protocol("it sends neither an acknowledgement nor a message")),
        }
    }

    /// The next record of what it sends: a letter and the rest of its line.
    pub(super) async fn record(&mut self) -> Result<(u8, String), CopyFault> {
        match self.byte().await? {
            WARNING | FATAL => Err(self.refusal().await),
            letter => Ok((letter, self.line().await?)),
        }
    }

    /// The next bytes of a file, at most `most`.
    pub(super) async fn piece(&mut self, most: u64) -> Result<Bytes, CopyFault> {
        self.fill().await?;
        let bytes = &mut self.heard.bytes;
        let taken = bytes.len().min(usize::try_from(most).unwrap_or(usize::MAX));
        Ok(bytes.split_to(taken).freeze())
    }

    /// Says that nothing follows, and waits for the end.
    pub(super) async fn end(&mut self) -> Result<(), CopyFault> {
        // A router that is done may have closed the channel.
        let _ = self.writer.eof().await;
        let rest = async {
            while self.heard.status.is_none() {
                match self.reader.wait().await {
                    Some(ChannelMsg::ExitStatus { exit_status }) => self.heard.status = Some(exit_status),
                    Some(ChannelMsg::Close) | None => return,
                    Some(_) => {}
                }
            }
        };
        // One that does not end in time has acknowledged everything.
        let _ = timeout(ENDING, rest).await;
        match self.heard.status {
            None | Some(0) => Ok(()),
            Some(status) => Err(refused(format!("its scp ended with status {status}"))),
        }
    }

    async fn byte(&mut self) -> Result<u8, CopyFault> {
        self.fill().await?;
        Ok(self.heard.bytes.get_u8())
    }

    async fn line(&mut self) -> Result<String, CopyFault> {
        let mut line = Vec::new();
        loop {
            match self.byte().await? {
                b'\n' => break,
                _ if line.len() == LONGEST_LINE => return Err(CopyFault::Protocol("it sends a line without end")),
                byte => line.push(byte),
            }
        }
        String::from_utf8(line).map_err(|_| CopyFault::Protocol("it sends a line that is no text"))
    }

    /// The message that follows, as a fault.
    async fn refusal(&mut self) -> CopyFault {
        match self.line().await {
            Ok(message) => refused(message),
            Err(fault) => fault,
        }
    }

    /// Waits until something has arrived.
    async fn fill(&mut self) -> Result<(), CopyFault> {
        while self.heard.bytes.is_empty() {
            if self.heard.has_ended {
                return Err(self.heard.ended());
            }
            let message = self.reader.wait().await;
            self.heard.note(message)?;
        }
        Ok(())
    }
}

impl Heard {
    /// Whether there is something that must be read, or nothing will come.
    fn is_news(&self) -> bool {
        self.has_ended || !self.bytes.is_empty()
    }

    fn note(&mut self, message: Option<ChannelMsg>) -> Result<(), CopyFault> {
        match message {
            // Most often all that was there has been read: then nothing is copied.
            Some(ChannelMsg::Data { data }) if self.bytes.is_empty() => self.bytes = BytesMut::from(data),
            Some(ChannelMsg::Data { data }) => self.bytes.extend_from_slice(&data),
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                let room = KEPT_WORDS.saturating_sub(self.words.len());
                self.words.extend_from_slice(&data[..data.len().min(room)]);
            }
            Some(ChannelMsg::Failure) => return Err(CopyFault::NoExec),
            Some(ChannelMsg::ExitStatus { exit_status }) => self.status = Some(exit_status),
            Some(ChannelMsg::Eof | ChannelMsg::Close) | None => self.has_ended = true,
            Some(_) => {}
        }
        Ok(())
    }

    /// The channel has ended in the middle.
    fn ended(&self) -> CopyFault {
        let words = String::from_utf8_lossy(&self.words);
        match words.trim() {
            "" => CopyFault::Protocol("it ends in the middle of the copy"),
            words => refused(words.to_owned()),
        }
    }
}

/// A refusal in the router's words, which it begins with the name of its program.
fn refused(message: String) -> CopyFault {
    let message = message.trim();
    let message = message.strip_prefix("scp: ").unwrap_or(message).to_owned();
    match message.contains("No space left") {
        true => CopyFault::NoSpace { message },
        false => CopyFault::Refused { message },
    }
}
