//! `show ospf neighbor` and `show ospf interface`.

use super::columns::line;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "ospf", "neighbor"],
        rpc: "get-ospf-neighbor-information",
        parameters: &[
            Parameter::Flag("brief"),
            Parameter::Flag("detail"),
            Parameter::Flag("extensive"),
            Parameter::Keyed("interface", "interface"),
            Parameter::Keyed("area", "area"),
        ],
        families: &[],
        wrapped: false,
        answer: neighbors,
        text: neighbors_text,
    },
    Command {
        words: &["show", "ospf", "interface"],
        rpc: "get-ospf-interface-information",
        parameters: &[Parameter::Flag("brief")],
        families: &[],
        wrapped: false,
        answer: interfaces,
        text: interfaces_text,
    },
];

fn not_running() -> Element {
    Element::output("OSPF instance is not running")
}

fn neighbors(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = view.routing()?;
    if live.intent.ospf.is_empty() {
        return Ok(not_running());
    }
    let entries = live
        .ospf()
        .into_iter()
        .filter(|neighbor| {
            arguments
                .value("interface")
                .is_none_or(|wanted| wanted == neighbor.interface)
        })
        .map(|neighbor| {
            let address = neighbor.address.to_string();
            // Hellos come every ten seconds, so a dead timer stands between 31 and 39.
            let timer = 31 + (view.dice(&[&address]).below(9) + view.uptime() as u64) % 9;
            Element::new("ospf-neighbor")
                .with(Element::lined("neighbor-address", address))
                .with(Element::lined("interface-name", neighbor.interface))
                .with(Element::lined("ospf-neighbor-state", "Full"))
                .with(Element::lined("neighbor-id", neighbor.router_id))
                .with(Element::lined("neighbor-priority", 128))
                .with(Element::lined("activity-timer", timer))
        });
    Ok(view
        .root("ospf-neighbor-information", "junos-routing")
        .with_all(entries))
}

const NEIGHBOR: &[usize] = &[16, 22, 15, 16, 4];

fn neighbors_text(element: &Element) -> String {
    if element.name() == "output" {
        return format!("{}\n", element.text());
    }
    let names = [
        "neighbor-address",
        "interface-name",
        "ospf-neighbor-state",
        "neighbor-id",
        "neighbor-priority",
        "activity-timer",
    ];
    let mut text = line(NEIGHBOR, &["Address", "Interface", "State", "ID", "Pri", "Dead"]);
    for neighbor in element.all("ospf-neighbor") {
        text.push_str(&line(NEIGHBOR, &names.map(|name| neighbor.value(name))));
    }
    text
}

fn interfaces(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let live = view.routing()?;
    if live.intent.ospf.is_empty() {
        return Ok(not_running());
    }
    let adjacencies = live.ospf();
    let entries = live.intent.ospf.iter().map(|entry| {
        let neighbors = adjacencies
            .iter()
            .filter(|adjacency| adjacency.interface == entry.interface)
            .count();
        let state = match (live.logical_up(&entry.interface), entry.passive) {
            (false, _) => "Down",
            (true, true) => "DRother",
            (true, false) => "PtToPt",
        };
        Element::new("ospf-interface")
            .with(Element::lined("interface-name", &entry.interface))
            .with(Element::lined("ospf-interface-state", state))
            .with(Element::lined("ospf-area", &entry.area))
            .with(Element::lined("dr-id", "0.0.0.0"))
            .with(Element::lined("bdr-id", "0.0.0.0"))
            .with(Element::lined("neighbor-count", neighbors))
    });
    Ok(view
        .root("ospf-interface-information", "junos-routing")
        .with_all(entries))
}

const INTERFACE: &[usize] = &[19, 7, 15, 15, 15];

fn interfaces_text(element: &Element) -> String {
    if element.name() == "output" {
        return format!("{}\n", element.text());
    }
    let names = [
        "interface-name",
        "ospf-interface-state",
        "ospf-area",
        "dr-id",
        "bdr-id",
        "neighbor-count",
    ];
    let mut text = line(INTERFACE, &["Interface", "State", "Area", "DR ID", "BDR ID", "Nbrs"]);
    for interface in element.all("ospf-interface") {
        text.push_str(&line(INTERFACE, &names.map(|name| interface.value(name))));
    }
    text
}
