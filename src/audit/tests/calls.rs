//! One record for every end of a call.

use serde_json::Value;

use super::audit;
use crate::audit::*;

fn head(tool: &str) -> CallHead {
    CallHead {
        call_id: "c-0123456789ab".to_owned(),
        tool: tool.to_owned(),
        caller: Caller {
            kind: "stdio",
            name: "stdio".to_owned(),
            transport: "stdio",
            ..Caller::default()
        },
        ..CallHead::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_call_leaves_one_record() {
    let (audit, kept) = audit();
    let record = audit.open(CallHead {
        toolset: Some("device"),
        effect: Some("operate"),
        ..head("execute_junos_command")
    });
    record.notes().router("edge-1");
    record.notes().router("edge-1");
    record
        .notes()
        .request(|request| request.command = Some("set x s3cret".to_owned()));
    record.notes().result(|result| result.bytes = Some(12));
    tokio::time::advance(std::time::Duration::from_millis(1500)).await;
    record.finish(&End::ok());
    let line = kept.lines()[0].clone();
    assert_eq!(
        line.text,
        "AUDIT ok execute_junos_command routers=edge-1 caller=stdio code=- 1500ms call=c-0123456789ab"
    );
    assert_eq!(
        Value::Object(line.record).to_string(),
        "{\"schema_version\":1,\"seq\":0,\"ts\":\"2030-03-17T17:46:41.500000Z\",\"event\":\"tool_call\",\
         \"call_id\":\"c-0123456789ab\",\"tool\":\"execute_junos_command\",\"toolset\":\"device\",\"effect\":\"operate\",\
         \"routers\":[\"edge-1\"],\"router_count\":1,\"outcome\":\"ok\",\"duration_ms\":1500,\
         \"caller\":{\"kind\":\"stdio\",\"name\":\"stdio\",\"transport\":\"stdio\"},\
         \"request\":{\"command\":\"set x <redacted>\"},\"result\":{\"bytes\":12}}"
    );
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_and_a_panic_is_a_panic() {
    let (audit, kept) = audit();
    drop(audit.open(head("a")));
    let panicking = audit.clone();
    let result = std::thread::spawn(move || {
        let _record = panicking.open(head("b"));
        panic!("a test panic");
    })
    .join();
    assert!(result.is_err());
    audit
        .open(head("c"))
        .finish(&End::failed(Outcome::Denied, "blocked", None).denied_by(Denial::Blocklist));
    let records = kept.records();
    let facts: Vec<(&Value, &Value, &Value)> = records.iter().map(|r| (&r["seq"], &r["outcome"], &r["code"])).collect();
    assert_eq!(facts[0], (&0.into(), &"cancelled".into(), &"cancelled".into()));
    assert_eq!(facts[1], (&1.into(), &"panic".into(), &"internal".into()));
    assert_eq!(facts[2], (&2.into(), &"denied".into(), &"blocked".into()));
    assert_eq!(records[2]["denial"], "blocklist");
}

#[tokio::test]
async fn a_record_is_bounded_and_stays_on_its_line() {
    let (audit, kept) = audit();
    let record = audit.open(head(&format!("x\n AUDIT ok {}", "y".repeat(1000))));
    (0..100).for_each(|n| record.notes().router(&format!("{n}-{}", "r".repeat(1000))));
    record
        .notes()
        .request(|request| request.arg_keys = vec!["k".repeat(1000); 500]);
    record.finish(&End::failed(Outcome::Error, "device_error", Some("ü".repeat(5000))));
    let line = kept.lines()[0].clone();
    assert!(
        !line.text.contains('\n') && line.text.starts_with("AUDIT error x__AUDIT_ok_yyy"),
        "{}",
        line.text
    );
    let json = Value::Object(line.record.clone()).to_string();
    assert!(json.len() <= 16 * 1024 && !json.contains('\n'));
    let record = &kept.records()[0];
    assert_eq!(
        (
            record["router_count"].as_u64(),
            record["routers"].as_array().map(Vec::len)
        ),
        (Some(100), Some(20))
    );
    assert!(record["error"].as_str().expect("a text").ends_with("ü…"));
    assert!(record["tool"].as_str().expect("a text").len() <= 64);
}
