//! `show cli authorization` and `show cli directory`: what a session is allowed, and where it stands.

use super::tree::{Arguments, Command};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "cli", "authorization"],
        rpc: "get-authorization-information",
        parameters: &[],
        families: &[],
        wrapped: false,
        answer: authorization,
        text: authorization_text,
    },
    Command {
        words: &["show", "cli", "directory"],
        rpc: "get-current-working-directory",
        parameters: &[],
        families: &[],
        wrapped: false,
        answer: directory,
        text: |element| format!("Current directory: {}\n", element.value("working-directory")),
    },
];

fn authorization(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let permissions: &[&str] = match view.class {
        "super-user" => &["all"],
        "read-only" => &["view"],
        "operator" => &["clear", "network", "reset", "trace", "view"],
        _ => &["network", "view", "view-configuration"],
    };
    let listed = permissions
        .iter()
        .map(|permission| Element::leaf("permission", permission));
    Ok(Element::new("authorization-information")
        .with_leaf("user", view.user)
        .with_leaf("class", view.class)
        .with(Element::new("permissions").with_all(listed)))
}

fn authorization_text(element: &Element) -> String {
    let mut text = format!(
        "Current user: '{}' login: '{0}' class '{}'\nPermissions:\n",
        element.value("user"),
        element.value("class")
    );
    let permissions = element.at(&["permissions"]).map(Element::children).unwrap_or_default();
    permissions
        .iter()
        .for_each(|permission| text.push_str(&format!("    {}\n", permission.text())));
    text
}

fn directory(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    Ok(Element::new("cli-working-directory-information").with_leaf("working-directory", view.folder))
}
