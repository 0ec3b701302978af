//! `load` at the command line: from a file, or from what is typed next.

use super::configure::{self, Editing};
use super::console::{Console, Step};
use super::user::User;
use crate::lab::config::{LoadAction, LoadFormat};
use crate::lab::configuration;
use crate::lab::rpc::refusal_words;

/// Longest text that can be typed, in bytes: far more than anybody pastes.
const LONGEST: usize = 8 << 20;

/// A configuration on its way in.
#[derive(Debug)]
pub(super) struct Input {
    action: LoadAction,
    /// The level that set lines begin at.
    level: String,
    text: String,
}

impl Input {
    /// Adds a line; beyond the longest text they are dropped, and the load fails on what is missing.
    pub(super) fn add(&mut self, line: &str) {
        if self.text.len() + line.len() < LONGEST {
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    fn format(&self) -> LoadFormat {
        match (self.action, self.text.trim_start().chars().next()) {
            (LoadAction::Set, _) => LoadFormat::Set,
            (_, Some('<')) => LoadFormat::Xml,
            (_, Some('{')) => LoadFormat::Json,
            _ => LoadFormat::Text,
        }
    }
}

/// `load set|merge|override|replace|update|patch terminal|FILE [relative]`.
pub(super) fn load(console: &mut Console, rest: &str) -> Step {
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (action, from, relative) = match words.as_slice() {
        [action, from] => (*action, *from, false),
        // Braces always begin at the top here.
        ["set", from, "relative"] => ("set", *from, true),
        _ => return Step::failed("syntax error.\n"),
    };
    let action = match action {
        "set" => LoadAction::Set,
        "merge" => LoadAction::Merge,
        "override" => LoadAction::Override,
        "replace" => LoadAction::Replace,
        "update" => LoadAction::Update,
        "patch" => LoadAction::Patch,
        _ => return Step::failed("syntax error.\n"),
    };
    let mut input = Input {
        action,
        level: match relative {
            true => editing.place.written(),
            false => String::new(),
        },
        text: String::new(),
    };
    if from == "terminal" {
        return configure::wait_for(console, input);
    }
    let text = user.work(|state, _| {
        let file = state.files.read(from, &user.link.user);
        file.map(|(_, content)| content.text().into_owned())
    });
    let Ok(text) = text else {
        return Step::failed(format!("error: could not resolve file: {from}\n"));
    };
    input.text = text;
    put(user, editing, &input, from)
}

/// Loads what has come in from there.
pub(super) fn put(user: &User, editing: &Editing, input: &Input, from: &str) -> Step {
    let seed = user.router.world.settings.seed;
    let payload = match input.level.is_empty() {
        true => input.text.clone(),
        false => format!("edit {}\n{}", input.level, input.text),
    };
    let report = user.work(|state, now| {
        let refused = |refusal| refusal_words(&refusal, now);
        let mut tree = state.databases.editable(&editing.who).map_err(refused)?.clone();
        let report = configuration::load(&mut tree, input.action, input.format(), &payload, seed);
        state.databases.edit(&editing.who, tree, now).map_err(refused)?;
        Ok::<_, String>(report)
    });
    let report = match report {
        Ok(report) => report,
        Err(words) => return Step::failed(format!("error: {words}\n")),
    };
    let mut text = String::new();
    for warning in &report.warnings {
        text.push_str(&format!("warning: {}\n", warning.message));
    }
    for error in &report.errors {
        let line = error.line.unwrap_or(1);
        let word = error.bad_element.as_deref().unwrap_or_default();
        text.push_str(&format!("{from}:{line}: {}: {word}\n", error.message));
    }
    match report.errors.len() {
        0 => Step::said(format!("{text}load complete\n")),
        count => Step::failed(format!("{text}load complete ({count} errors)\n")),
    }
}
