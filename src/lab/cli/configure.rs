//! Configuration mode: in and out of it, levels, and which file carries out a line.

use chrono::{DateTime, Utc};

use super::console::{Console, Layer, Question, Step, Wait};
use super::load::{self, Input};
use super::user::User;
use super::{commit, edit, operational};
use crate::lab::candidate::Editor;
use crate::lab::config::Place;
use crate::lab::profile::{Family, Wrapper};
use crate::lab::rpc::{idle, refusal_words, stamp};
use crate::lab::state::{AtWork, State};

/// What somebody edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The candidate that everybody shares.
    Shared,
    /// The candidate, locked.
    Exclusive,
    /// A copy of the active configuration.
    Private,
}

/// Somebody in configuration mode.
#[derive(Debug)]
pub(super) struct Editing {
    pub(super) who: Editor,
    pub(super) kind: Kind,
    pub(super) place: Place,
}

/// `configure`, `configure exclusive`, `configure private`.
pub(super) fn entered(console: &mut Console, options: &[&str]) -> Step {
    let profile = console.user.router.profile();
    // Firewalls in a cluster know no shared editing at the command line.
    let clustered = profile.family == Family::Srx && profile.wrapper != Wrapper::Never;
    let mut text = String::new();
    let kind = match options {
        [] if clustered => {
            text.push_str("warning: Clustering enabled; using private edit\n");
            Kind::Private
        }
        [] => Kind::Shared,
        [word] if word.len() >= 2 && "exclusive".starts_with(word) => Kind::Exclusive,
        [word] if "private".starts_with(word) => Kind::Private,
        _ => return Step::failed("syntax error.\n"),
    };
    let user = &console.user;
    let entered = user.work(|state, now| {
        let who = user.editor(now);
        let others = users(&state.editing(), now);
        match kind {
            Kind::Shared => Ok(()),
            Kind::Exclusive => state.databases.lock(&who),
            Kind::Private => state.databases.open_private(&who),
        }
        .map_err(|refusal| refusal_words(&refusal, now))?;
        let changed = state.databases.is_dirty();
        state
            .configuring
            .insert(who.id, (who.clone(), Place::default().banner()));
        Ok::<_, String>((who, others, changed))
    });
    let (who, others, changed) = match entered {
        Ok(entered) => entered,
        Err(words) => return Step::failed(format!("error: {words}\n")),
    };
    if kind != Kind::Shared {
        text.push_str("warning: uncommitted changes will be discarded on exit\n");
    }
    text.push_str("Entering configuration mode\n");
    text.push_str(&others);
    if changed {
        text.push_str("The configuration has been changed but not committed\n");
    }
    if let Some(layer) = console.layers.last_mut() {
        let place = Place::default();
        *layer = Layer::Junos(Some(Editing { who, kind, place }));
    }
    Step::said(text)
}

/// Who is editing, as the command line lists it; nothing when nobody is.
fn users(editing: &[AtWork], now: DateTime<Utc>) -> String {
    let mut text = String::new();
    for AtWork {
        editor,
        exclusive,
        place,
    } in editing
    {
        if text.is_empty() {
            text.push_str("Users currently editing the configuration:\n");
        }
        let terminal = editor.terminal.as_deref().unwrap_or_default();
        let exclusive = if *exclusive { "exclusive " } else { "" };
        text.push_str(&format!(
            "  {} terminal {terminal} (pid {}) on since {}, idle {}\n      {exclusive}{place}\n",
            editor.user,
            editor.id,
            stamp(editor.since),
            idle(editor.since, now),
        ));
    }
    text
}

/// The prompt, below the level and what the router has to say about it.
pub(super) fn prompt(user: &User, editing: &Editing) -> String {
    let pending = user.work(|state, now| minutes_left(state, now));
    let pending = pending.map_or_else(String::new, |minutes| {
        format!("# commit confirmed will be rolled back in {minutes} minutes\n")
    });
    let banner = operational::banner(user);
    format!(
        "\n{pending}{}{}\n{}# ",
        banner.trim_end(),
        editing.place.banner(),
        user.at_host()
    )
}

fn minutes_left(state: &State, now: DateTime<Utc>) -> Option<i64> {
    let pending = state.databases.pending().filter(|pending| pending.is_native())?;
    Some((pending.deadline - now).num_seconds().max(0).div_euclid(60) + 1)
}

/// What can be typed; beginnings are enough where they are unique.
const VERBS: [&str; 23] = [
    "activate",
    "annotate",
    "commit",
    "copy",
    "deactivate",
    "delete",
    "edit",
    "exit",
    "insert",
    "load",
    "protect",
    "quit",
    "rename",
    "replace",
    "rollback",
    "run",
    "save",
    "set",
    "show",
    "status",
    "top",
    "unprotect",
    "up",
];

