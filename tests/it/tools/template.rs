//! Templates: rendered in a child of the product, judged before any router is touched, applied to one router after another.

use rust_junosmcp::lab::{Action, Fault, Shape, Trigger};
use serde_json::{Value, json};

use crate::lab::{Lab, Plan, assert_fits};

const TOOL: &str = "render_and_apply_j2_template";

/// The product is this test's own process; templates are rendered by the program itself.
fn with_renderer(plan: Plan) -> Plan {
    plan.settings(|settings| settings.renderer = env!("CARGO_BIN_EXE_rust-junosmcp").into())
}

async fn lab() -> Lab {
    with_renderer(Lab::new().router("edge1").router("edge2").router("core1"))
        .start()
        .await
}

fn arguments(template: &str, variables: Value, more: Value) -> Value {
    let mut arguments = json!({"template_content": template, "vars_content": variables.to_string()});
    for (name, value) in more.as_object().expect("an object") {
        arguments[name] = value.clone();
    }
    arguments
}

async fn location(lab: &Lab, router: &str) -> String {
    let arguments = json!({"router_name": router, "config_path": "snmp location", "output_format": "set"});
    lab.call("get_junos_config", arguments).await.text().to_owned()
}

const LOCATION: &str = "set snmp location {{ site }}-{{ router_name }}\n";

#[tokio::test]
async fn rendering_contacts_nobody() {
    let lab = lab().await;
    let reply = lab
        .call(
            TOOL,
            arguments(LOCATION, json!({"site": "ham"}), json!({"router_names": ["edge*"]})),
        )
        .await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    assert_fits(TOOL, &reply);
    let rows = &reply.structured()["results"];
    assert_eq!(rows[0]["rendered_template"], "set snmp location ham-edge1");
    assert_eq!(
        (&rows[1]["status"], &rows[1]["config_format"]),
        (&json!("rendered"), &json!("set"))
    );
    let plain = lab
        .call(TOOL, arguments("{{ a }}", json!({"a": "system { }"}), json!({})))
        .await;
    let row = &plain.structured()["results"][0];
    assert_eq!(
        (&row["router_name"], &row["config_format"]),
        (&Value::Null, &json!("text"))
    );
    for router in ["edge1", "edge2", "core1"] {
        assert!(lab.seen_by(router).is_empty(), "{router}");
    }
}

#[tokio::test]
async fn equal_renderings_are_given_once() {
    let lab = lab().await;
    let reply = lab
        .call(
            TOOL,
            arguments(
                "set snmp location x",
                json!({}),
                json!({"router_names": ["edge1", "edge2"]}),
            ),
        )
        .await;
    let row = &reply.structured()["results"][1];
    assert_eq!(
        (&row["same_as"], &row["rendered_template"]),
        (&json!("edge1"), &Value::Null)
    );
}

#[tokio::test]
async fn a_dry_run_checks_and_commits_nothing_whatever_else_is_said() {
    let lab = lab().await;
    let more = json!({"router_name": "edge1", "dry_run": true, "apply_config": true});
    let reply = lab.call(TOOL, arguments(LOCATION, json!({"site": "ham"}), more)).await;
    let structured = reply.structured();
    assert_eq!(
        (&structured["applied"], &structured["results"][0]["status"]),
        (&json!(false), &json!("valid"))
    );
    assert!(
        structured["results"][0]["diff"]
            .as_str()
            .expect("a diff")
            .contains("ham-edge1")
    );
    assert!(!location(&lab, "edge1").await.contains("ham"));
}

#[tokio::test]
async fn a_template_is_committed_on_one_router_after_another() {
    let lab = lab().await;
    let more = json!({"device_names": ["edge1", "edge2"], "apply_config": true, "commit_comment": "site"});
    let reply = lab.call(TOOL, arguments(LOCATION, json!({"site": "ham"}), more)).await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    assert_fits(TOOL, &reply);
    assert_eq!(reply.structured()["applied"], true);
    for (row, router) in reply.structured()["results"]
        .as_array()
        .expect("rows")
        .iter()
        .zip(["edge1", "edge2"])
    {
        assert_eq!((&row["router"], &row["status"]), (&json!(router), &json!("committed")));
        assert_eq!(row["commit_comment"], "site");
        assert!(location(&lab, router).await.contains(&format!("ham-{router}")));
    }
    assert!(lab.seen_by("core1").is_empty());
}

