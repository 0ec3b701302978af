//! Every action, by the word it is written with.

use std::time::Duration;

use super::Action;
use super::table::Place::{self, Boot, Checksum, Hello, Login, Now, Package, Request, Scp, ScpByte, Step};
use super::table::{ActionRow, Deed};

const STEPS: &[Place] = &[Step, Login, Hello, Request, Scp, ScpByte];
const MESSAGES: &[Place] = &[Hello, Request];
const REQUESTS: &[Place] = &[Request];
const LOGINS: &[Place] = &[Login];
/// What changes the router itself can happen whenever anything does.
const STATE: &[Place] = &[Now, Step, Login, Hello, Request, Scp, ScpByte, Checksum, Package, Boot];

/// Every action.
pub fn actions() -> &'static [ActionRow] {
    ACTIONS
}

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
        word: "jitter_ms",
        places: STEPS,
        meaning: "up to that much later each time, by the lab's seed",
        example: r#"{"trigger": "reply:*", "action": {"jitter_ms": 300}, "count": "always"}"#,
        read: Deed::Number("MILLISECONDS", |span| Action::Jitter(Duration::from_millis(span))),
    },
    ActionRow {
        word: "bytes_per_second",
        places: MESSAGES,
        meaning: "the message comes at that rate",
        example: r#"{"trigger": "reply:*", "action": {"bytes_per_second": 8000}, "count": "always"}"#,
        read: Deed::Number("BYTES", Action::Throttle),
    },
    ActionRow {
        word: "nest",
        places: REQUESTS,
        meaning: "the reply holds that many elements more, one in the other",
        example: r#"{"trigger": "reply:command", "action": {"nest": 300}}"#,
        read: Deed::Forms("LEVELS", |value| Ok(Action::Nest(serde_json::from_value(value)?))),
    },
    ActionRow {
        word: "partial_auth",
        places: LOGINS,
        meaning: "the login is good and not enough: another method is demanded",
        example: r#"{"trigger": "auth:password", "action": "partial_auth", "count": "always"}"#,
        read: Deed::Plain(|| Action::Partial),
    },
    ActionRow {
        word: "new_host_key",
        places: STATE,
        meaning: "the router shows another host key from the next connection on",
        example: r#"{"trigger": "after:60", "action": "new_host_key"}"#,
        read: Deed::Plain(|| Action::NewHostKey),
    },
    ActionRow {
        word: "connection_limit",
        places: STATE,
        meaning: "further connections end after the SSH identification while that many are open",
        example: r#"{"trigger": "now", "action": {"connection_limit": 1}}"#,
        read: Deed::Forms("CONNECTIONS", |value| {
            Ok(Action::ConnectionLimit(serde_json::from_value(value)?))
        }),
    },
    ActionRow {
        word: "colleague",
        places: STATE,
        meaning: "somebody else works at the command line: `edit`, `lock`, `unlock`, `commit`, `commit_confirmed`, `rollback`, `leave`",
        example: r#"{"trigger": "reply:load-configuration", "action": {"colleague": {"user": "ops", "does": [{"edit": "set system time-zone UTC"}, {"commit_confirmed": 5}]}}}"#,
        read: Deed::Forms(r#"{"user": NAME, "does": [THING, …]}"#, |value| {
            Ok(Action::Colleague(serde_json::from_value(value)?))
        }),
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
        places: STATE,
        meaning: "the disk fills until that many bytes are free where `/var/tmp` lies",
        example: r#"{"trigger": "now", "action": {"disk_full": 4096}}"#,
        read: Deed::Number("BYTES_FREE", Action::DiskFull),
    },
    ActionRow {
        word: "read_only_fs",
        places: STATE,
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
