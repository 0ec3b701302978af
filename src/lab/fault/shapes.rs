//! The errors, warnings and odd successes that routers are known to answer with, by name.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;

use super::action::{Shape, Worded};
use super::written::suggestion;

/// One answer with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownShape {
    /// How it is written in a file of faults.
    pub name: &'static str,
    /// When a router answers so.
    pub meaning: &'static str,
    /// What stands inside `rpc-reply`.
    pub body: &'static str,
}

/// Every answer with a name.
pub fn shapes() -> &'static [KnownShape] {
    SHAPES
}

impl Shape {
    /// The answer of that name.
    pub fn known(name: &str) -> Option<Self> {
        SHAPES.iter().find(|shape| shape.name == name).map(Self::Known)
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(name) => Self::known(&name).ok_or_else(|| {
                let near = suggestion(&name, SHAPES.iter().map(|shape| shape.name));
                D::Error::custom(format!("unknown shape '{name}'{near}"))
            }),
            value => Ok(match Worded::deserialize(value).map_err(D::Error::custom)? {
                Worded::RpcError(message) => Self::RpcError(message),
                Worded::Warning(message) => Self::Warning(message),
                Worded::XnmError { daemon, message } => Self::XnmError { daemon, message },
                Worded::CommitFailed { daemon, path, message } => Self::CommitFailed { daemon, path, message },
                Worded::Raw(xml) => Self::Raw(xml),
            }),
        }
    }
}

/// The start of an error as the protocol types it, without what it says.
macro_rules! typed {
    ($($rest:expr),+) => {
        concat!(
            "<rpc-error>\n<error-type>protocol</error-type>\n<error-tag>operation-failed</error-tag>\n",
            "<error-severity>error</error-severity>\n",
            $($rest,)+
            "</rpc-error>\n"
        )
    };
}

/// An error with nothing but its severity and its message.
macro_rules! bare {
    ($message:expr) => {
        concat!(
            "<rpc-error>\n<error-severity>error</error-severity>\n<error-message>\n",
            $message,
            "\n</error-message>\n</rpc-error>\n"
        )
    };
}

/// A warning with nothing but its severity and its message.
macro_rules! warning {
    ($message:expr) => {
        concat!(
            "<rpc-error>\n<error-severity>warning</error-severity>\n<error-message>\n",
            $message,
            "\n</error-message>\n</rpc-error>\n"
        )
    };
}

const fn shape(name: &'static str, meaning: &'static str, body: &'static str) -> KnownShape {
    KnownShape { name, meaning, body }
}

