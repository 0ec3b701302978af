//! Switches: VLANs, learned hardware addresses, and the members of a virtual chassis.

use super::columns::line;
use super::live::Live;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::profile::{Family, Wrapper};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "ethernet-switching", "table"],
        rpc: "get-ethernet-switching-table-information",
        parameters: &[
            Parameter::Flag("brief"),
            Parameter::Flag("detail"),
            Parameter::Flag("extensive"),
            Parameter::Flag("summary"),
            Parameter::Keyed("interface", "interface-name"),
            Parameter::Keyed("vlan-id", "vlan"),
        ],
        families: &[Family::Ex],
        wrapped: false,
        answer: table,
        text: table_text,
    },
    Command {
        words: &["show", "vlans"],
        rpc: "get-vlan-information",
        parameters: &[
            Parameter::Flag("brief"),
            Parameter::Flag("detail"),
            Parameter::Flag("extensive"),
            Parameter::Free("vlan-name"),
        ],
        families: &[Family::Ex],
        wrapped: false,
        answer: vlans,
        text: vlans_text,
    },
    Command {
        words: &["show", "virtual-chassis"],
        rpc: "get-virtual-chassis-information",
        parameters: &[Parameter::Flag("status")],
        families: &[Family::Ex],
        wrapped: false,
        answer: chassis,
        text: chassis_text,
    },
];

/// Hosts that speak on an access port.
const HOSTS: u64 = 2;

/// Logical interfaces that switch a VLAN and are up, by the VLAN's name or number.
fn members(live: &Live, name: &str, tag: Option<u32>) -> Vec<String> {
    let tag = tag.map(|tag| tag.to_string());
    let carries = |vlans: &[String]| {
        vlans
            .iter()
            .any(|vlan| vlan == name || vlan == "all" || Some(vlan) == tag.as_ref())
    };
    let up = live.units_up();
    up.into_iter()
        .filter(|(_, unit)| carries(&unit.switched))
        .map(|(logical, _)| logical)
        .collect()
}

/// VLAN, tag, hardware address and logical interface of everything learned.
fn learned(view: &View, live: &Live) -> Vec<(String, u32, String, String)> {
    let mut entries = Vec::new();
    for (name, tag) in &live.intent.vlans {
        for logical in members(live, name, *tag) {
            for host in 0..HOSTS {
                let bits = view.dice(&["host", &logical, &host.to_string()]).next().to_be_bytes();
                let mac = format!(
                    "06:{:02x}:{:02x}:{:02x}:{:02x}:{host:02x}",
                    bits[0], bits[1], bits[2], bits[3]
                );
                entries.push((name.clone(), tag.unwrap_or(0), mac, logical.clone()));
            }
        }
    }
    entries
}

fn table(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let mut entries = learned(view, &live);
    entries.retain(|(_, tag, _, logical)| {
        arguments.value("vlan").is_none_or(|wanted| wanted == tag.to_string())
            && arguments.value("interface-name").is_none_or(|wanted| wanted == logical)
    });
    let root = view.root("l2ng-l2ald-rtb-macdb", "junos-l2al");
    if arguments.has("extensive") {
        return Ok(root.with_all(entries.into_iter().map(|(name, tag, mac, logical)| {
            Element::new("l2ng-l2ald-mac-entry-vlan")
                .attribute("junos:style", "extensive")
                .with_leaf("l2ng-l2-mac-address", mac)
                .with_leaf("l2ng-l2-mac-routing-instance", "default-switch")
                .with_leaf("l2ng-l2-mac-vlan-name", name)
                .with_leaf("l2ng-l2-vlan-id", tag)
                .with_leaf("l2ng-l2-mac-logical-interface", logical)
                .with_leaf("l2ng-l2-mac-flags", "in_hash,in_ifd,in_ifl,in_vlan")
        })));
    }
    let mut element = root;
    for (name, tag) in &live.intent.vlans {
        let own = entries.iter().filter(|(vlan, ..)| vlan == name);
        let own = own.map(|(vlan, _, mac, logical)| {
            Element::new("l2ng-mac-entry")
                .with_leaf("l2ng-l2-mac-vlan-name", vlan)
                .with_leaf("l2ng-l2-mac-address", mac)
                .with_leaf("l2ng-l2-mac-flags", "D")
                .with_leaf("l2ng-l2-mac-age", "-")
                .with_leaf("l2ng-l2-mac-logical-interface", logical)
        });
        let own: Vec<Element> = own.collect();
        let count = own.len();
        let vlan = Element::new("l2ng-l2ald-mac-entry-vlan")
            .attribute(
                "junos:style",
                if arguments.has("summary") {
                    "summary"
                } else {
                    "brief-rtb"
                },
            )
            .with_leaf("mac-count-global", count)
            .with_leaf("learnt-mac-count", count)
            .with_leaf("l2ng-l2-mac-routing-instance", "default-switch")
            .with_leaf("l2ng-l2-vlan-id", tag.unwrap_or(0));
        element.push(match arguments.has("summary") {
            true => vlan,
            false => vlan.with_all(own),
        });
    }
    Ok(element)
}

