//! Tests across commands: what one router's configuration changes at the others, and whether the forms of a reply agree.

use super::tests::{noon, text};
use super::{Session, ShowError, View, command, rpc};
use crate::lab::element::{Element, LeafStyle};
use crate::lab::network::Network;
use crate::lab::profile::Profile;

/// Every command that needs no argument.
const COMMANDS: &[&str] = &[
    "show version",
    "show system information",
    "show system uptime",
    "show system users",
    "show system storage",
    "show system processes",
    "show system alarms",
    "show cli authorization",
    "show cli directory",
    "show route instance detail",
    "show system core-dumps",
    "show system license",
    "show system commit",
    "show system commit revision",
    "show chassis alarms",
    "show chassis hardware",
    "show chassis routing-engine",
    "show chassis environment",
    "show interfaces",
    "show interfaces terse",
    "show interfaces descriptions",
    "show interfaces extensive",
    "show bgp summary",
    "show bgp neighbor",
    "show ospf neighbor",
    "show ospf interface",
    "show route",
    "show route summary",
    "show lldp neighbors",
    "show arp no-resolve",
    "show ipv6 neighbors",
    "show ntp associations",
    "show interfaces diagnostics optics",
    "show chassis temperature-thresholds",
    "show chassis fpc",
    "ping 192.0.2.1 count 2",
    "traceroute 192.0.2.2",
    "show log messages",
    "show security zones",
    "show security policies",
    "show security flow session summary",
];

fn with_line(network: &Network, router: usize, line: &str) {
    let lines = network.default_configuration(router);
    network.activate_lines(router, &format!("{lines}{line}\n"));
}

/// Values of all leaves, as JSON or XML would show them.
fn leaves(element: &Element, found: &mut Vec<String>) {
    let text = element.text().trim();
    if !text.is_empty() {
        found.push(text.to_owned());
    }
    element.children().iter().for_each(|child| leaves(child, found));
}

#[test]
fn disabling_a_port_changes_the_view_at_the_other_end() {
    let network = Network::generate(1, 3);
    // core-1's first port leads to edge-1's first.
    assert!(text(&network, 0, "show lldp neighbors").contains("core-1"));
    assert!(text(&network, 0, "show bgp summary").contains("Down peers: 0"));
    with_line(&network, 2, "set interfaces ge-0/0/0 disable");
    let here = |words| text(&network, 0, words);
    assert!(!here("show lldp neighbors").contains("core-1"));
    assert!(!here("show ospf neighbor").contains("192.0.2.3"));
    assert!(here("show bgp summary").contains("Down peers: 1"));
    assert!(here("show interfaces terse").contains("ge-0/0/0                up    down\n"));
    assert!(here("show chassis alarms").contains("ge-0/0/0: Link down"));
    assert!(!here("show route 198.51.100.0/31 exact").contains("Direct"));
    // The loopback of core-1 is now two hops away.
    assert!(here("show route 192.0.2.3").contains("metric 2"));
    assert!(text(&network, 2, "show interfaces terse").contains("ge-0/0/0                down  down\n"));
}

#[test]
fn a_router_that_is_off_is_forgotten() {
    let network = Network::generate(1, 3);
    network.set_running(2, false);
    assert_eq!(text(&network, 0, "show lldp neighbors").lines().count(), 2);
    network.set_running(2, true);
    assert_eq!(text(&network, 0, "show lldp neighbors").lines().count(), 3);
}

#[test]
fn routing_answers_once_its_daemon_has_started() {
    let network = Network::generate(1, 3);
    let answer = |seconds, words| {
        let view = View {
            boot_time: noon() - chrono::TimeDelta::seconds(seconds),
            ..View::new(&network, 0, noon())
        };
        command(&view, words).map(|shown| shown.text)
    };
    let refusal = Err(ShowError::Failed("the routing subsystem is not running".to_owned()));
    for words in [
        "show bgp summary",
        "show ospf neighbor",
        "show route",
        "show route summary",
    ] {
        assert_eq!(answer(5, words), refusal);
        assert!(answer(60, words).is_ok());
    }
    assert!(answer(5, "show system uptime").is_ok_and(|text| !text.contains("Protocols started")));
}

