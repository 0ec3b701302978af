//! `show interfaces` in its long forms.

use super::interfaces::{Physical, is_ethernet, local_addresses, logical_state, units};
use super::live::{Live, prefix};
use super::timing::{span, stamp};
use super::tree::Arguments;
use super::{View, columns};
use crate::lab::element::Element;
use crate::lab::network::Unit;

/// Seconds after boot at which links come up.
const LINK_DELAY: i64 = 95;
/// Ethernet header: what the MTU of a port exceeds the MTU of a protocol by.
const ETHERNET_HEADER: u32 = 14;

/// The long form of these interfaces, or of one of their logical interfaces.
pub(super) fn answer(
    view: &View,
    live: &Live,
    chosen: &[&Physical],
    logical: Option<&str>,
    arguments: &Arguments,
) -> Element {
    let counted = ["detail", "extensive", "statistics"]
        .iter()
        .any(|flag| arguments.has(flag));
    let mut element = view
        .root("interface-information", "junos-interface")
        .attribute("junos:style", if arguments.has("brief") { "brief" } else { "normal" });
    for physical in chosen {
        let logicals = units(physical)
            .into_iter()
            .filter(|unit| logical.is_none_or(|wanted| columns::glob(wanted, &unit.number.to_string())))
            .map(|unit| logical_interface(view, live, physical, &unit, counted));
        if logical.is_some() {
            element = element.with_all(logicals);
        } else {
            let logicals: Vec<Element> = if arguments.has("media") {
                Vec::new()
            } else {
                logicals.collect()
            };
            element.push(physical_interface(view, physical, counted).with_all(logicals));
        }
    }
    element
}

fn physical_interface(view: &View, physical: &Physical, counted: bool) -> Element {
    let ethernet = is_ethernet(&physical.name);
    let enabled = if physical.enabled { "Enabled" } else { "Disabled" };
    let mut element = Element::new("physical-interface")
        .with(Element::lined("name", &physical.name))
        .with(Element::lined("admin-status", physical.admin()).attribute("junos:format", enabled))
        .with(Element::lined("oper-status", physical.oper()))
        .with(Element::lined("local-index", 128 + physical.number))
        .with(Element::lined("snmp-index", snmp_index(physical, 0)));
    if let Some(text) = physical
        .configured
        .and_then(|configured| configured.description.as_ref())
    {
        element.push(Element::lined("description", text));
    }
    let link_type = if ethernet {
        "Ethernet"
    } else if physical.name == "lo0" {
        "Loopback"
    } else {
        "Interface-Specific"
    };
    let mtu = mtu(physical).map_or_else(|| "Unlimited".to_owned(), |mtu| mtu.to_string());
    element.push(Element::lined("link-level-type", link_type));
    element.push(Element::lined("mtu", mtu));
    if ethernet {
        element = ethernet_leaves(view, physical, element);
    }
    let flags = if physical.carries { "ifdf-running" } else { "ifdf-down" };
    element.push(
        Element::new("if-device-flags")
            .with(Element::flag("ifdf-present"))
            .with(Element::flag(flags)),
    );
    element.push(Element::new("if-config-flags").with(Element::flag("iff-snmp-traps")));
    if ethernet {
        let since = view.boot_time + chrono::TimeDelta::seconds(LINK_DELAY);
        let seconds = (view.uptime() - LINK_DELAY).max(0);
        element.push(
            Element::leaf("interface-flapped", format!("{} ({} ago)", stamp(since), span(seconds)))
                .attribute("junos:seconds", seconds),
        );
        element.push(statistics(view, physical, counted));
    }
    if counted {
        element = element
            .with(errors("input-error-list", INPUT_ERRORS))
            .with(errors("output-error-list", OUTPUT_ERRORS));
    }
    let alarm = if ethernet && physical.enabled && !physical.carries {
        "ethernet-alarm-link-down"
    } else {
        "alarm-not-present"
    };
    for list in ["active-alarms", "active-defects"] {
        element.push(Element::new(list).with(Element::new("interface-alarms").with(Element::flag(alarm))));
    }
    element
}

const INPUT_ERRORS: &[&str] = &[
    "input-errors",
    "input-drops",
    "framing-errors",
    "input-runts",
    "input-discards",
];
const OUTPUT_ERRORS: &[&str] = &[
    "carrier-transitions",
    "output-errors",
    "output-drops",
    "mtu-errors",
    "output-resource-errors",
];

fn errors(name: &'static str, counters: &[&'static str]) -> Element {
    // The one transition is the link's coming up after boot.
    let count = |counter: &&'static str| Element::lined(*counter, u8::from(*counter == "carrier-transitions"));
    Element::new(name).with_all(counters.iter().map(count))
}

fn snmp_index(physical: &Physical, unit: u32) -> u64 {
    501 + 8 * physical.number + u64::from(unit % 8)
}

