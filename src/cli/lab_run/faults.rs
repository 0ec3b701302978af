//! Faults of a lab from a file: `[{"router": "edge-1", "trigger": "reply:commit-configuration:2", "action": "drop"}]`.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use serde::Deserialize;

use crate::lab::{Action, Fault, Injected, Lab, Return, Shape, Trigger};

/// One fault as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// A router of the lab; all of them without it.
    router: Option<String>,
    /// `connect`, `kex`, `auth`, `channel`, `subsystem`, `hello`, `rpc:NAME`, `reply:NAME`, `scp:open`, `scp:header`,
    /// `scp:byte:N`, `scp:ack`, `checksum`, `package` or `boot`, each with `:NTH` if it is not to be the first time; or `now`.
    trigger: String,
    action: Deed,
    #[serde(default)]
    count: Count,
}

/// An action as it is written: a word, or an object of the word and its value.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    Drop,
    Close,
    Hang,
    DelayMs(u64),
    Refuse,
    HalfReply,
    DropAtByte(u64),
    SilentAtByte(u64),
    Garbage(String),
    SingleBytes,
    SplitMark,
    BadBytes,
    WrongMessageId,
    Twice,
    Answer(Words),
    Beside(Words),
    Huge(u64),
    ScpError(u8),
    ScpCorrupt,
    DiskFull(u64),
    ReadOnlyFs,
    ChecksumLie,
    BadImage,
    Return(Comeback),
}

/// How a router comes back, as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Comeback {
    SameVersion,
    OtherVersion(String),
    Never,
    Twice,
}

/// An error as it is written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Words {
    RpcError(String),
    Warning(String),
    XnmError { daemon: String, message: String },
    Raw(String),
}

/// How many times in a row.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Count {
    Times(u32),
    Word(Always),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Always {
    Always,
}

impl Default for Count {
    fn default() -> Self {
        Self::Times(1)
    }
}

/// Arms the faults of a file at the routers they name.
pub(super) fn arm(lab: &Lab, file: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(file)?;
    let entries: Vec<Entry> = serde_json::from_str(&text)?;
    for (index, entry) in entries.into_iter().enumerate() {
        let number = index + 1;
        arm_one(lab, entry).with_context(|| format!("fault {number}"))?;
    }
    Ok(())
}

/// Arms one fault.
pub(super) fn arm_one(lab: &Lab, entry: Entry) -> anyhow::Result<Vec<Injected>> {
    let routers = match &entry.router {
        Some(name) => vec![
            lab.router(name)
                .with_context(|| format!("no router '{name}' in this lab"))?,
        ],
        None => lab.routers().iter().collect(),
    };
    let fault = fault(entry)?;
    Ok(routers.into_iter().map(|router| router.inject(fault.clone())).collect())
}

fn fault(entry: Entry) -> anyhow::Result<Fault> {
    let (trigger, nth) = trigger(&entry.trigger)?;
    let fault = Fault::new(trigger, entry.action.into()).nth(nth);
    match entry.count {
        Count::Times(0) => bail!("a count of 0 never fires"),
        Count::Times(count) => Ok(fault.times(count)),
        Count::Word(Always::Always) => Ok(fault.always()),
    }
}

/// The point, and which of the times it is reached is meant.
fn trigger(text: &str) -> anyhow::Result<(Trigger, u32)> {
    let unknown = || anyhow!("unknown trigger '{text}'");
    let mut parts = text.split(':');
    let word = parts.next().unwrap_or_default();
    let trigger = match word {
        "connect" => Trigger::Connect,
        "kex" => Trigger::KeyExchange,
        "auth" => Trigger::Auth,
        "channel" => Trigger::Channel,
        "subsystem" => Trigger::Subsystem,
        "hello" => Trigger::Hello,
        "now" => Trigger::Now,
        "checksum" => Trigger::Checksum,
        "package" => Trigger::Package,
        "boot" => Trigger::Boot,
        "scp" => match parts.next() {
            Some("open") => Trigger::ScpOpen,
            Some("header") => Trigger::ScpHeader,
            Some("ack") => Trigger::ScpAck,
            Some("byte") => {
                let byte = parts.next().and_then(|byte| byte.parse().ok());
                Trigger::ScpByte(byte.ok_or_else(unknown)?)
            }
            _ => return Err(unknown()),
        },
        "rpc" | "reply" => {
            let name = parts.next().filter(|name| !name.is_empty()).ok_or_else(unknown)?;
            if word == "rpc" {
                Trigger::rpc(name)
            } else {
                Trigger::reply(name)
            }
        }
        _ => return Err(unknown()),
    };
    let nth = match parts.next() {
        Some(nth) => nth.parse().ok().filter(|nth| *nth > 0).ok_or_else(unknown)?,
        None => 1,
    };
    match parts.next() {
        Some(_) => Err(unknown()),
        None => Ok((trigger, nth)),
    }
}

