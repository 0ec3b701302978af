//! Every name that a hierarchy may have can be asked for.

use serde_json::json;

use crate::lab::Lab;

const CONFIGURATION: &str = "set interfaces ge-0/0/0 unit 0 description \"to core; 10G | east {a}\"
set policy-options policy-statement \"to the core\" then accept
set policy-options prefix-list v4_all.1 192.0.2.0/24
set policy-options prefix-list <any> 192.0.2.0/24
set protocols bgp group 65001:peers type internal
set firewall family inet filter a/b term 1 then accept
set security address-book global address host_1 192.0.2.1/32";

/// A path, and what only the text below it holds.
const PATHS: [(&str, &str); 9] = [
    ("interfaces ge-0/0/0", "description"),
    ("interfaces ge-0/0/0 unit 0", "description"),
    ("policy-options policy-statement \"to the core\"", "accept"),
    ("policy-options policy-statement \"to the core\" then", "accept"),
    ("policy-options prefix-list v4_all.1", "192.0.2.0/24"),
    ("protocols bgp group 65001:peers", "internal"),
    ("protocols bgp group \"65001:peers\"", "internal"),
    ("firewall family inet filter a/b term 1", "accept"),
    ("security address-book global address host_1", "192.0.2.1/32"),
];

#[tokio::test]
async fn names_with_blanks_slashes_colons_and_dots_are_found_in_every_form() {
    let lab = Lab::new().router("edge1").start().await;
    for line in CONFIGURATION.lines() {
        lab.router("edge1")
            .edit_as("ann", line)
            .unwrap_or_else(|refused| panic!("{line}: {refused:?}"));
    }
    lab.router("edge1").commit_as("ann").expect("a good change");
    for (path, expected) in PATHS {
        for form in ["text", "set", "xml", "json"] {
            let arguments = json!({"router_name": "edge1", "config_path": path, "output_format": form});
            let reply = lab.call("get_junos_config", arguments).await;
            assert_eq!(reply.code(), "", "{path} as {form}: {}", reply.text());
            assert!(reply.text().contains(expected), "{path} as {form}: {}", reply.text());
        }
        let arguments = json!({
            "router_name": "edge1", "config_path": path, "output_format": "set", "database": "candidate",
        });
        let reply = lab.call("get_junos_config", arguments).await;
        assert!(
            reply.text().contains(expected),
            "{path} in the candidate: {}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn a_path_reaches_the_router_word_for_word() {
    let lab = Lab::new().router("edge1").start().await;
    for path in [
        "interfaces <ge-*>",
        "groups <*> system",
        "policy-options as-path-group [ a b ]",
        "applications application $app",
        "policy-options community @x+y",
        "system login user \"a b\"",
    ] {
        let arguments = json!({"router_name": "edge1", "config_path": path});
        lab.call("get_junos_config", arguments).await;
        let sent = lab.commands_at("edge1").pop().expect("a command");
        assert_eq!(sent, format!("show configuration {path}"));
    }
}

#[tokio::test]
async fn json_of_a_configuration_is_what_junos_prints() {
    let lab = Lab::new().router("edge1").start().await;
    let arguments = json!({"router_name": "edge1", "config_path": "system services", "output_format": "json"});
    let reply = lab.call("get_junos_config", arguments).await;
    assert!(reply.text().contains("\"configuration\" : {"), "{}", reply.text());
}