#[test]
fn a_bgp_session_needs_both_ends_to_agree() {
    let network = Network::generate(1, 3);
    let state = |router| {
        let shown = command(&View::new(&network, router, noon()), "show bgp neighbor").expect("an answer");
        let states: Vec<String> = shown
            .element
            .all("bgp-peer")
            .map(|peer| peer.value("peer-state").to_owned())
            .collect();
        states.join(" ")
    };
    assert_eq!(
        [state(0), state(2)],
        ["Established Established", "Established Established"]
    );
    with_line(&network, 0, "set routing-options autonomous-system 65099");
    assert_eq!(state(2), "Active Established");
    with_line(&network, 0, "deactivate protocols bgp group CORE");
    assert_eq!(state(2), "Active Established");
    assert_eq!(state(0), "Established");
    with_line(&network, 0, "deactivate protocols bgp");
    assert_eq!(text(&network, 0, "show bgp summary"), "BGP is not running\n");
}

#[test]
fn names_follow_the_configuration() {
    let network = Network::generate(1, 3);
    with_line(&network, 1, "set system host-name oslo");
    assert!(text(&network, 1, "show version").starts_with("Hostname: oslo\n"));
    assert!(text(&network, 0, "show lldp neighbors").contains("oslo"));
}

#[test]
fn counters_grow_with_the_clock() {
    let network = Network::generate(1, 3);
    let packets = |now| {
        let view = View {
            now,
            ..View::new(&network, 0, noon())
        };
        let element = command(&view, "show interfaces ge-0/0/0 statistics")
            .expect("an answer")
            .element;
        let counter = element
            .at(&["physical-interface", "traffic-statistics", "input-packets"])
            .map(Element::text);
        counter.and_then(|text| text.parse::<u64>().ok()).expect("a counter")
    };
    assert!(packets(noon()) < packets(noon() + chrono::TimeDelta::seconds(10)));
}

#[test]
fn routes_of_others_arrive_over_bgp() {
    let network = Network::generate(1, 3);
    // The servers behind edge-2, by way of the core.
    let shown = text(&network, 0, "show route 203.0.113.138");
    assert!(
        shown.contains("203.0.113.136/29") && shown.contains("AS path: 65000 65002 I"),
        "{shown}"
    );
}

#[test]
fn the_forms_of_each_reply_hold_the_same_facts() {
    for profile in Profile::all() {
        let routers = ["bonn", "rome", "oslo"].map(|name| (name.to_owned(), profile));
        let network = Network::new(3, routers.to_vec());
        for router in 0..3 {
            let sessions = [Session {
                user: "admin".to_owned(),
                terminal: Some("pts/0".to_owned()),
                from: "203.0.113.9".to_owned(),
                since: noon(),
                command: "cli".to_owned(),
            }];
            let view = View {
                sessions: &sessions,
                ..View::new(&network, router, noon())
            };
            for words in COMMANDS {
                let Ok(shown) = command(&view, words) else {
                    assert!(words.contains("security"), "{words} on {}", profile.name);
                    continue;
                };
                assert!(!shown.text.is_empty() || shown.element.children().is_empty(), "{words}");
                forms_agree(&shown.element, words);
            }
        }
    }
}

fn forms_agree(element: &Element, words: &str) {
    let mut found = Vec::new();
    leaves(element, &mut found);
    let json: serde_json::Value = serde_json::from_str(&element.to_json()).expect(words);
    let json = json.to_string();
    let xml = element.to_xml(LeafStyle::Mixed);
    for leaf in found {
        let quoted = serde_json::Value::from(leaf.as_str()).to_string();
        assert!(
            json.contains(quoted.trim_matches('"')),
            "{words}: {leaf} is missing in JSON"
        );
        let escaped = leaf.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(xml.contains(&escaped), "{words}: {leaf} is missing in XML");
    }
}

