//! What loads do to a configuration, and what they say.

use super::{edit, tree};
use crate::lab::config::{Encoder, LoadAction, LoadFormat, LoadReport, Severity, Tree, compare};

fn load(tree: &mut Tree, action: LoadAction, format: LoadFormat, payload: &str) -> LoadReport {
    tree.load(action, format, payload, &Encoder { seed: 1 })
}

const BASE: &str = "set system host-name a\nset system name-server 192.0.2.1\nset system services ssh\nset interfaces ge-0/0/0 mtu 1500\nset interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24\n";

#[test]
fn loads_in_braces_and_elements_meet_what_is_there() {
    use LoadAction::{Merge, Override, Replace, Update};
    use LoadFormat::{Json, Text, Xml};
    for (what, action, format, payload, after) in [
        (
            "merge",
            Merge,
            Text,
            "system { host-name b; services { telnet; } }",
            "set system host-name b\nset system services ssh\nset system services telnet\nset system name-server 192.0.2.1\n",
        ),
        (
            "merge ignores replace",
            Merge,
            Text,
            "system { replace: services { telnet; } }",
            "set system host-name a\nset system services ssh\nset system services telnet\nset system name-server 192.0.2.1\n",
        ),
        (
            "replace",
            Replace,
            Text,
            "system { replace: services { telnet; } }",
            "set system host-name a\nset system services telnet\nset system name-server 192.0.2.1\n",
        ),
        (
            "replace a grouped list",
            Replace,
            Text,
            "system { replace: name-server { 192.0.2.9; } }",
            "set system host-name a\nset system services ssh\nset system name-server 192.0.2.9\n",
        ),
        (
            "delete tags",
            Merge,
            Text,
            "system { delete: host-name; delete: name-server; }",
            "set system services ssh\n",
        ),
        (
            "inactive tags",
            Merge,
            Text,
            "system { inactive: services { ssh; } }",
            "set system host-name a\nset system services ssh\ndeactivate system services\nset system name-server 192.0.2.1\n",
        ),
        (
            "annotations",
            Merge,
            Text,
            "system { /* mine */ host-name b; }",
            "set system host-name b\nset system services ssh\nset system name-server 192.0.2.1\n",
        ),
        (
            "override",
            Override,
            Text,
            "system { host-name b; }",
            "set system host-name b\n",
        ),
        (
            "update",
            Update,
            Text,
            "system { host-name b; }",
            "set system host-name b\n",
        ),
        (
            "elements",
            Merge,
            Xml,
            "<configuration><system><host-name>b &amp; c</host-name><services><ssh delete=\"delete\"/><telnet/></services></system></configuration>",
            "set system host-name \"b & c\"\nset system services telnet\nset system name-server 192.0.2.1\n",
        ),
        (
            "element operations",
            Merge,
            Xml,
            "<system><host-name operation=\"delete\"/><name-server inactive=\"inactive\"><name>192.0.2.1</name></name-server></system>",
            "set system services ssh\nset system name-server 192.0.2.1\ndeactivate system name-server 192.0.2.1\n",
        ),
        (
            "element replace",
            Replace,
            Xml,
            "<system><services replace=\"replace\"><telnet/></services></system>",
            "set system host-name a\nset system services telnet\nset system name-server 192.0.2.1\n",
        ),
        (
            "rename",
            Merge,
            Xml,
            "<system><name-server rename=\"rename\" name=\"192.0.2.2\"><name>192.0.2.1</name></name-server></system>",
            "set system host-name a\nset system services ssh\nset system name-server 192.0.2.2\n",
        ),
        (
            "objects",
            Merge,
            Json,
            r#"{"configuration":{"system":{"host-name":"b","services":{"telnet":{}},"name-server":[{"name":"192.0.2.7"}]}}}"#,
            "set system host-name b\nset system services ssh\nset system services telnet\nset system name-server 192.0.2.1\nset system name-server 192.0.2.7\n",
        ),
    ] {
        let mut tree = tree(BASE);
        let report = load(&mut tree, action, format, payload);
        assert_eq!(report, LoadReport::default(), "{what}");
        assert_eq!(tree.set_lines(&["system"]).unwrap_or_default(), after, "{what}");
    }
}

