//! Commands carried inside another command: `request pfe execute … command "X"`.

use super::rules::List;
use crate::junos::{abbreviates, judged_line, split_at_semicolons, tokens};

/// What a command carries inside itself.
#[derive(Debug, PartialEq)]
pub(crate) enum Inner {
    /// Nothing.
    None,
    /// These commands, to be judged against this list.
    Commands(List, Vec<String>),
    /// Something that could not be found; this list decides whether that matters.
    Unreadable(List),
}

/// Finds the inner commands of a normalised command.
pub(crate) fn inner(judged: &str) -> Inner {
    let words = tokens(judged);
    let list = match words.as_slice() {
        [first, second, third, ..] if abbreviates(first, "request") && abbreviates(third, "execute") => {
            if abbreviates(second, "pfe") {
                List::PfeCommands
            } else if abbreviates(second, "routing-engine") {
                List::Commands
            } else {
                return Inner::None;
            }
        }
        _ => return Inner::None,
    };
    let found = values(&words[3..]);
    if found.is_empty() {
        Inner::Unreadable(list)
    } else {
        Inner::Commands(list, found)
    }
}

/// The values of every `command` option; the value of `target` is no option, whatever it looks like.
fn values(words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if abbreviates(words[at], "target") {
            at += 2;
        } else if abbreviates(words[at], "command") {
            found.extend(readings(words.get(at + 1..).unwrap_or_default()));
            at += 2;
        } else {
            at += 1;
        }
    }
    found
}

/// All that may be run where a value begins: the value; without quotes also the rest of the line; and each part of a value
/// that may be several commands.
fn readings(words: &[&str]) -> Vec<String> {
    let Some((value, more)) = words.split_first() else {
        return Vec::new();
    };
    let whole = judged_line(value.trim_matches('"'));
    let mut found: Vec<String> = Vec::new();
    let parts = split_at_semicolons(&whole);
    if parts.len() > 1 {
        found.extend(parts.into_iter().map(judged_line));
    }
    if !value.contains('"') && !more.is_empty() {
        found.push(judged_line(&words.join(" ")));
    }
    found.push(whole);
    found.retain(|command| !command.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_commands_are_found() {
        let pfe = |command: &str| Inner::Commands(List::PfeCommands, vec![command.to_owned()]);
        for (judged, expected) in [
            (
                "request pfe exec target fpc0 command \"set  jnh 0 x\"",
                pfe("set jnh 0 x"),
            ),
            ("REQ p e t fpc0 c show", pfe("show")),
            (
                "request pfe execute target fpc0 timeout 30 command \"show heap\"",
                pfe("show heap"),
            ),
            (
                "request pfe execute target fpc0 command set jnh 0 x",
                Inner::Commands(List::PfeCommands, vec!["set jnh 0 x".to_owned(), "set".to_owned()]),
            ),
            (
                "request pfe execute target fpc0 command \"show x;set y\"",
                Inner::Commands(
                    List::PfeCommands,
                    vec!["show x".to_owned(), "set y".to_owned(), "show x;set y".to_owned()],
                ),
            ),
            (
                "request pfe execute command \"x | count\" target fpc0",
                pfe("x | count"),
            ),
            (
                "request pfe execute target command \"set x\"",
                Inner::Unreadable(List::PfeCommands),
            ),
            (
                "request routing-engine execute command \"request system reboot\" routing-engine backup",
                Inner::Commands(List::Commands, vec!["request system reboot".to_owned()]),
            ),
            ("request pfe", Inner::None),
            ("show version", Inner::None),
        ] {
            assert_eq!(inner(judged), expected, "{judged}");
        }
    }
}
