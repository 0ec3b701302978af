//! What the security daemon objects to.

use std::collections::HashMap;

use crate::lab::config::read::NodeRef;
use crate::lab::config::report::ConfigError;

pub(super) fn check(top: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    let Some(zones) = top.get(&["security", "zones"]) else {
        return;
    };
    let mut owners: HashMap<String, &str> = HashMap::new();
    for (zone, body) in zones.entries("security-zone") {
        for (name, _) in body.entries("interfaces") {
            let (interface, unit) = name.split_once('.').unwrap_or((name, "0"));
            let logical = format!("{interface}.{unit}");
            let mut object = |message: String| {
                let place = format!("[edit security zones security-zone {zone}]");
                findings.push(ConfigError::daemon(
                    "nsd",
                    place,
                    &format!("interfaces {name}"),
                    message,
                ));
            };
            if interface == "all" {
                continue;
            }
            if !top.has(&["interfaces", interface, "unit", unit]) {
                object(format!("Interface {logical} must be configured under interfaces"));
            }
            if owners.insert(logical.clone(), zone).is_some_and(|owner| owner != zone) {
                object(format!("Interface {logical} already assigned to another zone"));
            }
        }
    }
}
