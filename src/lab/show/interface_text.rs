//! `show interfaces` in its long forms, as text.

use crate::lab::element::Element;

/// The long text form.
pub(super) fn text(element: &Element) -> String {
    let mut text = String::new();
    for interface in element.children() {
        if interface.name() == "physical-interface" {
            text.push_str(&physical_text(interface));
        } else {
            text.push_str(&logical_text(interface));
        }
        text.push('\n');
    }
    text
}

fn physical_text(interface: &Element) -> String {
    let value = |name| interface.value(name);
    let disabled = interface
        .at(&["admin-status"])
        .and_then(|status| status.attribute_value("junos:format"))
        == Some("Disabled");
    let admin = if disabled { "Administratively down" } else { "Enabled" };
    let link = if value("oper-status") == "up" { "Up" } else { "Down" };
    let mut text = format!(
        "Physical interface: {}, {admin}, Physical link is {link}\n",
        value("name")
    );
    text.push_str(&format!(
        "  Interface index: {}, SNMP ifIndex: {}\n",
        value("local-index"),
        value("snmp-index")
    ));
    if interface.has("description") {
        text.push_str(&format!("  Description: {}\n", value("description")));
    }
    text.push_str(&format!(
        "  Link-level type: {}, MTU: {}",
        value("link-level-type"),
        value("mtu")
    ));
    if interface.has("speed") {
        text.push_str(&format!(
            ", Link-mode: {}, Speed: {}",
            value("link-mode"),
            value("speed")
        ));
    }
    let running = if interface.at(&["if-device-flags", "ifdf-running"]).is_some() {
        "Running"
    } else {
        "Down"
    };
    text.push_str(&format!(
        "\n  Device flags   : Present {running}\n  Interface flags: SNMP-Traps\n"
    ));
    if interface.has("current-physical-address") {
        let (current, hardware) = (value("current-physical-address"), value("hardware-physical-address"));
        text.push_str(&format!("  Current address: {current}, Hardware address: {hardware}\n"));
        text.push_str(&format!("  Last flapped   : {}\n", value("interface-flapped")));
    }
    if let Some(traffic) = interface.at(&["traffic-statistics"]) {
        text.push_str(&traffic_text(traffic));
    }
    for list in ["input-error-list", "output-error-list"] {
        if let Some(errors) = interface.at(&[list]) {
            let counters: Vec<String> = errors
                .children()
                .iter()
                .map(|counter| format!("{}: {}", counter.name(), counter.text()))
                .collect();
            text.push_str(&format!(
                "  {}: {}\n",
                if list.starts_with("input") {
                    "Input errors"
                } else {
                    "Output errors"
                },
                counters.join(", ")
            ));
        }
    }
    let alarms = interface.at(&["active-alarms", "interface-alarms", "ethernet-alarm-link-down"]);
    let alarm = if alarms.is_some() { "LINK" } else { "None" };
    text.push_str(&format!("  Active alarms  : {alarm}\n  Active defects : {alarm}\n"));
    for logical in interface.all("logical-interface") {
        text.push('\n');
        text.push_str(&logical_text(logical));
    }
    text
}

fn traffic_text(traffic: &Element) -> String {
    let value = |name| traffic.value(name);
    let mut text = String::new();
    if traffic.has("input-bytes") {
        text.push_str(&format!(
            "  Input  bytes  : {:>20}, packets: {}\n",
            value("input-bytes"),
            value("input-packets")
        ));
        text.push_str(&format!(
            "  Output bytes  : {:>20}, packets: {}\n",
            value("output-bytes"),
            value("output-packets")
        ));
    }
    text.push_str(&format!(
        "  Input rate     : {} bps ({} pps)\n",
        value("input-bps"),
        value("input-pps")
    ));
    text + &format!(
        "  Output rate    : {} bps ({} pps)\n",
        value("output-bps"),
        value("output-pps")
    )
}

fn logical_text(logical: &Element) -> String {
    let value = |name| logical.value(name);
    let mut text = format!(
        "  Logical interface {} (Index {}) (SNMP ifIndex {})\n",
        value("name"),
        value("local-index"),
        value("snmp-index")
    );
    if logical.has("description") {
        text.push_str(&format!("    Description: {}\n", value("description")));
    }
    let flags = logical
        .at(&["if-config-flags"])
        .map(Element::children)
        .unwrap_or_default();
    let state = match flags.first().map(Element::name) {
        Some("iff-up") => "Up",
        Some("iff-down") => "Down",
        _ => "Device-Down",
    };
    text.push_str(&format!("    Flags: {state} SNMP-Traps"));
    for (label, name) in [("VLAN-Tag", "link-address"), ("Encapsulation:", "encapsulation")] {
        if logical.has(name) {
            text.push_str(&format!(" {label} {}", value(name)));
        }
    }
    let packets = |name| logical.at(&["traffic-statistics", name]).map_or("", Element::text);
    text.push_str(&format!(
        "\n    Input packets : {}\n    Output packets: {}\n",
        packets("input-packets"),
        packets("output-packets")
    ));
    if logical.has("logical-interface-zone-name") {
        text.push_str(&format!(
            "    Security: Zone: {}\n",
            value("logical-interface-zone-name")
        ));
    }
    for family in logical.all("address-family") {
        text.push_str(&format!(
            "    Protocol {}, MTU: {}\n",
            family.value("address-family-name"),
            family.value("mtu")
        ));
        for address in family.all("interface-address") {
            let destination = address
                .at(&["ifa-destination"])
                .map(|subnet| format!("Destination: {}, ", subnet.text()));
            text.push_str("      Addresses, Flags: Is-Preferred Is-Primary\n");
            text.push_str(&format!(
                "        {}Local: {}\n",
                destination.unwrap_or_default(),
                address.value("ifa-local")
            ));
        }
    }
    text
}
