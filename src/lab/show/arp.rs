//! `show arp`.

use std::net::Ipv4Addr;

use super::columns::line;
use super::live::Live;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::network::{Role, transit};

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "arp"],
    rpc: "get-arp-table-information",
    parameters: &[
        Parameter::Flag("expiration-time"),
        Parameter::Flag("no-resolve"),
        Parameter::Keyed("hostname", "hostname"),
        Parameter::Keyed("interface", "interface"),
    ],
    families: &[],
    wrapped: false,
    answer,
    text,
}];

/// Hosts behind an edge that answer ARP.
const SERVERS: u32 = 3;

/// Whether something at that address answers ARP.
pub(super) fn answers(view: &View, address: Ipv4Addr) -> bool {
    let live = Live::new(view.network, view.router);
    entries(view, &live).iter().any(|(known, ..)| *known == address)
}

/// Address, hardware address and logical interface of everything that answers ARP.
fn entries(view: &View, live: &Live) -> Vec<(Ipv4Addr, String, String)> {
    let site = view.site();
    let mut entries = Vec::new();
    for (name, unit) in live.units_up() {
        let physical = name.split('.').next().unwrap_or(&name);
        let Some((own, length)) = unit.inet.first() else {
            continue;
        };
        if let Some(port) = site.port(physical) {
            let far = Live::new(view.network, port.peer);
            let far_unit = format!("{}.{}", port.peer_port, unit.number);
            let address = far
                .intent
                .unit(&far_unit)
                .and_then(|unit| unit.inet.first())
                .map(|(address, _)| *address);
            let mac = view.network.site(port.peer).mac(1 + port_number(&port.peer_port));
            entries.extend(
                address
                    .filter(|_| far.logical_up(&far_unit))
                    .map(|address| (address, mac, name.clone())),
            );
        } else if site.role == Role::Edge && physical == site.transit_port() {
            entries.push((transit(site.index)[1], invented_mac(view, "transit"), name.clone()));
        } else if site.role == Role::Edge && physical == site.servers_port() && *length <= 29 {
            let host = |offset: u32| Ipv4Addr::from(u32::from(*own) + offset);
            let server = |offset| {
                (
                    host(offset),
                    invented_mac(view, &format!("server {offset}")),
                    name.clone(),
                )
            };
            entries.extend((1..=SERVERS).map(server));
        }
    }
    entries
}

fn port_number(name: &str) -> u64 {
    name.rsplit('/')
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// A locally administered hardware address of something outside the network.
fn invented_mac(view: &View, purpose: &str) -> String {
    let bits = view.dice(&[purpose, "mac"]).next().to_be_bytes();
    format!(
        "06:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}",
        bits[0], bits[1], bits[2], bits[3], bits[4]
    )
}

fn answer(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let wanted = arguments.value("interface");
    let entries: Vec<_> = entries(view, &live)
        .into_iter()
        .filter(|(.., interface)| wanted.is_none_or(|wanted| wanted == interface))
        .collect();
    let count = entries.len();
    let elements = entries.into_iter().map(|(address, mac, interface)| {
        let mut element = Element::new("arp-table-entry")
            .with(Element::lined("mac-address", mac))
            .with(Element::lined("ip-address", address));
        if !arguments.has("no-resolve") {
            element.push(Element::lined("hostname", address));
        }
        element.push(Element::lined("interface-name", interface));
        if arguments.has("expiration-time") {
            let expires = 60 + view.dice(&[&address.to_string()]).below(1_140);
            element.push(Element::lined("time-to-expire", expires));
        }
        element.with(Element::new("arp-table-entry-flags").with(Element::flag("none")))
    });
    Ok(view
        .root("arp-table-information", "junos-arp")
        .attribute(
            "junos:style",
            if arguments.has("no-resolve") {
                "no-resolve"
            } else {
                "normal"
            },
        )
        .with_all(elements)
        .with(Element::lined("arp-entry-count", count)))
}

fn text(element: &Element) -> String {
    let named = element.attribute_value("junos:style") == Some("normal");
    let mut columns = vec![("MAC Address", "mac-address", 17), ("Address", "ip-address", 15)];
    if named {
        columns.push(("Name", "hostname", 25));
    }
    columns.push(("Interface", "interface-name", 24));
    let expiring = element.all("arp-table-entry").any(|entry| entry.has("time-to-expire"));
    columns.push(("Flags", "", if expiring { 10 } else { 5 }));
    if expiring {
        columns.push(("TTE", "time-to-expire", 5));
    }
    let widths: Vec<usize> = columns.iter().map(|(.., width)| *width).collect();
    let headings: Vec<&str> = columns.iter().map(|(heading, ..)| *heading).collect();
    let mut text = line(&widths, &headings);
    for entry in element.all("arp-table-entry") {
        let cell = |name: &'static str| if name.is_empty() { "none" } else { entry.value(name) };
        let cells: Vec<&str> = columns.iter().map(|(_, name, _)| cell(name)).collect();
        text.push_str(&line(&widths, &cells));
    }
    text + &format!("Total entries: {}\n", element.value("arp-entry-count"))
}
