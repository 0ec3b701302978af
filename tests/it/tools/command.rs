//! One command on one router.

use std::time::Duration;

use rust_junosmcp::lab::{Action, Fault, Trigger};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::lab::Lab;

fn on_edge1(command: &str) -> Value {
    json!({"router_name": "edge1", "command": command})
}

#[tokio::test]
async fn the_output_is_text_with_its_facts_beside_it() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab.call("execute_junos_command", on_edge1("show version")).await;
    assert!(reply.text().contains("Hostname: edge1"), "{}", reply.text());
    assert!(reply.structured().is_null());
    assert_eq!(reply.meta()["router_name"], "edge1");
    assert_eq!(reply.meta()["truncated"], false);
    assert!(
        reply.meta()["call_id"]
            .as_str()
            .is_some_and(|id| id.len() == 14 && id.starts_with("c-"))
    );
    assert_eq!(lab.commands_at("edge1"), ["show version"]);
}

#[tokio::test]
async fn a_denied_command_never_reaches_the_router() {
    let lab = Lab::new().router("edge1").deny("request system *").start().await;
    let reply = lab.call("execute_junos_command", on_edge1("req sys reb")).await;
    assert_eq!(reply.code(), "blocked");
    assert!(
        reply
            .text()
            .contains("denied by blocklist: execute_junos_command on 'edge1'"),
        "{}",
        reply.text()
    );
    assert!(lab.seen_by("edge1").is_empty());
}

#[tokio::test]
async fn a_denied_command_is_denied_even_when_the_router_is_down() {
    let lab = Lab::new().router("edge1").down().deny("request system *").start().await;
    let reply = lab.call("execute_junos_command", on_edge1("req sys reb")).await;
    assert_eq!(reply.code(), "blocked");
    let reply = lab.call("execute_junos_command", on_edge1("show version")).await;
    assert_eq!(reply.code(), "connect_failed");
}

#[tokio::test]
async fn a_read_only_router_takes_only_commands_that_read() {
    let lab = Lab::new().router("edge1").with("read_only", json!(true)).start().await;
    let reply = lab
        .call("execute_junos_command", on_edge1("request system storage cleanup"))
        .await;
    assert_eq!(reply.code(), "read_only");
    assert!(lab.seen_by("edge1").is_empty());
    assert_eq!(
        lab.call("execute_junos_command", on_edge1("sh version")).await.code(),
        ""
    );
}

#[tokio::test]
async fn pipes_are_applied_here_and_empty_output_is_said() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab
        .call("execute_junos_command", on_edge1("show version | match hostname"))
        .await;
    assert_eq!(reply.text(), "Hostname: edge1");
    let reply = lab
        .call(
            "execute_junos_command",
            on_edge1("show version | match nothing-like-that"),
        )
        .await;
    assert_eq!(reply.text(), "(the command produced no output)");
}

#[tokio::test]
async fn what_cannot_end_or_be_piped_is_refused_before_any_contact() {
    let lab = Lab::new().router("edge1").start().await;
    for (command, code) in [
        ("monitor interface ge-0/0/0", "interactive_command"),
        ("start shell", "interactive_command"),
        ("show version | save x", "unsupported_pipe"),
        ("show \"version", "invalid_argument"),
    ] {
        assert_eq!(
            lab.call("execute_junos_command", on_edge1(command)).await.code(),
            code,
            "{command}"
        );
    }
    assert!(lab.seen_by("edge1").is_empty());
}

#[tokio::test]
async fn what_the_router_does_not_understand_is_a_syntax_error() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab.call("execute_junos_command", on_edge1("show verzion")).await;
    assert_eq!(reply.code(), "syntax_error");
    assert_eq!(reply.structured()["error"]["code"], "syntax_error");
}

#[tokio::test]
async fn a_second_command_uses_the_session_of_the_first() {
    let lab = Lab::new().router("edge1").start().await;
    lab.call("execute_junos_command", on_edge1("show version")).await;
    let before = lab.seen_by("edge1").len();
    lab.call("execute_junos_command", on_edge1("show version")).await;
    let new: Vec<_> = lab.seen_by("edge1").split_off(before);
    assert!(
        new.iter()
            .all(|event| !matches!(event.what, rust_junosmcp::lab::What::Connected)),
        "{new:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_router_that_hangs_ends_the_call_at_its_timeout() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .inject(Fault::new(Trigger::rpc("command"), Action::Hang));
    let arguments = json!({"router_name": "edge1", "command": "show version", "timeout": 7});
    let started = tokio::time::Instant::now();
    let reply = lab.call("execute_junos_command", arguments).await;
    assert_eq!(reply.code(), "outer_timeout");
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
    assert_eq!(
        lab.call("execute_junos_command", on_edge1("show version")).await.code(),
        ""
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_stops_and_leaves_the_next_one_its_own_session() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .inject(Fault::new(Trigger::rpc("command"), Action::Hang));
    let cancel = CancellationToken::new();
    let call = lab.request("execute_junos_command", on_edge1("show version"), |request| {
        request.cancelled_by(cancel.clone())
    });
    let (reply, ()) = tokio::join!(call, async {
        lab.router("edge1").wait_for(|event| event.command().is_some()).await;
        cancel.cancel();
    });
    assert_eq!(reply.code(), "cancelled");
    let reply = lab
        .call("execute_junos_command", on_edge1("show version | match hostname"))
        .await;
    assert_eq!(reply.text(), "Hostname: edge1");
}

#[tokio::test]
async fn a_reboot_that_closes_the_session_is_a_success() {
    let lab = Lab::new().router("edge1").start().await;
    lab.router("edge1")
        .inject(Fault::new(Trigger::rpc("command"), Action::Close));
    let reply = lab
        .call("execute_junos_command", on_edge1("request system reboot"))
        .await;
    assert_eq!(
        (reply.code(), reply.text()),
        ("", "(session closed by the router after the command)")
    );
}
