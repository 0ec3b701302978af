//! One reply of a router, read once: its errors, its marks of success, and where its payload lies.

mod reader;
mod text;
mod tree;

use std::ops::Range;

use tokio::sync::OwnedSemaphorePermit;

use crate::junos::{DeviceMessage, Severity};

pub(crate) use reader::Unreadable;
pub(crate) use tree::Node;

/// The marks of success that Junos puts into replies to loads and commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// `<ok/>` at any depth.
    pub(crate) ok: bool,
    /// `<load-success/>`, the older form of a load's `ok`.
    pub(crate) load_success: bool,
    /// How many engines said `<commit-success/>`.
    pub(crate) commit_success: usize,
    /// How many engines said `<commit-check-success/>`.
    pub(crate) check_success: usize,
    /// The sum of `<load-error-count>`.
    pub(crate) load_errors: u64,
    /// `<load-configuration-results>` was there.
    pub(crate) load_results: bool,
    /// `<commit-results>` was there.
    pub(crate) commit_results: bool,
}

/// A stretch of text inside the reply, with the routing engine it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    range: Range<usize>,
    engine: Option<usize>,
    detail: bool,
}

/// What one pass over a reply found; byte ranges point into its text.
#[derive(Clone, Debug, Default)]
struct Findings {
    message_id: Option<String>,
    messages: Vec<DeviceMessage>,
    marks: Marks,
    roots: Vec<Range<usize>>,
    blocks: Vec<Block>,
    engines: Vec<String>,
    bare: Vec<Range<usize>>,
    inner: Range<usize>,
    repaired: bool,
}

/// A complete, readable reply.
#[derive(Debug)]
pub(crate) struct Reply {
    text: String,
    invalid_bytes: usize,
    found: Findings,
    /// What the reply takes from the budget for replies in memory, given back when it is dropped.
    _budget: Option<OwnedSemaphorePermit>,
}

impl Reply {
    /// Reads one frame, without its delimiter.
    pub(super) fn read(frame: Vec<u8>, budget: Option<OwnedSemaphorePermit>) -> Result<Self, Unreadable> {
        let (text, invalid_bytes) = decode(frame);
        let found = reader::read(&text)?;
        Ok(Self {
            text,
            invalid_bytes,
            found,
            _budget: budget,
        })
    }

    /// The `message-id` the router sent back, if any.
    pub(super) fn message_id(&self) -> Option<&str> {
        self.found.message_id.as_deref()
    }

    /// Every message of severity error, in the router's order.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &DeviceMessage> {
        self.found
            .messages
            .iter()
            .filter(|message| message.severity == Severity::Error)
    }

    /// Every message of severity warning, in the router's order.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &DeviceMessage> {
        self.found
            .messages
            .iter()
            .filter(|message| message.severity == Severity::Warning)
    }

    /// The marks of success.
    pub(crate) fn marks(&self) -> Marks {
        self.found.marks
    }

    /// Whether a missing end tag was supplied, as some clusters need.
    #[cfg(test)]
    pub(crate) fn repaired(&self) -> bool {
        self.found.repaired
    }

    /// The payload elements as received: everything from the first to the last, markup included.
    pub(crate) fn payload(&self) -> &str {
        match (self.found.roots.first(), self.found.roots.last()) {
            (Some(first), Some(last)) => &self.text[first.start..last.end],
            _ => "",
        }
    }

    /// Text that stands directly in the reply, outside any element, entities not yet decoded; empty when there is none.
    fn bare(&self) -> &str {
        match (self.found.bare.first(), self.found.bare.last()) {
            (Some(first), Some(last)) if self.found.roots.is_empty() => self.text[first.start..last.end].trim(),
            _ => "",
        }
    }
}

