//! Facts about a router.

use rust_junosmcp::lab::{Action, Fault, Shape, Trigger};
use serde_json::json;

use crate::lab::{Lab, assert_fits};

const TOOL: &str = "gather_device_facts";

#[tokio::test]
async fn facts_come_in_one_go_and_fit_their_schema() {
    let lab = Lab::new().router("edge1").start().await;
    let reply = lab.call(TOOL, json!({"router_name": "edge1"})).await;
    assert_fits(TOOL, &reply);
    let facts = reply.structured();
    assert_eq!(facts["hostname"], "edge1");
    assert_eq!(facts["personality"], "VSRX");
    assert_eq!(
        (&facts["is_cluster"], &facts["is_virtual_chassis"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(facts["master_re"], 0);
    assert!(
        facts["version"]
            .as_str()
            .is_some_and(|version| version.starts_with("24.4")),
        "{facts}"
    );
    assert!(
        facts["serial_number"].is_string() && facts["uptime_secs"].is_u64(),
        "{facts}"
    );
    assert!(facts.get("warnings").is_none(), "{facts}");
}

#[tokio::test]
async fn a_fact_that_cannot_be_read_is_a_warning() {
    let lab = Lab::new().router("edge1").start().await;
    let words = Shape::RpcError("permission denied".to_owned());
    let refused = Fault::new(Trigger::rpc("get-route-engine-information"), Action::Answer(words));
    lab.router("edge1").inject(refused);
    let reply = lab.call(TOOL, json!({"router_name": "edge1"})).await;
    assert_fits(TOOL, &reply);
    let facts = reply.structured();
    assert_eq!(facts["route_engines"], json!([]));
    assert_eq!(facts["hostname"], "edge1");
    assert!(
        facts["warnings"][0]
            .as_str()
            .is_some_and(|text| text.starts_with("routing engines:")),
        "{facts}"
    );
}

#[tokio::test]
async fn a_router_that_is_down_is_a_failure() {
    let lab = Lab::new().router("edge1").down().start().await;
    assert_eq!(
        lab.call(TOOL, json!({"router_name": "edge1"})).await.code(),
        "connect_failed"
    );
}
