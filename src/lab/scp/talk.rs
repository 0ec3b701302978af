//! The wire of one transfer: lines, bytes, acknowledgements, errors, and the faults that strike on the way.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use russh::server::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf};

use super::Over;
use crate::lab::fault::{Action, Firing, Trigger};
use crate::lab::recorder::{Transfer, What};
use crate::lab::router::Router;
use crate::lab::session::Link;
use crate::lab::ssh::{self, Outcome};

/// Bytes of the longest header or message that is read.
const LINE: usize = 4096;

/// What each side says when all is well.
const OK: &[u8] = b"\0";

/// One transfer's channel.
pub(super) struct Talk {
    pub(super) router: Arc<Router>,
    link: Link,
    read: ChannelReadHalf,
    write: ChannelWriteHalf<Msg>,
    arrived: BytesMut,
    errors: u32,
}

/// Bytes that are taken in while a fault holds a transfer up.
const HELD: usize = 1 << 20;

impl Talk {
    /// A transfer of which nothing was said yet.
    pub(super) fn new(router: Arc<Router>, link: Link, channel: Channel<Msg>) -> Self {
        let (read, write) = channel.split();
        Self {
            router,
            link,
            read,
            write,
            arrived: BytesMut::new(),
            errors: 0,
        }
    }

    /// Who copies.
    pub(super) fn user(&self) -> &str {
        &self.link.user
    }

    /// Errors either side has told.
    pub(super) fn errors(&self) -> u32 {
        self.errors
    }

    /// Writes a step down.
    pub(super) fn note(&self, transfer: Transfer) {
        self.router.note(self.link.number, None, What::Scp(transfer));
    }

    /// Sends bytes.
    pub(super) async fn say(&mut self, bytes: impl Into<Bytes>) -> Result<(), Over> {
        self.write.data_bytes(bytes).await.map_err(|_| Over::Gone)
    }

    /// Says that all is well.
    pub(super) async fn ok(&mut self) -> Result<(), Over> {
        self.say(OK).await
    }

    /// Tells an error that fails one file.
    pub(super) async fn fail(&mut self, text: &str) -> Result<(), Over> {
        self.tell(1, text).await
    }

    /// Tells an error that ends the transfer.
    pub(super) async fn abort(&mut self, text: &str) -> Over {
        match self.tell(1, text).await {
            Ok(()) => Over::Fatal,
            Err(over) => over,
        }
    }

    async fn tell(&mut self, kind: u8, text: &str) -> Result<(), Over> {
        self.errors += 1;
        self.note(Transfer::Failed(text.to_owned()));
        let mut message = vec![kind];
        message.extend_from_slice(format!("scp: {text}\n").as_bytes());
        self.say(message).await
    }

    /// Waits for bytes; whether any came.
    async fn fill(&mut self) -> bool {
        while self.arrived.is_empty() {
            match self.read.wait().await {
                Some(ChannelMsg::Data { data }) => self.arrived.extend_from_slice(&data),
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => return false,
                Some(_) => {}
            }
        }
        true
    }

    /// The next header without its line feed; `None` when the client has said all it had to say.
    pub(super) async fn line(&mut self) -> Result<Option<Vec<u8>>, Over> {
        let mut line = Vec::new();
        loop {
            if !self.fill().await {
                return match line.is_empty() {
                    true => Ok(None),
                    false => Err(Over::Gone),
                };
            }
            match self.arrived.get_u8() {
                b'\n' => return Ok(Some(line)),
                _ if line.len() == LINE => return Err(Over::Fatal),
                byte => line.push(byte),
            }
        }
    }

    /// The next bytes, at most that many.
    pub(super) async fn some(&mut self, most: u64) -> Result<Bytes, Over> {
        if !self.fill().await {
            return Err(Over::Gone);
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(self.arrived.len());
        Ok(self.arrived.split_to(most).freeze())
    }

    /// What the client says to what it was sent: whether it goes on with this file.
    pub(super) async fn answer(&mut self) -> Result<bool, Over> {
        if !self.fill().await {
            return Err(Over::Gone);
        }
        match self.arrived[0] {
            0 => {
                self.arrived.advance(1);
                Ok(true)
            }
            kind => {
                // The text is for people at the other end, and ends with a line feed.
                self.line().await?;
                self.errors += 1;
                match kind {
                    1 => Ok(false),
                    _ => Err(Over::Fatal),
                }
            }
        }
    }

    /// Lets the faults strike that wait at that point.
    pub(super) async fn point(&mut self, point: &Trigger) -> Result<(), Over> {
        let firing = self.router.suffers((self.link.number, None), point);
        for fault in &firing {
            self.strike(fault).await?;
        }
        Ok(())
    }

    /// Lets the faults strike that wait at one of these bytes; those to be changed.
    pub(super) async fn bytes(&mut self, range: Range<u64>) -> Result<Vec<u64>, Over> {
        let mut corrupt = Vec::new();
        for (byte, fault) in self.router.faults.at_bytes(&range) {
            let words = fault.words();
            self.router.note(self.link.number, None, What::Fault { fault: words });
            self.router.undergo(fault.action());
            match fault.action() {
                Action::ScpCorrupt => corrupt.push(byte),
                _ => self.strike(&fault).await?,
            }
        }
        Ok(corrupt)
    }

    async fn strike(&mut self, fault: &Firing) -> Result<(), Over> {
        if let Action::ScpError(kind) = fault.action() {
            self.tell(*kind, "lab: an error made on purpose").await?;
            // After an error of the first kind the client may go on with the next file; this transfer does not.
            return Err(Over::Fatal);
        }
        let (router, cut) = (self.router.clone(), self.link.cut.clone());
        let mut striking = std::pin::pin!(ssh::carry_out(&router, fault, &cut));
        loop {
            tokio::select! {
                outcome = &mut striking => return match outcome {
                    Outcome::GoOn => Ok(()),
                    Outcome::Refused => Err(Over::Fatal),
                },
                // A client that is gone takes this end with it, whatever it was waiting for.
                message = self.read.wait(), if self.arrived.len() < HELD => match message {
                    Some(ChannelMsg::Data { data }) => self.arrived.extend_from_slice(&data),
                    Some(ChannelMsg::Close) | None => return Err(Over::Gone),
                    Some(_) => {}
                },
            }
        }
    }

    /// Ends the channel with that exit status.
    pub(super) async fn end(self, status: Option<u32>) {
        // A client that is gone cannot be told; its channel needs no closing.
        if let Some(status) = status {
            self.write.exit_status(status).await.ok();
        }
        self.write.eof().await.ok();
        self.write.close().await.ok();
    }
}
