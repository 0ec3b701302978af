//! The operations a router knows, one family per file.

use super::errors;
use super::router::Router;
use super::session::Session;
use super::xml::{Node, escape};

/// What happens once the reply is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The session goes on.
    Continue,
    /// The session ends.
    EndSession,
    /// The router goes down.
    Reboot,
}

/// What stands inside `rpc-reply`, and what happens then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) body: String,
    pub(super) after: After,
}

impl Answer {
    /// A reply with that body.
    pub(super) fn body(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            after: After::Continue,
        }
    }

    /// A reply without content.
    pub(super) fn empty() -> Self {
        Self::body("")
    }
}

/// Carries out one operation. `source` is the text its ranges point into.
pub(super) fn answer(session: &Session, operation: &Node, _source: &str) -> Answer {
    match operation.name.as_str() {
        "get-software-information" => Answer::body(software(&session.router)),
        "command" => command(session, operation),
        "close-session" => Answer {
            body: session.envelope.ok(),
            after: After::EndSession,
        },
        name => Answer::body(errors::syntax(name)),
    }
}

fn command(session: &Session, operation: &Node) -> Answer {
    let format = operation.attribute("format").unwrap_or("xml");
    match (operation.text.trim(), format) {
        ("show version", "xml") => Answer::body(software(&session.router)),
        (words, _) => match text_of(&session.router, words) {
            Ok(text) => Answer::body(format!("<output>\n{}</output>\n", escape(&text))),
            Err(_) => {
                let word = words.split_whitespace().next().unwrap_or_default();
                Answer::body(errors::parser("syntax error, expecting <command>", Some(word)))
            }
        },
    }
}

/// The text a command prints, or the text of its error.
pub(super) fn text_of(router: &Router, words: &str) -> Result<String, String> {
    match words {
        "show version" => Ok(format!("Hostname: {}\nModel: vsrx\nJunos: 24.4R1.9\n", router.name)),
        _ => Err("error: unknown command\n".to_owned()),
    }
}

fn software(router: &Router) -> String {
    format!(
        "<software-information>\n<host-name>{}</host-name>\n<product-model>vSRX</product-model>\n\
         <product-name>vsrx</product-name>\n<junos-version>24.4R1.9</junos-version>\n</software-information>\n",
        escape(&router.name)
    )
}
