//! The list of routers.

use serde_json::{Value, json};

use crate::lab::{Lab, assert_fits};

const TOOL: &str = "get_router_list";

#[tokio::test]
async fn routers_are_listed_sorted_with_what_may_be_shown() {
    let lab = Lab::new()
        .router("edge-2")
        .with("site", json!({"rack": 7, "console_password": "hunter2"}))
        .router("edge-1")
        .with("tags", json!(["core"]))
        .start()
        .await;
    let reply = lab.call(TOOL, json!({})).await;
    assert_fits(TOOL, &reply);
    let routers = &reply.structured()["routers"];
    assert_eq!(
        (&routers[0]["name"], &routers[1]["name"]),
        (&json!("edge-1"), &json!("edge-2"))
    );
    assert_eq!(routers[0]["tags"], json!(["core"]));
    assert_eq!(routers[1]["site"], json!({"rack": 7}));
    assert_eq!(routers[1]["auth_type"], "password");
    let map: Value = serde_json::from_str(reply.text()).expect("JSON");
    assert_eq!(map["edge-2"]["auth"], json!({"type": "password"}));
    let password = lab.router("edge-2").password().to_owned();
    let all = format!("{}{}", reply.text(), reply.structured());
    assert!(!all.contains("hunter2") && !all.contains(&password), "{all}");
    assert!(lab.seen_by("edge-1").is_empty());
}

#[tokio::test]
async fn a_selector_narrows_the_list_and_may_match_nothing() {
    let lab = Lab::new().router("edge-1").router("core-1").start().await;
    let reply = lab.call(TOOL, json!({"routers": ["edge-*"]})).await;
    assert_eq!(reply.structured()["total"], 1);
    let reply = lab.call(TOOL, json!({"router_names": "spine-*"})).await;
    assert_eq!((reply.text(), &reply.structured()["routers"]), ("{}", &json!([])));
}

#[tokio::test]
async fn a_broken_entry_is_listed_with_its_reason() {
    let lab = Lab::new()
        .router("edge-1")
        .router("edge-2")
        .with("max_sessions", json!("many"))
        .start()
        .await;
    let routers = lab.call(TOOL, json!({})).await.structured()["routers"].clone();
    assert!(routers[0].get("disabled").is_none());
    assert!(
        routers[1]["disabled"]
            .as_str()
            .is_some_and(|reason| reason.contains("max_sessions")),
        "{routers}"
    );
}