fn mtu(physical: &Physical) -> Option<u32> {
    let configured = physical.configured.and_then(|configured| configured.mtu);
    configured.or(is_ethernet(&physical.name).then_some(1_514))
}

fn ethernet_leaves(view: &View, physical: &Physical, element: Element) -> Element {
    let mac = view.site().mac(physical.number + 1);
    element
        .with(Element::lined("link-mode", "Full-duplex"))
        .with(Element::lined("speed", "1000mbps"))
        .with(Element::lined("loopback", "disabled"))
        .with(Element::lined("if-flow-control", "enabled"))
        .with(Element::lined("if-auto-negotiation", "enabled"))
        .with(Element::lined("current-physical-address", &mac))
        .with(Element::lined("hardware-physical-address", mac))
}

/// Counters of an interface: rates always, totals when asked for. A link that does not carry counts nothing.
fn statistics(view: &View, physical: &Physical, counted: bool) -> Element {
    let purpose = |direction| [physical.name.as_str(), direction];
    let mut element =
        Element::new("traffic-statistics").attribute("junos:style", if counted { "verbose" } else { "brief" });
    for (direction, bytes, bps, packets, pps) in [
        ("input", "input-bytes", "input-bps", "input-packets", "input-pps"),
        ("output", "output-bytes", "output-bps", "output-packets", "output-pps"),
    ] {
        let total = if physical.carries {
            view.counter(&purpose(direction), 40)
        } else {
            0
        };
        let per_second = total.checked_div(view.uptime() as u64).unwrap_or(0);
        if counted {
            element.push(Element::lined(bytes, total * 412));
        }
        element.push(Element::lined(bps, per_second * 412 * 8));
        if counted {
            element.push(Element::lined(packets, total));
        }
        element.push(Element::lined(pps, per_second));
    }
    element
}

fn logical_interface(view: &View, live: &Live, physical: &Physical, unit: &Unit, counted: bool) -> Element {
    let name = format!("{}.{}", physical.name, unit.number);
    let (admin, oper) = logical_state(live, physical, unit);
    let mut element = Element::new("logical-interface")
        .with(Element::lined("name", &name))
        .with(Element::lined(
            "local-index",
            320 + physical.number + u64::from(unit.number % 512),
        ))
        .with(Element::lined("snmp-index", snmp_index(physical, 1 + unit.number % 7)));
    if let Some(text) = &unit.description {
        element.push(Element::lined("description", text));
    }
    let flag = if admin == "down" {
        "iff-down"
    } else if oper == "up" {
        "iff-up"
    } else {
        "iff-device-down"
    };
    element.push(
        Element::new("if-config-flags")
            .with(Element::flag(flag))
            .with(Element::flag("iff-snmp-traps")),
    );
    if let Some(vlan) = unit.vlan {
        element.push(Element::lined("link-address", format!("[ 0x8100.{vlan} ]")));
    }
    if is_ethernet(&physical.name) {
        element.push(Element::lined("encapsulation", "ENET2"));
    }
    let packets = |direction| {
        if oper == "up" {
            view.counter(&[&name, direction], 30)
        } else {
            0
        }
    };
    let mut traffic = Element::new("traffic-statistics").attribute("junos:style", "brief");
    if counted {
        traffic.push(Element::lined("input-bytes", packets("input") * 398));
        traffic.push(Element::lined("output-bytes", packets("output") * 398));
    }
    traffic.push(Element::lined("input-packets", packets("input")));
    traffic.push(Element::lined("output-packets", packets("output")));
    element.push(traffic);
    let zone = live.intent.zones.iter().find(|zone| zone.interfaces.contains(&name));
    if let Some(zone) = zone {
        element.push(Element::lined("logical-interface-zone-name", &zone.name));
    }
    element.with_all(
        unit.families
            .iter()
            .map(|family| address_family(physical, unit, family)),
    )
}

fn address_family(physical: &Physical, unit: &Unit, family: &str) -> Element {
    let mtu = mtu(physical).map_or_else(|| "Unlimited".to_owned(), |mtu| (mtu - ETHERNET_HEADER).to_string());
    let addresses = local_addresses(unit, family).into_iter().map(|(address, length)| {
        let mut element = Element::new("interface-address").with(
            Element::new("ifa-flags")
                .with(Element::flag("ifaf-current-preferred"))
                .with(Element::flag("ifaf-current-primary")),
        );
        if length < 32 || (family == "inet6" && length < 128) {
            let subnet = address
                .parse()
                .map_or_else(|_| format!("{address}/{length}"), |own| prefix(own, length));
            element.push(Element::lined("ifa-destination", subnet));
        }
        element.with(Element::lined("ifa-local", address))
    });
    Element::new("address-family")
        .with(Element::lined("address-family-name", family))
        .with(Element::lined("mtu", mtu))
        .with_all(addresses)
}
