//! What a row about a trigger or an action says, and every trigger: this reads the files of faults and writes the manual.

use serde_json::Value;

use super::{Action, Trigger};

/// A kind of point: what a fault can do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A step before a login.
    Step,
    /// A login is judged.
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

use Place::{Boot, Checksum, Hello, Login, Now, Package, Request, Scp, ScpByte, Step};

static TRIGGERS: &[TriggerRow] = &[
    point(
        "connect",
        Step,
        Trigger::Connect,
        "the connection was accepted, nothing was written yet",
    ),
    point(
        "kex",
        Step,
        Trigger::KeyExchange,
        "the SSH identification was written; what follows is only the fault",
    ),
    point(
        "auth:password",
        Login,
        Trigger::AuthBy("password"),
        "a login by that method is judged",
    ),
    point(
        "auth:publickey",
        Login,
        Trigger::AuthBy("publickey"),
        "a login by that method is judged",
    ),
    point(
        "auth:keyboard-interactive",
        Login,
        Trigger::AuthBy("keyboard-interactive"),
        "a login by that method is judged",
    ),
    point("auth", Login, Trigger::Auth, "a login is judged"),
    point("channel", Step, Trigger::Channel, "a channel is asked for"),
    point(
        "subsystem",
        Step,
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
    TriggerRow {
        word: "after",
        place: Now,
        meaning: "that many seconds after the fault was armed",
        read: Point::Number(Trigger::After),
    },
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

const fn point(word: &'static str, place: Place, trigger: Trigger, meaning: &'static str) -> TriggerRow {
    TriggerRow {
        word,
        place,
        meaning,
        read: Point::Plain(trigger),
    }
}
