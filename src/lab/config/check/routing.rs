//! What the routing daemon objects to, policies aside.

use std::collections::{HashMap, HashSet};

use super::instances;
use crate::lab::config::read::NodeRef;
use crate::lab::config::report::ConfigError;

pub(super) fn check(top: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    for (path, _, instance) in instances(top) {
        if let Some(bgp) = instance.get(&["protocols", "bgp"]) {
            let local = [&top, &instance]
                .iter()
                .any(|scope| scope.has(&["routing-options", "autonomous-system"]))
                || bgp.has(&["local-as"]);
            for (name, group) in bgp.entries("group") {
                if !local {
                    local_system(&format!("{path}protocols bgp group {name}"), name, group, findings);
                }
                peers(&format!("{path}protocols bgp group {name}"), name, group, findings);
            }
        }
    }
    loops(top, findings);
}

/// BGP speaks for an AS: the router's, or one of its own.
fn local_system(path: &str, name: &str, group: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    if group.has(&["local-as"]) {
        return;
    }
    for (address, neighbor) in group.entries("neighbor") {
        if !neighbor.has(&["local-as"]) {
            let message = format!(
                "Error in neighbor {address} of group {name}:\nmust define local autonomous system when enabling BGP"
            );
            let bad_element = format!("neighbor {address}");
            findings.push(ConfigError::daemon(
                "rpd",
                format!("[edit {path}]"),
                &bad_element,
                message,
            ));
        }
    }
}

/// An external peer has an AS of its own.
fn peers(path: &str, name: &str, group: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    if group.value(&["type"]) == Some("internal") || group.has(&["peer-as"]) {
        return;
    }
    for (address, neighbor) in group.entries("neighbor") {
        if !neighbor.has(&["peer-as"]) {
            let message = format!(
                "Error in neighbor {address} of group {name}:\npeer AS number must be configured for an external peer"
            );
            let bad_element = format!("neighbor {address}");
            findings.push(ConfigError::daemon(
                "rpd",
                format!("[edit {path}]"),
                &bad_element,
                message,
            ));
        }
    }
}

/// Static routes that hand packets from table to table in a circle.
fn loops(top: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    let mut leads: HashMap<String, HashSet<String>> = HashMap::new();
    let mut routes = Vec::new();
    for (path, name, instance) in instances(top) {
        let table = if name.is_empty() {
            "inet.0".to_owned()
        } else {
            format!("{name}.inet.0")
        };
        let Some(statics) = instance.get(&["routing-options", "static"]) else {
            continue;
        };
        for (prefix, route) in statics.entries("route") {
            if let Some(next) = route.value(&["next-table"]) {
                leads.entry(table.clone()).or_default().insert(next.to_owned());
                let place = format!("[edit {path}routing-options static route {prefix}]");
                routes.push((table.clone(), next.to_owned(), place));
            }
        }
    }
    for (table, next, place) in routes {
        if reaches(&leads, &next, &table) {
            findings.push(ConfigError::daemon("rpd", place, "next-table", "next-table may loop"));
        }
    }
}

fn reaches(leads: &HashMap<String, HashSet<String>>, from: &str, to: &str) -> bool {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut open = vec![from];
    while let Some(table) = open.pop() {
        if table == to {
            return true;
        }
        if seen.insert(table) {
            open.extend(leads.get(table).into_iter().flatten().map(String::as_str));
        }
    }
    false
}