#[test]
fn text_shows_what_the_tree_holds() {
    let network = Network::generate(9, 20);
    for router in [0, 5, 18, 19] {
        let view = View::new(&network, router, noon());
        for (words, paths) in [
            (
                "show lldp neighbors",
                ["lldp-neighbor-information", "lldp-remote-system-name"],
            ),
            ("show ospf neighbor", ["ospf-neighbor", "neighbor-id"]),
            ("show bgp summary", ["bgp-peer", "peer-address"]),
            ("show interfaces terse", ["physical-interface", "name"]),
            ("show arp no-resolve", ["arp-table-entry", "mac-address"]),
            ("show system storage", ["filesystem", "mounted-on"]),
        ] {
            let shown = command(&view, words).expect(words);
            let mut count = 0;
            for entry in shown.element.all(paths[0]) {
                assert!(shown.text.contains(entry.value(paths[1])), "{words}");
                count += 1;
            }
            assert!(count > 0, "{words} shows nothing at router {router}");
        }
    }
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let all = |seed| {
        let network = Network::generate(seed, 5);
        let view = View::new(&network, 3, noon());
        let shown = COMMANDS
            .iter()
            .map(|words| command(&view, words).expect(words).element.to_xml(LeafStyle::Mixed));
        shown.collect::<String>()
    };
    assert_eq!(all(4), all(4));
    assert_ne!(all(4), all(5));
}

#[test]
fn features_that_are_off_answer_as_their_daemons_do() {
    let network = Network::generate(1, 1);
    let view = View::new(&network, 0, noon());
    let fault = rpc(&view, "get-chassis-cluster-status", &[]).expect("a known RPC");
    let Err(ShowError::Reply(element, text)) = fault else {
        panic!("not an error of its own")
    };
    assert!(element.to_xml(LeafStyle::Mixed).starts_with(
        "<xnm:error xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\" xmlns:xnm=\"http://xml.juniper.net/xnm/1.1/xnm\">\n<parse/>\n"
    ));
    assert_eq!(text, "error: Chassis cluster is not enabled\n");
    let missing = command(&view, "show interfaces ge-9/9/9");
    assert_eq!(
        missing,
        Err(ShowError::Plain("error: device ge-9/9/9 not found".to_owned()))
    );
    for name in [
        "get-virtual-chassis-information",
        "get-jnu-satellites-information",
        "get-system-nodes-information",
    ] {
        assert!(rpc(&view, name, &[]).is_none());
    }
}

#[test]
fn rpcs_take_their_arguments_and_refuse_others() {
    let network = Network::generate(1, 3);
    let view = View::new(&network, 0, noon());
    let arguments = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<Vec<_>>()
    };
    let wanted = arguments(&[("interface-name", "[vmfgxe][mlet]*"), ("terse", "")]);
    let element = rpc(&view, "get-interface-information", &wanted)
        .expect("known")
        .expect("an answer")
        .element;
    let names: Vec<&str> = element
        .all("physical-interface")
        .map(|interface| interface.value("name"))
        .collect();
    assert!(names.contains(&"ge-0/0/0") && !names.contains(&"lo0"));
    let private = arguments(&[("routing-instance", "__juniper_private1__"), ("terse", "")]);
    let element = rpc(&view, "get-interface-information", &private)
        .expect("known")
        .expect("an answer")
        .element;
    assert_eq!(element.children().len(), 1);
    let internal = element
        .at(&["physical-interface", "logical-interface"])
        .expect("a unit");
    assert_eq!(internal.value("name"), "lo0.16384");
    let fault = rpc(&view, "get-interface-information", &arguments(&[("colour", "red")])).expect("known");
    assert!(matches!(fault, Err(ShowError::Syntax { bad_element: Some(word), .. }) if word == "colour"));
}

#[test]
fn a_thousand_routers_answer_quickly() {
    let network = Network::generate(1, 1000);
    let began = std::time::Instant::now();
    for router in (0..1000).step_by(10) {
        assert!(!text(&network, router, "show version").is_empty());
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    assert!(text(&network, 950, "show bgp summary").contains("Down peers: 0"));
}
