//! `show interfaces`: which interfaces there are, and the terse and description forms.

use std::net::Ipv4Addr;

use super::columns::{glob, line};
use super::live::{Live, is_management};
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use super::{interface_detail, interface_text};
use crate::lab::element::Element;
use crate::lab::network::{Interface, Unit};

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "interfaces"],
    rpc: "get-interface-information",
    parameters: &[
        Parameter::Flag("brief"),
        Parameter::Flag("descriptions"),
        Parameter::Flag("detail"),
        Parameter::Flag("extensive"),
        Parameter::Flag("media"),
        Parameter::Flag("statistics"),
        Parameter::Flag("terse"),
        Parameter::Keyed("routing-instance", "routing-instance"),
        Parameter::Free("interface-name"),
    ],
    families: &[],
    wrapped: false,
    answer,
    text,
}];

/// A physical interface as it stands: hardware, configuration and carrier.
pub(super) struct Physical<'a> {
    pub(super) name: String,
    pub(super) configured: Option<&'a Interface>,
    pub(super) enabled: bool,
    pub(super) carries: bool,
    /// Position among all interfaces, from which indexes and addresses follow.
    pub(super) number: u64,
}

impl Physical<'_> {
    /// `up` or `down`, as configured.
    pub(super) fn admin(&self) -> &'static str {
        up(self.enabled)
    }

    /// `up` or `down`, as it is.
    pub(super) fn oper(&self) -> &'static str {
        up(self.carries)
    }
}

fn up(state: bool) -> &'static str {
    if state { "up" } else { "down" }
}

/// Every physical interface: revenue ports in port order, then the others by name.
pub(super) fn physical_interfaces<'a>(view: &View, live: &'a Live) -> Vec<Physical<'a>> {
    let site = view.site();
    let ports = (0..site.profile.ports.max(site.ports.len() + 2)).map(|number| site.profile.port(number));
    let mut names: Vec<String> = ports.collect();
    let pseudo = site.profile.pseudo_interfaces.iter().copied();
    let mut others: Vec<String> = pseudo
        .chain(["lo0", site.profile.management])
        .map(str::to_owned)
        .collect();
    for interface in &live.intent.interfaces {
        if !names.contains(&interface.name) && !others.contains(&interface.name) {
            others.push(interface.name.clone());
        }
    }
    others.sort();
    names.extend(others);
    let stand = |(number, name): (usize, String)| Physical {
        configured: live.intent.interface(&name),
        enabled: live.enabled(&name),
        carries: live.carrier(&name),
        number: number as u64,
        name,
    };
    names.into_iter().enumerate().map(stand).collect()
}

fn answer(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let all = physical_interfaces(view, &live);
    let wanted = arguments.value("interface-name").unwrap_or("*");
    let (physical, logical) = match wanted.rsplit_once('.') {
        Some((physical, unit)) => (physical, Some(unit)),
        None => (wanted, None),
    };
    // One engine alone has the internal unit of its loopback there; several reach each other over a link.
    if arguments.value("routing-instance") == Some(INTERNAL) && !view.profile().internal.1.is_empty() {
        return Ok(internal(view));
    }
    let instance = arguments
        .value("routing-instance")
        .filter(|instance| *instance != "all");
    let chosen: Vec<&Physical> = all
        .iter()
        .filter(|interface| glob(physical, &interface.name))
        .filter(|interface| instance.is_none_or(|instance| in_instance(&live, interface, instance)))
        .collect();
    let exact = !wanted.contains(['*', '?', '[']);
    let unit_exists = |unit: &str| {
        chosen
            .iter()
            .any(|interface| units(interface).iter().any(|known| unit == known.number.to_string()))
    };
    if exact && (chosen.is_empty() || logical.is_some_and(|unit| !unit_exists(unit))) {
        return Err(ShowError::Plain(format!("error: device {wanted} not found")));
    }
    if arguments.has("terse") {
        return Ok(terse(view, &live, &chosen, logical, instance));
    }
    if arguments.has("descriptions") {
        return Ok(descriptions(view, &live, &chosen));
    }
    Ok(interface_detail::answer(view, &live, &chosen, logical, arguments))
}

/// The internal unit of the loopback.
const INTERNAL_UNIT: u32 = 16_384;

