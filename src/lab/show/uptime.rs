//! `show system uptime` and `show system users`.

use chrono::{DateTime, Utc};

use super::columns::line;
use super::timing::{span_leaf, time_leaf, time_of_day};
use super::tree::{Arguments, Command, Parameter};
use super::{Session, ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "system", "uptime"],
        rpc: "get-system-uptime-information",
        parameters: &[
            Parameter::Flag("all-members"),
            Parameter::Flag("local"),
            Parameter::Flag("no-forwarding"),
        ],
        families: &[],
        wrapped: true,
        answer: uptime,
        text: uptime_text,
    },
    Command {
        words: &["show", "system", "users"],
        rpc: "get-system-users-information",
        parameters: &[Parameter::Flag("no-resolve"), Parameter::Flag("no-forwarding")],
        families: &[],
        wrapped: true,
        answer: users,
        text: users_text,
    },
];

fn event(name: &'static str, view: &View, time: DateTime<Utc>) -> Element {
    Element::new(name)
        .with(time_leaf("date-time", time))
        .with(span_leaf("time-length", (view.now - time).num_seconds().max(0)))
}

fn uptime(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let started = view.protocols_started().filter(|started| *started <= view.now);
    let (configured, user) = match view.history.first() {
        Some(entry) => (entry.time, entry.user.as_str()),
        None => (view.boot_time, "root"),
    };
    Ok(view
        .root("system-uptime-information", "junos")
        .with(Element::new("current-time").with(time_leaf("date-time", view.now)))
        .with(Element::lined("time-source", " NTP CLOCK "))
        .with(event("system-booted-time", view, view.boot_time))
        .with_all(started.map(|started| event("protocols-started-time", view, started)))
        .with(event("last-configured-time", view, configured).with_leaf("user", user))
        .with(usage(view).with(Element::new("user-table"))))
}

/// Time, uptime, users and load in one line's worth of leaves.
fn usage(view: &View) -> Element {
    let count = view.sessions.len();
    let mut dice = view.dice(&["load", &(view.now.timestamp() / 60).to_string()]);
    let mut load = || format!("0.{:02}", 4 + dice.below(60));
    Element::new("uptime-information")
        .with(Element::lined("date-time", time_of_day(view.now)).attribute("junos:seconds", view.now.timestamp()))
        .with(Element::lined("up-time", short_uptime(view.uptime())).attribute("junos:seconds", view.uptime()))
        .with(Element::lined("active-user-count", count).attribute("junos:format", format!("{count} users")))
        .with(Element::lined("load-average-1", load()))
        .with(Element::lined("load-average-5", load()))
        .with(Element::lined("load-average-15", load()))
}

/// `30 days, 4:05`, or `45 mins` below an hour.
fn short_uptime(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let clock = if hours > 0 {
        format!("{hours}:{minutes:02}")
    } else {
        format!("{minutes} mins")
    };
    match days {
        0 => clock,
        1 => format!("1 day, {clock}"),
        days => format!("{days} days, {clock}"),
    }
}

fn uptime_text(element: &Element) -> String {
    let leaf = |path: &[&str]| element.at(path).map_or("", Element::text).trim().to_owned();
    let mut text = format!("Current time: {}\n", leaf(&["current-time", "date-time"]));
    text.push_str(&format!("Time Source:  {}\n", leaf(&["time-source"])));
    let events = [
        ("System booted", "system-booted-time"),
        ("Protocols started", "protocols-started-time"),
        ("Last configured", "last-configured-time"),
    ];
    for (label, name) in events.into_iter().filter(|(_, name)| element.has(name)) {
        let (time, length) = (leaf(&[name, "date-time"]), leaf(&[name, "time-length"]));
        let user = leaf(&[name, "user"]);
        let by = if user.is_empty() {
            String::new()
        } else {
            format!(" by {user}")
        };
        text.push_str(&format!("{label}: {time} ({length} ago){by}\n"));
    }
    text + &usage_text(element)
}

fn usage_text(element: &Element) -> String {
    let leaf = |name: &str| element.at(&["uptime-information", name]).map_or("", Element::text);
    format!(
        "{:>7}  up {}, {} users, load averages: {}, {}, {}\n",
        leaf("date-time"),
        leaf("up-time"),
        leaf("active-user-count"),
        leaf("load-average-1"),
        leaf("load-average-5"),
        leaf("load-average-15"),
    )
}

fn users(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let table = Element::new("user-table").with_all(view.sessions.iter().map(|session| user_entry(view, session)));
    Ok(view
        .root("system-users-information", "junos")
        .with(usage(view).with(table)))
}

fn user_entry(view: &View, session: &Session) -> Element {
    let idle = (view.now - session.since).num_seconds().clamp(0, 59);
    let since =
        Element::lined("login-time", time_of_day(session.since)).attribute("junos:seconds", session.since.timestamp());
    Element::new("user-entry")
        .with(Element::lined("user", &session.user))
        .with(Element::lined("tty", session.terminal.as_deref().unwrap_or("-")))
        .with(Element::lined("from", &session.from))
        .with(since)
        .with(Element::lined("idle-time", "-").attribute("junos:seconds", idle))
        .with(Element::lined("command", &session.command))
}

fn users_text(element: &Element) -> String {
    let widths = [8, 8, 36, 8, 5];
    let mut text = usage_text(element);
    text.push_str(&line(&widths, &["USER", "TTY", "FROM", "LOGIN@", "IDLE", "WHAT"]));
    let entries = element.at(&["uptime-information", "user-table"]);
    for entry in entries.map(Element::children).unwrap_or_default() {
        let names = ["user", "tty", "from", "login-time", "idle-time", "command"];
        text.push_str(&line(&widths, &names.map(|name| entry.value(name))));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::noon;
    use super::*;
    use crate::lab::network::Network;
    use crate::lab::show::command;

    #[test]
    fn text_and_xml_name_the_same_times() {
        let network = Network::generate(1, 3);
        let shown = command(&View::new(&network, 1, noon()), "show system uptime").expect("an answer");
        assert!(shown.text.starts_with("Current time: 2031-03-04 05:06:07 UTC\n"));
        assert!(
            shown
                .text
                .contains("System booted: 2031-02-02 05:06:07 UTC (4w2d 00:00 ago)\n"),
            "{}",
            shown.text
        );
        let booted = shown
            .element
            .at(&["system-booted-time", "date-time"])
            .expect("a boot time");
        assert_eq!(booted.attribute_value("junos:seconds"), Some("1927775167"));
    }
}
