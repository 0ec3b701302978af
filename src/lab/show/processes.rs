//! `show system processes`: the output to take when a long one is needed.

use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "system", "processes"],
    rpc: "get-system-process-information",
    parameters: &[
        Parameter::Flag("brief"),
        Parameter::Flag("detail"),
        Parameter::Flag("extensive"),
        Parameter::Flag("summary"),
    ],
    families: &[],
    wrapped: true,
    answer,
    text,
}];

/// Daemons and the memory they take, in MiB.
const DAEMONS: &[(&str, u64)] = &[
    ("/sbin/init", 1),
    ("kernel", 0),
    ("/usr/sbin/cron", 2),
    ("/usr/sbin/sshd -D", 7),
    ("/usr/sbin/chassisd -N", 46),
    ("/usr/sbin/alarmd -N", 11),
    ("/usr/sbin/mgd -N", 38),
    ("/usr/sbin/eventd -N -r -s -A", 14),
    ("/usr/sbin/dcd -N", 29),
    ("/usr/sbin/rpd -N", 121),
    ("/usr/sbin/snmpd -N", 33),
    ("/usr/sbin/mib2d -N", 21),
    ("/usr/sbin/l2cpd -N", 26),
    ("/usr/sbin/l2ald -N", 24),
    ("/usr/sbin/bfdd -N", 17),
    ("/usr/sbin/ppmd -N", 15),
    ("/usr/sbin/dfwd -N", 19),
    ("/usr/sbin/cosd", 22),
    ("/usr/sbin/xntpd -j -N", 9),
    ("/usr/sbin/jsrpd -N", 13),
    ("/usr/sbin/nsd -N", 41),
    ("/usr/sbin/kmd -N", 28),
    ("/usr/sbin/na-grpcd -N", 35),
    ("/usr/libexec/ui/mgd-api", 31),
];

fn answer(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let mut dice = view.dice(&["processes", &view.boot_time.timestamp().to_string()]);
    let mut process = 0;
    let mut lines = vec!["  PID  TT  STAT        TIME    RSS COMMAND".to_owned()];
    let mut add = |command: &str, memory: u64, share: u64| {
        process += 1 + dice.below(97);
        let seconds = view.uptime() as u64 * (1 + share) / 4_000;
        let time = format!("{}:{:02}.{:02}", seconds / 60, seconds % 60, dice.below(100));
        lines.push(format!("{process:>5}  ??  S     {time:>10} {memory:>5}M {command}"));
    };
    for (command, memory) in DAEMONS {
        add(command, *memory, *memory);
    }
    for number in 0..view.extra_lines {
        add(&format!("/usr/libexec/worker --slot {number}"), 3, 0);
    }
    Ok(Element::output(lines.join("\n")))
}

fn text(element: &Element) -> String {
    format!("{}\n", element.text())
}
