//! The requests that we send, as a closed set of constructors.

use std::sync::Arc;

use rustnetconf::{
    rpc::operations,
    types::{LoadAction, LoadFormat},
};

use crate::{
    blocklist::Permitted,
    junos::{EngineName, Minutes},
};

/// The request for a packet engine command.
const PFE_EXECUTE: &str = "request-pfe-execute";

type Write = dyn Fn(&str) -> String + Send + Sync;

/// One request: its element's name, whether it only reads, and how its document is written.
#[derive(Clone)]
pub(crate) struct Rpc {
    name: &'static str,
    reads: bool,
    write: Arc<Write>,
}

impl std::fmt::Debug for Rpc {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rpc")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Rpc {
    /// Whether the request changes nothing on the router, so that it may be repeated and sent back to back with others.
    pub(crate) fn reads(&self) -> bool {
        self.reads
    }

    /// The name of its element.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn write(&self, id: u64, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice((self.write)(&id.to_string()).as_bytes());
    }

    fn body(name: &'static str, reads: bool, body: String) -> Self {
        let write = move |id: &str| {
            format!(r#"<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="{id}">{body}</rpc>"#)
        };
        Self {
            name,
            reads,
            write: Arc::new(write),
        }
    }

    fn document(name: &'static str, reads: bool, write: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self {
            name,
            reads,
            write: Arc::new(write),
        }
    }

    fn simple(name: &'static str, arguments: &[(&str, &str)]) -> Self {
        let body = rustez::rpc::build_rpc_xml(name, arguments).expect("names of requests are constants");
        Self::body(name, true, body)
    }

    /// A command that has passed the guards.
    pub(crate) fn command(permitted: &Permitted) -> Self {
        let command = permitted.command();
        // It was judged by the rules for packet engines, which say nothing about the CLI.
        debug_assert!(!command.is_pfe(), "a packet engine command has requests of its own");
        let format = command.format().as_str();
        let text = quick_xml::escape::escape(command.sent()).into_owned();
        Self::body(
            "command",
            command.reads_only(),
            format!(r#"<command format="{format}">{text}</command>"#),
        )
    }

    /// A packet engine command that has passed the guards.
    pub(super) fn pfe_execute(target: &EngineName, permitted: &Permitted) -> Self {
        let command = permitted.command();
        let arguments = [("target", target.as_str()), ("command", command.sent())];
        let body = rustez::rpc::build_rpc_xml(PFE_EXECUTE, &arguments).expect("names of requests are constants");
        Self::body(PFE_EXECUTE, command.reads_only(), body)
    }

    /// The same as the CLI's command. The CLI has no way to put a quote into it: then there is none.
    pub(super) fn pfe_execute_cli(target: &EngineName, permitted: &Permitted) -> Option<Self> {
        let command = permitted.command();
        if command.sent().contains('"') {
            return None;
        }
        let line = format!(
            "request pfe execute target {} command \"{}\"",
            target.as_str(),
            command.sent()
        );
        Some(Self::cli(command.reads_only(), &line))
    }

    /// Host name, model and packages.
    pub(crate) fn software_information() -> Self {
        Self::simple("get-software-information", &[])
    }

    /// Model, version and serial number in one small reply; not allowed to every login class.
    pub(crate) fn system_information() -> Self {
        Self::simple("get-system-information", &[])
    }

    /// The chassis and its modules.
    pub(crate) fn chassis_inventory() -> Self {
        Self::simple("get-chassis-inventory", &[])
    }

    /// The routing engines.
    pub(crate) fn route_engine_information() -> Self {
        Self::simple("get-route-engine-information", &[])
    }

    /// Boot time and uptime.
    pub(crate) fn system_uptime() -> Self {
        Self::simple("get-system-uptime-information", &[])
    }

    /// The commit history, newest first.
    pub(crate) fn commit_information() -> Self {
        Self::simple("get-commit-information", &[])
    }

    /// Who is editing the configuration.
    pub(crate) fn configuration_database_status() -> Self {
        Self::simple("get-configuration-database-status", &[])
    }

    /// Echo requests from the router; `host` must have been validated.
    pub(crate) fn ping(host: &str, count: u8) -> Self {
        Self::simple("ping", &[("host", host), ("count", &count.to_string())])
    }

    /// BGP neighbors and their states.
    pub(crate) fn bgp_summary() -> Self {
        Self::simple("get-bgp-summary-information", &[])
    }

    /// OSPF neighbors and their states.
    pub(crate) fn ospf_neighbors() -> Self {
        Self::simple("get-ospf-neighbor-information", &[])
    }

    /// The states of one interface, physical or logical; `name` must have been validated.
    pub(crate) fn interface_terse(name: &str) -> Self {
        let name = quick_xml::escape::escape(name);
        Self::body(
            "get-interface-information",
            true,
            format!(
                "<get-interface-information><interface-name>{name}</interface-name><terse/></get-interface-information>"
            ),
        )
    }

    /// The committed domain name, groups applied.
    pub(crate) fn domain_name() -> Self {
        Self::body(
            "get-configuration",
            true,
            concat!(
                r#"<get-configuration database="committed" inherit="inherit"><configuration><system><domain-name/>"#,
                "</system></configuration></get-configuration>"
            )
            .to_owned(),
        )
    }

    /// A whole configuration in one of the router's formats (`text`, `set`, `xml`, `json`).
    pub(crate) fn configuration(database: &str, format: &str, inherit: bool) -> Self {
        let inherit = if inherit { r#" inherit="inherit""# } else { "" };
        Self::body(
            "get-configuration",
            true,
            format!(r#"<get-configuration database="{database}" format="{format}"{inherit}/>"#),
        )
    }

    /// The difference between the candidate and an earlier commit.
    pub(crate) fn compare_candidate(rollback: u8) -> Self {
        Self::document("get-configuration", true, move |id| {
            operations::get_configuration_compare_xml(id, u32::from(rollback))
        })
    }

    /// Takes the lock of the shared candidate; refused while it holds anybody's uncommitted changes.
    pub(crate) fn lock_configuration() -> Self {
        Self::body("lock-configuration", false, "<lock-configuration/>".to_owned())
    }

    /// Gives the lock back; Junos discards what is uncommitted.
    pub(crate) fn unlock_configuration() -> Self {
        Self::body("unlock-configuration", false, "<unlock-configuration/>".to_owned())
    }

    /// Opens the shared candidate for this session alone.
    pub(crate) fn open_exclusive() -> Self {
        let body = "<open-configuration><exclusive/></open-configuration>";
        Self::body("open-configuration", false, body.to_owned())
    }

    /// Opens a private copy of the active configuration; refused while the shared candidate holds uncommitted changes.
    pub(crate) fn open_private() -> Self {
        let body = "<open-configuration><private/></open-configuration>";
        Self::body("open-configuration", false, body.to_owned())
    }

    /// Closes what was opened; Junos discards what is uncommitted.
    pub(crate) fn close_configuration() -> Self {
        Self::body("close-configuration", false, "<close-configuration/>".to_owned())
    }

    /// Loads set commands.
    pub(crate) fn load_set(payload: String) -> Self {
        Self::load(LoadAction::Set, LoadFormat::Text, payload)
    }

    /// Loads curly text; statements marked `replace:` replace, the rest merges.
    pub(crate) fn load_text(payload: String) -> Self {
        Self::load(LoadAction::Replace, LoadFormat::Text, payload)
    }

    /// Loads XML below `<configuration>`, which the payload must not contain itself; it must have been validated.
    pub(crate) fn load_xml(payload: String) -> Self {
        Self::load(LoadAction::Replace, LoadFormat::Xml, payload)
    }

    /// Loads a JSON object with the member `configuration`.
    pub(crate) fn load_json(payload: &str) -> Self {
        let payload = quick_xml::escape::escape(payload);
        Self::body(
            "load-configuration",
            false,
            format!(
                r#"<load-configuration action="replace" format="json"><configuration-json>{payload}</configuration-json></load-configuration>"#
            ),
        )
    }

    fn load(action: LoadAction, format: LoadFormat, payload: String) -> Self {
        let payload: Arc<str> = payload.into();
        Self::document("load-configuration", false, move |id| {
            operations::load_configuration_xml(id, action, format, &payload)
        })
    }

    /// Loads an earlier commit into the candidate; 0 discards what is uncommitted.
    pub(crate) fn load_rollback(number: u8) -> Self {
        Self::document("load-configuration", false, move |id| {
            operations::rollback_configuration_xml(id, u32::from(number))
        })
    }

    /// Asks the router to check the candidate; this confirms a pending confirmed commit as a side effect.
    pub(crate) fn commit_check(synchronize: bool) -> Self {
        let synchronize = if synchronize { "<synchronize/>" } else { "" };
        Self::body(
            "commit-configuration",
            false,
            format!("<commit-configuration>{synchronize}<check/></commit-configuration>"),
        )
    }

    /// Commits the candidate with a log text of at most 512 bytes, confirmed within `confirm` minutes if given.
    pub(crate) fn commit(log: &str, confirm: Option<Minutes>, synchronize: bool) -> Self {
        let log = quick_xml::escape::escape(log).into_owned();
        let synchronize = if synchronize { "<synchronize/>" } else { "" };
        let confirmed = confirm.map_or_else(String::new, |minutes| {
            format!("<confirmed/><confirm-timeout>{}</confirm-timeout>", minutes.get())
        });
        Self::body(
            "commit-configuration",
            false,
            format!("<commit-configuration>{synchronize}{confirmed}<log>{log}</log></commit-configuration>"),
        )
    }

    /// The SHA-256 of a file.
    pub(crate) fn sha256_checksum(path: &str) -> Self {
        Self::simple("get-sha256-checksum-information", &[("path", path)])
    }

    /// The same as the CLI's command, for releases without the request; `path` must be one word.
    pub(crate) fn sha256_checksum_cli(path: &str) -> Self {
        Self::cli(true, &format!("file checksum sha-256 {path}"))
    }

    /// The file systems of the engine that is asked.
    pub(crate) fn system_storage() -> Self {
        let body = "<get-system-storage><no-forwarding/></get-system-storage>";
        Self::body("get-system-storage", true, body.to_owned())
    }

    /// A file, or those in a folder, with sizes, dates and owners.
    pub(crate) fn file_list(path: &str) -> Self {
        let path = quick_xml::escape::escape(path);
        let body = format!("<file-list><detail/><path>{path}</path></file-list>");
        Self::body("file-list", true, body)
    }

    /// The same as the CLI's command; `path` must be one word.
    pub(crate) fn file_list_cli(path: &str) -> Self {
        Self::cli(true, &format!("file list {path} detail"))
    }

    /// Gives a file another name.
    pub(crate) fn file_rename(source: &str, destination: &str) -> Self {
        Self::file_pair("file-rename", source, destination)
    }

    /// The same as the CLI's command; both must be one word.
    pub(crate) fn file_rename_cli(source: &str, destination: &str) -> Self {
        Self::cli(false, &format!("file rename {source} {destination}"))
    }

    /// Makes a second file of the same content.
    pub(crate) fn file_copy(source: &str, destination: &str) -> Self {
        Self::file_pair("file-copy", source, destination)
    }

    /// Takes a file away.
    pub(crate) fn file_delete(path: &str) -> Self {
        let path = quick_xml::escape::escape(path);
        let body = format!("<file-delete><path>{path}</path></file-delete>");
        Self::body("file-delete", false, body)
    }

    fn file_pair(name: &'static str, source: &str, destination: &str) -> Self {
        let arguments = [("source", source), ("destination", destination)];
        let body = rustez::rpc::build_rpc_xml(name, &arguments).expect("names of requests are constants");
        Self::body(name, false, body)
    }

    /// A command of our own, in text.
    fn cli(reads: bool, line: &str) -> Self {
        let line = quick_xml::escape::escape(line);
        Self::body("command", reads, format!(r#"<command format="text">{line}</command>"#))
    }

    pub(super) fn close_session() -> Self {
        Self::document("close-session", false, operations::close_session_xml)
    }
}