fn table_text(element: &Element) -> String {
    let widths = [19, 19, 8, 8, 16];
    let mut text = String::new();
    for vlan in element.all("l2ng-l2ald-mac-entry-vlan") {
        if vlan.has("mac-count-global") {
            text.push_str(&format!(
                "Ethernet switching table : {} entries, {} learned\nRouting instance : {}\n",
                vlan.value("mac-count-global"),
                vlan.value("learnt-mac-count"),
                vlan.value("l2ng-l2-mac-routing-instance"),
            ));
            text.push_str(&line(
                &widths,
                &["Vlan name", "MAC address", "Flags", "Age", "Logical interface"],
            ));
        } else {
            text.push_str(&format!(
                "MAC address: {}, VLAN: {} ({}), interface: {}\n",
                vlan.value("l2ng-l2-mac-address"),
                vlan.value("l2ng-l2-mac-vlan-name"),
                vlan.value("l2ng-l2-vlan-id"),
                vlan.value("l2ng-l2-mac-logical-interface"),
            ));
        }
        for entry in vlan.all("l2ng-mac-entry") {
            let names = ["vlan-name", "address", "flags", "age", "logical-interface"];
            text.push_str(&line(
                &widths,
                &names.map(|name| entry.value(&format!("l2ng-l2-mac-{name}"))),
            ));
        }
    }
    text
}

fn vlans(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = Live::new(view.network, view.router);
    let wanted = arguments.value("vlan-name");
    let chosen = live
        .intent
        .vlans
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == name));
    let elements = chosen.map(|(name, tag)| {
        // A star marks members that are up; only those are shown here.
        let members = members(&live, name, *tag).into_iter().map(|logical| {
            Element::new("l2ng-l2rtb-vlan-member").with_leaf("l2ng-l2rtb-vlan-member-interface", format!("{logical}*"))
        });
        let mut element = Element::new("l2ng-l2ald-vlan-instance-group")
            .attribute("junos:style", "brief")
            .with_leaf("l2ng-l2rtb-name", "default-switch")
            .with_leaf("l2ng-l2rtb-vlan-name", name);
        if let Some(tag) = tag {
            element.push(Element::leaf("l2ng-l2rtb-vlan-tag", tag));
        }
        element.with_all(members)
    });
    Ok(view
        .root("l2ng-l2ald-vlan-instance-information", "junos-l2al")
        .with_all(elements))
}

fn vlans_text(element: &Element) -> String {
    let widths = [20, 20, 10, 20];
    let mut text = line(&widths, &["Routing instance", "VLAN name", "Tag", "Interfaces"]);
    for vlan in element.children() {
        let names = ["l2ng-l2rtb-name", "l2ng-l2rtb-vlan-name", "l2ng-l2rtb-vlan-tag"];
        text.push_str(&line(&widths, &names.map(|name| vlan.value(name))));
        for member in vlan.all("l2ng-l2rtb-vlan-member") {
            let interface = member.value("l2ng-l2rtb-vlan-member-interface");
            text.push_str(&line(&widths, &["", "", "", interface]));
        }
    }
    text
}

