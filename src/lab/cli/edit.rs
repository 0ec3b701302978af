//! What an editor does to the candidate, and looks at in it.

use super::console::{Console, Step};
use super::{operational, pipes};
use crate::lab::config::{ConfigError, LoadAction, LoadFormat};
use crate::lab::configuration;
use crate::lab::files::{Content, File};
use crate::lab::history::RING;
use crate::lab::rpc::{refusal_words, text_of_candidate};

/// A syntax error below the word of the line that is wrong.
pub(super) fn complaint(console: &Console, line: &str, word: &str, message: &str) -> Step {
    let column = match word.is_empty() {
        true => line.len(),
        false => line.find(word).unwrap_or(line.len()),
    };
    let blanks = " ".repeat(console.indent + column);
    Step::failed(format!("{blanks}^\n{}.\n", message.trim_end_matches('.')))
}

/// Carries out one line of a set load: `set`, `delete`, `rename` and the rest.
pub(super) fn change(console: &mut Console, line: &str) -> Step {
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    let level = editing.place.written();
    let payload = match level.is_empty() {
        true => line.to_owned(),
        false => format!("edit {level}\n{line}"),
    };
    let seed = user.router.world.settings.seed;
    let report = user.work(|state, now| {
        let refused = |refusal| refusal_words(&refusal, now);
        let mut tree = state.databases.editable(&editing.who).map_err(refused)?.clone();
        let report = configuration::load(&mut tree, LoadAction::Set, LoadFormat::Set, &payload, seed);
        if report.errors.is_empty() {
            state.databases.edit(&editing.who, tree, now).map_err(refused)?;
        }
        Ok::<_, String>(report)
    });
    let report = match report {
        Ok(report) => report,
        Err(words) => return Step::failed(format!("error: {words}\n")),
    };
    if let Some(ConfigError {
        message, bad_element, ..
    }) = report.errors.first()
    {
        let word = bad_element.clone().unwrap_or_default();
        return complaint(console, line, &word, message);
    }
    let warnings = report.warnings.iter();
    Step::said(
        warnings
            .map(|warning| format!("warning: {}\n", warning.message))
            .collect::<String>(),
    )
}

/// `show`, with a path and pipes, at this level.
pub(super) fn show(console: &mut Console, rest: &str) -> Step {
    let piped = match pipes::split(rest) {
        Ok(piped) => piped,
        Err(words) => return Step::failed(words),
    };
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    let by = user.asker().by;
    let shown = text_of_candidate(&user.router, by, &editing.who, &editing.place.words(), &piped.command);
    match shown {
        Ok(text) => Step::said(operational::stored(user, &piped, piped.apply(text))),
        Err(text) => Step::failed(text),
    }
}

/// `rollback`, `rollback N`, `rollback rescue`.
pub(super) fn roll_back(console: &mut Console, rest: &str) -> Step {
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    let number = match rest {
        "" => Some(0),
        "rescue" => None,
        written => match written.parse::<usize>() {
            Ok(number) if number < RING => Some(number),
            _ => return complaint(console, &format!("rollback {rest}"), rest, "syntax error"),
        },
    };
    let done = user.work(|state, now| {
        let tree = match number {
            Some(number) => state
                .databases
                .history()
                .back(number)
                .cloned()
                .ok_or_else(|| format!("rollback configuration {number} does not exist"))?,
            None => match &state.rescue {
                Some((tree, _)) => tree.clone(),
                None => return Err("no rescue configuration is saved".to_owned()),
            },
        };
        let restored = state.databases.restore(&editing.who, tree, now);
        restored.map_err(|refusal| refusal_words(&refusal, now))
    });
    match done {
        Ok(()) => Step::said("load complete\n"),
        Err(words) => Step::failed(format!("error: {words}\n")),
    }
}

/// `save FILE`, `save terminal`: what stands at this level.
pub(super) fn save(console: &mut Console, rest: &str) -> Step {
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    if rest.is_empty() {
        return Step::failed("missing argument.\n");
    }
    let words = editing.place.words();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    user.work(|state, now| {
        let text = state.databases.seen_by(&editing.who).text(&words).unwrap_or_default();
        if rest == "terminal" {
            return Step::said(text);
        }
        let lines = text.lines().count();
        let file = File::new(Content::whole(text), &user.link.user, now);
        match state.files.store(rest, file, &user.link.user) {
            Ok(()) => Step::said(format!("Wrote {lines} lines of configuration to '{rest}'\n")),
            Err(error) => Step::failed(format!("error: {rest}: {error}\n")),
        }
    })
}
