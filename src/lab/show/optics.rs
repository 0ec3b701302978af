//! `show interfaces diagnostics optics`.

use super::columns::glob;
use super::interfaces::physical_interfaces;
use super::live::Live;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "interfaces", "diagnostics", "optics"],
    rpc: "get-interface-optics-diagnostics-information",
    parameters: &[Parameter::Free("interface-name")],
    families: &[],
    wrapped: false,
    answer,
    text,
}];

/// Ports of simulated routers are copper: each says that it has no diagnostics.
fn answer(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let wanted = arguments.value("interface-name").unwrap_or("*");
    let all = physical_interfaces(view, &live);
    let ports = all
        .iter()
        .filter(|interface| interface.name.starts_with("ge-") && glob(wanted, &interface.name));
    let elements = ports.map(|interface| {
        Element::new("physical-interface")
            .with_leaf("name", &interface.name)
            .with(Element::new("optics-diagnostics").with_leaf("optic-diagnostics-not-available", "N/A"))
    });
    Ok(view.root("interface-information", "junos-interface").with_all(elements))
}

fn text(element: &Element) -> String {
    let line = |interface: &Element| {
        format!(
            "Physical interface: {}\n    Optical diagnostics                   :  N/A\n",
            interface.value("name")
        )
    };
    element.all("physical-interface").map(line).collect()
}