/// The instance in which the engines of one chassis reach each other.
const INTERNAL: &str = "__juniper_private1__";

/// What this engine has in the internal instance.
fn internal(view: &View) -> Element {
    let (logical, addresses) = view.profile().internal;
    let state = |element: Element, name: &str| {
        element
            .with(Element::lined("name", name))
            .with(Element::lined("admin-status", "up"))
            .with(Element::lined("oper-status", "up"))
    };
    let local = |address: &&str| {
        let address = Element::lined("ifa-local", address).attribute("junos:emit", "emit");
        Element::new("interface-address").with(address)
    };
    let family = Element::new("address-family")
        .with(Element::lined("address-family-name", "inet"))
        .with_all(addresses.iter().map(local));
    let physical = logical.split('.').next().unwrap_or(logical);
    root(view, "terse").with(
        state(Element::new("physical-interface"), physical)
            .with(state(Element::new("logical-interface"), logical).with(family)),
    )
}

fn in_instance(live: &Live, interface: &Physical, instance: &str) -> bool {
    let mut units = units(interface).into_iter();
    units.any(|unit| unit_in_instance(live, interface, &unit, instance))
}

fn unit_in_instance(live: &Live, interface: &Physical, unit: &Unit, instance: &str) -> bool {
    match live.instance_of(&format!("{}.{}", interface.name, unit.number)) {
        // The engines of a router reach one another over addresses that are in no other instance.
        "" if unit.number == INTERNAL_UNIT => instance == INTERNAL,
        "" => instance == "default" || instance == "master",
        own => own == instance,
    }
}

/// The units of an interface; the loopback has an internal one besides those that are configured.
pub(super) fn units(interface: &Physical) -> Vec<Unit> {
    let mut units = interface
        .configured
        .map(|configured| configured.units.clone())
        .unwrap_or_default();
    if interface.name == "lo0" {
        units.push(Unit {
            number: INTERNAL_UNIT,
            families: vec!["inet".to_owned()],
            inet: vec![(Ipv4Addr::LOCALHOST, 32)],
            ..Unit::default()
        });
    }
    units.sort_by_key(|unit| unit.number);
    units
}

fn root(view: &View, style: &str) -> Element {
    view.root("interface-information", "junos-interface")
        .attribute("junos:style", style)
}

fn terse(view: &View, live: &Live, chosen: &[&Physical], logical: Option<&str>, instance: Option<&str>) -> Element {
    let mut element = root(view, "terse");
    for physical in chosen {
        let logicals = units(physical)
            .into_iter()
            .filter(|unit| logical.is_none_or(|wanted| glob(wanted, &unit.number.to_string())))
            .filter(|unit| instance.is_none_or(|instance| unit_in_instance(live, physical, unit, instance)))
            .map(|unit| terse_logical(live, physical, &unit));
        if logical.is_some() {
            element = element.with_all(logicals);
            continue;
        }
        element.push(
            Element::new("physical-interface")
                .with(Element::lined("name", &physical.name))
                .with(Element::lined("admin-status", physical.admin()))
                .with(Element::lined("oper-status", physical.oper()))
                .with_all(logicals),
        );
    }
    element
}

/// State of a logical interface: enabled, and its physical interface carries.
pub(super) fn logical_state(live: &Live, physical: &Physical, unit: &Unit) -> (&'static str, &'static str) {
    let name = format!("{}.{}", physical.name, unit.number);
    let internal = unit.number >= 16_384;
    let enabled = physical.enabled && !unit.disabled;
    (up(enabled), up(enabled && (internal || live.logical_up(&name))))
}

fn terse_logical(live: &Live, physical: &Physical, unit: &Unit) -> Element {
    let (admin, oper) = logical_state(live, physical, unit);
    let families = unit.families.iter().map(|family| {
        Element::new("address-family")
            .with(Element::lined("address-family-name", family))
            .with_all(local_addresses(unit, family).into_iter().map(terse_address))
    });
    Element::new("logical-interface")
        .with(Element::lined("name", format!("{}.{}", physical.name, unit.number)))
        .with(Element::lined("admin-status", admin))
        .with(Element::lined("oper-status", oper))
        .with(Element::new("filter-information"))
        .with_all(families)
}

