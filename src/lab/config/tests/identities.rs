//! Every form reads back as what it was printed from.

use proptest::prelude::*;

use super::super::compare;
use super::edit;
use crate::lab::config::{Encoder, LoadAction, LoadFormat, LoadReport, Tree};

/// Statements of every layout; `#` becomes a number, `@` a word that may need quotes.
const TEMPLATES: [&str; 52] = [
    "system host-name edge-#",
    "system services ssh root-login deny",
    "system services ssh",
    "system services netconf ssh",
    "system services web-management https port 443#",
    "system name-server 192.0.2.#",
    "system login user u# class super-user",
    "system login message @",
    "system root-authentication encrypted-password @",
    "system syslog file f# any notice",
    "system syslog file f# authorization info",
    "system syslog archive size #m files #",
    "system ntp server 192.0.2.# prefer",
    "system ntp server 192.0.2.# key #",
    "system archival configuration archive-sites ftp://192.0.2.# password @",
    "interfaces ge-0/0/# description @",
    "interfaces ge-0/0/# disable",
    "interfaces ge-0/0/# hold-time up #",
    "interfaces ge-0/0/# hold-time down #",
    "interfaces ge-0/0/# gigether-options 802.3ad ae#",
    "interfaces ge-0/0/# unit # family inet address 192.0.2.#/2#",
    "interfaces ge-0/0/# unit # family inet filter input F#",
    "interfaces ge-0/0/# unit # family iso",
    "interfaces <ge-*> mtu 150#",
    "snmp community @ authorization read-only",
    "snmp community c# clients 192.0.2.#/32 restrict",
    "policy-options prefix-list P# 192.0.2.#/32",
    "policy-options prefix-list P# apply-path @",
    "policy-options policy-statement P# term t# from route-filter 192.0.2.0/24 upto /2#",
    "policy-options policy-statement P# term t# from route-filter 192.0.2.0/24 exact",
    "policy-options policy-statement P# term t# from protocol bgp",
    "policy-options policy-statement P# term t# from prefix-list P#",
    "policy-options policy-statement P# term t# then community add C#",
    "policy-options policy-statement P# term t# then metric #",
    "policy-options policy-statement P# term t# then accept",
    "policy-options policy-statement P# then load-balance per-packet",
    "policy-options community C# members 65000:#",
    "policy-options as-path A# @",
    "firewall family inet filter F# term t# from source-address 192.0.2.#/32 except",
    "firewall family inet filter F# term t# then accept",
    "firewall policer p# if-exceeding bandwidth-limit #m",
    "routing-options autonomous-system 6500# loops #",
    "routing-options static route 192.0.2.#/32 next-hop 198.51.100.#",
    "routing-options static route 192.0.2.#/32 preference #",
    "protocols bgp group G# neighbor 192.0.2.# peer-as 6500#",
    "protocols bgp group G# authentication-key @",
    "protocols ospf area 0.0.0.# interface ge-0/0/#.0 metric #",
    "security policies from-zone z# to-zone z# policy p# match source-address any",
    "security policies from-zone z# to-zone z# policy p# then permit",
    "security zones security-zone z# interfaces ge-0/0/#.0 host-inbound-traffic system-services ssh",
    "applications application a# protocol tcp",
    "class-of-service unread-word w# @",
];

fn line() -> impl Strategy<Value = String> {
    let word = prop_oneof!["[a-z]{1,6}", "[a-z]{1,3} [a-z$;{}&<>\"\\\\#']{1,5}"];
    (0..TEMPLATES.len(), prop::collection::vec(1u8..=9, 6), word).prop_map(|(template, numbers, word)| {
        let mut numbers = numbers.into_iter().cycle();
        let quoted = super::super::lexer::quote(&word);
        let chars = TEMPLATES[template].chars().map(|c| match c {
            '#' => numbers.next().map(|number| number.to_string()).unwrap_or_default(),
            '@' => quoted.clone(),
            other => other.to_string(),
        });
        format!("set {}", chars.collect::<String>())
    })
}

