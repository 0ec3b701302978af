//! Replies and errors of the XML side as the command line prints them.

use std::sync::Arc;

use crate::lab::profile::envelope_release;
use crate::lab::router::Router;
use crate::lab::xml::{self, Node};

/// Blanks for each level of an element.
const INDENT: usize = 4;

/// `| display xml`: the reply with its envelope, indented.
pub(in crate::lab) fn reply(router: &Arc<Router>, body: &str) -> String {
    let release = envelope_release(&router.version());
    let banner = router.profile().banner.unwrap_or_default();
    let whole = format!(
        "<rpc-reply xmlns:junos=\"http://xml.juniper.net/junos/{release}/junos\">\n{body}<cli>\n<banner>{banner}</banner>\n</cli>\n</rpc-reply>\n"
    );
    indented(&whole)
}

/// Indents a document whose tags stand at the beginning of lines.
fn indented(document: &str) -> String {
    let mut depth = 0_usize;
    let mut out = String::with_capacity(document.len() * 2);
    for line in document.lines() {
        let tag = line.trim_start();
        if !tag.starts_with('<') {
            // A value on lines of its own is printed as it is.
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let closes = tag.starts_with("</");
        depth = depth.saturating_sub(usize::from(closes));
        out.push_str(&" ".repeat(depth * INDENT));
        out.push_str(tag);
        out.push('\n');
        let opens = !closes && !tag.contains("</") && !tag.ends_with("/>");
        depth += usize::from(opens);
    }
    out
}

/// The messages of the errors and warnings in a reply, as a person reads them; `None` when there is none.
pub(in crate::lab) fn complaints(body: &str) -> Option<String> {
    let wrapped = format!("<reply xmlns:junos=\"j\" xmlns:nc=\"n\" xmlns:xnm=\"x\">{body}</reply>");
    let root = xml::parse(&wrapped).ok()?;
    let mut text = String::new();
    collect(&root, &mut text);
    (!text.is_empty()).then_some(text)
}

fn collect(node: &Node, text: &mut String) {
    if node.name == "rpc-error" || node.name == "error" {
        let message = node.value("error-message").or_else(|| node.value("message"));
        let message = message.unwrap_or_default();
        let warns = node.value("error-severity") == Some("warning");
        let said = ["error: ", "warning: "].iter().any(|label| message.starts_with(label));
        match (said, warns) {
            (true, _) => text.push_str(message),
            (false, true) => text.push_str(&format!("warning: {message}")),
            (false, false) => text.push_str(&format!("error: {message}")),
        }
        text.push('\n');
        return;
    }
    for child in &node.children {
        collect(child, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::errors;

    #[test]
    fn elements_are_indented_and_values_are_left_alone() {
        let text = "<a>\n<b>\none\n</b>\n<c>two</c>\n<d/>\n</a>\n";
        assert_eq!(
            indented(text),
            "<a>\n    <b>\none\n    </b>\n    <c>two</c>\n    <d/>\n</a>\n"
        );
    }

    #[test]
    fn an_error_becomes_a_line() {
        assert_eq!(
            complaints(&errors::database("error: no such file")).as_deref(),
            Some("error: no such file\n")
        );
        assert_eq!(
            complaints(&errors::parser("syntax error", Some("x"))).as_deref(),
            Some("error: syntax error\n")
        );
        assert_eq!(complaints(&errors::warning("look")).as_deref(), Some("warning: look\n"));
        assert_eq!(complaints("<output>\nfine\n</output>"), None);
    }
}
