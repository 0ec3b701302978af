//! One configuration in all its forms.

use super::tree;
use crate::lab::config::Tree;

const LINES: &str = "\
set system host-name edge-1
set system services ssh root-login deny
set system name-server 192.0.2.53
set interfaces ge-0/0/0 description \"to core\"
set interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24
set interfaces ge-0/0/1 mtu 9000
deactivate interfaces ge-0/0/1
set routing-options static route 0.0.0.0/0 next-hop 192.0.2.254
";

const TEXT: &str = "\
system {
    host-name edge-1;
    services {
        ssh {
            root-login deny;
        }
    }
    name-server {
        192.0.2.53;
    }
}
interfaces {
    ge-0/0/0 {
        description \"to core\";
        unit 0 {
            family inet {
                address 192.0.2.1/24;
            }
        }
    }
    inactive: ge-0/0/1 {
        mtu 9000;
    }
}
routing-options {
    static {
        route 0.0.0.0/0 next-hop 192.0.2.254;
    }
}
";

const XML: &str = r#"    <system>
        <host-name>edge-1</host-name>
        <services>
            <ssh>
                <root-login>deny</root-login>
            </ssh>
        </services>
        <name-server>
            <name>192.0.2.53</name>
        </name-server>
    </system>
    <interfaces>
        <interface>
            <name>ge-0/0/0</name>
            <description>to core</description>
            <unit>
                <name>0</name>
                <family>
                    <inet>
                        <address>
                            <name>192.0.2.1/24</name>
                        </address>
                    </inet>
                </family>
            </unit>
        </interface>
        <interface inactive="inactive">
            <name>ge-0/0/1</name>
            <mtu>9000</mtu>
        </interface>
    </interfaces>
    <routing-options>
        <static>
            <route>
                <name>0.0.0.0/0</name>
                <next-hop>192.0.2.254</next-hop>
            </route>
        </static>
    </routing-options>
"#;

#[test]
fn set_lines_print_as_braces_elements_and_themselves() {
    let tree = tree(LINES);
    assert_eq!(tree.set_lines(&[]).as_deref(), Some(LINES));
    assert_eq!(tree.text(&[]).as_deref(), Some(TEXT));
    assert_eq!(tree.xml(&[]).as_deref(), Some(XML));
}

#[test]
fn statements_print_on_the_lines_that_junos_prints_them_on() {
    for (lines, text) in [
        (
            "set system ntp server 192.0.2.123 prefer",
            "system {\n    ntp {\n        server 192.0.2.123 prefer;\n    }\n}\n",
        ),
        (
            "set interfaces ge-0/0/0 hold-time up 100 down 200",
            "interfaces {\n    ge-0/0/0 {\n        hold-time up 100 down 200;\n    }\n}\n",
        ),
        (
            "set policy-options community C members 65000:1",
            "policy-options {\n    community C members 65000:1;\n}\n",
        ),
        (
            "set policy-options community C members [ 65000:1 65000:2 ]",
            "policy-options {\n    community C members [ 65000:1 65000:2 ];\n}\n",
        ),
        (
            "set policy-options policy-statement P term T then accept",
            "policy-options {\n    policy-statement P {\n        term T {\n            then accept;\n        }\n    }\n}\n",
        ),
        (
            "set policy-options policy-statement P then load-balance per-packet",
            "policy-options {\n    policy-statement P {\n        then {\n            load-balance per-packet;\n        }\n    }\n}\n",
        ),
        (
            "set policy-options policy-statement P from prefix-list X\nset policy-options policy-statement P from route-filter 192.0.2.0/24 upto /28",
            "policy-options {\n    policy-statement P {\n        from {\n            route-filter 192.0.2.0/24 upto /28;\n            prefix-list X;\n        }\n    }\n}\n",
        ),
        (
            "set routing-options autonomous-system 65000 loops 2",
            "routing-options {\n    autonomous-system 65000 loops 2;\n}\n",
        ),
        (
            "set routing-options autonomous-system 65000",
            "routing-options {\n    autonomous-system 65000;\n}\n",
        ),
        (
            "set system syslog archive size 10m files 5",
            "system {\n    syslog {\n        archive size 10m files 5;\n    }\n}\n",
        ),
        (
            "set system syslog file messages any notice",
            "system {\n    syslog {\n        file messages {\n            any notice;\n        }\n    }\n}\n",
        ),
        (
            "set security policies from-zone a to-zone b policy p then permit",
            "security {\n    policies {\n        from-zone a to-zone b {\n            policy p {\n                then {\n                    permit;\n                }\n            }\n        }\n    }\n}\n",
        ),
        (
            "set interfaces ge-0/0/2 gigether-options 802.3ad ae0",
            "interfaces {\n    ge-0/0/2 {\n        gigether-options {\n            802.3ad ae0;\n        }\n    }\n}\n",
        ),
        (
            "set class-of-service interfaces ge-0/0/0 unit 0 shaping-rate 1m",
            "class-of-service {\n    interfaces ge-0/0/0 unit 0 shaping-rate 1m;\n}\n",
        ),
        (
            "set system root-authentication encrypted-password $6$x",
            "system {\n    root-authentication {\n        encrypted-password \"$6$x\"; ## SECRET-DATA\n    }\n}\n",
        ),
    ] {
        assert_eq!(tree(lines).text(&[]).as_deref(), Some(text), "{lines}");
    }
}

#[test]
fn a_path_selects_a_part() {
    let tree = tree(LINES);
    assert_eq!(tree.text(&["system", "name-server"]).as_deref(), Some("192.0.2.53;\n"));
    assert_eq!(
        tree.text(&["system", "host-name"]).as_deref(),
        Some("host-name edge-1;\n")
    );
    assert_eq!(
        tree.text(&["interfaces ge-0/0/0 unit 0 family"]).as_deref(),
        Some("inet {\n    address 192.0.2.1/24;\n}\n")
    );
    let inactive = "##\n## inactive: interfaces ge-0/0/1\n##\nmtu 9000;\n";
    assert_eq!(tree.text(&["interfaces", "ge-0/0/1"]).as_deref(), Some(inactive));
    assert_eq!(tree.text(&["protocols"]), None);
    assert_eq!(
        tree.set_lines(&["system", "services"]).as_deref(),
        Some("set system services ssh root-login deny\n")
    );
}

#[test]
fn reads_see_what_is_active() {
    let tree = tree(LINES);
    assert_eq!(tree.value(&["system", "host-name"]), Some("edge-1"));
    assert!(tree.has(&["interfaces", "ge-0/0/0", "unit", "0"]));
    assert!(!tree.has(&["interfaces", "ge-0/0/1"]));
    assert!(tree.has(&["system", "name-server"]));
    let interfaces = tree.get(&["interfaces"]).expect("configured");
    let names: Vec<&str> = interfaces
        .entries("interface")
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["ge-0/0/0"]);
    let unit = interfaces.get(&["ge-0/0/0", "unit", "0"]).expect("configured");
    let addresses = unit.get(&["family", "inet"]).expect("configured").entries("address");
    assert_eq!(addresses[0].0, "192.0.2.1/24");
}

#[test]
fn a_path_is_judged_before_it_is_looked_up() {
    assert_eq!(Tree::judge_path(&["protocols", "bgp", "group"]), Ok(()));
    let fault = Tree::judge_path(&["protocls"]).expect_err("not a statement");
    assert_eq!(fault.bad_element.as_deref(), Some("protocls"));
}