#[tokio::test]
async fn a_failed_router_is_a_row_and_may_stop_the_rest() {
    for (stop, third) in [(false, "committed"), (true, "skipped")] {
        let lab = lab().await;
        let shape = Shape::RpcError("no".to_owned());
        lab.router("edge2")
            .inject(Fault::new(Trigger::rpc("commit-configuration"), Action::Answer(shape)));
        let more = json!({"router_names": ["edge1", "edge2", "core1"], "apply_config": true, "stop_on_error": stop});
        let reply = lab.call(TOOL, arguments(LOCATION, json!({"site": "ham"}), more)).await;
        assert_eq!(reply.code(), "", "{}", reply.text());
        let rows = &reply.structured()["results"];
        let statuses: Vec<&str> = (0..3).filter_map(|row| rows[row]["status"].as_str()).collect();
        assert_eq!(statuses, ["committed", "failed", third]);
        assert_eq!(rows[1]["error"]["code"], "commit_rejected");
    }
}

#[tokio::test]
async fn a_rule_stops_the_call_before_any_router_is_touched() {
    let plan = Lab::new()
        .router("edge1")
        .router("edge2")
        .deny_in("config", "set snmp location *-edge2*");
    let lab = with_renderer(plan).start().await;
    let more = json!({"router_names": ["edge1", "edge2"], "apply_config": true});
    let reply = lab.call(TOOL, arguments(LOCATION, json!({"site": "ham"}), more)).await;
    assert_eq!(reply.code(), "blocked");
    assert!(lab.seen_by("edge1").is_empty() && lab.seen_by("edge2").is_empty());
}

#[tokio::test]
async fn a_rendering_that_hides_a_denied_change_leaves_nothing_behind() {
    let plan = Lab::new()
        .router("edge1")
        .deny_in("config", "set system root-authentication *");
    let lab = with_renderer(plan).start().await;
    let template = "system {\n    root-{{ word }} {\n        encrypted-password \"$6$abcdefgh$x\";\n    }\n}\n";
    let more = json!({"router_name": "edge1", "apply_config": true});
    let reply = lab
        .call(TOOL, arguments(template, json!({"word": "authentication"}), more))
        .await;
    assert_eq!(reply.code(), "blocked", "{}", reply.text());
    let check = json!({"router_name": "edge1", "config_text": "set snmp location free"});
    let next = lab.call("commit_check_config", check).await;
    assert_eq!(next.code(), "", "the candidate is clean and unlocked: {}", next.text());
}

#[tokio::test]
async fn mistakes_have_their_codes_and_send_nothing() {
    let lab = lab().await;
    let apply = json!({"router_name": "edge1", "apply_config": true});
    for (template, variables, more, code) in [
        ("{% if %}", json!({}), apply.clone(), "template_syntax"),
        ("set {{ x }}", json!({}), apply.clone(), "template_undefined"),
        ("{{ 1/0 }}", json!({}), apply.clone(), "template_render"),
        (" \n", json!({}), apply.clone(), "invalid_argument"),
        ("set x y", json!([]), apply.clone(), "template_vars"),
        ("set x y", json!({}), json!({"apply_config": true}), "invalid_argument"),
        ("set x y", json!({}), json!({"dry_run": true}), "invalid_argument"),
        (
            "set x y",
            json!({}),
            json!({"router_name": "edge1", "router_names": ["edge2"]}),
            "invalid_argument",
        ),
        (
            "set x y",
            json!({}),
            json!({"router_name": "nowhere", "apply_config": true}),
            "unknown_router",
        ),
        ("set x <redacted:0123abcd>", json!({}), apply.clone(), "redacted_marker"),
        (
            "run show version",
            json!({}),
            json!({"router_name": "edge1", "apply_config": true, "config_format": "set"}),
            "invalid_argument",
        ),
    ] {
        let reply = lab.call(TOOL, arguments(template, variables, more)).await;
        assert_eq!(reply.code(), code, "{template}: {}", reply.text());
    }
    let broken = json!({"template_content": "x", "vars_content": "a: 1", "router_name": "edge1"});
    assert_eq!(lab.call(TOOL, broken).await.code(), "template_vars");
    let object = json!({"template_content": "set snmp location {{ a }}", "vars_content": {"a": "b"}});
    assert_eq!(lab.call(TOOL, object).await.code(), "");
    assert!(lab.seen_by("edge1").is_empty());
}

