//! Commit checks: what the daemons of a router object to.

mod interfaces;
mod mandatory;
mod policy;
mod routing;
mod security;

use super::read::NodeRef;
use super::report::{ConfigError, Severity};
use super::tree::Tree;

/// What stands in the way of a commit, in the order of the configuration, and remarks that do not.
///
/// Groups are applied first. When there is an error, the last one is Junos' summary.
pub(crate) fn check(tree: &Tree) -> Vec<ConfigError> {
    let tree = tree.inherited();
    let top = tree.top();
    let mut findings = Vec::new();
    let missing = mandatory::check(&tree.root, &mut findings);
    let conflicts = mandatory::exclusive(top, &mut findings);
    interfaces::check(top, &mut findings);
    security::check(top, &mut findings);
    policy::check(top, &mut findings);
    routing::check(top, &mut findings);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        let reason = match (missing, conflicts) {
            (true, _) => ": (missing mandatory statements)",
            (false, true) => ": (statements constraint check failed)",
            (false, false) => "",
        };
        findings.push(ConfigError {
            kind: Some(("protocol", "operation-failed")),
            ..ConfigError::error(format!("configuration check-out failed{reason}"))
        });
    }
    findings
}

/// The main instance and the others: the words of the path, the name of the routing table prefix, and where to read.
fn instances(top: NodeRef<'_>) -> Vec<(String, &str, NodeRef<'_>)> {
    let mut out = vec![(String::new(), "", top)];
    if let Some(instances) = top.get(&["routing-instances"]) {
        for (name, instance) in instances.entries("instance") {
            out.push((format!("routing-instances {name} "), name, instance));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "\
set system root-authentication encrypted-password $6$x
set interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24
set interfaces ge-0/0/1 vlan-tagging
set interfaces ge-0/0/1 unit 10 vlan-id 10
set interfaces ge-0/0/1 unit 10 family inet address 198.51.100.1/24
set interfaces lo0 unit 0 family inet filter input PROTECT
set firewall family inet filter PROTECT term T from source-prefix-list MANAGERS
set firewall family inet filter PROTECT term T then accept
set policy-options prefix-list MANAGERS 192.0.2.0/24
set policy-options policy-statement OUT term A from prefix-list MANAGERS
set policy-options policy-statement OUT term A then community add C
set policy-options community C members 65000:1
set routing-options autonomous-system 65000
set protocols bgp group EBGP type external
set protocols bgp group EBGP export OUT
set protocols bgp group EBGP neighbor 192.0.2.2 peer-as 65001
set security zones security-zone trust interfaces ge-0/0/0.0
";

    fn findings(change: &str) -> Vec<ConfigError> {
        check(&Tree::from_set(&format!("{SOUND}{change}")).expect("the lines of a test are well formed"))
    }

    #[test]
    fn a_sound_configuration_passes() {
        assert_eq!(findings(""), []);
    }

    #[test]
    fn each_daemon_names_the_place_and_the_reason() {
        for (change, daemon, path, bad_element, message) in [
            (
                "delete system root-authentication\nset system host-name a",
                None,
                "[edit]",
                "system",
                "mgd: Missing mandatory statement: 'root-authentication'",
            ),
            (
                "set interfaces ge-0/0/0 unit 2 family inet",
                Some("dcd"),
                "[edit interfaces ge-0/0/0]",
                "unit 2",
                "Only unit 0 is valid for this encapsulation",
            ),
            (
                "set interfaces ge-0/0/0 unit 0 vlan-id 5",
                Some("dcd"),
                "[edit interfaces ge-0/0/0 unit 0]",
                "vlan-id",
                "vlan-id can be specified only on tagged ethernet interfaces",
            ),
            (
                "set interfaces ge-0/0/2 gigether-options 802.3ad ae0\nset interfaces ge-0/0/2 unit 0 family inet address 192.0.2.9/32",
                Some("dcd"),
                "[edit interfaces ge-0/0/2]",
                "unit 0",
                "logical unit is not allowed on aggregated links",
            ),
            (
                "delete protocols bgp group EBGP neighbor 192.0.2.2 peer-as",
                Some("rpd"),
                "[edit protocols bgp group EBGP]",
                "neighbor 192.0.2.2",
                "Error in neighbor 192.0.2.2 of group EBGP:\npeer AS number must be configured for an external peer",
            ),
            (
                "delete routing-options autonomous-system",
                Some("rpd"),
                "[edit protocols bgp group EBGP]",
                "neighbor 192.0.2.2",
                "Error in neighbor 192.0.2.2 of group EBGP:\nmust define local autonomous system when enabling BGP",
            ),
            (
                "set protocols bgp group EBGP export GONE",
                Some("rpd"),
                "[edit protocols bgp group EBGP]",
                "export",
                "Policy error: Policy GONE referenced but not defined",
            ),
            (
                "delete policy-options community C",
                Some("rpd"),
                "[edit policy-options policy-statement OUT term A then]",
                "community add C",
                "Policy error: Community C referenced but not defined",
            ),
            (
                "set policy-options policy-statement OUT term A from prefix-list GONE",
                Some("rpd"),
                "[edit policy-options policy-statement OUT term A from]",
                "prefix-list GONE",
                "Policy error: Prefix-list GONE referenced but not defined",
            ),
            (
                "delete firewall",
                Some("dfwd"),
                "[edit interfaces lo0 unit 0 family inet]",
                "filter",
                "Referenced filter 'PROTECT' is not defined",
            ),
            (
                "set security zones security-zone trust interfaces ge-0/0/9.0",
                Some("nsd"),
                "[edit security zones security-zone trust]",
                "interfaces ge-0/0/9.0",
                "Interface ge-0/0/9.0 must be configured under interfaces",
            ),
            (
                "set security zones security-zone dmz interfaces ge-0/0/0.0",
                Some("nsd"),
                "[edit security zones security-zone dmz]",
                "interfaces ge-0/0/0.0",
                "Interface ge-0/0/0.0 already assigned to another zone",
            ),
            (
                "set routing-options static route 0.0.0.0/0 next-table inet.0",
                Some("rpd"),
                "[edit routing-options static route 0.0.0.0/0]",
                "next-table",
                "next-table may loop",
            ),
        ] {
            let found = findings(change);
            let first = found.first().unwrap_or_else(|| panic!("no finding for {change}"));
            assert_eq!(first.message, message);
            assert_eq!(first.source_daemon, daemon, "{message}");
            assert_eq!(first.path.as_deref(), Some(path), "{message}");
            assert_eq!(first.bad_element.as_deref(), Some(bad_element), "{message}");
            let last = found.last().expect("not empty");
            assert!(
                last.message.starts_with("configuration check-out failed"),
                "{}",
                last.message
            );
        }
    }

    #[test]
    fn an_address_that_is_there_twice_is_a_warning() {
        let found = findings("set interfaces ge-0/0/2 unit 0 family inet address 192.0.2.1/24");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
        assert!(
            found[0]
                .message
                .starts_with("identical local address found on rt_inst default")
        );
    }

    #[test]
    fn statements_that_exclude_each_other_fail_the_constraint_check() {
        let found = findings(
            "set system syslog file messages explicit-priority\nset system syslog file messages structured-data",
        );
        let last = found.last().expect("not empty");
        assert_eq!(
            last.message,
            "configuration check-out failed: (statements constraint check failed)"
        );
    }

    #[test]
    fn inactive_statements_are_not_judged_and_groups_are() {
        assert_eq!(
            findings("set interfaces ge-0/0/0 unit 2\ndeactivate interfaces ge-0/0/0 unit 2"),
            []
        );
        let found = findings("set groups G interfaces <ge-*> unit 3 description x\nset apply-groups G");
        assert_eq!(found[0].bad_element.as_deref(), Some("unit 3"));
    }
}
