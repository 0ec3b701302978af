//! What is put to the rules: a command and the commands it carries, a line of a payload, a change.

use super::{
    effective::Aliases,
    inner::{Inner, inner},
    rules::{Input, List},
};
use crate::junos::{Command, set_line::SetLine, without_pipes};

/// One thing to be judged against one list.
pub(super) struct Question {
    pub(super) list: List,
    /// Its names, of which the one that ranks highest decides. None: it could not be read, and any deny rule refuses it.
    pub(super) names: Vec<Input>,
    /// How a refusal quotes it; for several names, one quote each.
    pub(super) quotes: Vec<String>,
}

impl Question {
    fn one(list: List, name: Input, quote: String) -> Self {
        Self {
            list,
            names: vec![name],
            quotes: vec![quote],
        }
    }

    /// The quote that goes with a name.
    pub(super) fn quote(&self, name: usize) -> &str {
        self.quotes.get(name).map_or("", String::as_str)
    }

    /// One change in all its names.
    pub(super) fn change(aliases: &Aliases) -> Self {
        Self {
            list: List::Config,
            names: aliases.iter().map(|alias| Input::plain(alias)).collect(),
            quotes: aliases.iter().map(|alias| format!("change: {alias}")).collect(),
        }
    }
}

/// Everything that has to pass before a command may be sent.
pub(super) fn of_command(command: &Command) -> Vec<Question> {
    let (judged, whole) = (command.judged(), command.whole());
    if !command.is_pfe() {
        let mut questions = vec![piped(List::Commands, judged, whole, "")];
        add_inner(judged, &mut questions);
        return questions;
    }
    let mut questions = vec![piped(List::PfeCommands, judged, whole, "")];
    // The engine reads its line by itself, and nobody knows what it takes a quote for.
    if judged.contains('"') {
        let bare = |text: &str| text.replace('"', "");
        questions.push(piped(List::PfeCommands, bare(judged).trim(), bare(whole).trim(), ""));
    }
    questions
}

/// Both forms in which a line of a payload is judged: as written, and as seen from the top where that differs.
pub(super) fn of_line(line: &SetLine) -> Vec<Question> {
    let relative = (line.expanded() != line.written()).then(|| line.expanded());
    let forms = std::iter::once(line.written()).chain(relative);
    forms
        .map(|form| {
            Question::one(
                List::Config,
                Input::plain(form),
                format!("line {}: {form}", line.line()),
            )
        })
        .collect()
}

fn piped(list: List, judged: &str, whole: &str, label: &str) -> Question {
    Question::one(list, Input::piped(judged, whole), format!("{label}{whole}"))
}

/// An inner command may carry one again; each step is shorter than the last.
fn add_inner(judged: &str, questions: &mut Vec<Question>) {
    match inner(judged) {
        Inner::None => {}
        Inner::Unreadable(list) => questions.push(Question {
            list,
            names: Vec::new(),
            quotes: vec!["inner: not found in the command".to_owned()],
        }),
        Inner::Commands(list, commands) => {
            for whole in commands {
                let judged = without_pipes(&whole);
                questions.push(piped(list, judged, &whole, "inner: "));
                if list == List::Commands {
                    add_inner(judged, questions);
                }
            }
        }
    }
}
