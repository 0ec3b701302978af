//! Changes that a rule forbids, in every disguise: refused with the rule named, and nothing is left behind.

use rust_junosmcp::lab::{Action, Fault, Shape, Trigger};
use serde_json::{Value, json};

use crate::lab::Lab;

/// What a test tries to load.
struct Attempt {
    name: &'static str,
    /// The rule that forbids it.
    rule: &'static str,
    /// What the router had before.
    before: &'static str,
    format: &'static str,
    payload: &'static str,
    /// Where it must be found: at a line, before anything is sent, or in the change it makes.
    found: &'static str,
}

const MODES: [&str; 3] = ["shared", "exclusive", "private"];

const ROOT: &str = "set system root-authentication *";

/// What is denied as soon as a line of the payload is read.
const LINES: &[Attempt] = &[
    Attempt {
        name: "a plain line",
        rule: ROOT,
        before: "",
        format: "set",
        payload: "set snmp location a\nset system root-authentication encrypted-password \"$6$abcdefgh$x\"",
        found: "line 2: set system root-authentication",
    },
    Attempt {
        name: "edit and a relative line",
        rule: ROOT,
        before: "",
        format: "set",
        payload: "edit system\nset root-authentication encrypted-password \"$6$abcdefgh$x\"",
        found: "line 2: set system root-authentication",
    },
    Attempt {
        name: "abbreviated, spaced and in capitals",
        rule: ROOT,
        before: "",
        format: "set",
        payload: "set   SYS\troot-auth   encrypted-password \"$6$abcdefgh$x\"",
        found: "line 1: set SYS root-auth",
    },
    Attempt {
        name: "rename by its own rule",
        rule: "rename system login *",
        before: "set system login user guest class read-only",
        format: "set",
        payload: "edit system login\nrename user guest to user eve",
        found: "line 2: rename system login user guest to user eve",
    },
    Attempt {
        name: "insert by its own rule",
        rule: "insert firewall *",
        before: "",
        format: "set",
        payload: "insert firewall family inet filter F term a after term b",
        found: "line 1: insert firewall",
    },
    Attempt {
        name: "replace pattern by its own rule",
        rule: "replace pattern *",
        before: "",
        format: "set",
        payload: "replace pattern old with new",
        found: "line 1: replace pattern old with new",
    },
    Attempt {
        name: "wildcard delete by its own rule",
        rule: "wildcard delete *",
        before: "",
        format: "set",
        payload: "wildcard delete interfaces ge-.*",
        found: "line 1: wildcard delete interfaces ge-.*",
    },
];