/// Carries out a line of configuration mode.
pub(super) fn line(console: &mut Console, line: &str) -> Step {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let verb = match verb(word) {
        Ok(verb) => verb,
        Err(_) if word.is_empty() => return Step::default(),
        Err(complaint) => return edit::complaint(console, line, word, complaint),
    };
    match verb {
        "edit" | "up" | "top" | "exit" | "quit" => moved(console, verb, rest),
        "show" => edit::show(console, rest),
        "run" => operational::run(console, rest),
        "commit" => commit::commit(console, rest),
        "rollback" => edit::roll_back(console, rest),
        "status" => {
            let text = console.user.work(|state, now| users(&state.editing(), now));
            Step::said(text)
        }
        "load" => load::load(console, rest),
        "save" => edit::save(console, rest),
        verb => edit::change(console, &format!("{verb} {rest}")),
    }
}

fn verb(word: &str) -> Result<&'static str, &'static str> {
    // The loader knows this word, and nobody shortens it.
    if word == "wildcard" {
        return Ok("wildcard");
    }
    let mut found = VERBS.iter().filter(|verb| verb.starts_with(word));
    match (VERBS.iter().find(|verb| **verb == word), found.next(), found.next()) {
        (Some(verb), _, _) | (None, Some(verb), None) => Ok(verb),
        (None, Some(_), Some(_)) => Err("ambiguous"),
        (None, None, _) => Err("unknown command"),
    }
}

fn moved(console: &mut Console, verb: &str, rest: &str) -> Step {
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    let before = editing.place.clone();
    let follows = match (verb, rest.parse::<usize>()) {
        ("edit", _) => {
            if let Err(wrong) = editing.place.down(rest) {
                let message = wrong.message.clone();
                let word = wrong.bad_element.unwrap_or_default();
                return edit::complaint(console, &format!("edit {rest}"), &word, &message);
            }
            ""
        }
        ("up", Ok(levels)) => {
            editing.place.up(levels);
            ""
        }
        ("up", Err(_)) => {
            editing.place.up(1);
            rest
        }
        ("top", _) => {
            editing.place.top();
            rest
        }
        _ if "configuration-mode".starts_with(rest) && !rest.is_empty() => return leave(console),
        _ => match editing.place.back() {
            true => "",
            false => return leave(console),
        },
    };
    let (id, banner) = (editing.who.id, editing.place.banner());
    user.work(|state, _| {
        if let Some((_, place)) = state.configuring.get_mut(&id) {
            *place = banner;
        }
    });
    if follows.is_empty() {
        return Step::default();
    }
    // `top show` and the like are run at the other level, without staying there.
    let stays = verb_of(follows) == Some("edit");
    let step = line(console, follows);
    if let Some((_, editing)) = console.editing()
        && !stays
    {
        editing.place = before;
    }
    step
}

fn verb_of(line: &str) -> Option<&'static str> {
    verb(line.split_whitespace().next()?).ok()
}

/// Leaves configuration mode, after a question where work would be left behind.
pub(super) fn leave(console: &mut Console) -> Step {
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    let changed = user.work(|state, _| state.databases.seen_by(&editing.who) != state.databases.history().active());
    if !changed {
        return left(console);
    }
    let text = match editing.kind {
        Kind::Shared => "Exit with uncommitted changes?",
        Kind::Exclusive | Kind::Private => "Discard uncommitted changes?",
    };
    let asked = console.ask(Question::Leave { text });
    Step {
        text: format!("The configuration has been changed but not committed\n{}", asked.text),
        ..asked
    }
}

/// Leaves configuration mode; a lock or a private copy goes with it.
pub(super) fn left(console: &mut Console) -> Step {
    let Some((user, editing)) = console.editing() else {
        return Step::default();
    };
    user.work(|state, _| {
        state.configuring.remove(&editing.who.id);
        if editing.kind != Kind::Shared {
            // Another session may have taken the lock away by ending this one; then nothing is left to close.
            state.databases.close(&editing.who).ok();
        }
    });
    if let Some(layer) = console.layers.last_mut() {
        *layer = Layer::Junos(None);
    }
    Step::said("Exiting configuration mode\n")
}

/// Loads the lines that were typed.
pub(super) fn loaded(console: &mut Console, input: &Input) -> Step {
    match console.editing() {
        Some((user, editing)) => load::put(user, editing, input, "terminal"),
        None => Step::default(),
    }
}

/// Waits for lines to load.
pub(super) fn wait_for(console: &mut Console, input: Input) -> Step {
    console.wait = Some(Wait::Lines(input));
    Step::said("[Type ^D at a new line to end input]\n")
}
