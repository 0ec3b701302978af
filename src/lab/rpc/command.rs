//! `<command>`: what a person would type, with the pipes that the router itself applies.

use std::sync::Arc;

use super::read::{self, Form, Mark};
use super::{Answer, Call, configuration_output, files, packages, shutdown, system};
use crate::lab::candidate::Editor;
use crate::lab::cli::display;
use crate::lab::config::Tree;
use crate::lab::configuration;
use crate::lab::element::LeafStyle;
use crate::lab::errors;
use crate::lab::history::RING;
use crate::lab::operational::{self, Asker, NoAnswer};
use crate::lab::router::Router;
use crate::lab::show::{self, Shown};
use crate::lab::xml::escape;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    if call.operation.name != "command" {
        return None;
    }
    let Some(form) = Form::named(call.operation.attribute("format").unwrap_or("xml")) else {
        let bad = call.operation.attribute("format");
        return Some(Answer::body(errors::parser("syntax error", bad)));
    };
    let asker = Asker {
        user: &call.session.link.user,
        by: (call.session.link.number, Some(call.session.id)),
    };
    Some(run(&call.session.router, &asker, call.operation.text.trim(), form))
}

/// The text a command prints outside NETCONF, or the text of its error.
pub(in crate::lab) fn text_of(
    router: &Arc<Router>,
    asker: &Asker<'_>,
    line: &str,
) -> (Result<String, String>, super::After) {
    let (words, pipes) = split(line);
    if pipes.rpc {
        let text = display::reply(router, &rpc_form(router, &words));
        return (Ok(text), super::After::Continue);
    }
    let form = match pipes.form {
        Some(Form::Set) | None => Form::Text,
        Some(form) => form,
    };
    match operational::command(router, asker, &words) {
        Ok(shown) => {
            let text = match form {
                Form::Xml => display::reply(router, &shown.element.to_xml(LeafStyle::Inline)),
                Form::Json => format!("{}\n", shown.element.to_json()),
                Form::Text | Form::Set => shown.text,
            };
            (Ok(text), super::After::Continue)
        }
        Err(NoAnswer::Failed { text, .. }) => (Err(text), super::After::Continue),
        Err(NoAnswer::Elsewhere(words)) => match elsewhere(router, asker, &words, &pipes, form) {
            Ok(done) if form == Form::Xml => (Ok(display::reply(router, &done.reply)), done.after),
            Ok(done) => (Ok(done.text), done.after),
            Err(error) => {
                let text = display::complaints(&error).unwrap_or_else(|| "error: command failed\n".to_owned());
                (Err(text), super::After::Continue)
            }
        },
    }
}

/// What a command of this module gives.
pub(super) struct Done {
    /// As it stands in the reply.
    pub(super) reply: String,
    /// As the CLI prints it.
    pub(super) text: String,
    pub(super) after: super::After,
}

impl Done {
    /// Output that is the same everywhere.
    pub(super) fn output(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            reply: output(&text),
            text,
            after: super::After::Continue,
        }
    }
}

/// What the pipes of a command ask the router for; all others are ignored, as real routers do.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Pipes {
    form: Option<Form>,
    rpc: bool,
    inheritance: bool,
    compare: Option<usize>,
}

fn run(router: &Arc<Router>, asker: &Asker<'_>, line: &str, form: Form) -> Answer {
    let (words, pipes) = split(line);
    let form = match pipes.form {
        Some(Form::Set) | None => form,
        Some(form) => form,
    };
    if pipes.rpc {
        return Answer::body(rpc_form(router, &words));
    }
    match operational::command(router, asker, &words) {
        Ok(shown) => Answer::body(in_form(router, &shown, form)),
        Err(NoAnswer::Failed { reply, .. }) => Answer::body(reply),
        Err(NoAnswer::Elsewhere(words)) => match elsewhere(router, asker, &words, &pipes, form) {
            Ok(done) => Answer {
                body: done.reply,
                after: done.after,
            },
            Err(error) => Answer::body(error),
        },
    }
}