/// What only shows once it is loaded.
const EFFECTS: &[Attempt] = &[
    Attempt {
        name: "text",
        rule: ROOT,
        before: "",
        format: "text",
        payload: "system {\n    root-authentication {\n        encrypted-password \"$6$abcdefgh$x\";\n    }\n}\n",
        found: "change: set system root-authentication",
    },
    Attempt {
        name: "xml",
        rule: ROOT,
        before: "",
        format: "xml",
        payload: "<system><root-authentication><encrypted-password>$6$abcdefgh$x</encrypted-password></root-authentication></system>",
        found: "change: set system root-authentication",
    },
    Attempt {
        name: "json",
        rule: ROOT,
        before: "",
        format: "json",
        payload: r#"{"configuration": {"system": {"root-authentication": {"encrypted-password": "$6$abcdefgh$x"}}}}"#,
        found: "change: set system root-authentication",
    },
    Attempt {
        name: "a group and apply-groups",
        rule: "set system login user eve*",
        before: "",
        format: "set",
        payload: "set groups G system login user eve class super-user\nset apply-groups G",
        found: "change: set system login user eve",
    },
    Attempt {
        name: "apply-groups of a group that is there",
        rule: "set system login user eve*",
        before: "set groups G system login user eve class super-user",
        format: "set",
        payload: "set apply-groups G",
        found: "change: set system login user eve",
    },
    Attempt {
        name: "a group as text",
        rule: "set system login user eve*",
        before: "",
        format: "text",
        payload: "groups {\n    G {\n        system {\n            login {\n                user eve {\n                    class super-user;\n                }\n            }\n        }\n    }\n}\napply-groups G;\n",
        found: "change: set system login user eve",
    },
    Attempt {
        name: "rename to a denied name",
        rule: "set system login user eve*",
        before: "set system login user guest class read-only",
        format: "set",
        payload: "rename system login user guest to user eve",
        found: "change: set system login user eve",
    },
    Attempt {
        name: "rename of what must not go",
        rule: "delete system login user guest",
        before: "set system login user guest class read-only",
        format: "set",
        payload: "rename system login user guest to user eve",
        found: "change: delete system login user guest",
    },
    Attempt {
        name: "copy to a denied name",
        rule: "set system login user eve*",
        before: "set system login user guest class read-only",
        format: "set",
        payload: "copy system login user guest to user eve",
        found: "change: set system login user eve",
    },
    Attempt {
        name: "replace pattern",
        rule: "set system login user eve*",
        before: "set system login user guest class read-only",
        format: "set",
        payload: "replace pattern guest with eve",
        found: "change: set system login user eve",
    },
    Attempt {
        name: "deleting an ancestor",
        rule: "delete system login user guest",
        before: "set system login user guest class read-only",
        format: "set",
        payload: "delete system login",
        found: "change: delete system login user guest",
    },
    Attempt {
        name: "wildcard delete",
        rule: "delete system login user guest",
        before: "set system login user guest class read-only",
        format: "set",
        payload: "wildcard delete system login user gu.*",
        found: "change: delete system login user guest",
    },
    Attempt {
        name: "text that replaces",
        rule: "delete system login user guest",
        before: "set system login user guest class read-only",
        format: "text",
        payload: "system {\n    replace: login {\n        user other {\n            class read-only;\n        }\n    }\n}\n",
        found: "change: delete system login user guest",
    },
    Attempt {
        name: "xml that deletes",
        rule: "delete system login user guest",
        before: "set system login user guest class read-only",
        format: "xml",
        payload: "<system><login><user operation=\"delete\"><name>guest</name></user></login></system>",
        found: "change: delete system login user guest",
    },
    Attempt {
        name: "text that deactivates",
        rule: "deactivate system services*",
        before: "",
        format: "text",
        payload: "system {\n    inactive: services {\n        netconf {\n            ssh;\n        }\n    }\n}\n",
        found: "change: deactivate system services",
    },
    Attempt {
        name: "an interface range",
        rule: "set interfaces ge-0/0/3 *",
        before: "",
        format: "set",
        payload: "set interfaces interface-range R member ge-0/0/3\nset interfaces interface-range R mtu 9000",
        found: "change: set interfaces ge-0/0/3",
    },
    Attempt {
        name: "text in another order",
        rule: "insert firewall family inet filter F *",
        before: "set firewall family inet filter F term a then accept\nset firewall family inet filter F term b then discard",
        format: "text",
        payload: "firewall {\n    family inet {\n        replace: filter F {\n            term b {\n                then discard;\n            }\n            term a {\n                then accept;\n            }\n        }\n    }\n}\n",
        found: "change: insert firewall family inet filter F term b then discard",
    },
];

async fn guarded(attempt: &Attempt) -> Lab {
    let lab = Lab::new().router("edge1").deny_in("config", attempt.rule).start().await;
    if !attempt.before.is_empty() {
        let router = lab.router("edge1");
        router.edit_as("ops", attempt.before).expect("nobody else edits");
        router.commit_as("ops").expect("a good change");
    }
    lab.router("edge1").forget();
    lab
}

async fn try_it(lab: &Lab, tool: &str, mode: &str, attempt: &Attempt) {
    let arguments = json!({
        "router_name": "edge1", "config_text": attempt.payload, "config_format": attempt.format,
        "candidate_mode": mode,
    });
    let reply = lab.call(tool, arguments).await;
    let text = reply.text().to_owned();
    assert_eq!(reply.code(), "blocked", "{}: {text}", attempt.name);
    let head = format!(
        "denied by blocklist: {tool} on 'edge1' matched rule '{}' (action=deny, source=defaults); input: ",
        attempt.rule
    );
    assert!(text.starts_with(&head), "{}: {text}", attempt.name);
    assert!(
        text[head.len()..].starts_with(attempt.found),
        "{}: {text}",
        attempt.name
    );
    assert!(!text.contains("$6$"), "{}: {text}", attempt.name);
}

