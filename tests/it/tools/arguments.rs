//! Arguments: what is accepted, what is refused, and that no value is ever repeated.

use serde_json::{Value, json};

use crate::lab::Lab;

async fn code(tool: &str, arguments: Value) -> (&'static str, String) {
    let lab = Lab::new().router("edge-1").router("edge-2").start().await;
    let reply = lab.call(tool, arguments).await;
    assert!(
        lab.seen_by("edge-1").is_empty() || !reply.is_error(),
        "a refused call reached the router"
    );
    (reply.code(), reply.text().to_owned())
}

#[tokio::test]
async fn an_unknown_argument_names_the_accepted_ones() {
    let arguments = json!({"router_name": "edge-1", "command": "show version", "comand": "hunter2"});
    let (code, text) = code("execute_junos_command", arguments).await;
    assert_eq!(code, "unknown_argument");
    assert!(
        text.contains("did you mean 'command'?") && text.contains("output_format"),
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn synonyms_are_understood_and_nulls_are_absent() {
    let arguments = json!({"device": "edge-1", "command": "show version", "format": null, "timeout": null});
    assert_eq!(code("execute_junos_command", arguments).await.0, "");
}

#[tokio::test]
async fn two_spellings_of_one_argument_conflict() {
    let arguments = json!({"device": "edge-1", "router_name": "edge-1", "command": "show version"});
    assert_eq!(
        code("execute_junos_command", arguments).await.0,
        "conflicting_arguments"
    );
}

#[tokio::test]
async fn two_formats_conflict() {
    let arguments = json!({"router_name": "edge-1", "command": "show version | display xml", "output_format": "json"});
    assert_eq!(
        code("execute_junos_command", arguments).await.0,
        "conflicting_arguments"
    );
}

#[tokio::test]
async fn a_wrong_type_is_told_with_what_was_expected() {
    let arguments = json!({"router_name": "edge-1", "command": "show version", "timeout": "hunter2"});
    let (code, text) = code("execute_junos_command", arguments).await;
    assert_eq!(code, "invalid_argument");
    assert!(
        text.contains("'timeout'") && text.contains("1 to 3600") && !text.contains("hunter2"),
        "{text}"
    );
}

#[tokio::test]
async fn missing_arguments_are_named() {
    let (code, text) = code("execute_junos_command", json!({})).await;
    assert_eq!(code, "missing_argument");
    assert!(
        text.contains(r#"missing required arguments: ["router_name", "command"]"#),
        "{text}"
    );
}

#[tokio::test]
async fn an_unknown_router_comes_with_near_names() {
    let (code, text) = code(
        "execute_junos_command",
        json!({"router_name": "egde-1", "command": "show version"}),
    )
    .await;
    assert_eq!(code, "unknown_router");
    assert!(
        text.contains("router 'egde-1' not found in device mapping") && text.contains("edge-1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_mark_of_redaction_is_never_sent() {
    let arguments = json!({"router_name": "edge-1", "command": "show route <redacted:0123abcd>"});
    assert_eq!(code("execute_junos_command", arguments).await.0, "redacted_marker");
}

#[tokio::test]
async fn a_disabled_router_says_why() {
    let lab = Lab::new().router("edge-1").with("tags", json!("no list")).start().await;
    let reply = lab
        .call(
            "execute_junos_command",
            json!({"router_name": "edge-1", "command": "show version"}),
        )
        .await;
    assert_eq!(reply.code(), "router_disabled");
    assert!(reply.text().contains("'tags'"), "{}", reply.text());
    assert!(lab.seen_by("edge-1").is_empty());
}

#[tokio::test]
async fn a_tool_that_is_not_offered_is_unknown() {
    use rust_junosmcp::app::{Caller, Request, UnknownTool};

    let lab = Lab::new()
        .router("edge-1")
        .settings(|settings| settings.tools.exclude_tools = vec!["junos_config_diff".to_owned()])
        .start()
        .await;
    let request = Request::new(Caller::stdio(), "junos_config_diff", serde_json::Map::new());
    let unknown = lab.app().call(request).await.expect_err("not offered");
    assert_eq!(unknown, UnknownTool("junos_config_diff".to_owned()));
}
