//! What this side of the lab asks of operational commands: the router's present state, and answers in a wire form.

use std::sync::Arc;

use super::element::LeafStyle;
use super::errors;
use super::files::HOME;
use super::router::Router;
use super::show::{self, CommitEntry, Pending, ShowError, Shown, View};
use super::state::State;
use super::xml::escape;

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Asker<'a> {
    pub(super) user: &'a str,
    /// Connection and session, for the record.
    pub(super) by: (u64, Option<u32>),
}

/// Why a command has no answer here.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The command is not operational; its words, completed.
    Elsewhere(Vec<String>),
    /// The command failed: as it stands in a reply, and as the CLI prints it.
    Failed { reply: String, text: String },
}

/// Answers a command without pipes.
pub(super) fn command(router: &Arc<Router>, asker: &Asker<'_>, words: &str) -> Result<Shown, NoAnswer> {
    seen(router, asker, |view| show::command(view, words)).map_err(|error| no_answer(error, words))
}

/// Answers an RPC, or says what stands in the reply instead; `None` when there is none of that name.
pub(super) fn rpc(
    router: &Arc<Router>,
    asker: &Asker<'_>,
    name: &str,
    arguments: &[(String, String)],
) -> Option<Result<Shown, String>> {
    let answer = seen(router, asker, |view| show::rpc(view, name, arguments))?;
    Some(answer.map_err(|error| match no_answer(error, name) {
        NoAnswer::Failed { reply, .. } => reply,
        NoAnswer::Elsewhere(_) => errors::syntax(name),
    }))
}

/// Shows the router as it is now.
fn seen<R>(router: &Arc<Router>, asker: &Asker<'_>, ask: impl FnOnce(&View<'_>) -> R) -> R {
    let sessions = router.sessions();
    router.with_state(asker.by, |state, now| {
        let history = history(state);
        let folder = asker.by.1.and_then(|session| state.folders.get(&session)).cloned();
        let used_bytes = state.files.used();
        let rescue_saved = state.rescue.is_some();
        let (boot_time, protocols_delay) = (state.booted, state.protocols_delay);
        let version = state.software.running().to_owned();
        let view = View {
            boot_time,
            protocols_delay,
            version: &version,
            user: asker.user,
            history: &history,
            log: state.log.lines(),
            sessions: &sessions,
            used_bytes: Some(&used_bytes),
            folder: folder.as_deref().unwrap_or(HOME),
            rescue_saved,
            ..View::new(&router.world.network, router.index, now)
        };
        ask(&view)
    })
}

fn history(state: &State) -> Vec<CommitEntry> {
    let pending = state.databases.pending().map(|pending| Pending {
        deadline: pending.deadline,
        native: pending.is_native(),
    });
    let commits = state.databases.history().commits().enumerate();
    commits
        .map(|(number, commit)| CommitEntry {
            user: commit.user.clone(),
            client: commit.client.to_owned(),
            time: commit.at,
            log: commit.log.clone().filter(|_| commit.client != "cli"),
            comment: commit.log.clone().filter(|_| commit.client == "cli"),
            pending: pending.filter(|_| number == 0),
        })
        .collect()
}

fn no_answer(error: ShowError, words: &str) -> NoAnswer {
    match error {
        ShowError::Elsewhere(words) => NoAnswer::Elsewhere(words),
        ShowError::Syntax {
            message,
            bad_element,
            position,
        } => NoAnswer::Failed {
            reply: errors::parser(&message, bad_element.as_deref()),
            text: format!("{}\n{message}\n", caret(words, position)),
        },
        ShowError::Missing { argument } => NoAnswer::Failed {
            reply: errors::missing(argument),
            text: format!("missing mandatory argument: {argument}\n"),
        },
        ShowError::Failed(message) => NoAnswer::Failed {
            reply: errors::database(&message),
            text: format!("error: {message}\n"),
        },
        ShowError::Reply(element, text) => NoAnswer::Failed {
            reply: element.to_xml(LeafStyle::Mixed),
            text,
        },
        ShowError::Plain(text) => NoAnswer::Failed {
            reply: escape(&text),
            text,
        },
    }
}

/// A line that points below the word of that number.
fn caret(words: &str, position: usize) -> String {
    let before = words
        .split_whitespace()
        .take(position)
        .map(|word| word.len() + 1)
        .sum::<usize>();
    format!("{}^", " ".repeat(before))
}
