//! References to policies, prefix lists, communities and policers that are not defined.

use super::instances;
use crate::lab::config::read::NodeRef;
use crate::lab::config::report::ConfigError;

pub(super) fn check(top: NodeRef<'_>, findings: &mut Vec<ConfigError>) {
    let mut judge = Judge { top, findings };
    judge.definitions();
    judge.filters();
    for (path, _, instance) in instances(top) {
        judge.users(&path, instance);
    }
}

struct Judge<'a, 'f> {
    top: NodeRef<'a>,
    findings: &'f mut Vec<ConfigError>,
}

impl<'a> Judge<'a, '_> {
    fn object(&mut self, path: &str, bad_element: &str, what: &str, name: &str) {
        let message = format!("Policy error: {what} {name} referenced but not defined");
        self.findings.push(ConfigError::daemon(
            "rpd",
            format!("[edit {path}]"),
            bad_element,
            message,
        ));
    }

    /// What the policies themselves refer to.
    fn definitions(&mut self) {
        let Some(options) = self.top.get(&["policy-options"]) else {
            return;
        };
        for (name, policy) in options.entries("policy-statement") {
            let path = format!("policy-options policy-statement {name}");
            self.term(&path, policy);
            for (term, body) in policy.entries("term") {
                self.term(&format!("{path} term {term}"), body);
            }
        }
    }

    fn term(&mut self, path: &str, term: NodeRef<'a>) {
        for side in ["from", "to"] {
            let Some(from) = term.get(&[side]) else { continue };
            let place = format!("{path} {side}");
            for list in ["prefix-list", "prefix-list-filter"] {
                for (name, _) in from.entries(list) {
                    if !self.top.has(&["policy-options", "prefix-list", name]) {
                        self.object(&place, &format!("{list} {name}"), "Prefix-list", name);
                    }
                }
            }
            for name in from.values(&["community"]) {
                if !self.top.has(&["policy-options", "community", name]) {
                    self.object(&place, "community", "Community", name);
                }
            }
            for name in from.values(&["as-path"]) {
                if !self.top.has(&["policy-options", "as-path", name]) {
                    self.object(&place, "as-path", "AS path", name);
                }
            }
            self.policies(&place, from, "policy");
        }
        let Some(then) = term.get(&["then"]) else { return };
        for (action, entry) in then.entries("community") {
            let name = entry.keys().get(1).copied().unwrap_or_default();
            if !self.top.has(&["policy-options", "community", name]) {
                self.object(
                    &format!("{path} then"),
                    &format!("community {action} {name}"),
                    "Community",
                    name,
                );
            }
        }
    }

    /// Where an instance uses policies.
    fn users(&mut self, path: &str, instance: NodeRef<'a>) {
        for list in ["vrf-import", "vrf-export"] {
            self.policies(path.trim_end(), instance, list);
        }
        if let Some(table) = instance.get(&["routing-options", "forwarding-table"]) {
            self.policies(&format!("{path}routing-options forwarding-table"), table, "export");
        }
        for protocol in ["bgp", "ospf", "ospf3", "isis", "ldp"] {
            let Some(body) = instance.get(&["protocols", protocol]) else {
                continue;
            };
            let place = format!("{path}protocols {protocol}");
            self.both(&place, body);
            for (name, group) in if protocol == "bgp" {
                body.entries("group")
            } else {
                Vec::new()
            } {
                let place = format!("{place} group {name}");
                self.both(&place, group);
                for (name, neighbor) in group.entries("neighbor") {
                    self.both(&format!("{place} neighbor {name}"), neighbor);
                }
            }
        }
    }

    fn both(&mut self, path: &str, body: NodeRef<'a>) {
        for list in ["import", "export"] {
            self.policies(path, body, list);
        }
    }

    /// Policies may be combined: `( A && ! B )`.
    fn policies(&mut self, path: &str, body: NodeRef<'a>, list: &str) {
        for value in body.values(&[list]) {
            for name in value.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '!' | '&' | '|')) {
                if !name.is_empty() && !self.top.has(&["policy-options", "policy-statement", name]) {
                    self.object(path, list, "Policy", name);
                }
            }
        }
    }

    /// What the terms of firewall filters refer to.
    fn filters(&mut self) {
        let Some(firewall) = self.top.get(&["firewall"]) else {
            return;
        };
        let families = firewall
            .get(&["family"])
            .map(|families| families.children())
            .unwrap_or_default();
        let places = families
            .into_iter()
            .map(|family| (format!("firewall family {}", family.name()), family));
        for (place, holder) in places.chain([("firewall".to_owned(), firewall)]) {
            for (name, filter) in holder.entries("filter") {
                for (term, body) in filter.entries("term") {
                    self.filter_term(&format!("{place} filter {name} term {term}"), body);
                }
            }
        }
    }

    fn filter_term(&mut self, path: &str, term: NodeRef<'a>) {
        let mut object = |place: &str, bad_element: &str, message: String| {
            self.findings.push(ConfigError::daemon(
                "dfwd",
                format!("[edit {path} {place}]"),
                bad_element,
                message,
            ));
        };
        if let Some(from) = term.get(&["from"]) {
            for list in ["source-prefix-list", "destination-prefix-list", "prefix-list"] {
                for (name, _) in from.entries(list) {
                    if !self.top.has(&["policy-options", "prefix-list", name]) {
                        object(
                            "from",
                            &format!("{list} {name}"),
                            format!("Referenced prefix list '{name}' is not defined"),
                        );
                    }
                }
            }
        }
        if let Some(name) = term.value(&["then", "policer"])
            && !self.top.has(&["firewall", "policer", name])
        {
            object("then", "policer", format!("Referenced policer '{name}' is not defined"));
        }
    }
}
