//! `show system commit`: the history, and a rollback that waits for a confirmation.

use super::timing::time_leaf;
use super::tree::{Arguments, Command, Parameter};
use super::{CommitEntry, Pending, ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "system", "commit"],
        rpc: "get-commit-information",
        parameters: &[],
        families: &[],
        wrapped: false,
        answer: history,
        text: history_text,
    },
    Command {
        words: &["show", "system", "commit", "revision"],
        rpc: "get-commit-revision-information",
        parameters: &[Parameter::Flag("detail")],
        families: &[],
        wrapped: false,
        answer: revision,
        text: revision_text,
    },
];

fn history(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let entries = view
        .history
        .iter()
        .enumerate()
        .map(|(number, entry)| commit(view, number, entry));
    Ok(Element::new("commit-information").with_all(entries))
}

fn commit(view: &View, number: usize, entry: &CommitEntry) -> Element {
    let mut element = Element::new("commit-history")
        .with_leaf("sequence-number", number)
        .with_leaf("user", &entry.user)
        .with_leaf("client", &entry.client)
        .with(time_leaf("date-time", entry.time));
    if let Some(log) = &entry.log {
        element.push(Element::leaf("log", log));
    }
    let waiting = waiting(view, entry);
    if let Some(comment) = waiting.as_ref().or(entry.comment.as_ref()) {
        element.push(Element::leaf("comment", comment));
    }
    if entry.pending.is_some() {
        element.push(Element::leaf("commit-confirmed", "rollback pending"));
    }
    element
}

/// Whole minutes until the rollback: 0 in the last one, and always 0 where the base protocol asked for it.
fn minutes_left(view: &View, pending: Pending) -> i64 {
    if !pending.native {
        return 0;
    }
    (pending.deadline - view.now).num_minutes().max(0)
}

fn history_text(element: &Element) -> String {
    let mut text = String::new();
    for entry in element.all("commit-history") {
        let value = |name| entry.value(name);
        let waiting = entry.has("commit-confirmed");
        text.push_str(&format!(
            "{:<3} {} by {} via {}",
            value("sequence-number"),
            value("date-time"),
            value("user"),
            value("client"),
        ));
        if waiting {
            text.push_str(&format!(" {}", value("comment")));
        }
        text.push('\n');
        let notes = [
            value("log"),
            if waiting {
                value("commit-confirmed")
            } else {
                value("comment")
            },
        ];
        for note in notes.into_iter().filter(|note| !note.is_empty()) {
            text.push_str(&format!("    {note}\n"));
        }
    }
    text
}

fn revision(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let (time, user, client) = match view.history.first() {
        Some(entry) => (entry.time, entry.user.as_str(), entry.client.as_str()),
        None => (view.boot_time, "root", "other"),
    };
    let revision = format!("re0-{}-{}", time.timestamp(), view.history.len());
    let mut element = Element::new("commit-revision-information")
        .with_leaf("revision", revision)
        .with(time_leaf("date-time", time))
        .with_leaf("user", user)
        .with_leaf("client", client);
    let entry = view.history.first();
    let comment =
        entry.and_then(|entry| waiting(view, entry).or_else(|| entry.log.clone().or_else(|| entry.comment.clone())));
    if let Some(comment) = comment {
        element.push(Element::leaf("comment", comment));
    }
    Ok(element)
}

/// The comment of a commit that waits for its confirmation.
fn waiting(view: &View, entry: &CommitEntry) -> Option<String> {
    let pending = entry.pending?;
    Some(format!(
        "commit confirmed, rollback in {}mins",
        minutes_left(view, pending)
    ))
}

fn revision_text(element: &Element) -> String {
    let value = |name| element.value(name);
    format!(
        "Revision: {} {} by {} via {}\n",
        value("revision"),
        value("date-time"),
        value("user"),
        value("client")
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::super::tests::noon;
    use super::*;
    use crate::lab::network::Network;
    use crate::lab::show::command;

    fn shown(minutes: i64, native: bool) -> crate::lab::show::Shown {
        let network = Network::generate(1, 1);
        let pending = CommitEntry {
            user: "admin".to_owned(),
            client: "netconf".to_owned(),
            time: noon(),
            log: Some("why".to_owned()),
            comment: None,
            pending: Some(Pending {
                deadline: noon() + TimeDelta::seconds(60 * minutes + 5),
                native,
            }),
        };
        let older = CommitEntry {
            log: None,
            comment: Some("first".to_owned()),
            pending: None,
            client: "cli".to_owned(),
            ..pending.clone()
        };
        let history = [pending, older];
        let view = View {
            history: &history,
            ..View::new(&network, 0, noon())
        };
        command(&view, "show system commit").expect("an answer")
    }

    #[test]
    fn a_pending_rollback_counts_down() {
        let entry = |shown: &crate::lab::show::Shown| shown.element.children()[0].clone();
        assert_eq!(
            entry(&shown(5, true)).value("comment"),
            "commit confirmed, rollback in 5mins"
        );
        assert_eq!(
            entry(&shown(0, true)).value("comment"),
            "commit confirmed, rollback in 0mins"
        );
        assert_eq!(
            entry(&shown(5, false)).value("comment"),
            "commit confirmed, rollback in 0mins"
        );
        assert_eq!(entry(&shown(5, true)).value("commit-confirmed"), "rollback pending");
    }

    #[test]
    fn the_text_has_notes_below_their_commit() {
        let expected = "0   2031-03-04 05:06:07 UTC by admin via netconf commit confirmed, rollback in 5mins\n    why\n    rollback pending\n\
                        1   2031-03-04 05:06:07 UTC by admin via cli\n    first\n";
        assert_eq!(shown(5, true).text, expected);
    }
}
