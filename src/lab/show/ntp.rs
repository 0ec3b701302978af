//! `show ntp associations`: the time servers of the configuration.

use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "ntp", "associations"],
    rpc: "get-ntp-associations-information",
    parameters: &[Parameter::Flag("no-resolve")],
    families: &[],
    wrapped: false,
    answer,
    text,
}];

/// Seconds between polls once a server is trusted.
const POLL: i64 = 64;
/// Seconds after which the first server is trusted.
const SETTLED: i64 = 300;

/// The daemon prints text only; the table is that of `ntpq`.
fn answer(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let intent = view.intent();
    if intent.time_servers.is_empty() {
        return Ok(Element::output("No associations found"));
    }
    let mut table = "     remote         refid           st t when poll reach   delay   offset  jitter\n".to_owned();
    table.push_str(&"=".repeat(78));
    for (number, server) in intent.time_servers.iter().enumerate() {
        let mut dice = view.dice(&["time", server]);
        let mark = match (view.uptime() >= SETTLED, number) {
            (true, 0) => '*',
            (true, _) => '+',
            (false, _) => ' ',
        };
        let when = view.now.timestamp().rem_euclid(POLL);
        let delay = 1 + dice.below(30);
        table.push_str(&format!(
            "\n{mark}{server:<15} {:<15} {:>2} - {when:>4} {POLL:>4}  377   {delay:>2}.{:03}    0.{:03}   0.{:03}",
            format!("203.0.113.{}", 240 + number % 8),
            1 + dice.below(3),
            dice.below(1000),
            dice.below(1000),
            dice.below(1000),
        ));
    }
    Ok(Element::output(table))
}

fn text(element: &Element) -> String {
    format!("{}\n", element.text())
}
