//! What a router and a client say first.

use super::xml::Node;

/// The switch of a hello: which generation of Junos speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Up to 12.x.
    Old,
    /// From 17 on.
    Current,
    /// With `rfc-compliant`.
    Compliant,
}

/// The base namespace of NETCONF.
pub(super) const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

const CAPABILITIES: [&str; 3] = ["candidate", "confirmed-commit", "validate"];

/// The hello of a router, without its frame.
pub(super) fn text(style: Style, chunked: bool, session: u32, user: &str, class: &str) -> String {
    let comments = format!(
        "<!-- No zombies were killed during the creation of this user interface -->\n<!-- user {user}, class {class} -->\n"
    );
    let (open, close, prefix, indent) = match style {
        Style::Old => ("<hello>".to_owned(), "</hello>", "", "  "),
        Style::Current => (format!("<hello xmlns=\"{BASE}\">"), "</hello>", "", "  "),
        Style::Compliant => (format!("<nc:hello xmlns:nc=\"{BASE}\">"), "</nc:hello>", "nc:", "   "),
    };
    let capabilities: String = capabilities(style, chunked)
        .iter()
        .map(|capability| format!("    <{prefix}capability>{capability}</{prefix}capability>\n"))
        .collect();
    format!(
        "{comments}{open}\n{indent}<{prefix}capabilities>\n{capabilities}  </{prefix}capabilities>\n  \
         <{prefix}session-id>{session}</{prefix}session-id>\n{close}\n"
    )
}

fn capabilities(style: Style, chunked: bool) -> Vec<String> {
    let mut list = Vec::new();
    if style != Style::Old {
        list.push("urn:ietf:params:netconf:base:1.0".to_owned());
        if chunked {
            list.push("urn:ietf:params:netconf:base:1.1".to_owned());
        }
        list.extend(CAPABILITIES.map(|name| format!("urn:ietf:params:netconf:capability:{name}:1.0")));
        list.push("urn:ietf:params:netconf:capability:url:1.0?scheme=http,ftp,file".to_owned());
    }
    list.push(match style {
        Style::Compliant => format!("{BASE}?module=ietf-netconf&amp;revision=2011-06-01"),
        _ => BASE.to_owned(),
    });
    list.extend(CAPABILITIES.map(|name| format!("urn:ietf:params:xml:ns:netconf:capability:{name}:1.0")));
    let url_argument = match style {
        Style::Old => "protocol",
        Style::Current | Style::Compliant => "scheme",
    };
    list.push(format!(
        "urn:ietf:params:xml:ns:netconf:capability:url:1.0?{url_argument}=http,ftp,file"
    ));
    if style == Style::Compliant {
        list.push(
            "urn:ietf:params:xml:ns:yang:ietf-inet-types?module=ietf-inet-types&amp;revision=2013-07-15".to_owned(),
        );
        list.push(
            "urn:ietf:params:xml:ns:yang:ietf-yang-metadata?module=ietf-yang-metadata&amp;revision=2016-08-05"
                .to_owned(),
        );
    }
    if style != Style::Old {
        list.push("urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring".to_owned());
    }
    list.push("http://xml.juniper.net/netconf/junos/1.0".to_owned());
    list.push("http://xml.juniper.net/dmi/system/1.0".to_owned());
    if style == Style::Compliant {
        list.push(
            "http://yang.juniper.net/junos/jcmd?module=junos-configuration-metadata&amp;revision=2021-09-01".to_owned(),
        );
    }
    list
}

/// Whether a client's hello offers chunks.
pub(super) fn offers_chunks(hello: &Node) -> bool {
    let capabilities = hello.child("capabilities").map(|list| list.children.as_slice());
    capabilities
        .unwrap_or_default()
        .iter()
        .any(|capability| capability.text.trim() == "urn:ietf:params:netconf:base:1.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_style_is_a_document_with_a_session_id() {
        for style in [Style::Old, Style::Current, Style::Compliant] {
            let said = text(style, false, 4711, "lab", "super-user");
            let root = super::super::xml::parse(&said).unwrap();
            assert_eq!(root.value("session-id"), Some("4711"));
            assert!(!offers_chunks(&root));
            let chunked = text(style, true, 4711, "lab", "super-user");
            let offered = offers_chunks(&super::super::xml::parse(&chunked).unwrap());
            assert_eq!(offered, style != Style::Old);
        }
    }
}
