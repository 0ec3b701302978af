//! No secret of a router's configuration reaches a caller, by any way to it.

use rust_junosmcp::lab::{Action, Fault, Shape, Trigger};
use serde_json::json;

use crate::lab::Lab;

const SECRETS: [&str; 6] = [
    "$9$aJZDk.mT3/tUjwYoJDjfTz3/t0BIRyleW",
    "$6$hq1pkQHo$Wc7f.wx0NcMxJyq2nKhEvdkVtRXrQ3LdIe8xPbP7pGfJ0mZ2",
    "very-private-community",
    "bgp-shared-word",
    "radius-shared-word",
    "psk-shared-word",
];

fn configuration() -> String {
    [
        format!(
            "set system login user ann class read-only authentication encrypted-password \"{}\"",
            SECRETS[1]
        ),
        format!("set snmp community {} authorization read-only", SECRETS[2]),
        "set protocols bgp group peers type internal".to_owned(),
        format!(
            "set protocols bgp group peers neighbor 192.0.2.9 authentication-key \"{}\"",
            SECRETS[0]
        ),
        format!("set system radius-server 192.0.2.8 secret \"{}\"", SECRETS[0]),
    ]
    .join("\n")
}

async fn lab() -> Lab {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .edit_as("ann", &configuration())
        .expect("a good change");
    lab.router("edge1").commit_as("ann").expect("a good change");
    lab
}

#[tokio::test]
async fn no_way_of_reading_shows_a_secret() {
    let lab = lab().await;
    let active = lab.router("edge1").active();
    assert!(active.contains(SECRETS[2]), "the lab holds the secret:\n{active}");
    let mut calls = Vec::new();
    for form in ["text", "set", "xml", "json"] {
        calls.push((
            "get_junos_config",
            json!({"router_name": "edge1", "output_format": form}),
        ));
        for path in [
            "snmp",
            "system",
            "protocols bgp",
            "system login user ann",
            "system radius-server 192.0.2.8",
        ] {
            let arguments = json!({"router_name": "edge1", "output_format": form, "config_path": path});
            calls.push(("get_junos_config", arguments));
        }
    }
    calls.push(("junos_config_diff", json!({"router_name": "edge1"})));
    for command in [
        "show configuration",
        "show configuration snmp",
        "show configuration | display set",
        "show configuration snmp | display set | match community",
        "show configuration | display xml",
        "show configuration | display json",
        "show configuration | compare rollback 1",
    ] {
        calls.push((
            "execute_junos_command",
            json!({"router_name": "edge1", "command": command}),
        ));
        calls.push((
            "execute_junos_command_batch",
            json!({"router_names": ["edge1"], "commands": [command]}),
        ));
    }
    for (tool, arguments) in calls {
        let shown = arguments.to_string();
        let reply = lab.call(tool, arguments).await;
        assert_eq!(reply.code(), "", "{tool} {shown}: {}", reply.text());
        let all = format!("{}{}", reply.blocks().join("\n"), reply.structured());
        for secret in SECRETS {
            assert!(!all.contains(secret), "{tool} {shown} shows {secret}");
        }
    }
}

#[tokio::test]
async fn equal_secrets_have_equal_marks() {
    let lab = lab().await;
    let arguments = json!({"router_name": "edge1", "output_format": "set"});
    let reply = lab.call("get_junos_config", arguments).await;
    let mark = |word: &str| {
        let mut lines = reply.text().lines().filter(|line| line.contains(word));
        let line = lines
            .find(|line| line.contains("<redacted:"))
            .unwrap_or_else(|| panic!("{word}: {}", reply.text()));
        let start = line.find("<redacted:").expect("a mark");
        line[start..start + 19].to_owned()
    };
    assert_eq!(mark("192.0.2.9 authentication-key"), mark("radius-server 192.0.2.8"));
    assert_ne!(mark("192.0.2.9 authentication-key"), mark("user ann"));
}

#[tokio::test]
async fn an_operator_may_show_them() {
    let lab = Lab::new()
        .router("edge1")
        .settings(|settings| settings.show_secrets = true)
        .start()
        .await;
    lab.router("edge1")
        .edit_as("ann", &configuration())
        .expect("a good change");
    lab.router("edge1").commit_as("ann").expect("a good change");
    let reply = lab
        .call(
            "get_junos_config",
            json!({"router_name": "edge1", "config_path": "snmp"}),
        )
        .await;
    assert!(reply.text().contains(SECRETS[2]), "{}", reply.text());
}

#[tokio::test]
async fn what_a_router_complains_about_is_read_below_the_path_it_names() {
    let lab = Lab::new().router("edge1").start().await;
    let complaint = "<rpc-error><error-type>application</error-type><error-severity>error</error-severity>\
         <error-path>[edit snmp]</error-path><error-message>community hunter2pub is bad</error-message>\
         <error-info><bad-element>community hunter2pub</bad-element></error-info></rpc-error>";
    let complain = Fault::new(
        Trigger::rpc("command"),
        Action::Answer(Shape::Raw(complaint.to_owned())),
    )
    .always();
    lab.router("edge1").inject(complain);
    let one = json!({"router_name": "edge1", "command": "show version"});
    let many = json!({"router_names": ["edge1"], "commands": ["show version"]});
    for (tool, arguments) in [("execute_junos_command", one), ("execute_junos_command_batch", many)] {
        let reply = lab.call(tool, arguments).await;
        let all = format!("{}{}", reply.blocks().join("\n"), reply.structured());
        assert!(
            all.contains("device_error") && !all.contains("hunter2pub"),
            "{tool}: {all}"
        );
    }
}
