//! `show system alarms` and `show chassis alarms`.

use super::interfaces::physical_interfaces;
use super::live::Live;
use super::timing::stamp;
use super::tree::{Arguments, Command};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "system", "alarms"],
        rpc: "get-system-alarm-information",
        parameters: &[],
        families: &[],
        wrapped: true,
        answer: system_alarms,
        text,
    },
    Command {
        words: &["show", "chassis", "alarms"],
        rpc: "get-alarm-information",
        parameters: &[],
        families: &[],
        wrapped: true,
        answer: chassis_alarms,
        text,
    },
];

/// Class, description, short form and type.
type Alarm = (&'static str, String, String, &'static str);

fn alarms(view: &View, alarms: Vec<Alarm>) -> Element {
    let since = view.boot_time + chrono::TimeDelta::seconds(100);
    let summary = if alarms.is_empty() {
        Element::flag("no-active-alarms")
    } else {
        Element::lined("active-alarm-count", alarms.len())
    };
    let details = alarms.into_iter().map(|(class, description, short, kind)| {
        Element::new("alarm-detail")
            .with(Element::lined("alarm-time", stamp(since)).attribute("junos:seconds", since.timestamp()))
            .with(Element::lined("alarm-class", class))
            .with(Element::lined("alarm-description", description))
            .with(Element::lined("alarm-short-description", short))
            .with(Element::lined("alarm-type", kind))
    });
    view.root("alarm-information", "junos-alarm")
        .with(Element::new("alarm-summary").with(summary))
        .with_all(details)
}

fn system_alarms(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let rescue: Alarm = (
        "Minor",
        "Rescue configuration is not set".to_owned(),
        "no-rescue".to_owned(),
        "Configuration",
    );
    let active = if view.rescue_saved { Vec::new() } else { vec![rescue] };
    Ok(alarms(view, active))
}

/// A port that is configured and enabled but does not carry raises an alarm.
fn chassis_alarms(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let dead = physical_interfaces(view, &live)
        .into_iter()
        .filter(|port| port.configured.is_some() && port.enabled && !port.carries);
    let active = dead.map(|port| -> Alarm {
        (
            "Major",
            format!("{}: Link down", port.name),
            format!("{} down", port.name),
            "Ethernet",
        )
    });
    Ok(alarms(view, active.collect()))
}

fn text(element: &Element) -> String {
    let details: Vec<&Element> = element.all("alarm-detail").collect();
    if details.is_empty() {
        return "No alarms currently active\n".to_owned();
    }
    let mut text = format!(
        "{} alarms currently active\nAlarm time               Class  Description\n",
        details.len()
    );
    for alarm in details {
        let value = |name| alarm.value(name);
        text.push_str(&format!(
            "{}  {:<6} {}\n",
            value("alarm-time"),
            value("alarm-class"),
            value("alarm-description")
        ));
    }
    text
}
