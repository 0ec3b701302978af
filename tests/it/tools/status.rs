//! How the server says it does.

use serde_json::json;

use crate::lab::{Lab, assert_fits};

const TOOL: &str = "server_status";

#[tokio::test]
async fn calls_sessions_and_limits_are_counted() {
    let lab = Lab::new().router("edge1").deny("request *").start().await;
    let command = |command: &str| json!({"router_name": "edge1", "command": command});
    lab.call("execute_junos_command", command("show version")).await;
    lab.call("execute_junos_command", command("show verzion")).await;
    lab.call("execute_junos_command", command("request system reboot"))
        .await;
    let reply = lab.call(TOOL, json!({})).await;
    assert_fits(TOOL, &reply);
    let status = reply.structured();
    let tool = &status["tools"][0];
    assert_eq!(tool["name"], "execute_junos_command");
    assert_eq!(
        (&tool["calls"], &tool["ok"], &tool["failed"]),
        (&json!(3), &json!(1), &json!(1))
    );
    assert_eq!(tool["success_rate"], 0.5);
    assert_eq!(status["pool"]["routers_connected"], 1);
    assert_eq!(status["inventory"]["routers"], 1);
    let codes: Vec<&str> = status["failures"]
        .as_array()
        .expect("codes")
        .iter()
        .flat_map(|row| row["code"].as_str())
        .collect();
    assert!(
        codes.contains(&"syntax_error") && codes.contains(&"blocked"),
        "{codes:?}"
    );
    let all = status.to_string();
    assert!(!all.contains("192.0.2.1") && !all.contains("show version"), "{all}");
}

#[tokio::test]
async fn it_takes_no_arguments() {
    let lab = Lab::new().router("edge1").start().await;
    assert_eq!(
        lab.call(TOOL, json!({"router_name": "edge1"})).await.code(),
        "unknown_argument"
    );
}