#[tokio::test]
async fn a_template_that_wants_too_much_is_stopped_while_others_are_answered() {
    let lab = lab().await;
    let templates = [
        "{{ 'x' * 2000000000 }}",
        "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s|length }}",
        "{{ '%0900000000d'|format(1) }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(9000) %}{{ 'x' * 60000 }}{% endfor %}",
    ];
    let hostile = templates.map(|template| lab.call(TOOL, arguments(template, json!({}), json!({}))));
    let friendly = async {
        for _ in 0..20 {
            let list = lab.call("get_router_list", json!({})).await;
            assert_eq!(list.code(), "");
        }
    };
    let (stopped, ()) = tokio::join!(futures::future::join_all(hostile), friendly);
    for (reply, template) in stopped.iter().zip(templates) {
        assert_eq!(reply.code(), "template_limit", "{template}: {}", reply.text());
    }
    let fine = lab
        .call(TOOL, arguments("set snmp location a", json!({}), json!({})))
        .await;
    assert_eq!(fine.code(), "");
}

/// The requests of a change, in their order.
const STEPS: [&str; 6] = [
    "get-commit-information",
    "lock-configuration",
    "load-configuration",
    "get-configuration",
    "commit-configuration",
    "unlock-configuration",
];

#[tokio::test]
async fn whatever_a_router_does_at_any_step_its_row_tells_the_truth_and_the_next_router_is_served() {
    let trouble = || Action::Answer(Shape::RpcError("injected trouble".to_owned()));
    // Routers that fall silent are in the table of changes, on a clock that need not be waited for.
    let actions = [Action::Drop, Action::Close, trouble()];
    let mut cells = 0;
    for step in STEPS {
        for (before, action) in [true, false]
            .into_iter()
            .flat_map(|before| actions.clone().map(|action| (before, action)))
        {
            let lab = lab().await;
            let at = if before {
                Trigger::rpc(step)
            } else {
                Trigger::reply(step)
            };
            let fault = Fault::new(at, action.clone());
            let words = fault.to_string();
            let injected = lab.router("edge1").inject(fault);
            let more = json!({"router_names": ["edge1", "edge2"], "apply_config": true, "timeout": 5});
            let reply = lab.call(TOOL, arguments(LOCATION, json!({"site": "ham"}), more)).await;
            assert!(injected.fired() > 0, "{words}");
            let rows = &reply.structured()["results"];
            assert_eq!(rows[1]["status"], "committed", "{words}: {}", reply.text());
            let is_there = location(&lab, "edge1").await.contains("ham-edge1");
            let told = match (rows[0]["status"].as_str(), rows[0]["error"]["code"].as_str()) {
                (Some("committed"), None) => true,
                (Some("failed"), Some(code)) if code != "commit_unknown" => false,
                other => panic!("{words}: {other:?}"),
            };
            assert_eq!(told, is_there, "{words}: {rows}");
            let next = json!({"router_name": "edge1", "config_text": "set snmp contact free"});
            let next = lab.call("commit_check_config", next).await;
            assert_eq!(
                next.code(),
                "",
                "{words}: the candidate is clean and unlocked: {}",
                next.text()
            );
            cells += 1;
        }
    }
    assert_eq!(cells, STEPS.len() * 2 * actions.len());
    println!("{cells} cells");
}
