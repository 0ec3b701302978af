//! `show lldp neighbors`.

use super::columns::line;
use super::live::Live;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::network::Port;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "lldp", "neighbors"],
        rpc: "get-lldp-neighbors-information",
        parameters: &[],
        families: &[],
        wrapped: false,
        answer: neighbors,
        text: neighbors_text,
    },
    Command {
        words: &["show", "lldp", "neighbors", "interface"],
        rpc: "get-lldp-interface-neighbors",
        parameters: &[Parameter::Free("interface-device"), Parameter::Free("interface-name")],
        families: &[],
        wrapped: false,
        answer: neighbor,
        text: neighbor_text,
    },
];

// LLDP's replies have no namespace of their own.
fn root(style: &str) -> Element {
    Element::new("lldp-neighbors-information").attribute("junos:style", style)
}

fn entry(view: &View, port: &Port) -> Element {
    let far = view.network.site(port.peer);
    let far_name = view.network.intent(port.peer).host_name.clone();
    Element::new("lldp-neighbor-information")
        .with_leaf("lldp-local-port-id", &port.name)
        .with_leaf("lldp-local-parent-interface-name", "-")
        .with_leaf("lldp-remote-chassis-id-subtype", "Mac address")
        .with_leaf("lldp-remote-chassis-id", far.mac(0))
        .with_leaf("lldp-remote-port-description", &port.peer_port)
        .with_leaf("lldp-remote-system-name", far_name.as_deref().unwrap_or(&far.name))
}

fn neighbors(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let entries = live.lldp().into_iter().map(|port| entry(view, port));
    Ok(root("brief").with_all(entries))
}

const WIDTHS: &[usize] = &[18, 19, 19, 15];
const COLUMNS: [&str; 5] = [
    "lldp-local-port-id",
    "lldp-local-parent-interface-name",
    "lldp-remote-chassis-id",
    "lldp-remote-port-description",
    "lldp-remote-system-name",
];

fn neighbors_text(element: &Element) -> String {
    let mut text = line(
        WIDTHS,
        &[
            "Local Interface",
            "Parent Interface",
            "Chassis Id",
            "Port info",
            "System Name",
        ],
    );
    for neighbor in element.all("lldp-neighbor-information") {
        text.push_str(&line(WIDTHS, &COLUMNS.map(|name| neighbor.value(name))));
    }
    text
}

fn neighbor(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let wanted = arguments
        .value("interface-device")
        .or(arguments.value("interface-name"));
    let wanted = wanted.ok_or(ShowError::Missing {
        argument: "interface-device",
    })?;
    let live = Live::new(view.network, view.router);
    let heard = live
        .lldp()
        .into_iter()
        .filter(|port| wanted.trim_end_matches(".0") == port.name);
    let entries = heard.map(|port| {
        let far = view.network.site(port.peer);
        entry(view, port)
            .with_leaf("lldp-index", port.peer + 1)
            .with_leaf("lldp-ttl", 120)
            .with_leaf("lldp-remote-port-id-subtype", "Interface name")
            .with_leaf("lldp-remote-port-id", &port.peer_port)
            .with(Element::new("lldp-system-description").with_leaf(
                "lldp-remote-system-description",
                format!(
                    "Simulated {} router, Junos {}",
                    far.profile.product, far.profile.version
                ),
            ))
            .with_leaf("lldp-remote-system-capabilities-supported", "Bridge Router")
            .with_leaf("lldp-remote-system-capabilities-enabled", "Bridge Router")
    });
    Ok(root("detail").with_all(entries))
}

fn neighbor_text(element: &Element) -> String {
    let mut text = String::new();
    for neighbor in element.all("lldp-neighbor-information") {
        let value = |name| neighbor.value(name);
        text.push_str(&format!(
            "LLDP Neighbor Information:\nLocal Information:\nIndex: {} Time to live: {}\nLocal Interface    : {}\n",
            value("lldp-index"),
            value("lldp-ttl"),
            value("lldp-local-port-id"),
        ));
        text.push_str(&format!(
            "\nNeighbour Information:\nChassis type       : {}\nChassis ID         : {}\nPort type          : {}\n\
             Port ID            : {}\nPort description   : {}\nSystem name        : {}\n\nSystem Description : {}\n",
            value("lldp-remote-chassis-id-subtype"),
            value("lldp-remote-chassis-id"),
            value("lldp-remote-port-id-subtype"),
            value("lldp-remote-port-id"),
            value("lldp-remote-port-description"),
            value("lldp-remote-system-name"),
            neighbor
                .at(&["lldp-system-description", "lldp-remote-system-description"])
                .map_or("", Element::text),
        ));
    }
    text
}
