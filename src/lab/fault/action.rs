//! What a fault does, and how a router words an error.

use std::time::Duration;

use serde::Deserialize;

use super::shapes::KnownShape;

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
    /// Waits up to that long before each reply, by the lab's seed.
    Jitter(Duration),
    /// Writes the message at that many bytes a second.
    Throttle(u64),
    /// Puts that many elements around the reply, one in the other.
    Nest(u32),
    /// Accepts what was proved, and demands another proof of the same user.
    Partial,
    /// Shows another host key from the next connection on.
    NewHostKey,
    /// Refuses further connections after the SSH identification while that many are open.
    ConnectionLimit(u32),
    /// Lets somebody else work at the router's command line.
    Colleague(Errand),
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

/// What somebody else does at the router.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errand {
    /// Who.
    pub user: String,
    /// The things done, in order.
    pub does: Vec<Doing>,
}

/// One thing that somebody does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Doing {
    /// Edits the shared candidate with `set` lines and leaves the work there.
    Edit(String),
    /// Locks the candidate.
    Lock,
    /// Gives the lock back.
    Unlock,
    /// Commits.
    Commit,
    /// Commits, to be confirmed within that many minutes.
    CommitConfirmed(u32),
    /// Sets the candidate back by that many commits.
    Rollback(usize),
    /// Leaves configuration mode.
    Leave,
}

/// An answer as a router words it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// One that routers are known to give.
    Known(&'static KnownShape),
    /// A commit that a daemon refuses.
    CommitFailed {
        /// The daemon.
        daemon: String,
        /// The place in the configuration, such as `[edit interfaces ge-0/0/1]`.
        path: String,
        /// What it says.
        message: String,
    },
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

/// An answer as it is written in full.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Worded {
    RpcError(String),
    Warning(String),
    XnmError {
        daemon: String,
        message: String,
    },
    CommitFailed {
        daemon: String,
        path: String,
        message: String,
    },
    Raw(String),
}
