//! Errors and warnings as a router words them.

use super::fault::Shape;
use super::xml::escape;

const TYPED: &str = "<error-type>protocol</error-type>\n<error-tag>operation-failed</error-tag>\n<error-severity>error</error-severity>\n";

/// An error of the command parser: the message on one line, and the word it is about.
pub(super) fn parser(message: &str, bad_element: Option<&str>) -> String {
    let info = bad_element
        .map(|word| {
            format!(
                "<error-info>\n<bad-element>{}</bad-element>\n</error-info>\n",
                escape(word)
            )
        })
        .unwrap_or_default();
    format!(
        "<rpc-error>\n{TYPED}<error-message>{}</error-message>\n{info}</rpc-error>\n",
        escape(message)
    )
}

/// An RPC, or a word, that this router does not know.
pub(super) fn syntax(name: &str) -> String {
    parser("syntax error", Some(name))
}

/// An argument that must be there.
pub(super) fn missing(argument: &str) -> String {
    format!(
        "<rpc-error>\n<error-type>application</error-type>\n<error-tag>missing-element</error-tag>\n\
         <error-severity>error</error-severity>\n<error-message>missing mandatory argument: {argument}</error-message>\n\
         <error-info>\n<bad-element>{argument}</bad-element>\n</error-info>\n</rpc-error>\n"
    )
}

/// An operation of the base protocol that Junos does not have.
pub(super) fn unsupported() -> String {
    "<rpc-error>\n<error-type>protocol</error-type>\n<error-tag>operation-not-supported</error-tag>\n\
     <error-severity>error</error-severity>\n<error-message>operation not supported</error-message>\n</rpc-error>\n"
        .to_owned()
}

/// An error of a daemon or of the database: the message on lines of its own.
pub(super) fn database(message: &str) -> String {
    format!(
        "<rpc-error>\n{TYPED}<error-message>\n{}\n</error-message>\n</rpc-error>\n",
        escape(message)
    )
}

/// A database error without type and tag, as for a held lock.
pub(super) fn bare(message: &str) -> String {
    format!(
        "<rpc-error>\n<error-severity>error</error-severity>\n<error-message>\n{}\n</error-message>\n</rpc-error>\n",
        escape(message)
    )
}

/// A warning.
pub(super) fn warning(message: &str) -> String {
    format!(
        "<rpc-error>\n<error-severity>warning</error-severity>\n<error-message>\n{}\n</error-message>\n</rpc-error>\n",
        escape(message)
    )
}

/// An error in the older form of the Junos protocol.
pub(super) fn xnm(daemon: &str, message: &str) -> String {
    const XNM: &str = "http://xml.juniper.net/xnm/1.1/xnm";
    format!(
        "<xnm:error xmlns=\"{XNM}\" xmlns:xnm=\"{XNM}\">\n<parse/>\n<source-daemon>{}</source-daemon>\n\
         <message>{}</message>\n</xnm:error>\n",
        escape(daemon),
        escape(message)
    )
}

/// A commit that a daemon refuses: its own error, then what that means for the commit.
fn commit_failed(daemon: &str, path: &str, message: &str) -> String {
    format!(
        "<commit-results>\n<rpc-error>\n{TYPED}<source-daemon>{}</source-daemon>\n<error-path>{}</error-path>\n\
         <error-message>\n{}\n</error-message>\n</rpc-error>\n{}</commit-results>\n",
        escape(daemon),
        escape(path),
        escape(message),
        database("configuration check-out failed")
    )
}

/// The answer a fault asked for.
pub(super) fn shaped(shape: &Shape) -> String {
    match shape {
        Shape::RpcError(message) => database(message),
        Shape::Warning(message) => warning(message),
        Shape::XnmError { daemon, message } => xnm(daemon, message),
        Shape::Known(known) => known.body.to_owned(),
        Shape::CommitFailed { daemon, path, message } => commit_failed(daemon, path, message),
        Shape::Raw(body) => body.clone(),
    }
}