fn chassis(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let members = match view.profile().wrapper {
        Wrapper::Always(members) => members,
        Wrapper::InvokeOn(_) | Wrapper::Never => &[],
    };
    let member = |(number, name): (usize, &&str)| {
        let serial = match number {
            0 => view.site().serial.clone(),
            _ => format!("LAB{}", view.dice(&["member", name]).hex(9)),
        };
        Element::new("member")
            .with_leaf("member-status", "Prsnt")
            .with_leaf("member-id", number)
            .with_leaf("fpc-slot", format!("(FPC {number})"))
            .with_leaf("member-serial-number", serial)
            .with_leaf("member-model", view.profile().model)
            .with_leaf("member-priority", 128)
            .with_leaf("member-mixed-mode", "N")
            .with_leaf("member-route-mode", "VC")
            .with_leaf(
                "member-role",
                ["Master*", "Backup"].get(number).copied().unwrap_or("Linecard"),
            )
    };
    let id = Element::new("virtual-chassis-id-information")
        .with_leaf("virtual-chassis-id", view.dice(&["virtual chassis"]).hex(12))
        .with_leaf("virtual-chassis-mode", "Enabled");
    Ok(view
        .root("virtual-chassis-information", "junos-virtualchassis")
        .with(id)
        .with(Element::new("member-list").with_all(members.iter().enumerate().map(member))))
}

fn chassis_text(element: &Element) -> String {
    let id = |name| {
        element
            .at(&["virtual-chassis-id-information", name])
            .map_or("", Element::text)
    };
    let mut text = format!(
        "Virtual Chassis ID: {}\nVirtual Chassis Mode: {}\n",
        id("virtual-chassis-id"),
        id("virtual-chassis-mode")
    );
    let widths = [12, 8, 14, 16, 6, 10];
    text.push_str(&line(
        &widths,
        &["Member ID", "Status", "Serial No", "Model", "prio", "Role"],
    ));
    for member in element.all("member-list").flat_map(|list| list.all("member")) {
        let number = format!("{} {}", member.value("member-id"), member.value("fpc-slot"));
        let names = [
            "member-status",
            "member-serial-number",
            "member-model",
            "member-priority",
            "member-role",
        ];
        let mut cells = vec![number.as_str()];
        cells.extend(names.map(|name| member.value(name)));
        text.push_str(&line(&widths, &cells));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::command;
    use super::super::tests::noon;
    use super::*;
    use crate::lab::network::Network;
    use crate::lab::profile::Profile;

    fn switch() -> Network {
        let profile = Profile::named("ex-21.4-vc").expect("a profile");
        Network::new(1, vec![("sw-1".to_owned(), profile)])
    }

    #[test]
    fn hosts_are_learned_on_access_ports_and_forgotten_with_them() {
        let network = switch();
        let count = |network: &Network| {
            let shown = command(
                &View::new(network, 0, noon()),
                "show ethernet-switching table extensive",
            );
            shown.expect("an answer").element.children().len()
        };
        assert_eq!(count(&network), 2);
        let lines = network.default_configuration(0);
        let port = network.site(0).access_port();
        network.activate_lines(0, &format!("{lines}set interfaces {port} disable\n"));
        assert_eq!(count(&network), 0);
    }

    #[test]
    fn a_virtual_chassis_names_its_members() {
        let shown = command(&View::new(&switch(), 0, noon()), "show virtual-chassis").expect("an answer");
        let roles: Vec<&str> = shown.element.children()[1]
            .children()
            .iter()
            .map(|member| member.value("member-role"))
            .collect();
        assert_eq!(roles, ["Master*", "Backup"]);
        assert!(roles.iter().all(|role| shown.text.contains(role)));
    }
}