impl From<Deed> for Action {
    fn from(deed: Deed) -> Self {
        match deed {
            Deed::Drop => Self::Drop,
            Deed::Close => Self::Close,
            Deed::Hang => Self::Hang,
            Deed::DelayMs(milliseconds) => Self::Delay(Duration::from_millis(milliseconds)),
            Deed::Refuse => Self::Refuse,
            Deed::HalfReply => Self::HalfReply,
            Deed::DropAtByte(byte) => Self::DropAtByte(byte),
            Deed::SilentAtByte(byte) => Self::SilentAtByte(byte),
            Deed::Garbage(text) => Self::Garbage(text.into_bytes()),
            Deed::SingleBytes => Self::SingleBytes,
            Deed::SplitMark => Self::SplitMark,
            Deed::BadBytes => Self::BadBytes,
            Deed::WrongMessageId => Self::WrongMessageId,
            Deed::Twice => Self::Twice,
            Deed::Answer(words) => Self::Answer(words.into()),
            Deed::Beside(words) => Self::Beside(words.into()),
            Deed::Huge(bytes) => Self::Huge(bytes),
            Deed::ScpError(kind) => Self::ScpError(kind),
            Deed::ScpCorrupt => Self::ScpCorrupt,
            Deed::DiskFull(free) => Self::DiskFull(free),
            Deed::ReadOnlyFs => Self::ReadOnlyFs,
            Deed::ChecksumLie => Self::ChecksumLie,
            Deed::BadImage => Self::BadImage,
            Deed::Return(comeback) => Self::Return(comeback.into()),
        }
    }
}

impl From<Comeback> for Return {
    fn from(comeback: Comeback) -> Self {
        match comeback {
            Comeback::SameVersion => Self::SameVersion,
            Comeback::OtherVersion(version) => Self::OtherVersion(version),
            Comeback::Never => Self::Never,
            Comeback::Twice => Self::Twice,
        }
    }
}

impl From<Words> for Shape {
    fn from(words: Words) -> Self {
        match words {
            Words::RpcError(message) => Self::RpcError(message),
            Words::Warning(message) => Self::Warning(message),
            Words::XnmError { daemon, message } => Self::XnmError { daemon, message },
            Words::Raw(xml) => Self::Raw(xml),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Fault, String> {
        let entry = serde_json::from_str(text).map_err(|error| error.to_string())?;
        fault(entry).map_err(|error| error.to_string())
    }

    #[test]
    fn triggers_actions_and_counts_are_read() {
        let at = |trigger: &str| format!(r#"{{"trigger": "{trigger}", "action": "drop"}}"#);
        let drop = |trigger| Fault::new(trigger, Action::Drop);
        assert_eq!(read(&at("connect")), Ok(drop(Trigger::Connect)));
        assert_eq!(read(&at("rpc:*:3")), Ok(drop(Trigger::rpc("*")).nth(3)));
        assert_eq!(
            read(&at("reply:commit-configuration")),
            Ok(drop(Trigger::reply("commit-configuration")))
        );
        let delay = r#"{"trigger": "auth:2", "action": {"delay_ms": 250}, "count": "always"}"#;
        let expected = Fault::new(Trigger::Auth, Action::Delay(Duration::from_millis(250)));
        assert_eq!(read(delay), Ok(expected.nth(2).always()));
        let error = r#"{"trigger": "rpc:x", "action": {"answer": {"xnm_error": {"daemon": "mgd", "message": "no"}}}, "count": 2}"#;
        let shape = Shape::XnmError {
            daemon: "mgd".to_owned(),
            message: "no".to_owned(),
        };
        assert_eq!(
            read(error),
            Ok(Fault::new(Trigger::rpc("x"), Action::Answer(shape)).times(2))
        );
    }

    #[test]
    fn faults_of_files_and_of_restarts_are_read() {
        let at = |trigger: &str, action: &str| read(&format!(r#"{{"trigger": "{trigger}", "action": {action}}}"#));
        for (trigger, action, expected) in [
            (
                "now",
                r#"{"disk_full": 4096}"#,
                Fault::new(Trigger::Now, Action::DiskFull(4096)),
            ),
            (
                "scp:open",
                r#"{"scp_error": 2}"#,
                Fault::new(Trigger::ScpOpen, Action::ScpError(2)),
            ),
            (
                "scp:byte:70:2",
                r#""scp_corrupt""#,
                Fault::new(Trigger::ScpByte(70), Action::ScpCorrupt).nth(2),
            ),
            (
                "scp:ack",
                r#""read_only_fs""#,
                Fault::new(Trigger::ScpAck, Action::ReadOnlyFs),
            ),
            (
                "checksum",
                r#""checksum_lie""#,
                Fault::new(Trigger::Checksum, Action::ChecksumLie),
            ),
            (
                "package",
                r#""bad_image""#,
                Fault::new(Trigger::Package, Action::BadImage),
            ),
            (
                "boot",
                r#"{"return": "never"}"#,
                Fault::new(Trigger::Boot, Action::Return(Return::Never)),
            ),
        ] {
            assert_eq!(at(trigger, action), Ok(expected));
        }
        assert!(at("scp:byte", r#""drop""#).is_err() && at("scp:close", r#""drop""#).is_err());
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (text, words) in [
            (r#"{"trigger": "rpc", "action": "drop"}"#, "unknown trigger 'rpc'"),
            (
                r#"{"trigger": "hello:0", "action": "drop"}"#,
                "unknown trigger 'hello:0'",
            ),
            (
                r#"{"trigger": "rpc:a:1:2", "action": "drop"}"#,
                "unknown trigger 'rpc:a:1:2'",
            ),
            (
                r#"{"trigger": "hello", "action": "explode"}"#,
                "unknown variant `explode`",
            ),
            (r#"{"trigger": "hello", "action": "drop", "count": 0}"#, "never fires"),
            (
                r#"{"trigger": "hello", "action": "drop", "often": 2}"#,
                "unknown field `often`",
            ),
        ] {
            let refused = read(text).expect_err(text);
            assert!(refused.contains(words), "{text}: {refused}");
        }
    }
}