/// An answer in the form that was asked for.
pub(super) fn in_form(router: &Router, shown: &Shown, form: Form) -> String {
    if shown.element.name() == "output" && shown.text.is_empty() {
        return String::new();
    }
    match form {
        Form::Xml | Form::Set => shown.element.to_xml(router.profile().leaf_style),
        Form::Json => format!("{}\n", escape(&shown.element.to_json())),
        Form::Text if shown.parts.is_empty() => output(&shown.text),
        Form::Text => from_engines(&shown.parts),
    }
}

/// The text of several engines or members, each under its name.
pub(super) fn from_engines(parts: &[(String, String)]) -> String {
    let items: String = parts
        .iter()
        .map(|(name, text)| {
            let output = output(text);
            format!(
                "<multi-routing-engine-item>\n\n<re-name>{name}</re-name>\n\n{output}</multi-routing-engine-item>\n\n"
            )
        })
        .collect();
    format!("<multi-routing-engine-results>\n\n{items}</multi-routing-engine-results>\n")
}

/// Text in its element; no text has none.
pub(super) fn output(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("<output>\n{}</output>\n", escape(text)),
    }
}

fn rpc_form(router: &Arc<Router>, words: &str) -> String {
    let namespace = format!(
        "http://xml.juniper.net/junos/{}/junos",
        crate::lab::profile::envelope_release(&router.version())
    );
    match show::rpc_form(words, router.profile()) {
        Ok(element) => {
            let element = element.to_xml(router.profile().leaf_style);
            format!("<rpc xmlns=\"{namespace}\">\n{element}</rpc>\n")
        }
        Err(_) => output("xml rpc equivalent of this command is not available.\n"),
    }
}

/// Answers commands that are not operational; the error as it stands in a reply.
fn elsewhere(
    router: &Arc<Router>,
    asker: &Asker<'_>,
    words: &[String],
    pipes: &Pipes,
    form: Form,
) -> Result<Done, String> {
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    match plain.as_slice() {
        ["show", "configuration", path @ ..] => configuration(router, asker, path, pipes, form),
        ["file", ..]
        | ["set", "cli", "directory", ..]
        | ["show", "system", "directory-usage", ..]
        | ["request", "system", "storage", "cleanup", ..] => files::command(router, asker, &plain, form),
        [first, ..] => packages::command(router, asker, &plain)
            .or_else(|| shutdown::command(router, &plain))
            .or_else(|| system::command(router, asker, &plain))
            .unwrap_or_else(|| Err(errors::parser("syntax error, expecting <command>", Some(first)))),
        [] => Ok(Done::output("")),
    }
}

fn configuration(
    router: &Arc<Router>,
    asker: &Asker<'_>,
    path: &[&str],
    pipes: &Pipes,
    form: Form,
) -> Result<Done, String> {
    let (tree, older, mark) = router.with_state(asker.by, |state, _| {
        let history = state.databases.history();
        let older = pipes.compare.map(|number| history.back(number).cloned());
        (history.active().clone(), older, Mark::of(state, true))
    });
    shown_configuration(&Shelf { tree, older, mark }, path, pipes, form)
}

/// The text that `show` of an editor prints below `path`; `line` is what follows the word, with its pipes.
pub(in crate::lab) fn text_of_candidate(
    router: &Arc<Router>,
    by: (u64, Option<u32>),
    who: &Editor,
    path: &[String],
    line: &str,
) -> Result<String, String> {
    let (words, pipes) = split(line);
    let below: Vec<&str> = path.iter().map(String::as_str).collect();
    let path: Vec<&str> = below.iter().copied().chain(words.split_whitespace()).collect();
    let shelf = router.with_state(by, |state, _| Shelf {
        tree: state.databases.seen_by(who).clone(),
        older: pipes
            .compare
            .map(|number| state.databases.history().back(number).cloned()),
        mark: Mark::of(state, false),
    });
    let form = pipes.form.unwrap_or(Form::Text);
    let done = shown_configuration(&shelf, &path, &pipes, form).map_err(|error| {
        let text = display::complaints(&error);
        text.unwrap_or_else(|| "error: command failed\n".to_owned())
    })?;
    Ok(match form {
        Form::Xml => display::reply(router, &done.reply),
        Form::Text | Form::Set | Form::Json => done.text,
    })
}

