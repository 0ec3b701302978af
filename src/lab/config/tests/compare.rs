//! `show | compare`, example by example.

use super::super::compare;
use super::{edit, tree};

fn difference(before: &str, change: &str) -> String {
    let old = tree(before);
    let mut new = old.clone();
    let report = edit(&mut new, change);
    assert!(report.errors.is_empty() && report.warnings.is_empty(), "{report:?}");
    compare(&old, &new)
}

#[test]
fn every_layout_that_junos_uses() {
    let cases = [
        (
            "a changed leaf",
            "set system host-name edge-1",
            "set system host-name edge-2",
            "[edit system]\n-  host-name edge-1;\n+  host-name edge-2;\n",
        ),
        (
            "a container after a leaf",
            "set system host-name edge-1",
            "set system time-zone UTC\nset system arp aging-timer 10",
            "[edit system]\n+  time-zone UTC;\n+  arp {\n+      aging-timer 10;\n+  }\n",
        ),
        (
            "a grouped list",
            "set system name-server 192.0.2.53",
            "set system name-server 192.0.2.54",
            "[edit system name-server]\n    192.0.2.53 { ... }\n+   192.0.2.54;\n",
        ),
        (
            "a sorted list",
            "set interfaces ge-0/0/0 mtu 1500",
            "set interfaces ge-0/0/3 mtu 9000",
            "[edit interfaces]\n+   ge-0/0/3 {\n+       mtu 9000;\n+   }\n",
        ),
        (
            "a container",
            "set interfaces ge-0/0/0 mtu 1500",
            "set interfaces ge-0/0/0 gigether-options 802.3ad ae0",
            "[edit interfaces ge-0/0/0]\n+    gigether-options {\n+        802.3ad ae0;\n+    }\n",
        ),
        (
            "a deactivated entry",
            "set interfaces ge-0/0/0 unit 0 family inet",
            "deactivate interfaces ge-0/0/0 unit 0",
            "[edit interfaces ge-0/0/0]\n!     inactive: unit 0 { ... }\n",
        ),
        (
            "a further address",
            "set interfaces ge-0/0/1 unit 0 family inet address 192.0.2.1/24",
            "set interfaces ge-0/0/1 unit 0 family inet address 192.0.2.129/25",
            "[edit interfaces ge-0/0/1 unit 0 family inet]\n        address 192.0.2.1/24 { ... }\n+       address 192.0.2.129/25;\n",
        ),
        (
            "a list after a leaf",
            "set snmp community public",
            "set snmp location LAB\nset snmp community ops authorization read-only",
            "[edit snmp]\n+  location LAB;\n[edit snmp]\n    community public { ... }\n+   community ops {\n+       authorization read-only;\n+   }\n",
        ),
        (
            "two lists",
            "set policy-options prefix-list P",
            "set policy-options policy-statement P1 then accept\nset policy-options community C1 members 65000:1",
            "[edit policy-options]\n+   policy-statement P1 {\n+       then accept;\n+   }\n[edit policy-options]\n+   community C1 members 65000:1;\n",
        ),
        (
            "a moved entry",
            "set security policies from-zone trust to-zone untrust policy P1 then permit\nset security policies from-zone trust to-zone untrust policy P2 then deny",
            "insert security policies from-zone trust to-zone untrust policy P2 before policy P1",
            "[edit security policies from-zone trust to-zone untrust]\n!     policy P2 { ... }\n",
        ),
        (
            "an entry of a grouped list",
            "set security zones security-zone trust interfaces ge-0/0/1.0",
            "set security zones security-zone trust interfaces lo0.0",
            "[edit security zones security-zone trust interfaces]\n      ge-0/0/1.0 { ... }\n+     lo0.0;\n",
        ),
        (
            "actions of a filter term",
            "set firewall family inet filter F term T then accept",
            "delete firewall family inet filter F term T then accept\nset firewall family inet filter F term T then reject",
            "[edit firewall family inet filter F term T then]\n-       accept;\n+       reject;\n",
        ),
        (
            "a container on one line",
            "set routing-options router-id 192.0.2.1",
            "set routing-options autonomous-system 65000",
            "[edit routing-options]\n+   autonomous-system 65000;\n",
        ),
        (
            "an item of a prefix list",
            "set policy-options prefix-list P 198.51.100.0/24",
            "set policy-options prefix-list P 192.0.2.0/28",
            "[edit policy-options prefix-list P]\n+   192.0.2.0/28;\n",
        ),
        (
            "a changed leaf-list",
            "set policy-options community C members 65000:1",
            "set policy-options community C members 65000:2",
            "[edit policy-options community C]\n-   members 65000:1;\n+   members [ 65000:1 65000:2 ];\n",
        ),
        (
            "an activated entry",
            "set interfaces ge-0/0/0 unit 0\ndeactivate interfaces ge-0/0/0 unit 0",
            "activate interfaces ge-0/0/0 unit 0",
            "[edit interfaces ge-0/0/0]\n!     active: unit 0 { ... }\n",
        ),
        (
            "a renamed entry of an ordered list",
            "set protocols bgp group A type internal\nset protocols bgp group B type internal",
            "rename protocols bgp group B to group C",
            "[edit protocols bgp]\n     group A { ... }\n+    group C {\n+        type internal;\n+    }\n-    group B {\n-        type internal;\n-    }\n",
        ),
        (
            "a family",
            "set interfaces ge-0/0/0 unit 0 family inet",
            "set interfaces ge-0/0/0 unit 0 family iso",
            "[edit interfaces ge-0/0/0 unit 0]\n+     family iso;\n",
        ),
        (
            "a secret",
            "set snmp location LAB",
            "set system root-authentication encrypted-password $6$x",
            "[edit]\n+  system {\n+      root-authentication {\n+          encrypted-password \"$6$x\"; ## SECRET-DATA\n+      }\n+  }\n",
        ),
        (
            "the first entry of a grouped list",
            "set system host-name edge-1",
            "set system name-server 192.0.2.53",
            "[edit system]\n+   name-server {\n+       192.0.2.53;\n+   }\n",
        ),
    ];
    for (what, before, change, expected) in cases {
        assert_eq!(difference(before, change), expected, "{what}");
    }
}

#[test]
fn equal_configurations_have_no_difference() {
    assert_eq!(difference("set system host-name a", "set system host-name a"), "");
}
