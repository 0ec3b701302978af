//! Locks, private copies, and who is editing.

use chrono::{DateTime, Utc};

use super::edit_config::datastore;
use super::{Answer, Call, refused, stamp};
use crate::lab::candidate::{Databases, Editor, Refusal};
use crate::lab::config::Tree;
use crate::lab::errors;
use crate::lab::profile::Hello;
use crate::lab::state::State;
use crate::lab::xml::escape;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let base = call.session.envelope.ok();
    let body = match call.operation.name.as_str() {
        "lock-configuration" => step(call, Databases::lock, ""),
        "unlock-configuration" => step(call, Databases::unlock, ""),
        "close-configuration" => step(call, Databases::close, ""),
        "open-configuration" => open(call),
        "lock" => match datastore(call.operation, "target") {
            Some("candidate") => step(call, Databases::lock, &base),
            _ => errors::unsupported(),
        },
        "unlock" => match datastore(call.operation, "target") {
            Some("candidate") => step(call, Databases::unlock, &base),
            _ => errors::unsupported(),
        },
        "get-configuration-database-status" => call.session.work(|state, now| status(state, now)),
        "kill-session" => kill(call),
        _ => return None,
    };
    Some(Answer::body(body))
}

fn step(call: &Call<'_>, step: fn(&mut Databases<Tree>, &Editor) -> Result<(), Refusal>, success: &str) -> String {
    let who = call.session.editor();
    call.session.work(|state, now| match step(&mut state.databases, &who) {
        Ok(()) => success.to_owned(),
        Err(refusal) => refused(&refusal, now),
    })
}

fn open(call: &Call<'_>) -> String {
    let warning = errors::warning("uncommitted changes will be discarded on exit");
    match call.operation.children.first().map(|child| child.name.as_str()) {
        Some("private") => step(call, Databases::open_private, &warning),
        // Releases before 16 know exclusive use by the lock alone.
        Some("exclusive") if call.session.router.profile().hello == Hello::First => errors::syntax("exclusive"),
        Some("exclusive") => step(call, Databases::lock, &warning),
        None => String::new(),
        Some(other) => errors::syntax(other),
    }
}

/// Who has a database open, as the router lists it.
pub(super) fn status(state: &State, now: DateTime<Utc>) -> String {
    let entries: String = state
        .editing()
        .iter()
        .map(|at_work| {
            let editor = &at_work.editor;
            let idle = (now - editor.since).num_seconds().max(0);
            let exclusive = match at_work.exclusive {
                true => "<exclusive/>\n",
                false => "",
            };
            format!(
                "<database-status>\n<user>{}</user>\n<terminal>{}</terminal>\n<pid>{}</pid>\n\
                 <start-time junos:seconds=\"{}\">{}</start-time>\n\
                 <idle-time junos:seconds=\"{idle}\">{}</idle-time>\n{exclusive}\
                 <edit-path>{}</edit-path>\n</database-status>\n",
                escape(&editor.user),
                editor.terminal.as_deref().unwrap_or_default(),
                editor.id,
                editor.since.timestamp(),
                stamp(editor.since),
                super::idle(editor.since, now),
                escape(&at_work.place),
            )
        })
        .collect();
    format!("<database-status-information>\n{entries}</database-status-information>\n")
}

fn kill(call: &Call<'_>) -> String {
    let Some(victim) = call.operation.value("session-id").and_then(|id| id.parse::<u32>().ok()) else {
        return errors::missing("session-id");
    };
    if victim == call.session.id || !call.session.router.kill_session(victim) {
        return errors::parser("invalid session-id", Some("session-id"));
    }
    call.session.work(|state, now| state.databases.kill(victim, now));
    call.session.envelope.ok()
}
