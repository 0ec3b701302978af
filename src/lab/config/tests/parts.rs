//! Filters, groups and the JSON form.

use super::tree;
use crate::lab::config::{Encoder, LoadAction, LoadFormat, Tree};

const LINES: &str = "\
set system host-name edge-1
set interfaces ge-0/0/0 mtu 1500
set interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24
set interfaces xe-0/0/0 disable
deactivate interfaces xe-0/0/0
";

#[test]
fn a_filter_selects_by_name_key_and_value() {
    let whole = tree(LINES);
    for (what, filter, lines) in [
        ("nothing", "", LINES),
        (
            "a container",
            "<configuration><system/></configuration>",
            "set system host-name edge-1\n",
        ),
        (
            "an entry",
            "<interfaces><interface><name>xe-0/0/0</name></interface></interfaces>",
            "set interfaces xe-0/0/0 disable\ndeactivate interfaces xe-0/0/0\n",
        ),
        (
            "a part of an entry",
            "<interfaces><interface><name>ge-0/0/0</name><mtu/></interface></interfaces>",
            "set interfaces ge-0/0/0 mtu 1500\n",
        ),
        (
            "keys alone",
            "<interfaces><interface><name/></interface></interfaces>",
            "set interfaces ge-0/0/0\nset interfaces xe-0/0/0\ndeactivate interfaces xe-0/0/0\n",
        ),
        (
            "a value",
            "<interfaces><interface><mtu>1500</mtu><unit/></interface></interfaces>",
            "set interfaces ge-0/0/0 mtu 1500\nset interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24\n",
        ),
        ("what is not there", "<protocols/>", ""),
    ] {
        assert_eq!(
            whole.filtered(filter).set_lines(&[]).unwrap_or_default(),
            lines,
            "{what}"
        );
    }
    let xml = whole.xml_filtered("<system><host-name/></system>");
    assert_eq!(
        xml,
        "    <system>\n        <host-name>edge-1</host-name>\n    </system>\n"
    );
}

#[test]
fn json_has_numbers_flags_and_marks() {
    let json = tree(LINES)
        .json_with(&["interfaces"], &[("junos:commit-seconds", "1")])
        .expect("configured");
    let expected = r#"{
    "configuration" : {
        "@" : {
            "junos:commit-seconds" : "1"
        }, 
        "interfaces" : {
            "interface" : [
                {
                    "name" : "ge-0/0/0", 
                    "mtu" : 1500, 
                    "unit" : [
                        {
                            "name" : 0, 
                            "family" : {
                                "inet" : {
                                    "address" : [
                                        {
                                            "name" : "192.0.2.1/24"
                                        }
                                    ]
                                }
                            }
                        }
                    ]
                }, 
                {
                    "@" : {
                        "inactive" : true
                    }, 
                    "name" : "xe-0/0/0", 
                    "disable" : [null]
                }
            ]
        }
    }
}
"#;
    assert_eq!(json, expected);
    let mut back = Tree::empty();
    let report = back.load(LoadAction::Merge, LoadFormat::Json, &json, &Encoder::default());
    assert_eq!(report.errors, []);
    assert_eq!(back.set_lines(&[]), tree(LINES).set_lines(&["interfaces"]));
}

#[test]
fn groups_fill_what_is_not_set() {
    let plain = tree(
        "set groups G system host-name from-group
set groups G system domain-name example.net
set groups G interfaces <ge-*> mtu 9000
set groups G interfaces <*> unit <*> description filled
set groups H system host-name other
set apply-groups [ G H ]
set system time-zone UTC
set interfaces ge-0/0/0 unit 0
set interfaces ge-0/0/1 mtu 1500
set interfaces ge-0/0/2 apply-groups-except G
set interfaces ge-0/0/2 disable
set interfaces xe-0/0/0 disable",
    );
    let inherited = plain.inherited();
    assert_eq!(
        inherited.set_lines(&[]).unwrap_or_default(),
        "set system host-name from-group
set system domain-name example.net
set system time-zone UTC
set interfaces ge-0/0/0 mtu 9000
set interfaces ge-0/0/0 unit 0 description filled
set interfaces ge-0/0/1 mtu 1500
set interfaces ge-0/0/2 disable
set interfaces xe-0/0/0 disable
"
    );
    let text = inherited.text_with_inheritance(&["system"]).expect("configured");
    assert!(
        text.contains("##\n## 'from-group' was inherited from group 'G'\n##\nhost-name from-group;\n"),
        "{text}"
    );
    let xml = inherited.xml_with_groups(&["system"]).expect("configured");
    assert!(
        xml.contains("<host-name junos:group=\"G\">from-group</host-name>"),
        "{xml}"
    );
    assert_eq!(plain.inherited().inherited(), inherited);
}

#[test]
fn interface_ranges_reach_their_members() {
    let inherited = tree(
        "set interfaces interface-range ACCESS member-range ge-0/0/1 to ge-0/0/2
set interfaces interface-range ACCESS member ge-0/0/9
set interfaces interface-range ACCESS mtu 9000
set interfaces ge-0/0/2 mtu 1500",
    )
    .inherited();
    assert_eq!(
        inherited.set_lines(&[]).unwrap_or_default(),
        "set interfaces ge-0/0/1 mtu 9000\nset interfaces ge-0/0/2 mtu 1500\nset interfaces ge-0/0/9 mtu 9000\n"
    );
}
