//! The base protocol's way to edit: `edit-config`, `copy-config`, `delete-config`, `discard-changes`.

use super::{Answer, Call, refused};
use crate::lab::config::{LoadAction, LoadFormat, Tree};
use crate::lab::configuration;
use crate::lab::errors;
use crate::lab::xml::Node;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let body = match call.operation.name.as_str() {
        "edit-config" => edit_config(call),
        "copy-config" => copy_config(call),
        "delete-config" => match datastore(call.operation, "target") {
            Some("candidate") => put(call, |_| Tree::empty()),
            _ => errors::unsupported(),
        },
        "discard-changes" => put(call, Clone::clone),
        _ => return None,
    };
    Some(Answer::body(body))
}

/// The datastore named inside `source` or `target`.
pub(super) fn datastore<'a>(operation: &'a Node, role: &str) -> Option<&'a str> {
    let named = operation.child(role)?.children.first()?;
    Some(named.name.as_str())
}

fn edit_config(call: &Call<'_>) -> String {
    match datastore(call.operation, "target") {
        Some("candidate") => {}
        Some(_) => return errors::unsupported(),
        None => return errors::missing("target"),
    }
    let action = match call.operation.value("default-operation").unwrap_or("merge") {
        "merge" | "none" => LoadAction::Merge,
        "replace" => LoadAction::Override,
        other => return errors::parser("syntax error", Some(other)),
    };
    let (format, payload) = match payload(call) {
        Some(found) => found,
        None => return errors::missing("config"),
    };
    let undo_on_error = call.operation.value("error-option") == Some("rollback-on-error");
    let who = call.session.editor();
    let seed = call.seed();
    let ok = call.session.envelope.ok();
    call.session.work(|state, now| {
        let before = match state.databases.editable(&who) {
            Ok(tree) => tree.clone(),
            Err(refusal) => return refused(&refusal, now),
        };
        let mut tree = before.clone();
        let report = configuration::load(&mut tree, action, format, &payload, seed);
        let failed = !report.errors.is_empty();
        let kept = if failed && undo_on_error { before } else { tree };
        state
            .databases
            .edit(&who, kept, now)
            .expect("the database was editable above");
        let findings = configuration::rpc_errors(report.warnings.iter().chain(&report.errors));
        match failed {
            true => findings,
            false => format!("{findings}{ok}"),
        }
    })
}

fn payload(call: &Call<'_>) -> Option<(LoadFormat, String)> {
    if let Some(text) = call.operation.child("config-text") {
        let inner = text.child("configuration-text").unwrap_or(text);
        return Some((LoadFormat::Text, inner.text.clone()));
    }
    let config = call.operation.child("config")?;
    let configuration = config.child("configuration").unwrap_or(config);
    Some((LoadFormat::Xml, call.raw(configuration).to_owned()))
}

fn copy_config(call: &Call<'_>) -> String {
    let from = datastore(call.operation, "source");
    let to = datastore(call.operation, "target");
    match (from, to) {
        (Some("running"), Some("candidate")) => put(call, Clone::clone),
        _ => errors::unsupported(),
    }
}

/// Replaces the candidate by something made from the active configuration.
fn put(call: &Call<'_>, make: impl FnOnce(&Tree) -> Tree) -> String {
    let who = call.session.editor();
    let ok = call.session.envelope.ok();
    call.session.work(|state, now| {
        let tree = make(state.databases.history().active());
        match state.databases.restore(&who, tree, now) {
            Ok(()) => ok,
            Err(refusal) => refused(&refusal, now),
        }
    })
}
