//! Reading configurations: `get-configuration` and `get-config`.

use chrono::{DateTime, Utc};

use super::{Answer, Call, XNM, configuration_output, stamp};
use crate::lab::config::Tree;
use crate::lab::configuration;
use crate::lab::errors;
use crate::lab::session::Session;
use crate::lab::state::State;
use crate::lab::xml::{escape, escape_attribute};

/// A form of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Xml,
    Text,
    Set,
    Json,
}

impl Form {
    /// The form of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "xml" => Some(Self::Xml),
            "text" | "ascii" => Some(Self::Text),
            "set" => Some(Self::Set),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// What the root element says about a configuration.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// It is the active one.
    Committed { at: DateTime<Utc>, user: String },
    /// It is a candidate with changes.
    Changed { at: DateTime<Utc> },
    /// It is one of the ring, or rescue.
    None,
}

impl Mark {
    /// The mark of what a session sees as candidate, or of the active configuration.
    pub(super) fn of(state: &State, committed: bool) -> Self {
        if !committed && state.databases.is_dirty() {
            let at = state.databases.changed();
            return Self::Changed { at };
        }
        let last = state.databases.history().last();
        Self::Committed {
            at: last.at,
            user: last.user.clone(),
        }
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let seconds = |at: &DateTime<Utc>| at.timestamp().to_string();
        match self {
            Self::Committed { at, user } => vec![
                ("junos:commit-seconds", seconds(at)),
                ("junos:commit-localtime", stamp(*at)),
                ("junos:commit-user", user.clone()),
            ],
            Self::Changed { at } => vec![
                ("junos:changed-seconds", seconds(at)),
                ("junos:changed-localtime", stamp(*at)),
            ],
            Self::None => Vec::new(),
        }
    }

    /// The first line of the text form.
    pub(super) fn header(&self) -> String {
        match self {
            Self::Committed { at, user } => format!("## Last commit: {} by {user}\n", stamp(*at)),
            Self::Changed { at } => format!("## Last changed: {}\n", stamp(*at)),
            Self::None => String::new(),
        }
    }
}

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    match call.operation.name.as_str() {
        "get-configuration" => Some(Answer::body(get_configuration(call))),
        "get-config" => Some(Answer::body(get_config(call))),
        _ => None,
    }
}

fn get_configuration(call: &Call<'_>) -> String {
    let attribute = |name| call.operation.attribute(name);
    let newer = call.session.router.profile().json_and_set;
    let known = |form: &Form| newer || matches!(form, Form::Xml | Form::Text);
    let Some(form) = Form::named(attribute("format").unwrap_or("xml")).filter(known) else {
        return errors::parser("syntax error", attribute("format"));
    };
    let committed = match attribute("database") {
        None | Some("candidate") => false,
        Some("committed") => true,
        Some(other) => return errors::parser("syntax error", Some(other)),
    };
    if attribute("compare").is_some() {
        return compare(call, committed);
    }
    let (tree, mark) = call
        .session
        .work(|state, _| (chosen(call.session, state, committed), Mark::of(state, committed)));
    let with_groups = attribute("groups") == Some("groups");
    let tree = match attribute("inherit") {
        Some("inherit" | "defaults") => tree.inherited(),
        _ => tree,
    };
    let tree = match call.operation.child("configuration") {
        Some(filter) if !filter.children.is_empty() => tree.filtered(call.raw(filter)),
        _ => tree,
    };
    shown(&tree, form, &mark, with_groups)
}

/// The configuration that a session asks for.
fn chosen(session: &Session, state: &State, committed: bool) -> Tree {
    match committed {
        true => state.databases.history().active().clone(),
        false => state.databases.seen_by(&session.editor()).clone(),
    }
}

fn compare(call: &Call<'_>, committed: bool) -> String {
    let number = match call.operation.attribute("rollback").unwrap_or("0").parse::<usize>() {
        Ok(number) if number < crate::lab::history::RING => number,
        _ => return errors::parser("syntax error", call.operation.attribute("rollback")),
    };
    call.session.work(|state, _| {
        let new = chosen(call.session, state, committed);
        match state.databases.history().back(number) {
            Some(old) => match configuration::compared(old, &new) {
                same if same.is_empty() && call.session.router.profile().empty_compare => same,
                changes => configuration_output(&changes),
            },
            None => configuration::no_rollback(number),
        }
    })
}

/// A configuration in one of its forms, with its element.
pub(super) fn shown(tree: &Tree, form: Form, mark: &Mark, with_groups: bool) -> String {
    match form {
        Form::Xml => {
            let contents = match with_groups {
                true => tree.xml_with_groups(&[]),
                false => tree.xml(&[]),
            };
            xml_element(&contents.unwrap_or_default(), mark)
        }
        Form::Text => format!(
            "<configuration-text xmlns=\"{XNM}\">\n{}</configuration-text>\n",
            escape(&text(tree, mark))
        ),
        Form::Set => format!(
            "<configuration-set>\n{}</configuration-set>\n",
            escape(&tree.set_lines(&[]).unwrap_or_default())
        ),
        Form::Json => escape(&json(tree, &[], mark).unwrap_or_default()),
    }
}

/// The whole configuration in braces, with its first line.
pub(super) fn text(tree: &Tree, mark: &Mark) -> String {
    format!("{}{}", mark.header(), tree.text(&[]).unwrap_or_default())
}

/// `<configuration>` around what it holds.
pub(super) fn xml_element(contents: &str, mark: &Mark) -> String {
    let attributes: String = mark
        .attributes()
        .iter()
        .map(|(name, value)| format!(" {name}=\"{}\"", escape_attribute(value)))
        .collect();
    match contents.trim().is_empty() {
        true => format!("<configuration xmlns=\"{XNM}\"{attributes}>\n</configuration>\n"),
        false => format!("<configuration xmlns=\"{XNM}\"{attributes}>\n{contents}</configuration>\n"),
    }
}

/// The configuration as JSON text, with what the root says about it.
pub(super) fn json(tree: &Tree, path: &[&str], mark: &Mark) -> Option<String> {
    let attributes = mark.attributes();
    let attributes: Vec<(&str, &str)> = attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
    tree.json_with(path, &attributes)
}

fn get_config(call: &Call<'_>) -> String {
    let source = call.operation.child("source");
    let committed = match source
        .and_then(|source| source.children.first())
        .map(|child| child.name.as_str())
    {
        Some("running") => true,
        Some("candidate") => false,
        Some(_) => return errors::unsupported(),
        None => return errors::missing("source"),
    };
    let filter = call
        .operation
        .child("filter")
        .filter(|filter| !filter.children.is_empty());
    let (tree, mark, status) = call.session.work(|state, now| {
        let tree = chosen(call.session, state, committed);
        (tree, Mark::of(state, committed), super::database::status(state, now))
    });
    let tree = match filter.map(|filter| filter.child("configuration")) {
        None => tree,
        Some(None) => Tree::empty(),
        Some(Some(whole)) if whole.children.is_empty() => tree,
        Some(Some(part)) => tree.filtered(call.raw(part)),
    };
    let configuration = shown(&tree, Form::Xml, &mark, false);
    format!("<data>\n{configuration}{status}</data>\n")
}