/// Addresses of a family, with prefix lengths.
pub(super) fn local_addresses(unit: &Unit, family: &str) -> Vec<(String, u8)> {
    match family {
        "inet" => unit
            .inet
            .iter()
            .map(|(address, length)| (address.to_string(), *length))
            .collect(),
        "inet6" => unit
            .inet6
            .iter()
            .map(|(address, length)| (address.to_string(), *length))
            .collect(),
        _ => Vec::new(),
    }
}

fn terse_address((address, length): (String, u8)) -> Element {
    let host = length == 32 || length == 128;
    let shown = if host { address } else { format!("{address}/{length}") };
    let local = Element::lined("ifa-local", shown).attribute("junos:emit", "emit");
    let element = Element::new("interface-address").with(local);
    if length == 32 {
        return element.with(Element::lined("ifa-destination", "0/0").attribute("junos:emit", "emit"));
    }
    element
}

fn descriptions(view: &View, live: &Live, chosen: &[&Physical]) -> Element {
    let mut element = root(view, "description");
    for physical in chosen {
        let Some(configured) = physical.configured else {
            continue;
        };
        if let Some(text) = &configured.description {
            let states = (physical.admin(), physical.oper());
            element.push(described("physical-interface", &physical.name, states, text));
        }
        for unit in units(physical) {
            if let Some(text) = &unit.description {
                let name = format!("{}.{}", physical.name, unit.number);
                element.push(described(
                    "logical-interface",
                    &name,
                    logical_state(live, physical, &unit),
                    text,
                ));
            }
        }
    }
    element
}

fn described(kind: &'static str, name: &str, (admin, oper): (&str, &str), text: &str) -> Element {
    Element::new(kind)
        .with_leaf("name", name)
        .with_leaf("admin-status", admin)
        .with_leaf("oper-status", oper)
        .with_leaf("description", text)
}

fn text(element: &Element) -> String {
    match element.attribute_value("junos:style") {
        Some("terse") => terse_text(element),
        Some("description") => descriptions_text(element),
        _ => interface_text::text(element),
    }
}

const TERSE: &[usize] = &[23, 5, 4, 8, 21];

fn terse_text(element: &Element) -> String {
    let mut text = line(TERSE, &["Interface", "Admin", "Link", "Proto", "Local", "Remote"]);
    for interface in element.children() {
        text.push_str(&terse_line(interface));
        interface
            .all("logical-interface")
            .for_each(|logical| text.push_str(&terse_line(logical)));
    }
    text
}

/// One interface: its first address on the same line, the others below.
fn terse_line(interface: &Element) -> String {
    let mut first = vec![
        interface.value("name"),
        interface.value("admin-status"),
        interface.value("oper-status"),
    ];
    let mut text = String::new();
    for family in interface.all("address-family") {
        let mut name = family.value("address-family-name");
        let mut addresses: Vec<(&str, String)> = family
            .all("interface-address")
            .map(|address| {
                let remote = address
                    .at(&["ifa-destination"])
                    .map(|remote| format!("--> {}", remote.text()));
                (address.value("ifa-local"), remote.unwrap_or_default())
            })
            .collect();
        if addresses.is_empty() {
            addresses.push(("", String::new()));
        }
        for (local, remote) in addresses {
            let mut cells = if first.is_empty() {
                vec!["", "", ""]
            } else {
                std::mem::take(&mut first)
            };
            cells.extend([name, local, remote.as_str()]);
            text.push_str(&line(TERSE, &cells));
            name = "";
        }
    }
    if first.is_empty() { text } else { line(TERSE, &first) }
}

fn descriptions_text(element: &Element) -> String {
    let widths = [15, 5, 4];
    let mut text = line(&widths, &["Interface", "Admin", "Link", "Description"]);
    for interface in element.children() {
        let cells = ["name", "admin-status", "oper-status", "description"].map(|name| interface.value(name));
        text.push_str(&line(&widths, &cells));
    }
    text
}

/// Whether an interface has a hardware address.
pub(super) fn is_ethernet(name: &str) -> bool {
    ["ge-", "xe-", "et-", "irb", "ae", "reth"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || is_management(name)
}
