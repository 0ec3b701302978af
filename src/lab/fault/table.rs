//! Every trigger and every action, by the word it is written with: what reads a file of faults, and what the manual says.

use std::time::Duration;

use serde_json::Value;

use super::{Action, Trigger};

/// A kind of point: what a fault can do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A step before the first message.
    Login,
    /// The router's hello.
    Hello,
    /// A request, before it takes effect or before its reply.
    Request,
    /// A step of a transfer over SCP.
    Scp,
    /// One byte of a transferred file.
    ScpByte,
    /// At once.
    Now,
    /// A checksum is told.
    Checksum,
    /// A package is judged.
    Package,
    /// The router comes back.
    Boot,
}

/// One trigger.
#[derive(Debug)]
pub struct TriggerRow {
    /// How it is written, before its argument.
    pub word: &'static str,
    /// Which kind of point it is.
    pub place: Place,
    /// When it is reached.
    pub meaning: &'static str,
    pub(super) read: Point,
}

/// How the argument of a trigger is read.
#[derive(Debug)]
pub(super) enum Point {
    Plain(Trigger),
    Name(fn(String) -> Trigger),
    Number(fn(u64) -> Trigger),
}

/// One action.
#[derive(Debug)]
pub struct ActionRow {
    /// How it is written.
    pub word: &'static str,
    /// Where it does something.
    pub places: &'static [Place],
    /// What it does.
    pub meaning: &'static str,
    /// A fault with it, as it stands in a file.
    pub example: &'static str,
    pub(super) read: Deed,
}

/// How the argument of an action is read.
#[derive(Debug)]
pub(super) enum Deed {
    /// It has none.
    Plain(fn() -> Action),
    /// A whole number, of that unit.
    Number(&'static str, fn(u64) -> Action),
    /// A text.
    Text(fn(String) -> Action),
    /// One of the forms listed.
    Forms(&'static str, fn(Value) -> serde_json::Result<Action>),
}

/// Every trigger.
pub fn triggers() -> &'static [TriggerRow] {
    TRIGGERS
}

/// Every action.
pub fn actions() -> &'static [ActionRow] {
    ACTIONS
}

impl Trigger {
    /// The row of the table that it is written by.
    pub fn row(&self) -> &'static TriggerRow {
        let same = |row: &&TriggerRow| match &row.read {
            Point::Plain(trigger) => trigger == self,
            Point::Name(make) => std::mem::discriminant(&make(String::new())) == std::mem::discriminant(self),
            Point::Number(make) => std::mem::discriminant(&make(0)) == std::mem::discriminant(self),
        };
        TRIGGERS
            .iter()
            .find(same)
            .expect("a test holds every trigger against the table")
    }
}

use Place::{Boot, Checksum, Hello, Login, Now, Package, Request, Scp, ScpByte};

const STEPS: &[Place] = &[Login, Hello, Request, Scp, ScpByte];
const MESSAGES: &[Place] = &[Hello, Request];
const REQUESTS: &[Place] = &[Request];
const DISK: &[Place] = &[Now, Scp, ScpByte, Checksum, Package, Boot];

static TRIGGERS: &[TriggerRow] = &[
    point(
        "connect",
        Login,
        Trigger::Connect,
        "the connection was accepted, nothing was written yet",
    ),
    point(
        "kex",
        Login,
        Trigger::KeyExchange,
        "the SSH identification was written; what follows is only the fault",
    ),
    point("auth", Login, Trigger::Auth, "a login is judged"),
    point("channel", Login, Trigger::Channel, "a channel is asked for"),
    point(
        "subsystem",
        Login,
        Trigger::Subsystem,
        "the NETCONF subsystem is asked for",
    ),
    point(
        "hello",
        Hello,
        Trigger::Hello,
        "the NETCONF hello is about to be written",
    ),
    TriggerRow {
        word: "rpc",
        place: Request,
        meaning: "a request of that name arrived and has had no effect yet; `*` is any",
        read: Point::Name(Trigger::Rpc),
    },
    TriggerRow {
        word: "reply",
        place: Request,
        meaning: "a request of that name took effect and its reply is about to be written; `*` is any",
        read: Point::Name(Trigger::Reply),
    },
    point("now", Now, Trigger::Now, "at once, when the fault is armed"),
    point("scp:open", Scp, Trigger::ScpOpen, "a transfer was asked for"),
    point(
        "scp:header",
        Scp,
        Trigger::ScpHeader,
        "the header of a file is about to be read or written",
    ),
    TriggerRow {
        word: "scp:byte",
        place: ScpByte,
        meaning: "that byte of a file, counted from 0, was read or is about to be written",
        read: Point::Number(Trigger::ScpByte),
    },
    point(
        "scp:ack",
        Scp,
        Trigger::ScpAck,
        "a file was transferred whole and is about to be acknowledged",
    ),
    point(
        "checksum",
        Checksum,
        Trigger::Checksum,
        "a checksum is about to be told",
    ),
    point(
        "package",
        Package,
        Trigger::Package,
        "a software package is about to be judged",
    ),
    point("boot", Boot, Trigger::Boot, "the router went down and is to come back"),
];