/// Nothing committed, nothing in the candidate, no lock; and the next person can work at once.
fn nothing_is_left(lab: &Lab, commits: usize, name: &str) {
    let router = lab.router("edge1");
    assert_eq!(router.commits().len(), commits, "{name}");
    assert_eq!(router.uncommitted(), "", "{name}");
    assert_eq!(router.locked_by(), None, "{name}");
    assert!(!router.rpcs().iter().any(|rpc| rpc == "commit-configuration"), "{name}");
    router.edit_as("ann", "set snmp contact ann").expect(name);
}

#[tokio::test]
async fn a_denied_line_is_refused_before_anything_is_sent() {
    for attempt in LINES {
        for tool in ["load_and_commit_config", "commit_check_config"] {
            let lab = guarded(attempt).await;
            lab.router("edge1")
                .edit_as("ann", "set snmp location B7")
                .expect("nobody else edits");
            let uncommitted = lab.router("edge1").uncommitted();
            lab.router("edge1").forget();
            try_it(&lab, tool, "shared", attempt).await;
            assert!(lab.seen_by("edge1").is_empty(), "{}", attempt.name);
            assert_eq!(lab.router("edge1").uncommitted(), uncommitted, "{}", attempt.name);
        }
    }
}

#[tokio::test]
async fn a_denied_effect_is_refused_in_every_disguise_and_nothing_is_left() {
    for attempt in EFFECTS {
        let calls = MODES.map(|mode| ("load_and_commit_config", mode));
        for (tool, mode) in calls.into_iter().chain([("commit_check_config", "shared")]) {
            let lab = guarded(attempt).await;
            let commits = lab.router("edge1").commits().len();
            try_it(&lab, tool, mode, attempt).await;
            nothing_is_left(&lab, commits, attempt.name);
        }
    }
}

#[tokio::test]
async fn a_colleagues_work_survives_a_denied_change_in_every_mode() {
    for attempt in EFFECTS {
        for mode in MODES {
            let lab = guarded(attempt).await;
            let router = lab.router("edge1");
            router
                .edit_as("ann", "set snmp location B7")
                .expect("nobody else edits");
            let (uncommitted, commits) = (router.uncommitted(), router.commits().len());
            let arguments = json!({
                "router_name": "edge1", "config_text": attempt.payload, "config_format": attempt.format,
                "candidate_mode": mode,
            });
            let reply = lab.call("load_and_commit_config", arguments).await;
            assert_eq!(
                reply.code(),
                "candidate_dirty",
                "{} {mode}: {}",
                attempt.name,
                reply.text()
            );
            assert_eq!(router.uncommitted(), uncommitted, "{} {mode}", attempt.name);
            assert_eq!(router.commits().len(), commits, "{} {mode}", attempt.name);
            assert_eq!(router.locked_by(), None, "{} {mode}", attempt.name);
        }
    }
}

#[tokio::test]
async fn a_rollback_that_brings_a_denied_line_back_is_refused() {
    for commit in [false, true] {
        let lab = Lab::new()
            .router("edge1")
            .deny_in("config", "set system login user eve*")
            .start()
            .await;
        let router = lab.router("edge1");
        for line in [
            "set system login user eve class super-user",
            "delete system login user eve",
        ] {
            router.edit_as("ops", line).expect("nobody else edits");
            router.commit_as("ops").expect("a good change");
        }
        router.forget();
        let commits = router.commits().len();
        let arguments = json!({"router_name": "edge1", "version": 1, "commit": commit});
        let reply = lab.call("rollback_config", arguments).await;
        assert_eq!(reply.code(), "blocked", "{}", reply.text());
        let expected = "matched rule 'set system login user eve*' (action=deny, source=defaults); input: change: set system login user eve";
        assert!(reply.text().contains(expected), "{}", reply.text());
        nothing_is_left(&lab, commits, "a rollback");
    }
}

