//! `show ipv6 neighbors`: who answers neighbour discovery on connected IPv6 subnets.

use std::net::Ipv6Addr;

use super::columns::line;
use super::live::Live;
use super::tree::{Arguments, Command};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "ipv6", "neighbors"],
    rpc: "get-ipv6-nd-information",
    parameters: &[],
    families: &[],
    wrapped: false,
    answer,
    text,
}];

fn same_subnet(one: Ipv6Addr, other: Ipv6Addr, length: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
    (u128::from(one) ^ u128::from(other)) & mask == 0
}

fn answer(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let mut entries = Vec::new();
    for (name, unit) in live.units_up() {
        let physical = name.split('.').next().unwrap_or(&name);
        let Some(port) = view.site().port(physical) else {
            continue;
        };
        let far = live.of(port.peer);
        let far_name = format!("{}.{}", port.peer_port, unit.number);
        let Some(far_unit) = far.intent.unit(&far_name).filter(|_| far.logical_up(&far_name)) else {
            continue;
        };
        for (address, _) in &far_unit.inet6 {
            let shared = |(own, length): &(Ipv6Addr, u8)| own != address && same_subnet(*own, *address, *length);
            if !unit.inet6.iter().any(shared) {
                continue;
            }
            let number: u64 = port
                .peer_port
                .rsplit('/')
                .next()
                .and_then(|number| number.parse().ok())
                .unwrap_or(0);
            let expires = 5 + view.dice(&[&address.to_string()]).below(25);
            entries.push(
                Element::new("ipv6-nd-entry")
                    .with(Element::lined("ipv6-nd-neighbor-address", address))
                    .with(Element::lined(
                        "ipv6-nd-neighbor-l2-address",
                        view.network.site(port.peer).mac(1 + number),
                    ))
                    .with(Element::lined("ipv6-nd-state", "reachable"))
                    .with(Element::lined("ipv6-nd-expire", expires))
                    .with(Element::lined("ipv6-nd-isrouter", "yes"))
                    .with(Element::lined("ipv6-nd-issecure", "no"))
                    .with(Element::lined("ipv6-nd-interface-name", &name)),
            );
        }
    }
    let count = entries.len();
    Ok(view
        .root("ipv6-nd-information", "junos-ipv6")
        .with_all(entries)
        .with(Element::lined("ipv6-nd-total", count)))
}

fn text(element: &Element) -> String {
    let widths = [40, 18, 11, 5, 4, 7, 16];
    let headings = [
        "IPv6 Address",
        "Linklayer Address",
        "State",
        "Exp",
        "Rtr",
        "Secure",
        "Interface",
    ];
    let mut text = line(&widths, &headings);
    for entry in element.all("ipv6-nd-entry") {
        let names = [
            "ipv6-nd-neighbor-address",
            "ipv6-nd-neighbor-l2-address",
            "ipv6-nd-state",
            "ipv6-nd-expire",
            "ipv6-nd-isrouter",
            "ipv6-nd-issecure",
            "ipv6-nd-interface-name",
        ];
        text.push_str(&line(&widths, &names.map(|name| entry.value(name))));
    }
    text + &format!("Total entries: {}\n", element.value("ipv6-nd-total"))
}
