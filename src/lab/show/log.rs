//! `show log messages`: what happened since the router was started.

use chrono::{DateTime, TimeDelta, Utc};

use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;

/// Days after a start that leave a line each.
const QUIET_DAYS: i64 = 7;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "log"],
    rpc: "get-log",
    parameters: &[Parameter::Free("filename")],
    families: &[],
    wrapped: false,
    answer,
    text,
}];

/// Other files are the file system's, and so is the list of them.
fn answer(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let file = arguments.value("filename");
    if file != Some("messages") {
        let words = ["show", "log"].into_iter().chain(file);
        return Err(ShowError::Elsewhere(words.map(str::to_owned).collect()));
    }
    let mut lines = boot_lines(view);
    lines.extend(view.log.iter().cloned());
    Ok(Element::output(lines.join("\n")))
}

fn text(element: &Element) -> String {
    format!("{}\n", element.text())
}

/// A line of the log as syslog writes it, for events of this router.
fn log_line(time: DateTime<Utc>, host_name: &str, process: &str, message: &str) -> String {
    format!("{}  {host_name} {process}: {message}", time.format("%b %e %H:%M:%S"))
}

/// What every start leaves behind: the kernel, daemons, and the cabled links that came up. It tells of the start, so nothing
/// that was configured since may change it.
fn boot_lines(view: &View) -> Vec<String> {
    let site = view.site();
    let mut dice = view.dice(&["log", &view.boot_time.timestamp().to_string()]);
    let mut process = |name: &str| format!("{name}[{}]", 1_000 + dice.below(30_000));
    let (chassis, routing, links, time) = (process("chassisd"), process("rpd"), process("mib2d"), process("xntpd"));
    let mut events = vec![
        (
            1,
            "eventd".to_owned(),
            "SYSTEM_OPERATIONAL: System is operational".to_owned(),
        ),
        (
            4,
            "/kernel".to_owned(),
            format!("Junos {} starts on {}", view.version, site.profile.product),
        ),
        (31, chassis, "CHASSISD_FRU_ONLINE: FPC 0 is online".to_owned()),
        (72, routing.clone(), "RPD_START: routing starts".to_owned()),
    ];
    for (number, port) in site.ports.iter().enumerate() {
        let up = format!(
            "SNMP_TRAP_LINK_UP: ifIndex {}, ifAdminStatus up(1), ifOperStatus up(1), ifName {}",
            501 + 8 * number,
            port.name
        );
        let full = format!(
            "RPD_OSPF_NBRUP: OSPF neighbor {} ({}.0) state changed to Full",
            port.peer_address, port.name
        );
        events.push((95 + number as i64, links.clone(), up));
        events.push((118 + number as i64, routing.clone(), full));
    }
    for day in 1..=QUIET_DAYS {
        events.push((
            86_400 * day,
            time.clone(),
            "NTP_CLOCK: clock is synchronized".to_owned(),
        ));
    }
    for number in 0..view.extra_lines as i64 {
        events.push((
            126 + number,
            "cron[88]".to_owned(),
            format!("(root) CMD (periodic job {number})"),
        ));
    }
    events.retain(|(seconds, ..)| *seconds <= view.uptime());
    events.sort_by_key(|(seconds, ..)| *seconds);
    let write = |(seconds, process, message): (i64, String, String)| {
        log_line(
            view.boot_time + TimeDelta::seconds(seconds),
            &site.name,
            &process,
            &message,
        )
    };
    events.into_iter().map(write).collect()
}