#[test]
fn braces_that_cannot_be_read_are_reported_and_the_rest_is_loaded() {
    let mut tree = tree("");
    let payload = "system {\n    host-name b;\n    services { ssh { root-login maybe; } }\n}\ninterfaces {\n    ge-0/0/0 {\n        mtu 0;\n    }\n}\n";
    let report = load(&mut tree, LoadAction::Merge, LoadFormat::Text, payload);
    let said: Vec<(&str, Option<&str>, Option<usize>)> = report
        .errors
        .iter()
        .map(|error| (error.message.as_str(), error.bad_element.as_deref(), error.line))
        .collect();
    assert_eq!(
        said,
        [
            ("syntax error", Some("maybe"), Some(3)),
            ("Value 0 is not within range (256..9216)", Some("0"), Some(7)),
        ]
    );
    assert_eq!(tree.value(&["system", "host-name"]), Some("b"));
    let before = tree.clone();
    let report = load(&mut tree, LoadAction::Override, LoadFormat::Text, "system { host-name");
    assert!(!report.errors.is_empty());
    assert_eq!(tree, before);
    let report = load(
        &mut tree,
        LoadAction::Merge,
        LoadFormat::Text,
        "nothing-like {\n  it 1;\n",
    );
    assert!(!report.errors.is_empty());
}

#[test]
fn a_comparison_can_be_loaded_as_a_patch() {
    let old = tree(BASE);
    let mut new = old.clone();
    edit(
        &mut new,
        "set system host-name b\ndelete system services ssh\nset system name-server 192.0.2.2\ndelete interfaces ge-0/0/0 mtu\nset interfaces ge-0/0/0 unit 0 family iso\ndeactivate interfaces ge-0/0/0 unit 0\nset interfaces ge-0/0/3 mtu 9000",
    );
    let mut patched = old.clone();
    let report = load(&mut patched, LoadAction::Patch, LoadFormat::Text, &compare(&old, &new));
    assert_eq!(report, LoadReport::default());
    assert_eq!(patched.set_lines(&[]), new.set_lines(&[]));
    let mut back = new.clone();
    load(&mut back, LoadAction::Patch, LoadFormat::Text, &compare(&new, &old));
    assert_eq!(back, old);
}

#[test]
fn command_lines_edit_as_they_do_at_a_prompt() {
    for (what, before, change, after) in [
        (
            "leaf",
            "set system host-name a",
            "set system host-name b",
            "set system host-name b\n",
        ),
        ("short words", "", "set sys host a", "set system host-name a\n"),
        (
            "edit and up",
            "",
            "edit interfaces ge-0/0/0\nset mtu 1500\nedit unit 0\nup\nset description x\ntop set system host-name a",
            "set system host-name a\nset interfaces ge-0/0/0 description x\nset interfaces ge-0/0/0 mtu 1500\n",
        ),
        (
            "delete a value",
            "set policy-options community C members [ 65000:1 65000:2 ]",
            "delete policy-options community C members 65000:1",
            "set policy-options community C members 65000:2\n",
        ),
        (
            "delete prunes",
            "set protocols ospf area 0 interface ge-0/0/0.0\nset system host-name a",
            "delete protocols ospf area 0",
            "set system host-name a\n",
        ),
        (
            "delete a grouped list",
            "set system name-server 192.0.2.1\nset system host-name a",
            "delete system name-server",
            "set system host-name a\n",
        ),
        (
            "rename",
            "set interfaces ge-0/0/0 unit 0 family inet",
            "rename interfaces ge-0/0/0 to ge-0/0/1",
            "set interfaces ge-0/0/1 unit 0 family inet\n",
        ),
        (
            "copy",
            "set interfaces ge-0/0/0 mtu 1500",
            "copy interfaces ge-0/0/0 to ge-0/0/1",
            "set interfaces ge-0/0/0 mtu 1500\nset interfaces ge-0/0/1 mtu 1500\n",
        ),
        (
            "insert",
            "set policy-options policy-statement P term A then accept\nset policy-options policy-statement P term B then reject",
            "insert policy-options policy-statement P term B before term A",
            "set policy-options policy-statement P term B then reject\nset policy-options policy-statement P term A then accept\n",
        ),
        (
            "accept takes the place of reject",
            "set policy-options policy-statement P then accept",
            "set policy-options policy-statement P then reject",
            "set policy-options policy-statement P then reject\n",
        ),
        (
            "replace pattern",
            "set interfaces ge-0/0/0 description \"to core\"",
            "replace pattern core with edge",
            "set interfaces ge-0/0/0 description \"to edge\"\n",
        ),
        (
            "wildcard delete",
            "set interfaces ge-0/0/0 mtu 1500\nset interfaces xe-0/0/0 mtu 1500",
            "wildcard delete interfaces ge-*",
            "set interfaces xe-0/0/0 mtu 1500\n",
        ),
        (
            "wildcard range",
            "",
            "wildcard range set interfaces ge-0/0/[0-1] mtu 1500",
            "set interfaces ge-0/0/0 mtu 1500\nset interfaces ge-0/0/1 mtu 1500\n",
        ),
        (
            "interfaces sort",
            "",
            "set interfaces lo0 description l\nset interfaces ge-0/0/10 description b\nset interfaces ge-0/0/2 description a",
            "set interfaces ge-0/0/2 description a\nset interfaces ge-0/0/10 description b\nset interfaces lo0 description l\n",
        ),
        (
            "protect",
            "set system host-name a",
            "protect system host-name",
            "set system host-name a\nprotect system host-name\n",
        ),
    ] {
        let mut tree = tree(before);
        let report = edit(&mut tree, change);
        assert_eq!(report.errors, [], "{what}");
        assert_eq!(tree.set_lines(&[]).unwrap_or_default(), after, "{what}");
    }
}