/// Lines, some of which are deactivated or protected afterwards.
fn payload() -> impl Strategy<Value = String> {
    prop::collection::vec((line(), 0u8..12), 0..25).prop_map(|lines| {
        let mut out = String::new();
        for (line, mark) in lines {
            out.push_str(&line);
            out.push('\n');
            let target = line
                .trim_start_matches("set ")
                .split(' ')
                .take(2)
                .collect::<Vec<_>>()
                .join(" ");
            if mark == 0 && target.starts_with("interfaces") {
                out.push_str(&format!("deactivate {target}\n"));
            }
        }
        out
    })
}

fn built(payload: &str) -> Tree {
    let mut tree = Tree::empty();
    let report = edit(&mut tree, payload);
    assert_eq!(report, LoadReport::default(), "{payload}");
    tree
}

fn reread(format: LoadFormat, payload: &str) -> Tree {
    let mut tree = Tree::empty();
    let report = tree.load(LoadAction::Override, format, payload, &Encoder { seed: 1 });
    assert_eq!(report, LoadReport::default(), "{payload}");
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn set_lines_are_an_identity(payload in payload()) {
        let tree = built(&payload);
        let lines = tree.set_lines(&[]).unwrap_or_default();
        let again = built(&lines);
        prop_assert_eq!(again.set_lines(&[]).unwrap_or_default(), lines);
        prop_assert_eq!(again, tree);
    }

    #[test]
    fn braces_are_an_identity(payload in payload()) {
        let tree = built(&payload);
        let text = tree.text(&[]).unwrap_or_default();
        let again = reread(LoadFormat::Text, &text);
        prop_assert_eq!(again.text(&[]).unwrap_or_default(), text);
        prop_assert_eq!(again, tree);
    }

    #[test]
    fn elements_are_an_identity(payload in payload()) {
        let tree = built(&payload);
        let xml = tree.xml(&[]).unwrap_or_default();
        let again = reread(LoadFormat::Xml, &format!("<configuration>{xml}</configuration>"));
        prop_assert_eq!(again.xml(&[]).unwrap_or_default(), xml);
        prop_assert_eq!(again, tree);
    }

    #[test]
    fn objects_are_an_identity(payload in payload()) {
        let tree = built(&payload);
        let json = tree.json(&[]).unwrap_or_default();
        let again = reread(LoadFormat::Json, &json);
        prop_assert_eq!(again.json(&[]).unwrap_or_default(), json);
        prop_assert_eq!(again, tree);
    }

    #[test]
    fn a_comparison_is_empty_exactly_when_nothing_differs(old in payload(), change in payload()) {
        let old = built(&old);
        let mut new = old.clone();
        edit(&mut new, &change);
        prop_assert_eq!(compare(&old, &new).is_empty(), old == new);
        prop_assert_eq!(compare(&old, &old), "");
    }

    #[test]
    fn a_comparison_applied_as_a_patch_gives_the_new_configuration(old in payload(), change in payload()) {
        let old = built(&old);
        let mut new = old.clone();
        edit(&mut new, &change);
        let mut patched = old.clone();
        let patch = compare(&old, &new);
        let report = patched.load(LoadAction::Patch, LoadFormat::Text, &patch, &Encoder { seed: 1 });
        prop_assert_eq!(report.errors, vec![]);
        prop_assert_eq!(compare(&new, &patched), "", "{}", patch);
    }

    #[test]
    fn no_payload_panics(payload in ".{0,200}", format in 0u8..4) {
        let format = [LoadFormat::Set, LoadFormat::Text, LoadFormat::Xml, LoadFormat::Json][usize::from(format)];
        let mut tree = Tree::empty();
        tree.load(LoadAction::Merge, format, &payload, &Encoder { seed: 1 });
        tree.load(LoadAction::Patch, LoadFormat::Text, &payload, &Encoder { seed: 1 });
    }
}
