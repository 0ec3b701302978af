//! `load-configuration` in all its actions and formats.

use super::{Answer, Call, refused};
use crate::lab::config::{LoadAction, LoadFormat};
use crate::lab::configuration;
use crate::lab::errors;
use crate::lab::history::RING;
use crate::lab::profile::LoadMark;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    (call.operation.name == "load-configuration").then(|| Answer::body(load(call)))
}

fn load(call: &Call<'_>) -> String {
    let attribute = |name| call.operation.attribute(name);
    if let Some(number) = attribute("rollback") {
        return rollback(call, number);
    }
    if attribute("rescue").is_some() {
        return rescue(call);
    }
    let (action, format) = match how(call) {
        Ok(how) => how,
        Err(error) => return error,
    };
    match payload(call, format) {
        Ok(payload) => put(call, action, format, &payload),
        Err(error) => error,
    }
}

/// The action and the format that the attributes ask for.
fn how(call: &Call<'_>) -> Result<(LoadAction, LoadFormat), String> {
    let attribute = |name| call.operation.attribute(name);
    let action = match attribute("action").unwrap_or("merge") {
        "merge" => LoadAction::Merge,
        "override" | "overwrite" => LoadAction::Override,
        "replace" => LoadAction::Replace,
        "update" => LoadAction::Update,
        "set" => LoadAction::Set,
        "patch" => LoadAction::Patch,
        other => return Err(errors::parser("syntax error", Some(other))),
    };
    let written =
        attribute("format").unwrap_or(match call.operation.children.first().map(|child| child.name.as_str()) {
            Some("configuration-text" | "configuration-patch") => "text",
            Some("configuration-json") => "json",
            // The element alone does not name the format.
            Some("configuration-set") if action != LoadAction::Set => "set",
            Some("configuration-set") => "text",
            _ => "xml",
        });
    let format = match written {
        "xml" => LoadFormat::Xml,
        "text" => LoadFormat::Text,
        "json" => LoadFormat::Json,
        "set" => LoadFormat::Set,
        other => return Err(errors::parser("syntax error", Some(other))),
    };
    // Releases without these formats take set lines by the action alone.
    if matches!(written, "json" | "set") && !call.session.router.profile().json_and_set {
        return Err(errors::parser("syntax error", Some(written)));
    }
    // Set lines come as action set in format text; some clients name the format instead.
    let set_lines = action == LoadAction::Set || format == LoadFormat::Set || call.operation.has("configuration-set");
    match set_lines {
        true => Ok((LoadAction::Set, LoadFormat::Set)),
        false => Ok((action, format)),
    }
}

fn payload(call: &Call<'_>, format: LoadFormat) -> Result<String, String> {
    if let Some(place) = call.operation.attribute("url") {
        let user = &call.session.link.user;
        let text = call.session.work(|state, _| {
            let file = state.files.read(place, user);
            file.map(|(_, content)| content.text().into_owned())
        });
        return match text {
            Ok(text) => Ok(text),
            Err(_) => Err(errors::database(&format!("error: could not fetch file: {place}"))),
        };
    }
    let names: &[&str] = match format {
        LoadFormat::Xml => &["configuration"],
        LoadFormat::Text => &["configuration-text", "configuration-patch"],
        LoadFormat::Json => &["configuration-json"],
        LoadFormat::Set => &["configuration-set", "configuration-text"],
    };
    let Some(child) = call
        .operation
        .children
        .iter()
        .find(|child| names.contains(&child.name.as_str()))
    else {
        return Err(errors::missing(names[0]));
    };
    match format {
        LoadFormat::Xml => Ok(call.raw(child).to_owned()),
        _ => Ok(child.text.clone()),
    }
}

fn put(call: &Call<'_>, action: LoadAction, format: LoadFormat, payload: &str) -> String {
    let who = call.session.editor();
    let seed = call.seed();
    call.session.work(|state, now| {
        let mut tree = match state.databases.editable(&who) {
            Ok(tree) => tree.clone(),
            Err(refusal) => return refused(&refusal, now),
        };
        let report = configuration::load(&mut tree, action, format, payload, seed);
        state
            .databases
            .edit(&who, tree, now)
            .expect("the database was editable above");
        let findings = configuration::rpc_errors(report.warnings.iter().chain(&report.errors));
        let end = match report.errors.len() {
            0 => success(call),
            count => format!("<load-error-count>{count}</load-error-count>\n"),
        };
        format!("<load-configuration-results>\n{findings}{end}</load-configuration-results>\n")
    })
}

fn success(call: &Call<'_>) -> String {
    match call.session.router.profile().load_mark {
        LoadMark::Ok => call.session.envelope.ok(),
        LoadMark::LoadSuccess => "<load-success/>\n".to_owned(),
    }
}

fn rollback(call: &Call<'_>, number: &str) -> String {
    let number = match number.parse::<usize>() {
        Ok(number) if number < RING => number,
        _ => return errors::parser("syntax error", Some(number)),
    };
    let who = call.session.editor();
    call.session.work(|state, now| {
        let Some(tree) = state.databases.history().back(number).cloned() else {
            return configuration::no_rollback(number);
        };
        match state.databases.restore(&who, tree, now) {
            Ok(()) => restored(),
            Err(refusal) => refused(&refusal, now),
        }
    })
}

fn rescue(call: &Call<'_>) -> String {
    let who = call.session.editor();
    call.session.work(|state, now| {
        let Some((tree, _)) = state.rescue.clone() else {
            return errors::database("error: no rescue configuration is saved");
        };
        match state.databases.restore(&who, tree, now) {
            Ok(()) => restored(),
            Err(refusal) => refused(&refusal, now),
        }
    })
}

fn restored() -> String {
    "<load-configuration-results>\n<load-success/>\n</load-configuration-results>\n".to_owned()
}
