//! Reading what was committed: history, rollback ring, rescue configuration.

use super::read::{self, Form, Mark};
use super::{Answer, Call, configuration_output};
use crate::lab::configuration;
use crate::lab::errors;
use crate::lab::history::RING;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let body = match call.operation.name.as_str() {
        "get-rollback-information" => rollback(call),
        "get-rescue-information" => rescue(call),
        "request-save-rescue-configuration" => call.session.work(|state, now| {
            state.rescue = Some((state.databases.history().active().clone(), now));
            String::new()
        }),
        "request-delete-rescue-configuration" => call.session.work(|state, _| {
            state.rescue = None;
            String::new()
        }),
        _ => return None,
    };
    Some(Answer::body(body))
}

fn number(call: &Call<'_>, name: &str) -> Result<Option<usize>, String> {
    let Some(written) = call.operation.value(name) else {
        return Ok(None);
    };
    match written.parse::<usize>() {
        Ok(number) if number < RING => Ok(Some(number)),
        _ => Err(errors::parser("syntax error", Some(written))),
    }
}

fn form(call: &Call<'_>, default: Form) -> Result<Form, String> {
    match call.operation.value("format") {
        None => Ok(default),
        Some(name) => Form::named(name).ok_or_else(|| errors::parser("syntax error", Some(name))),
    }
}

fn rollback(call: &Call<'_>) -> String {
    let (number, compare, form) = match (
        number(call, "rollback"),
        number(call, "compare"),
        form(call, Form::Text),
    ) {
        (Ok(Some(number)), Ok(compare), Ok(form)) => (number, compare, form),
        (Ok(None), ..) => return errors::missing("rollback"),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return error,
    };
    call.session.work(|state, _| {
        let history = state.databases.history();
        let Some(tree) = history.back(number) else {
            return configuration::no_rollback(number);
        };
        let body = match compare {
            None => in_form(tree, form),
            Some(other) => match history.back(other) {
                None => return configuration::no_rollback(other),
                Some(other) => configuration_output(&configuration::compared(tree, other)),
            },
        };
        format!("<rollback-information>\n<ok/>\n{body}</rollback-information>\n")
    })
}

fn rescue(call: &Call<'_>) -> String {
    let form = match form(call, Form::Text) {
        Ok(form) => form,
        Err(error) => return error,
    };
    call.session.work(|state, _| match &state.rescue {
        None => errors::database("error: no rescue configuration is saved"),
        Some((tree, _)) => format!("<rescue-information>\n{}</rescue-information>\n", in_form(tree, form)),
    })
}

fn in_form(tree: &crate::lab::config::Tree, form: Form) -> String {
    match form {
        Form::Text => configuration_output(&read::text(tree, &Mark::None)),
        Form::Set => configuration_output(&tree.set_lines(&[]).unwrap_or_default()),
        Form::Xml | Form::Json => read::shown(tree, form, &Mark::None, false),
    }
}
