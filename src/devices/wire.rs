//! The byte channel under a NETCONF session: an SSH channel, or a pipe in tests.

use bytes::Bytes;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};

/// What came over the wire.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Bytes of the NETCONF stream.
    Bytes(Bytes),
    /// The server does not offer what the channel was opened for.
    Refused,
    /// Nothing more will come.
    End,
}

/// A byte channel that a session owns.
pub(super) trait Wire: Send {
    /// Sends all of `bytes`; false when the channel is gone.
    fn send(&mut self, bytes: Bytes) -> impl Future<Output = bool> + Send;
    /// Waits for the next arrival. Dropping the future loses nothing.
    fn receive(&mut self) -> impl Future<Output = Arrival> + Send;
    /// Ends the channel.
    fn close(&mut self) -> impl Future<Output = ()> + Send;
}

/// A channel of an SSH connection.
pub(super) struct SshWire {
    pub(super) reader: ChannelReadHalf,
    pub(super) writer: ChannelWriteHalf<Msg>,
}

impl Wire for SshWire {
    async fn send(&mut self, bytes: Bytes) -> bool {
        self.writer.data_bytes(bytes).await.is_ok()
    }

    async fn receive(&mut self) -> Arrival {
        loop {
            match self.reader.wait().await {
                Some(ChannelMsg::Data { data }) => return Arrival::Bytes(data),
                Some(ChannelMsg::Failure) => return Arrival::Refused,
                Some(ChannelMsg::Eof | ChannelMsg::Close) | None => return Arrival::End,
                Some(_) => {}
            }
        }
    }

    async fn close(&mut self) {
        // The peer may be gone already; there is nobody left to tell.
        let _ = self.writer.close().await;
    }
}