#[tokio::test]
async fn what_no_rule_forbids_is_committed_beside_the_rules() {
    let lab = Lab::new()
        .router("edge1")
        .rules(json!({"config": [
            {"action": "deny", "pattern": "delete *"},
            {"action": "deny", "pattern": "set system *"},
            {"action": "allow", "pattern": "delete interfaces * description"},
        ]}))
        .start()
        .await;
    let router = lab.router("edge1");
    router
        .edit_as(
            "ops",
            "set interfaces ge-0/0/5 description x\nset interfaces ge-0/0/5 mtu 9000",
        )
        .expect("nobody else edits");
    router.commit_as("ops").expect("a good change");
    let load =
        |payload: Value, format: &str| json!({"router_name": "edge1", "config_text": payload, "config_format": format});
    let delete = json!(
        "<interfaces><interface><name>ge-0/0/5</name><description operation=\"delete\"/></interface></interfaces>"
    );
    let reply = lab.call("load_and_commit_config", load(delete, "xml")).await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    // What is filled was not deleted.
    for line in [
        "set interfaces ge-0/0/6 unit 0",
        "set interfaces ge-0/0/6 unit 0 family inet",
    ] {
        let reply = lab.call("load_and_commit_config", load(json!(line), "set")).await;
        assert_eq!(reply.code(), "", "{line}: {}", reply.text());
    }
}

fn broken(nth: u32) -> Fault {
    let trouble = Action::Answer(Shape::RpcError("injected trouble".to_owned()));
    Fault::new(Trigger::rpc("get-configuration"), trouble).nth(nth)
}

#[tokio::test]
async fn what_cannot_be_compared_is_not_committed() {
    // The difference is read first, then four forms: before and after, plain and inherited.
    for nth in 2..=5 {
        let lab = Lab::new().router("edge1").deny_in("config", ROOT).start().await;
        let router = lab.router("edge1");
        router
            .edit_as("ops", "set groups G snmp location a")
            .expect("nobody else edits");
        router.commit_as("ops").expect("a good change");
        router.forget();
        let commits = router.commits().len();
        router.inject(broken(nth));
        let arguments = json!({"router_name": "edge1", "config_text": "set apply-groups G"});
        let reply = lab.call("load_and_commit_config", arguments).await;
        assert_eq!(reply.code(), "blocklist_check_failed", "{nth}: {}", reply.text());
        nothing_is_left(&lab, commits, "no comparison");
    }
}

#[tokio::test]
async fn without_the_inherited_form_only_what_is_inherited_is_refused() {
    for (payload, code) in [
        ("set snmp location b", ""),
        ("set groups G snmp location b", "blocklist_check_failed"),
        ("delete apply-groups", "blocklist_check_failed"),
        ("set interfaces ge-0/0/5 apply-groups G", "blocklist_check_failed"),
    ] {
        let lab = Lab::new().router("edge1").deny_in("config", ROOT).start().await;
        let router = lab.router("edge1");
        router
            .edit_as("ops", "set groups G snmp contact a\nset apply-groups G")
            .expect("nobody else edits");
        router.commit_as("ops").expect("a good change");
        router.inject(broken(4));
        let arguments = json!({"router_name": "edge1", "config_text": payload});
        let reply = lab.call("load_and_commit_config", arguments).await;
        assert_eq!(reply.code(), code, "{payload}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_release_that_prints_no_set_form_is_not_changed_under_rules() {
    let lab = Lab::new()
        .router("edge1")
        .profile("old-12.1")
        .deny_in("config", ROOT)
        .start()
        .await;
    let commits = lab.router("edge1").commits().len();
    let arguments = json!({"router_name": "edge1", "config_text": "set snmp location a"});
    let reply = lab.call("load_and_commit_config", arguments).await;
    assert_eq!(reply.code(), "blocklist_check_failed", "{}", reply.text());
    nothing_is_left(&lab, commits, "no set form");
}

#[tokio::test]
async fn refusals_are_counted_by_list_and_by_when_they_were_found() {
    let lab = Lab::new()
        .router("edge1")
        .deny("request *")
        .deny_in("config", ROOT)
        .start()
        .await;
    let command = json!({"router_name": "edge1", "command": "req sys reb"});
    lab.call("execute_junos_command", command).await;
    for format in ["set", "text"] {
        let attempt = LINES.iter().chain(EFFECTS).find(|attempt| attempt.format == format);
        let attempt = attempt.expect("one of each form");
        let arguments = json!({
            "router_name": "edge1", "config_text": attempt.payload, "config_format": format,
        });
        assert_eq!(lab.call("load_and_commit_config", arguments).await.code(), "blocked");
    }
    let text = lab.app().metrics().await;
    for labels in [
        r#"list="commands",stage="input""#,
        r#"list="config",stage="input""#,
        r#"list="config",stage="effective""#,
    ] {
        let line = format!("junosmcp_blocklist_denials_total{{{labels}}} 1");
        assert!(text.lines().any(|found| found == line), "{line}");
    }
}