#[test]
fn a_bad_line_ends_the_load_and_the_good_ones_before_it_stay() {
    for (change, message, bad_element) in [
        (
            "set interfaces ge-0/0/0 mtu 0",
            "Value 0 is not within range (256..9216)",
            Some("0"),
        ),
        (
            "set interfaces ge-0/0/0 mtu wat",
            "Invalid numeric value: 'wat'",
            Some("wat"),
        ),
        (
            "set interfaces ge-0/0/1x mtu 1500",
            "invalid trailing input 'x' in 'ge-0/0/1x'",
            Some("ge-0/0/1x"),
        ),
        (
            "set system services ssh root-login maybe",
            "syntax error",
            Some("maybe"),
        ),
        ("set system host-name", "missing argument.", None),
        ("set system host-name a zz", "syntax error", Some("zz")),
        ("frobnicate system", "syntax error", Some("frobnicate")),
        (
            "rename system login user a to user b",
            "statement not found",
            Some("user a"),
        ),
    ] {
        let mut tree = tree("");
        let report = edit(
            &mut tree,
            &format!("set system domain-name x\n{change}\nset system time-zone UTC"),
        );
        assert_eq!(report.errors.len(), 1, "{change}");
        assert_eq!(report.errors[0].message, message, "{change}");
        assert_eq!(report.errors[0].bad_element.as_deref(), bad_element, "{change}");
        assert_eq!(report.errors[0].line, Some(2), "{change}");
        assert_eq!(
            tree.set_lines(&[]).as_deref(),
            Some("set system domain-name x\n"),
            "{change}"
        );
    }
}

#[test]
fn deleting_what_is_absent_is_a_warning_and_the_load_goes_on() {
    let mut tree = tree("");
    let report = edit(&mut tree, "delete system host-name\nset system time-zone UTC");
    assert_eq!(report.errors, []);
    assert_eq!(report.warnings[0].message, "statement not found");
    assert_eq!(report.warnings[0].severity, Severity::Warning);
    assert!(tree.has(&["system", "time-zone"]));
}

#[test]
fn secrets_are_never_stored_as_entered() {
    let mut tree = tree("");
    let lines = "set system root-authentication plain-text-password-value lab-Secret1\nset protocols bgp group A authentication-key lab-Secret2";
    edit(&mut tree, lines);
    let stored = tree.set_lines(&[]).unwrap_or_default();
    assert!(!stored.contains("lab-Secret"), "{stored}");
    assert!(
        stored.contains("encrypted-password \"$6$") && stored.contains("authentication-key \"$9$"),
        "{stored}"
    );
    let before = tree.clone();
    edit(&mut tree, lines);
    assert_eq!(tree, before);
}

#[test]
fn a_protected_statement_cannot_be_changed() {
    let mut tree = tree("set system host-name a\nprotect system");
    let report = edit(&mut tree, "set system host-name b");
    assert!(report.errors[0].message.contains("protected"));
    assert_eq!(tree.value(&["system", "host-name"]), Some("a"));
}

#[test]
fn unknown_statements_are_kept_unless_the_load_is_strict() {
    let line = "set system unheard-of thing 1";
    let mut lenient = tree("");
    edit(&mut lenient, line);
    assert_eq!(lenient.set_lines(&[]).unwrap_or_default().trim_end(), line);
    let report = tree("").load_strictly(LoadAction::Set, LoadFormat::Set, line, &Encoder { seed: 1 });
    assert_eq!(report.errors[0].bad_element.as_deref(), Some("unheard-of"));
}
