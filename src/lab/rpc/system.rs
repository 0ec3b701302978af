//! The router itself: packet forwarding engine, restart, end of a session.

use std::sync::Arc;

use super::command::{Done, from_engines, in_form};
use super::read::Form;
use super::{After, Answer, Call};
use crate::lab::errors;
use crate::lab::operational::{self, Asker};
use crate::lab::profile::{Family, Profile, Wrapper};
use crate::lab::router::Router;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let value = |name: &str| call.operation.value(name);
    let router = &call.session.router;
    let body = match call.operation.name.as_str() {
        "close-session" => {
            return Some(Answer {
                body: call.session.envelope.ok(),
                after: After::EndSession,
            });
        }
        "request-pfe-execute" => match (value("target"), value("command")) {
            (None, _) => errors::missing("target"),
            (_, None) => errors::missing("command"),
            (Some(target), Some(command)) => match engine(router, target, command) {
                Ok(done) => done.reply,
                Err(error) => error,
            },
        },
        name => {
            let arguments: Vec<(String, String)> = call
                .operation
                .children
                .iter()
                .map(|child| (child.name.clone(), child.text.trim().to_owned()))
                .collect();
            let asker = Asker {
                user: &call.session.link.user,
                by: (call.session.link.number, Some(call.session.id)),
            };
            let Some(form) = Form::named(call.operation.attribute("format").unwrap_or("xml")) else {
                let bad = call.operation.attribute("format");
                return Some(Answer::body(errors::parser("syntax error", bad)));
            };
            return match operational::rpc(router, &asker, name, &arguments)? {
                Ok(shown) => Some(Answer::body(in_form(router, &shown, form))),
                Err(reply) => Some(Answer::body(reply)),
            };
        }
    };
    Some(Answer::body(body))
}

/// Commands of the CLI that do something; `None` when there is no such command.
pub(super) fn command(router: &Arc<Router>, asker: &Asker<'_>, words: &[&str]) -> Option<Result<Done, String>> {
    let (first, rest) = words.split_first()?;
    let done = match (*first, rest) {
        ("request", ["pfe", "execute", "target", target, "command", command]) => {
            return Some(engine(router, target, command.trim_matches('"')));
        }
        ("request", ["system", "configuration", "rescue", "save"]) => {
            router.with_state(asker.by, |state, now| {
                state.rescue = Some((state.databases.history().active().clone(), now));
            });
            Done::output("")
        }
        ("request", ["system", "configuration", "rescue", "delete"]) => {
            router.with_state(asker.by, |state, _| state.rescue = None);
            Done::output("")
        }
        ("clear", [_, ..]) => Done::output(""),
        _ => return None,
    };
    Some(Ok(done))
}

/// What a packet engine says, from every member where replies come from each; an engine that is not there is an error.
fn engine(router: &Router, target: &str, command: &str) -> Result<Done, String> {
    if !engines(router.profile()).contains(&target) {
        return Err(errors::database(&format!("{target} is not present")));
    }
    let said =
        format!("SENT: Ukern command: {command}\n\nThe forwarding engine {target} of this simulated router is idle.\n");
    let Wrapper::Always(members) = router.profile().wrapper else {
        return Ok(Done::output(said));
    };
    let items: Vec<(String, String)> = members.iter().map(|name| ((*name).to_owned(), said.clone())).collect();
    Ok(Done {
        reply: from_engines(&items),
        text: items
            .iter()
            .map(|(name, text)| format!("{name}:\n{}\n{text}\n", "-".repeat(74)))
            .collect(),
        after: After::Continue,
    })
}

/// The packet engines of a kind of router.
fn engines(profile: &Profile) -> &'static [&'static str] {
    match profile.family {
        Family::Srx => &["fpc0", "fwdd"],
        Family::Mx => &["fpc0", "afeb0"],
        Family::Ex => profile.wrapper.members(),
    }
}
