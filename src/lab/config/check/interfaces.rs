//! What the interface and filter daemons object to.

use std::collections::HashMap;

use super::instances;
use crate::lab::config::read::NodeRef;
use crate::lab::config::report::ConfigError;

/// Interfaces that carry Ethernet frames.
const ETHERNET: [&str; 8] = ["fe-", "ge-", "xe-", "et-", "mge-", "ae", "reth", "fab"];

pub(super) fn check(top: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    let Some(interfaces) = top.get(&["interfaces"]) else {
        return;
    };
    for (name, interface) in interfaces.entries("interface") {
        let path = format!("interfaces {name}");
        if ETHERNET.iter().any(|prefix| name.starts_with(prefix)) {
            ethernet(&path, interface, findings);
        }
        for (number, unit) in interface.entries("unit") {
            filters(top, &format!("{path} unit {number}"), unit, findings);
        }
    }
    duplicates(top, interfaces, findings);
}

fn ethernet(path: &str, interface: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    let flexible = interface.has(&["flexible-vlan-tagging"]) || interface.has(&["encapsulation"]);
    let tagged = interface.has(&["vlan-tagging"]);
    let member = interface.has(&["gigether-options", "802.3ad"]) || interface.has(&["ether-options", "802.3ad"]);
    let mut object = |path: String, bad_element: &str, message: &str| {
        findings.push(ConfigError::daemon(
            "dcd",
            format!("[edit {path}]"),
            bad_element,
            message,
        ));
    };
    for (number, unit) in interface.entries("unit") {
        let words = format!("unit {number}");
        if member {
            object(
                path.to_owned(),
                &words,
                "logical unit is not allowed on aggregated links",
            );
        } else if tagged && !flexible {
            if !unit.has(&["vlan-id"]) && !unit.has(&["vlan-tags"]) && !unit.has(&["vlan-id-list"]) {
                object(
                    path.to_owned(),
                    &words,
                    "VLAN-ID must be specified on tagged ethernet interfaces",
                );
            }
        } else if !flexible && number != "0" {
            object(path.to_owned(), &words, "Only unit 0 is valid for this encapsulation");
        } else if !flexible && unit.has(&["vlan-id"]) {
            let message = "vlan-id can be specified only on tagged ethernet interfaces";
            object(format!("{path} {words}"), "vlan-id", message);
        }
    }
}

fn filters(top: NodeRef<'_>, path: &str, unit: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    let Some(families) = unit.get(&["family"]) else { return };
    for family in families.children() {
        let Some(filter) = family.get(&["filter"]) else {
            continue;
        };
        let single = ["input", "output"]
            .into_iter()
            .filter_map(|direction| filter.value(&[direction]));
        let lists = ["input-list", "output-list"]
            .into_iter()
            .flat_map(|direction| filter.values(&[direction]));
        for wanted in single.chain(lists) {
            let known = top.has(&["firewall", "family", family.name(), "filter", wanted])
                || top.has(&["firewall", "filter", wanted]);
            if !known {
                let place = format!("[edit {path} family {}]", family.name());
                let message = format!("Referenced filter '{wanted}' is not defined");
                findings.push(ConfigError::daemon("dfwd", place, "filter", message));
            }
        }
    }
}

/// The same local address on two interfaces of one instance.
fn duplicates(top: NodeRef<'_>, interfaces: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    let mut instance_of: HashMap<String, &str> = HashMap::new();
    for (_, name, instance) in instances(top).into_iter().skip(1) {
        for (interface, _) in instance.entries("interface") {
            instance_of.insert(interface.to_owned(), name);
        }
    }
    let mut seen: HashMap<(String, String), String> = HashMap::new();
    for (name, interface) in interfaces.entries("interface") {
        for (number, unit) in interface.entries("unit") {
            let logical = format!("{name}.{number}");
            let instance = instance_of.get(&logical).copied().unwrap_or("default");
            for family in ["inet", "inet6"] {
                let addresses = unit
                    .get(&["family", family])
                    .map(|family| family.entries("address"))
                    .unwrap_or_default();
                for (address, _) in addresses {
                    let host = address.split('/').next().unwrap_or(address);
                    let key = (instance.to_owned(), host.to_owned());
                    if let Some(other) = seen.insert(key, logical.clone()).filter(|other| *other != logical) {
                        let message = format!(
                            "identical local address found on rt_inst {instance}, intfs {other} and {logical}, family {family}"
                        );
                        findings.push(ConfigError {
                            path: Some(format!("[edit interfaces {name} unit {number} family {family}]")),
                            bad_element: Some(format!("address {address}")),
                            source_daemon: Some("dcd"),
                            ..ConfigError::warning(message)
                        });
                    }
                }
            }
        }
    }
}
