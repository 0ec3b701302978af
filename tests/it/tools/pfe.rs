//! Commands for packet engines: their own request, their own rules, and the CLI where a router knows no better.

use rust_junosmcp::lab::{Action, Fault, Shape, Trigger};
use serde_json::{Value, json};

use crate::lab::Lab;

const TOOL: &str = "execute_junos_pfe_command";

fn on_fpc0(command: &str) -> Value {
    json!({"router_name": "edge1", "fpc_target": "fpc0", "pfe_command": command})
}

/// What a release answers that does not know the request.
fn unknown() -> Action {
    Action::Answer(Shape::Raw(
        "<rpc-error>\n<error-type>protocol</error-type>\n<error-tag>operation-failed</error-tag>\n\
         <error-severity>error</error-severity>\n<error-message>syntax error</error-message>\n<error-info>\n\
         <bad-element>request-pfe-execute</bad-element>\n</error-info>\n</rpc-error>\n"
            .to_owned(),
    ))
}

#[tokio::test]
async fn the_engine_answers_through_a_request_of_its_own() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab.call(TOOL, on_fpc0("show jnh 0 stats")).await;
    assert!(
        reply.text().starts_with("SENT: Ukern command: show jnh 0 stats\n"),
        "{}",
        reply.text()
    );
    assert_eq!(reply.meta()["fpc_target"], "fpc0");
    assert_eq!(lab.router("edge1").rpcs(), ["request-pfe-execute"]);
    let spelled = json!({"router": "edge1", "target": "fwdd", "command": "show memory | match sent"});
    let reply = lab.call(TOOL, spelled).await;
    assert_eq!(reply.text(), "SENT: Ukern command: show memory");
}

#[tokio::test]
async fn every_node_of_a_cluster_answers_under_its_name() {
    let lab = Lab::new().router("edge1").profile("srx-cluster-23.4").start().await;
    let text = lab.call(TOOL, on_fpc0("show memory")).await.text().to_owned();
    for node in ["node0:", "node1:"] {
        assert!(text.lines().any(|line| line == node), "{text}");
    }
    assert_eq!(text.matches("SENT: Ukern command: show memory").count(), 2, "{text}");
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_an_error_of_the_router() {
    let lab = Lab::new().router("edge1").start().await;
    for action in [None, Some(unknown())] {
        if let Some(action) = action {
            lab.router("edge1")
                .inject(Fault::new(Trigger::rpc("request-pfe-execute"), action));
        }
        let arguments = json!({"router_name": "edge1", "fpc_target": "fpc7", "pfe_command": "show memory"});
        let reply = lab.call(TOOL, arguments).await;
        assert_eq!(reply.code(), "device_error", "{}", reply.text());
    }
}

#[tokio::test]
async fn only_the_rules_for_packet_engines_are_asked() {
    let lab = Lab::new()
        .router("edge1")
        .deny("*")
        .deny_in("pfe_commands", "set *")
        .start()
        .await;
    for command in [
        "set jnh 0 x",
        "SET jnh 0 x",
        "se jnh 0 x",
        "  set\tjnh  0 x",
        "set jnh 0 x | match y",
        "\"set\" jnh 0 x",
        "\"set jnh 0 x\"",
        "run set jnh 0 x",
    ] {
        let reply = lab.call(TOOL, on_fpc0(command)).await;
        assert_eq!(reply.code(), "blocked", "{command}");
        assert!(reply.text().contains("matched rule 'set *'"), "{}", reply.text());
    }
    assert!(lab.seen_by("edge1").is_empty());
    assert_eq!(lab.call(TOOL, on_fpc0("show jnh 0")).await.code(), "");
}

#[tokio::test]
async fn nothing_in_the_arguments_ends_them() {
    let lab = Lab::new().router("edge1").start().await;
    for (target, command) in [
        ("fpc0\" command \"set x", "show memory"),
        ("fpc0</target><target>fpc1", "show memory"),
        ("fpc0 command x", "show memory"),
        ("", "show memory"),
        ("f\u{1}", "show memory"),
        ("fpc0", "show memory\nset x"),
        ("fpc0", "show memory\0"),
        ("fpc0", "show \"memory"),
        ("fpc0", "show \"a\\\"b\""),
        ("fpc0", "show memory; set x"),
        ("fpc0", ""),
    ] {
        let arguments = json!({"router_name": "edge1", "fpc_target": target, "pfe_command": command});
        let reply = lab.call(TOOL, arguments).await;
        assert_eq!(
            reply.code(),
            "invalid_argument",
            "{target} {command:?}: {}",
            reply.text()
        );
    }
    for command in ["show memory | display xml", "show memory | save x"] {
        assert_eq!(
            lab.call(TOOL, on_fpc0(command)).await.code(),
            "unsupported_pipe",
            "{command}"
        );
    }
    assert!(lab.seen_by("edge1").is_empty());
    let markup = "show </command><command>x & 'y' > \"z\"";
    let reply = lab.call(TOOL, on_fpc0(markup)).await;
    assert_eq!(
        reply.text().lines().next(),
        Some(format!("SENT: Ukern command: {markup}").as_str())
    );
}

#[tokio::test]
async fn a_router_without_the_request_is_asked_through_its_cli_and_that_is_remembered() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .inject(Fault::new(Trigger::rpc("request-pfe-execute"), unknown()).always());
    for _ in 0..2 {
        let reply = lab.call(TOOL, on_fpc0("show  jnh 0 stats | match sent")).await;
        assert_eq!(reply.text(), "SENT: Ukern command: show jnh 0 stats");
    }
    assert_eq!(
        lab.router("edge1").rpcs(),
        ["request-pfe-execute", "command", "command"]
    );
    assert_eq!(
        lab.commands_at("edge1")[0],
        "request pfe execute target fpc0 command \"show jnh 0 stats\""
    );
    let before = lab.router("edge1").rpcs().len();
    assert_eq!(
        lab.call(TOOL, on_fpc0("show \"jnh 0\"")).await.code(),
        "invalid_argument"
    );
    assert_eq!(lab.router("edge1").rpcs().len(), before);
    // After a new connection the router may run another release.
    lab.router("edge1").cut();
    for _ in 0..2 {
        assert_eq!(lab.call(TOOL, on_fpc0("show jnh 0")).await.code(), "");
    }
    let rpcs = lab.router("edge1").rpcs();
    assert!(
        rpcs.ends_with(&["request-pfe-execute".to_owned(), "command".to_owned()]),
        "{rpcs:?}"
    );
}

#[tokio::test]
async fn a_read_only_router_lets_engines_show() {
    let lab = Lab::new().router("edge1").with("read_only", json!(true)).start().await;
    assert_eq!(lab.call(TOOL, on_fpc0("show memory")).await.code(), "");
    let before = lab.seen_by("edge1").len();
    assert_eq!(lab.call(TOOL, on_fpc0("set jnh 0 x")).await.code(), "read_only");
    assert_eq!(lab.seen_by("edge1").len(), before);
}

#[tokio::test]
async fn a_command_that_the_engine_refuses_is_not_sent_another_way() {
    let lab = Lab::new().router("edge1").start().await;
    let refused = Action::Answer(Shape::RpcError("syntax error, expecting <command>".to_owned()));
    lab.router("edge1")
        .inject(Fault::new(Trigger::rpc("request-pfe-execute"), refused));
    let reply = lab.call(TOOL, on_fpc0("set jnh 0 x")).await;
    assert_eq!(reply.code(), "syntax_error", "{}", reply.text());
    assert_eq!(lab.router("edge1").rpcs(), ["request-pfe-execute"]);
}
