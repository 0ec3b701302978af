//! What a fault does, and how a router words an error.

use std::time::Duration;

use serde::Deserialize;

/// What a fault does.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Drops the connection with a TCP reset.
    Drop,
    /// Ends the connection in order, without a reply.
    Close,
    /// Waits until the test releases the fault or drops the connection, then goes on.
    Hang,
    /// Waits that long, then goes on: a slow router, or a slow commit.
    Delay(Duration),
    /// Refuses the login, the channel, the subsystem or the connection.
    Refuse,
    /// Writes half of the reply, then nothing more.
    HalfReply,
    /// Drops the connection after that many bytes of the reply.
    DropAtByte(u64),
    /// Falls silent after that many bytes of the reply.
    SilentAtByte(u64),
    /// Writes these bytes before the hello or the reply.
    Garbage(Vec<u8>),
    /// Writes the reply in segments of one byte.
    SingleBytes,
    /// Writes the end-of-message mark in two segments.
    SplitMark,
    /// Puts bytes that are not UTF-8 and control characters into the first value of the reply.
    BadBytes,
    /// Answers with another message id.
    WrongMessageId,
    /// Writes the reply twice.
    Twice,
    /// Answers this in place of what the request would have given; before it takes effect it has none.
    Answer(Shape),
    /// Answers this before what the request gives.
    Beside(Shape),
    /// Adds that many bytes of text to the reply, made while they are written.
    Huge(u64),
    /// Writes an SCP error of that kind: 1 fails the file, 2 the transfer.
    ScpError(u8),
    /// Changes the byte at which the fault fired.
    ScpCorrupt,
    /// Fills the disk until only that many bytes are free where `/var/tmp` lies.
    DiskFull(u64),
    /// Lets nobody write to the disk any more.
    ReadOnlyFs,
    /// Tells another checksum than that of the file.
    ChecksumLie,
    /// Finds the package's signature wrong.
    BadImage,
    /// Comes back in another way than it should.
    Return(Return),
}

/// How a router comes back that was to restart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Return {
    /// With the release it had, whatever was installed.
    SameVersion,
    /// With this release.
    OtherVersion(String),
    /// Not at all.
    Never,
    /// After it went down once more.
    Twice,
}

/// An error as a router words it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shape {
    /// An `rpc-error` of severity error with that message.
    RpcError(String),
    /// An `rpc-error` of severity warning with that message.
    Warning(String),
    /// An `xnm:error` of that daemon with that message.
    XnmError {
        /// The daemon that says so.
        daemon: String,
        /// What it says.
        message: String,
    },
    /// Anything else, as it stands inside `rpc-reply`.
    Raw(String),
}
