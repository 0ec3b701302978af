//! Times and spans as Junos writes them.

use chrono::{DateTime, Utc};

use crate::lab::element::Element;

/// `2031-03-04 05:06:07 UTC`.
pub(super) fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A leaf with a time and its seconds since 1970.
pub(super) fn time_leaf(name: &'static str, time: DateTime<Utc>) -> Element {
    Element::leaf(name, stamp(time)).attribute("junos:seconds", time.timestamp())
}

/// A leaf with a span and its seconds.
pub(super) fn span_leaf(name: &'static str, seconds: i64) -> Element {
    Element::leaf(name, span(seconds)).attribute("junos:seconds", seconds)
}

/// `1w2d 03:04`, `2d 03:04`, or `03:04:05` below a day.
pub(super) fn span(seconds: i64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes) = (rest / 3_600, rest / 60 % 60);
    match (days / 7, days % 7) {
        (0, 0) => format!("{hours:02}:{minutes:02}:{:02}", rest % 60),
        (0, days) => format!("{days}d {hours:02}:{minutes:02}"),
        (weeks, days) => format!("{weeks}w{days}d {hours:02}:{minutes:02}"),
    }
}

/// `1w2d 3:04:05` for routing protocols: hours without leading zero, seconds always.
pub(super) fn age(seconds: i64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60);
    match (days / 7, days % 7) {
        (0, 0) => clock,
        (0, days) => format!("{days}d {clock}"),
        (weeks, days) => format!("{weeks}w{days}d {clock}"),
    }
}

/// `30 days, 2 hours, 1 minute, 5 seconds`.
pub(super) fn long_span(seconds: i64) -> String {
    let parts = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let written: Vec<String> = parts
        .into_iter()
        .filter(|(count, unit)| *count > 0 || *unit == "second")
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    written.join(", ")
}

/// The time of day a user list shows: `4:05PM`.
pub(super) fn time_of_day(time: DateTime<Utc>) -> String {
    time.format("%-I:%M%p").to_string()
}