static SHAPES: &[KnownShape] = &[
    shape(
        "unknown_rpc",
        "this release does not know the request",
        typed!(
            "<error-message>syntax error</error-message>\n<error-info>\n<bad-element>get-nothing</bad-element>\n</error-info>\n"
        ),
    ),
    shape(
        "missing_argument",
        "a mandatory argument is not there",
        "<rpc-error>\n<error-type>application</error-type>\n<error-tag>missing-element</error-tag>\n\
         <error-severity>error</error-severity>\n<error-message>missing mandatory argument: countername</error-message>\n\
         <error-info>\n<bad-element>countername</bad-element>\n</error-info>\n</rpc-error>\n",
    ),
    shape(
        "unknown_word",
        "a word of the command is not known",
        typed!(
            "<error-message>syntax error, expecting &lt;command&gt;</error-message>\n<error-info>\n<bad-element>shw</bad-element>\n</error-info>\n"
        ),
    ),
    shape(
        "ambiguous",
        "a word of the command is cut too short",
        typed!("<error-message>'i' is ambiguous.</error-message>\n"),
    ),
    shape(
        "permission_denied",
        "the login class does not allow it; type and tag are missing",
        "<rpc-error>\n<error-severity>error</error-severity>\n<error-message>permission denied</error-message>\n\
         <error-info>\n<bad-element>system</bad-element>\n</error-info>\n</rpc-error>\n",
    ),
    shape(
        "daemon_not_running",
        "the routing daemon does not run, as on a backup engine",
        typed!("<error-message>\nthe routing subsystem is not running\n</error-message>\n"),
    ),
    shape(
        "not_enabled_xnm",
        "a feature is off, in the older form",
        "<xnm:error xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\" xmlns:xnm=\"http://xml.juniper.net/xnm/1.1/xnm\">\n<parse/>\n\
         <source-daemon>jsrpd</source-daemon>\n<message>error: Chassis cluster is not enabled</message>\n</xnm:error>\n",
    ),
    shape(
        "not_enabled",
        "a feature is off",
        typed!("<parse/>\n<error-message>\nerror: HA is not enabled\n</error-message>\n"),
    ),
    shape(
        "backup_engine",
        "the command belongs to the other engine, said as output",
        "<output>\nAborted! This command can only be used on the master routing engine.\n</output>\n",
    ),
    shape(
        "plain_text",
        "an error as plain text in the reply",
        "\nprotocol: operation-failed\nerror: device asdf not found\n",
    ),
    shape(
        "bare_error",
        "an error in no namespace",
        "<error>\nno such device</error>\n",
    ),
    shape(
        "load_syntax",
        "a load with two syntax errors",
        concat!(
            "<load-configuration-results>\n",
            typed!(
                "<error-message>syntax error</error-message>\n<error-info>\n<bad-element>fnord</bad-element>\n</error-info>\n"
            ),
            typed!(
                "<error-message>error recovery ignores input until this point</error-message>\n<error-info>\n<bad-element>}</bad-element>\n</error-info>\n"
            ),
            "<load-error-count>2</load-error-count>\n</load-configuration-results>\n"
        ),
    ),
    shape(
        "load_value",
        "a load with a value out of range",
        concat!(
            "<load-configuration-results>\n",
            typed!(
                "<error-message>Value 0 is not within range (256..9216)</error-message>\n<error-info>\n<bad-element>0</bad-element>\n</error-info>\n"
            ),
            "<load-error-count>1</load-error-count>\n</load-configuration-results>\n"
        ),
    ),
    shape(
        "load_error_and_ok",
        "a load that failed and says ok as well",
        concat!(
            "<load-configuration-results action=\"set\">\n",
            typed!("<error-message>syntax error</error-message>\n"),
            "<ok/>\n</load-configuration-results>\n"
        ),
    ),
    shape(
        "load_warning",
        "a load that deleted what was not there",
        concat!(
            "<load-configuration-results>\n",
            warning!("statement not found"),
            "<ok/>\n</load-configuration-results>\n"
        ),
    ),
    shape(
        "load_ok",
        "a load that took",
        "<load-configuration-results>\n<ok/>\n</load-configuration-results>\n",
    ),
    shape(
        "load_ok_old",
        "a load that took, in the words of old releases",
        "<load-configuration-results>\n<load-success/>\n<load-error-count>0</load-error-count>\n</load-configuration-results>\n",
    ),
    shape(
        "commit_daemon",
        "a daemon refuses the configuration",
        concat!(
            "<commit-results>\n<rpc-error>\n<error-type>protocol</error-type>\n<error-tag>operation-failed</error-tag>\n",
            "<error-severity>error</error-severity>\n<source-daemon>dcd</source-daemon>\n",
            "<error-path>[edit interfaces ge-0/0/1]</error-path>\n<error-info>\n<bad-element>unit 2</bad-element>\n</error-info>\n",
            "<error-message>\nOnly unit 0 is valid for this encapsulation\n</error-message>\n</rpc-error>\n",
            typed!("<error-message>\nconfiguration check-out failed\n</error-message>\n"),
            "</commit-results>\n"
        ),
    ),
    shape(
        "commit_mandatory",
        "a mandatory statement is missing",
        concat!(
            "<commit-results>\n<rpc-error>\n<error-type>application</error-type>\n<error-tag>invalid-value</error-tag>\n",
            "<error-severity>error</error-severity>\n<error-path>[edit]</error-path>\n",
            "<error-message>mgd: Missing mandatory statement: 'root-authentication'</error-message>\n",
            "<error-info>\n<bad-element>system</bad-element>\n</error-info>\n</rpc-error>\n",
            typed!(
                "<error-message>\nconfiguration check-out failed: (missing mandatory statements)\n</error-message>\n"
            ),
            "</commit-results>\n"
        ),
    ),
    shape(
        "commit_xnm",
        "a commit fails in the older form, which other clients take for success",
        "<commit-results>\n<xnm:error xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\" xmlns:xnm=\"http://xml.juniper.net/xnm/1.1/xnm\">\n\
         <source-daemon>dcd</source-daemon>\n<edit-path>[edit interfaces ge-0/0/1]</edit-path>\n<statement>unit 2</statement>\n\
         <message>Only unit 0 is valid for this encapsulation</message>\n</xnm:error>\n</commit-results>\n",
    ),
    shape(
        "commit_outside",
        "a commit fails outside its results",
        typed!("<error-message>interface-range 'axp' is not defined</error-message>\n"),
    ),
    shape(
        "commit_constraint",
        "a commit fails at a constraint",
        concat!(
            "<commit-results>\n",
            typed!(
                "<error-message>\nconfiguration check-out failed: (statements constraint check failed)\n</error-message>\n"
            ),
            "</commit-results>\n"
        ),
    ),
    shape(
        "commit_warning",
        "a commit that took, with a warning",
        "<commit-results>\n<rpc-error>\n<error-severity>warning</error-severity>\n<error-path>[edit protocols]</error-path>\n\
         <error-message>mgd: requires 'bgp' license</error-message>\n<error-info>\n<bad-element>bgp</bad-element>\n</error-info>\n\
         </rpc-error>\n<routing-engine>\n<name>re0</name>\n<commit-success/>\n</routing-engine>\n</commit-results>\n<ok/>\n",
    ),
    shape(
        "commit_ok_old",
        "a commit that took, in the words of old releases",
        "<commit-results>\n</commit-results>\n<ok/>\n",
    ),
    shape(
        "unclosed_engine",
        "a commit that took, its element for the engine left open",
        "<commit-results>\n<routing-engine>\n<name>node0</name>\n<commit-success/>\n<ok/>\n",
    ),
    shape(
        "one_engine_failed",
        "one engine committed, the other did not",
        concat!(
            "<commit-results>\n<routing-engine>\n<name>re0</name>\n<commit-success/>\n</routing-engine>\n<routing-engine>\n<name>re1</name>\n",
            typed!("<error-message>\nconfiguration check-out failed\n</error-message>\n"),
            "</routing-engine>\n</commit-results>\n"
        ),
    ),
    shape(
        "locked_cli",
        "somebody at the command line has the configuration for himself",
        bare!(
            "configuration database locked by:\n  ops terminal pts/0 (pid 4711) on since 2031-05-06 11:04:06 UTC, idle 00:04:48\n      exclusive [edit]"
        ),
    ),
    shape(
        "locked_netconf",
        "another NETCONF session holds the lock",
        bare!(
            "configuration database locked by:\n  ops terminal  (pid 4711) on since 2031-05-06 11:04:06 UTC, idle 00:04:48\n      exclusive"
        ),
    ),
    shape(
        "dirty",
        "a lock while somebody's work is uncommitted",
        bare!("configuration database modified"),
    ),
    shape(
        "dirty_private",
        "a private copy while somebody's work is uncommitted",
        bare!("shared configuration database modified"),
    ),
    shape(
        "opened_with_warning",
        "a private or exclusive copy was opened",
        warning!("uncommitted changes will be discarded on exit"),
    ),
    shape(
        "already_open",
        "the session has opened one before",
        bare!("Configuration database is already open"),
    ),
    shape(
        "not_open",
        "there is nothing to close",
        typed!("<error-message>\nConfiguration database is not open\n</error-message>\n"),
    ),
    shape("empty", "nothing at all, as for a lock that was taken", ""),
    shape(
        "no_file",
        "the checksum of a missing file",
        bare!("md5: /var/tmp/x: No such file or directory"),
    ),
    shape(
        "no_file_text",
        "the list of a missing file, as output",
        "<directory-list>\n<output>\n/var/tmp/x: No such file or directory\n</output>\n</directory-list>\n",
    ),
    shape(
        "log_too_long",
        "the text of a commit is too long",
        typed!("<error-message>Length 513 is not within range (1..512)</error-message>\n"),
    ),
    shape(
        "package_failed",
        "a package was not added",
        "<output>\nERROR: package: x.tgz is not found or empty\n</output>\n<package-result>1</package-result>\n",
    ),
    shape(
        "warning_between",
        "a warning between two outputs, as at a reboot",
        concat!(
            "<output>first</output>\n",
            warning!("Rebooting re0 in 1 min"),
            "<output>second</output>\n"
        ),
    ),
    shape(
        "unsupported",
        "an operation of the base protocol that there is not",
        "<rpc-error>\n<error-type>protocol</error-type>\n<error-tag>operation-not-supported</error-tag>\n\
         <error-severity>error</error-severity>\n<error-message>operation not supported</error-message>\n</rpc-error>\n",
    ),
    shape(
        "protected",
        "an edit of a protected statement",
        concat!(
            "<load-configuration-results>\n",
            typed!("<error-message>[system] is protected, 'system host-name' cannot be changed</error-message>\n"),
            "<load-error-count>1</load-error-count>\n</load-configuration-results>\n"
        ),
    ),
    shape(
        "unclosed_other",
        "an element that is not closed",
        "<software-information>\n<host-name>edge-1</host-name>\n",
    ),
    shape(
        "closed_twice",
        "an end tag that closes nothing",
        "<output>text</output>\n</output>\n",
    ),
    shape(
        "doctype",
        "a document type declaration",
        "<!DOCTYPE output>\n<output>text</output>\n",
    ),
    shape(
        "entities",
        "entities that name nothing",
        "<output>a &nothing; b</output>\n",
    ),
];
