//! The operations a router knows, one family per file.

mod command;
mod commit;
mod database;
mod edit_config;
mod files;
mod history;
mod load;
mod packages;
mod read;
mod shutdown;
mod system;

use chrono::{DateTime, Utc};

use super::candidate::Refusal;
use super::errors;
use super::power::Shutdown;
use super::session::Session;
use super::xml::{Node, escape};

pub(super) use command::{text_of, text_of_candidate};
pub(super) use commit::log_commit;

/// The namespace of a configuration.
const XNM: &str = "http://xml.juniper.net/xnm/1.1/xnm";

/// What happens once the reply is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// The session goes on.
    Continue,
    /// The session ends.
    EndSession,
    /// The router goes down.
    GoDown(Shutdown),
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

/// One request on its way through a family.
struct Call<'a> {
    session: &'a Session,
    operation: &'a Node,
    source: &'a str,
}

impl Call<'_> {
    /// An element of the request as it was sent.
    fn raw(&self, node: &Node) -> &str {
        &self.source[node.outer.clone()]
    }

    fn seed(&self) -> u64 {
        self.session.router.world.settings.seed
    }
}

type Family = fn(&Call<'_>) -> Option<Answer>;

/// Asked in this order; the first that knows the operation answers.
const FAMILIES: [Family; 11] = [
    command::answer,
    read::answer,
    load::answer,
    edit_config::answer,
    database::answer,
    commit::answer,
    history::answer,
    files::answer,
    packages::answer,
    shutdown::answer,
    system::answer,
];

/// Carries out one operation. `source` is the text its ranges point into.
pub(super) fn answer(session: &Session, operation: &Node, source: &str) -> Answer {
    let call = Call {
        session,
        operation,
        source,
    };
    FAMILIES
        .iter()
        .find_map(|family| family(&call))
        .unwrap_or_else(|| Answer::body(errors::syntax(&operation.name)))
}

/// A refusal of the database as an `rpc-error`.
fn refused(refusal: &Refusal, now: DateTime<Utc>) -> String {
    let words = refusal_words(refusal, now);
    match refusal {
        Refusal::LockedBy(_) => errors::bare(&words),
        _ => errors::database(&words),
    }
}

/// A refusal of the database in the router's words.
pub(super) fn refusal_words(refusal: &Refusal, now: DateTime<Utc>) -> String {
    let words = match refusal {
        Refusal::LockedBy(holder) => {
            let terminal = match &holder.terminal {
                Some(terminal) => format!("terminal {terminal} "),
                None => "terminal  ".to_owned(),
            };
            let place = match holder.terminal {
                Some(_) => "exclusive [edit]",
                None => "exclusive",
            };
            return format!(
                "configuration database locked by:\n  {} {terminal}(pid {}) on since {}, idle {}\n      {place}",
                holder.user,
                holder.id,
                stamp(holder.since),
                idle(holder.since, now),
            );
        }
        Refusal::AlreadyOpen => "Configuration database is already open",
        Refusal::Modified => "configuration database modified",
        Refusal::SharedModified => "shared configuration database modified",
        Refusal::NotOpen => "Configuration database is not open",
        Refusal::ConfirmedInPrivate => "cannot issue commit confirmed in private mode",
        Refusal::Conflict => {
            "the active configuration changed the same statements since this private copy was opened; commit again to override"
        }
    };
    words.to_owned()
}

/// How long somebody has done nothing, as the router prints it.
pub(super) fn idle(since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let idle = (now - since).num_seconds().max(0);
    format!("{:02}:{:02}:{:02}", idle / 3600, idle / 60 % 60, idle % 60)
}

/// A point in time as the router prints it.
pub(super) fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Text of a configuration command in its two wrappers.
fn configuration_output(text: &str) -> String {
    format!(
        "<configuration-information>\n<configuration-output>\n{}</configuration-output>\n</configuration-information>\n",
        escape(text)
    )
}