static ACTIONS: &[ActionRow] = &[
    ActionRow {
        word: "drop",
        places: STEPS,
        meaning: "the connection is reset",
        example: r#"{"trigger": "reply:commit-configuration", "action": "drop"}"#,
        read: Deed::Plain(|| Action::Drop),
    },
    ActionRow {
        word: "close",
        places: STEPS,
        meaning: "the connection, or in NETCONF the session, ends in order without an answer",
        example: r#"{"trigger": "rpc:command:2", "action": "close"}"#,
        read: Deed::Plain(|| Action::Close),
    },
    ActionRow {
        word: "hang",
        places: STEPS,
        meaning: "nothing more comes until the fault is taken away",
        example: r#"{"trigger": "auth", "action": "hang"}"#,
        read: Deed::Plain(|| Action::Hang),
    },
    ActionRow {
        word: "delay_ms",
        places: STEPS,
        meaning: "that much later: a slow router, login or commit",
        example: r#"{"trigger": "rpc:commit-configuration", "action": {"delay_ms": 90000}}"#,
        read: Deed::Number("MILLISECONDS", |span| Action::Delay(Duration::from_millis(span))),
    },
    ActionRow {
        word: "refuse",
        places: STEPS,
        meaning: "the login, channel, subsystem, session or transfer is refused",
        example: r#"{"trigger": "auth", "action": "refuse", "count": "always"}"#,
        read: Deed::Plain(|| Action::Refuse),
    },
    ActionRow {
        word: "half_reply",
        places: MESSAGES,
        meaning: "half of the message, then silence",
        example: r#"{"trigger": "reply:get-configuration", "action": "half_reply"}"#,
        read: Deed::Plain(|| Action::HalfReply),
    },
    ActionRow {
        word: "drop_at_byte",
        places: MESSAGES,
        meaning: "the connection is reset after that many bytes of the message",
        example: r#"{"trigger": "reply:*", "action": {"drop_at_byte": 40}}"#,
        read: Deed::Number("BYTES", Action::DropAtByte),
    },
    ActionRow {
        word: "silent_at_byte",
        places: MESSAGES,
        meaning: "nothing more comes after that many bytes of the message",
        example: r#"{"trigger": "hello", "action": {"silent_at_byte": 40}}"#,
        read: Deed::Number("BYTES", Action::SilentAtByte),
    },
    ActionRow {
        word: "garbage",
        places: MESSAGES,
        meaning: "this text stands before the message",
        example: r#"{"trigger": "hello", "action": {"garbage": "Last login: yesterday\r\n"}}"#,
        read: Deed::Text(|text| Action::Garbage(text.into_bytes())),
    },
    ActionRow {
        word: "single_bytes",
        places: MESSAGES,
        meaning: "the message comes in segments of one byte",
        example: r#"{"trigger": "hello", "action": "single_bytes"}"#,
        read: Deed::Plain(|| Action::SingleBytes),
    },
    ActionRow {
        word: "split_mark",
        places: MESSAGES,
        meaning: "the end-of-message mark comes in two segments",
        example: r#"{"trigger": "reply:command", "action": "split_mark"}"#,
        read: Deed::Plain(|| Action::SplitMark),
    },
    ActionRow {
        word: "bad_bytes",
        places: MESSAGES,
        meaning: "the first value has control characters and bytes that are not UTF-8 in it",
        example: r#"{"trigger": "reply:command", "action": "bad_bytes"}"#,
        read: Deed::Plain(|| Action::BadBytes),
    },
    ActionRow {
        word: "wrong_message_id",
        places: REQUESTS,
        meaning: "the reply bears another message id",
        example: r#"{"trigger": "reply:command", "action": "wrong_message_id"}"#,
        read: Deed::Plain(|| Action::WrongMessageId),
    },
    ActionRow {
        word: "twice",
        places: MESSAGES,
        meaning: "the message comes twice",
        example: r#"{"trigger": "reply:command", "action": "twice"}"#,
        read: Deed::Plain(|| Action::Twice),
    },
    ActionRow {
        word: "answer",
        places: REQUESTS,
        meaning: "the router says this in place of what the request gives; at `rpc` the request has no effect",
        example: r#"{"trigger": "rpc:command", "action": {"answer": {"rpc_error": "permission denied"}}}"#,
        read: Deed::Forms("SHAPE", |value| Ok(Action::Answer(serde_json::from_value(value)?))),
    },
    ActionRow {
        word: "beside",
        places: REQUESTS,
        meaning: "the router says this before what the request gives",
        example: r#"{"trigger": "reply:command", "action": {"beside": {"warning": "the log is full"}}}"#,
        read: Deed::Forms("SHAPE", |value| Ok(Action::Beside(serde_json::from_value(value)?))),
    },
    ActionRow {
        word: "huge",
        places: REQUESTS,
        meaning: "the reply holds that many bytes of text more",
        example: r#"{"trigger": "reply:command", "action": {"huge": 200000000}}"#,
        read: Deed::Number("BYTES", Action::Huge),
    },
    ActionRow {
        word: "scp_error",
        places: &[Scp, ScpByte],
        meaning: "an SCP error: 1 fails the file, 2 the transfer",
        example: r#"{"trigger": "scp:header", "action": {"scp_error": 1}}"#,
        read: Deed::Forms("1 or 2", |value| Ok(Action::ScpError(serde_json::from_value(value)?))),
    },
    ActionRow {
        word: "scp_corrupt",
        places: &[ScpByte],
        meaning: "that byte is changed",
        example: r#"{"trigger": "scp:byte:70", "action": "scp_corrupt"}"#,
        read: Deed::Plain(|| Action::ScpCorrupt),
    },
    ActionRow {
        word: "disk_full",
        places: DISK,
        meaning: "the disk fills until that many bytes are free where `/var/tmp` lies",
        example: r#"{"trigger": "now", "action": {"disk_full": 4096}}"#,
        read: Deed::Number("BYTES_FREE", Action::DiskFull),
    },
    ActionRow {
        word: "read_only_fs",
        places: DISK,
        meaning: "nobody can write to the disk any more",
        example: r#"{"trigger": "now", "action": "read_only_fs"}"#,
        read: Deed::Plain(|| Action::ReadOnlyFs),
    },
    ActionRow {
        word: "checksum_lie",
        places: &[Checksum],
        meaning: "the checksum told is that of another file",
        example: r#"{"trigger": "checksum", "action": "checksum_lie"}"#,
        read: Deed::Plain(|| Action::ChecksumLie),
    },
    ActionRow {
        word: "bad_image",
        places: &[Package],
        meaning: "the signature of the package is wrong",
        example: r#"{"trigger": "package", "action": "bad_image"}"#,
        read: Deed::Plain(|| Action::BadImage),
    },
    ActionRow {
        word: "return",
        places: &[Boot],
        meaning: "it comes back with the release it had, never, after it went down once more, or with another release",
        example: r#"{"trigger": "boot", "action": {"return": {"other_version": "23.4R1.9"}}}"#,
        read: Deed::Forms(
            r#""same_version", "never", "twice" or {"other_version": RELEASE}"#,
            |value| Ok(Action::Return(serde_json::from_value(value)?)),
        ),
    },
];

const fn point(word: &'static str, place: Place, trigger: Trigger, meaning: &'static str) -> TriggerRow {
    TriggerRow {
        word,
        place,
        meaning,
        read: Point::Plain(trigger),
    }
}
