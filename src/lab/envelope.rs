//! `rpc-reply`: what stands around every answer.

use super::hello::BASE;
use super::xml::{Node, escape_attribute};

/// Elements of the base protocol inside a reply; text cannot look like one, it is escaped.
const BASE_ELEMENTS: [&str; 9] = [
    "data",
    "rpc-error",
    "error-type",
    "error-tag",
    "error-severity",
    "error-path",
    "error-info",
    "error-message",
    "bad-element",
];

/// How a router wraps its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    /// The version in the `junos` namespace, such as `24.4R1.9`.
    pub(super) namespace_version: String,
    /// Whether base elements carry the `nc:` prefix.
    pub(super) compliant: bool,
}

impl Envelope {
    /// The start tag of the reply to `rpc`: its attributes come back, in its order.
    pub(super) fn open(&self, rpc: Option<&Node>) -> String {
        let mut tag = match self.compliant {
            true => format!("<nc:rpc-reply xmlns:nc=\"{BASE}\""),
            false => format!("<rpc-reply xmlns=\"{BASE}\""),
        };
        tag.push_str(&format!(
            " xmlns:junos=\"http://xml.juniper.net/junos/{}/junos\"",
            self.namespace_version
        ));
        let already = match self.compliant {
            true => ["xmlns:nc", "xmlns:junos"],
            false => ["xmlns", "xmlns:junos"],
        };
        for (name, value) in rpc.map(|rpc| rpc.attributes.as_slice()).unwrap_or_default() {
            if !already.contains(&name.as_str()) {
                tag.push_str(&format!(" {name}=\"{}\"", escape_attribute(value)));
            }
        }
        tag.push_str(">\n");
        tag
    }

    /// The end tag with its line feed.
    pub(super) fn close(&self) -> &'static str {
        match self.compliant {
            true => "</nc:rpc-reply>\n",
            false => "</rpc-reply>\n",
        }
    }

    /// A body in the router's own way: with prefixes on the elements of the base protocol, or without.
    pub(super) fn body(&self, body: String) -> String {
        match self.compliant {
            false => body,
            true => BASE_ELEMENTS.iter().fold(body, |body, name| {
                body.replace(&format!("<{name}>"), &format!("<nc:{name}>"))
                    .replace(&format!("</{name}>"), &format!("</nc:{name}>"))
            }),
        }
    }

    /// The one element of a plain success.
    pub(super) fn ok(&self) -> String {
        match self.compliant {
            true => "<nc:ok/>\n".to_owned(),
            false => "<ok/>\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_of_the_request_come_back_in_order() {
        let rpc = super::super::xml::parse(
            "<nc:rpc xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" b='1' message-id=\"10&lt;1\"><x/></nc:rpc>",
        )
        .unwrap();
        let plain = Envelope {
            namespace_version: "24.4R1.9".to_owned(),
            compliant: false,
        };
        assert_eq!(
            plain.open(Some(&rpc)),
            "<rpc-reply xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" \
             xmlns:junos=\"http://xml.juniper.net/junos/24.4R1.9/junos\" \
             xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" b=\"1\" message-id=\"10&lt;1\">\n"
        );
        let compliant = Envelope {
            compliant: true,
            ..plain
        };
        assert!(!compliant.open(Some(&rpc)).contains("xmlns="));
        assert_eq!(compliant.open(Some(&rpc)).matches("xmlns:nc").count(), 1);
        assert_eq!(
            compliant.body("<data>\n&lt;data></data>".to_owned()),
            "<nc:data>\n&lt;data></nc:data>"
        );
    }
}
