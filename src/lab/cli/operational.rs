//! Operational mode: shows, requests, and the ways into other modes.

use super::configure;
use super::console::{Console, End, Layer, Question, Step};
use super::pipes;
use super::unix::Unix;
use super::user::User;
use crate::lab::files::{Content, File};
use crate::lab::rpc::{self, After};

/// The prompt, below the router's banner where it has one.
pub(super) fn prompt(user: &User) -> String {
    format!("\n{}{}> ", banner(user), user.at_host())
}

/// The line above a prompt that says which engine of several this is.
pub(super) fn banner(user: &User) -> String {
    match user.router.profile().banner {
        Some("") | None => String::new(),
        Some(banner) => format!("{banner}\n"),
    }
}

/// Carries out a line of operational mode.
pub(super) fn line(console: &mut Console, line: &str) -> Step {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is = |word: &str, whole: &str, least: usize| word.len() >= least && whole.starts_with(word);
    match words.as_slice() {
        [] => Step::default(),
        [word] if is(word, "exit", 2) || is(word, "quit", 1) => console.leave(),
        [word, rest @ ..] if is(word, "configure", 3) || is(word, "edit", 2) => configure::entered(console, rest),
        [word, shell, rest @ ..] if is(word, "start", 3) && is(shell, "shell", 2) => match Unix::named(rest) {
            Some(shell) => console.enter(Layer::Unix(shell)),
            None => Step::failed("syntax error.\n"),
        },
        ["set", "cli", setting, value @ ..] => settings(setting, value),
        [request, system, verb, rest @ ..] if restarts(request, system, verb) && console.user.attended => {
            let at_once = rest.iter().any(|word| is(word, "no-confirm", 4));
            match at_once {
                true => run(console, line),
                false => console.ask(Question::Restart {
                    command: line.to_owned(),
                }),
            }
        }
        _ => run(console, line),
    }
}

fn restarts(request: &str, system: &str, verb: &str) -> bool {
    let is = |word: &str, whole: &str, least: usize| word.len() >= least && whole.starts_with(word);
    is(request, "request", 3) && is(system, "system", 2) && (is(verb, "reboot", 3) || is(verb, "halt", 1))
}

/// Settings of a terminal. Nothing is paged or cut here, so they change nothing.
fn settings(setting: &str, value: &[&str]) -> Step {
    match (setting, value) {
        ("screen-length", [lines]) => Step::said(format!("Screen length set to {lines}\n")),
        ("screen-width", [columns]) => Step::said(format!("Screen width set to {columns}\n")),
        ("timestamp", _) => Step::said("CLI timestamp set to: %b %d %T\n"),
        _ => Step::default(),
    }
}

/// Runs a command of the router with its pipes.
pub(super) fn run(console: &Console, line: &str) -> Step {
    let user = &console.user;
    let piped = match pipes::split(line) {
        Ok(piped) => piped,
        Err(complaint) => return Step::failed(complaint),
    };
    match rpc::text_of(&user.router, &user.asker(), &piped.command) {
        (Ok(text), after) => {
            let mut step = Step::said(stored(user, &piped, piped.apply(text)));
            if let After::GoDown(shutdown) = after {
                user.router.shut_down(shutdown);
                // Until a shutdown that is planned for later, people go on typing.
                step.end = shutdown.after.is_zero().then_some(End::Reboot);
            }
            step
        }
        // The mark of a syntax error stands below the word that was typed, behind the prompt.
        (Err(text), _) => match text.trim_start().starts_with('^') {
            true => Step::failed(format!("{}{text}", " ".repeat(console.indent))),
            false => Step::failed(text),
        },
    }
}

/// Stores output in a file where the pipes say so.
pub(super) fn stored(user: &User, piped: &pipes::Piped, text: String) -> String {
    let Some((path, append)) = &piped.file else {
        return text;
    };
    let lines = text.lines().count();
    user.work(|state, now| {
        let mut content = match append {
            true => state
                .files
                .get(path)
                .and_then(File::content)
                .map(|content| content.start().to_vec())
                .unwrap_or_default(),
            false => Vec::new(),
        };
        content.extend_from_slice(text.as_bytes());
        let file = File::new(Content::whole(content), &user.link.user, now);
        match state.files.store(path, file, &user.link.user) {
            Ok(()) => format!("Wrote {lines} lines of output to '{path}'\n"),
            Err(error) => format!("error: {path}: {error}\n"),
        }
    })
}