/// A configuration to show.
struct Shelf {
    tree: Tree,
    /// What it is to be compared with: `Some(None)` is a commit that does not exist.
    older: Option<Option<Tree>>,
    mark: Mark,
}

fn shown_configuration(shelf: &Shelf, path: &[&str], pipes: &Pipes, form: Form) -> Result<Done, String> {
    let mark = &shelf.mark;
    if let Some(older) = &shelf.older {
        let older = older.as_ref();
        let older = older.ok_or_else(|| configuration::no_rollback(pipes.compare.unwrap_or_default()))?;
        let text = match path {
            [] => configuration::compared(older, &shelf.tree),
            path => configuration::compared(&older.part(path), &shelf.tree.part(path)),
        };
        return Ok(shown_text(text));
    }
    let tree = match pipes.inheritance {
        true => shelf.tree.inherited(),
        false => shelf.tree.clone(),
    };
    if !path.is_empty() && configuration::is_no_path(path) {
        return Err(errors::parser("syntax error", path.last().copied()));
    }
    if pipes.form == Some(Form::Set) {
        return Ok(shown_text(tree.set_lines(path).unwrap_or_default()));
    }
    match form {
        Form::Text | Form::Set => {
            let body = match pipes.inheritance {
                true => tree.text_with_inheritance(path),
                false => tree.text(path),
            };
            let header = match path.is_empty() {
                true => mark.header(),
                false => String::new(),
            };
            // A statement that could be there and is not shows nothing.
            Ok(shown_text(format!("{header}{}", body.unwrap_or_default())))
        }
        Form::Xml => {
            let reply = read::xml_element(&tree.xml(path).unwrap_or_default(), mark);
            let text = reply.clone();
            Ok(Done {
                reply,
                text,
                after: super::After::Continue,
            })
        }
        Form::Json => {
            let text = read::json(&tree, path, mark).unwrap_or_default();
            Ok(Done {
                reply: escape(&text),
                text,
                after: super::After::Continue,
            })
        }
    }
}

fn shown_text(text: String) -> Done {
    Done {
        reply: configuration_output(&text),
        text,
        after: super::After::Continue,
    }
}

/// The words before the first pipe, and what the pipes ask for.
fn split(line: &str) -> (String, Pipes) {
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '|' if !quoted => pieces.push(String::new()),
            other => {
                quoted ^= other == '"';
                pieces.last_mut().expect("there is always a last piece").push(other);
            }
        }
    }
    let mut pipes = Pipes::default();
    for piece in &pieces[1..] {
        let words: Vec<&str> = piece.split_whitespace().collect();
        pipes.read(&words);
    }
    (pieces[0].trim().to_owned(), pipes)
}

impl Pipes {
    fn read(&mut self, words: &[&str]) {
        let begins = |word: Option<&&str>, whole: &str, least: usize| {
            word.is_some_and(|word| word.len() >= least && whole.starts_with(*word))
        };
        if begins(words.first(), "display", 1) {
            match words.get(1) {
                Some(&"xml") => {
                    self.rpc |= words.get(2) == Some(&"rpc");
                    self.form = Some(Form::Xml);
                }
                Some(&"json") => self.form = Some(Form::Json),
                Some(&"set") => self.form = Some(Form::Set),
                word if begins(word, "inheritance", 2) => self.inheritance = true,
                _ => {}
            }
        } else if begins(words.first(), "compare", 3) {
            let number = words.get(2).or(words.get(1)).and_then(|number| number.parse().ok());
            self.compare = Some(number.unwrap_or(0).min(RING));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_are_split_outside_quotes_and_only_the_routers_own_count() {
        let (words, pipes) = split("show log messages | match \"a|b\" | no-more");
        assert_eq!((words.as_str(), pipes), ("show log messages", Pipes::default()));
        let (words, pipes) = split("show version| display xml rpc");
        assert_eq!((words.as_str(), pipes.rpc), ("show version", true));
        let (_, pipes) = split("show configuration | comp rollback 3");
        assert_eq!(pipes.compare, Some(3));
        let (_, pipes) = split("show configuration system | disp set");
        assert_eq!(pipes.form, Some(Form::Set));
    }
}