/// The bytes as text: invalid ones become U+FFFD and are counted, so that one bad byte does not cost the reply.
fn decode(frame: Vec<u8>) -> (String, usize) {
    match String::from_utf8(frame) {
        Ok(text) => (text, 0),
        Err(error) => {
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let invalid = error.as_bytes().utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
            (text, invalid)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"<rpc-reply xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="7">"#;

    fn read(body: &str) -> Reply {
        Reply::read(format!("{HEAD}\n{body}\n</rpc-reply>\n").into_bytes(), None).expect("a readable reply")
    }

    fn unreadable(text: &str) -> bool {
        Reply::read(text.as_bytes().to_vec(), None).is_err()
    }

    #[test]
    fn text_is_decoded_once_and_keeps_what_only_looks_like_an_entity() {
        let reply = read("<output>\na &lt;b&gt; &amp;lt; &#65;&#x42; &unknown; AT&T\n</output>");
        assert_eq!(reply.plain_text(), "a <b> &lt; AB &unknown; AT&T\n");
        assert_eq!(reply.message_id(), Some("7"));
    }

    #[test]
    fn the_outputs_of_several_engines_are_joined_under_their_names() {
        let item = |name: &str, text: &str| {
            format!(
                "<multi-routing-engine-item>\n<re-name>{name}</re-name>\n<output>\n{text}\n</output>\n</multi-routing-engine-item>"
            )
        };
        let reply = read(&format!(
            "<multi-routing-engine-results>{}{}</multi-routing-engine-results>",
            item("node0", "up 3 days"),
            item("node1", "up 4 days")
        ));
        let rule = "-".repeat(74);
        assert_eq!(
            reply.plain_text(),
            format!("node0:\n{rule}\nup 3 days\nnode1:\n{rule}\nup 4 days\n")
        );
    }

    #[test]
    fn errors_are_found_at_any_depth_and_outweigh_ok() {
        let reply = read(concat!(
            "<commit-results><xnm:error xmlns:xnm=\"http://xml.juniper.net/xnm/1.1/xnm\"><source-daemon>dcd</source-daemon>",
            "<edit-path>[edit interfaces ge-0/0/1]</edit-path><statement>unit 2</statement>",
            "<message>\nOnly unit 0 is valid\n</message></xnm:error></commit-results><ok/>"
        ));
        let errors: Vec<_> = reply.errors().collect();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].message, "Only unit 0 is valid");
        assert_eq!(errors[0].path.as_deref(), Some("[edit interfaces ge-0/0/1]"));
        assert_eq!(errors[0].bad_element.as_deref(), Some("unit 2"));
        assert_eq!(errors[0].source_daemon.as_deref(), Some("dcd"));
        assert!(reply.marks().ok);
    }

    #[test]
    fn a_warning_without_type_or_tag_is_a_warning() {
        let reply = read(concat!(
            "<load-configuration-results><rpc-error><error-severity>warning</error-severity>",
            "<error-message>\nstatement not found\n</error-message></rpc-error><ok/></load-configuration-results>"
        ));
        assert_eq!(reply.errors().count(), 0);
        assert_eq!(
            reply
                .warnings()
                .map(|warning| warning.message.as_str())
                .collect::<Vec<_>>(),
            ["statement not found"]
        );
    }

    #[test]
    fn data_called_error_or_warning_is_data() {
        let reply = read(
            "<interface-information><traffic><error>3</error><warning>1</warning></traffic></interface-information>",
        );
        assert_eq!(reply.errors().count() + reply.warnings().count(), 0);
    }

    #[test]
    fn an_unclosed_routing_engine_is_repaired_and_nothing_else() {
        let cluster = "<commit-results><routing-engine><name>node0</name><commit-check-success/>";
        let reply = Reply::read(format!("{HEAD}{cluster}</rpc-reply>").into_bytes(), None).expect("repaired");
        assert!(reply.repaired());
        assert_eq!(reply.marks().check_success, 1);
        assert!(unreadable(&format!("{HEAD}<interface-information></rpc-reply>")));
    }

    #[test]
    fn a_torn_a_foreign_and_a_hostile_reply_are_unreadable() {
        let deep = "<a>".repeat(300) + &"</a>".repeat(300);
        for text in [
            HEAD.to_owned(),
            format!("{HEAD}<output>half"),
            "<html></html>".to_owned(),
            "no markup at all".to_owned(),
            format!("{HEAD}<!DOCTYPE x><ok/></rpc-reply>"),
            format!("{HEAD}{deep}</rpc-reply>"),
        ] {
            assert!(unreadable(&text), "{text}");
        }
    }

    #[test]
    fn json_and_plain_text_without_an_element_are_payloads() {
        assert_eq!(
            read("{\n  \"a\" : \"&lt;b&gt;\"\n}").plain_text(),
            "{\n  \"a\" : \"<b>\"\n}"
        );
        let reply = read("protocol: operation-failed\nerror: device asdf not found");
        assert_eq!(reply.bare_error().as_deref(), Some("device asdf not found"));
    }

    #[test]
    fn xml_payloads_are_handed_out_as_received_without_the_noise_of_old_releases() {
        let payload = "<software-information>\n<host-name>a &amp; b</host-name><!-- kept --></software-information>";
        let noise = "<pipe><more-no-more/></pipe>";
        let reply = read(&format!("{noise}{payload}<cli><banner>{{master:0}}</banner></cli>"));
        assert_eq!(reply.payload(), payload);
    }

    #[test]
    fn a_byte_that_is_no_utf8_costs_one_character_not_the_reply() {
        let mut bytes = format!("{HEAD}<output>caf").into_bytes();
        bytes.push(0xe9);
        bytes.extend_from_slice(b" \x1b[1m</output></rpc-reply>");
        let reply = Reply::read(bytes, None).expect("a readable reply");
        assert_eq!(reply.invalid_bytes, 1);
        assert_eq!(reply.plain_text(), "caf\u{fffd} \x1b[1m");
    }

    #[test]
    fn warnings_between_the_blocks_of_a_text_configuration_stay_in_their_place() {
        let reply = read(concat!(
            "<configuration-information><configuration-output>\nprotocols {\n</configuration-output>",
            "<configuration-detail><indent>4</indent><message>requires 'bgp' license</message></configuration-detail>",
            "<configuration-output>\n    bgp;\n}\n</configuration-output></configuration-information>"
        ));
        assert_eq!(
            reply.plain_text(),
            "protocols {\n    ## Warning: requires 'bgp' license\n    bgp;\n}\n"
        );
    }
}
