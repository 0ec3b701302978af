//! Tools that change a configuration, with what a model may ask of them.

use serde_json::{Value, json};

use crate::lab::Lab;

const FORMS: [(&str, &str); 4] = [
    ("set", "set snmp location B7"),
    ("text", "snmp { location B7; }"),
    ("xml", "<snmp><location>B7</location></snmp>"),
    ("json", r#"{"configuration":{"snmp":{"location":"B7"}}}"#),
];

fn with(mut arguments: Value, more: Value) -> Value {
    arguments["router_name"] = json!("edge1");
    for (name, value) in more.as_object().expect("arguments") {
        arguments[name.as_str()] = value.clone();
    }
    arguments
}

#[tokio::test]
async fn every_form_of_a_change_is_checked_and_committed_in_every_mode() {
    let lab = Lab::new().router("edge1").start().await;
    for (format, text) in FORMS {
        for mode in ["shared", "exclusive", "private"] {
            let arguments = with(
                json!({"config_text": text, "config_format": format}),
                json!({"candidate_mode": mode, "synchronize": true}),
            );
            let checked = lab.call("commit_check_config", arguments.clone()).await;
            assert_eq!(
                checked.structured()["outcome"],
                "valid",
                "{format} {mode}: {}",
                checked.text()
            );
            assert!(!lab.router("edge1").active().contains("B7"), "{format} {mode}");
            let made = lab.call("load_and_commit_config", arguments).await;
            assert_eq!(
                made.structured()["outcome"],
                "committed",
                "{format} {mode}: {}",
                made.text()
            );
            assert!(lab.router("edge1").active().contains("location B7;"), "{format} {mode}");
            let back = with(json!({"version": 1, "commit": true}), json!({"candidate_mode": mode}));
            let back = lab.call("rollback_config", back).await;
            assert_eq!(
                back.structured()["outcome"],
                "committed",
                "{format} {mode}: {}",
                back.text()
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_honoured_is_refused_before_the_router_is_contacted() {
    let lab = Lab::new().router("edge1").start().await;
    let private = json!({"candidate_mode": "private", "confirm_timeout_mins": 5});
    let set = json!({"config_text": "set snmp location B7"});
    let rollback = json!({"version": 1});
    for (tool, arguments) in [
        ("load_and_commit_config", with(set.clone(), private.clone())),
        ("rollback_config", with(json!({"version": 1, "commit": true}), private)),
        (
            "rollback_config",
            with(rollback.clone(), json!({"confirm_timeout_mins": 5})),
        ),
        ("rollback_config", with(rollback.clone(), json!({"synchronize": true}))),
        ("rollback_config", with(json!({"version": 0}), json!({"commit": true}))),
        (
            "load_and_commit_config",
            with(set.clone(), json!({"candidate_mode": "dynamic"})),
        ),
        (
            "load_and_commit_config",
            with(json!({"config_text": "[]"}), json!({"config_format": "json"})),
        ),
    ] {
        let reply = lab.call(tool, arguments.clone()).await;
        assert_eq!(reply.code(), "invalid_argument", "{tool} {arguments}: {}", reply.text());
    }
    for minutes in [json!(0), json!(65_536), json!(-1), json!(1.5), json!("5")] {
        let arguments = with(set.clone(), json!({"confirm_timeout_mins": minutes}));
        let reply = lab.call("load_and_commit_config", arguments).await;
        assert_eq!(reply.code(), "invalid_argument", "{minutes}: {}", reply.text());
    }
    assert!(lab.seen_by("edge1").is_empty());
}
