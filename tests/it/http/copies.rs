//! Copies of files over HTTP: who may make them, and what is counted and written down of them.

use std::fs;

use rust_junosmcp::lab::{Action, Fault, Trigger, What};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    client::{Ask, Reply, rest},
    server::Server,
    site::{ROUTER, begin, site},
};

const PUSH: &str = "transfer_file";
const PULL: &str = "fetch_file";

fn call(server: &Server, letter: char, tool: &str, arguments: Value) -> Value {
    let bearer = format!("Bearer {}", String::from(letter).repeat(43));
    let reply = server.send(&Ask::call(tool, arguments).header("Authorization", &bearer));
    reply.json()["result"]["structuredContent"].clone()
}

fn stage(server: &Server, name: &str, content: &[u8]) {
    let folder = server.running.path("staging");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(name), content).expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_need_their_scope_and_are_counted_and_recorded() {
    let (_lab, server) = site(&["--staging-dir=staging", "--enable-metrics"]).await;
    stage(&server, "a.tgz", b"abc");
    let push = json!({"router_name": ROUTER, "source_path": "a.tgz"});
    assert_eq!(
        call(&server, 'A', PUSH, push.clone())["error"]["code"],
        "tool_scope_denied"
    );
    let pushed = call(&server, 'E', PUSH, push);
    assert_eq!(pushed["status"], "transferred", "{pushed}");
    let record = server.record_where(|record| record["tool"] == PUSH && record["outcome"] == "ok");
    assert_eq!(
        (&record["request"]["basename"], &record["request"]["sha256"]),
        (&json!("a.tgz"), &pushed["sha256"])
    );
    let pull = json!({"router_name": ROUTER, "remote_path": "a.tgz", "local_name": "b.tgz"});
    let pulled = call(&server, 'E', PULL, pull);
    assert_eq!(
        (&pulled["status"], &pulled["sha256"]),
        (&json!("fetched"), &pushed["sha256"])
    );
    for direction in ["to_router", "from_router"] {
        let series = format!("junosmcp_file_transfer_bytes_total{{direction=\"{direction}\"}}");
        assert_eq!(server.counter(&series), 3, "{direction}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_ends_its_copy_and_nothing_of_it_is_left() {
    let (lab, server) = site(&["--staging-dir=staging"]).await;
    stage(&server, "a.tgz", &[7; 200_000]);
    let router = &lab.routers()[0];
    let hanging = router.inject(Fault::new(Trigger::ScpByte(100_000), Action::Hang));
    let push = json!({"router_name": ROUTER, "source_path": "a.tgz"});
    let client = begin(server.address, 'E', PUSH, push.clone());
    router.wait_for(|event| matches!(event.what, What::Fault { .. })).await;
    drop(client);
    assert_eq!(server.record(PUSH)["outcome"], "cancelled");
    hanging.remove();
    // The next copy waits until the one before is cleaned up.
    let pushed = call(&server, 'E', PUSH, push);
    assert_eq!(pushed["status"], "transferred", "{pushed}");
    let both = call(&server, 'E', "list_staged_files", json!({"router_name": ROUTER}));
    assert_eq!(both["device_files"].as_array().map(Vec::len), Some(1), "{both}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_answers_for_its_copy_and_leaves_nothing_of_it() {
    let (lab, server) = site(&["--staging-dir=staging", "--drain-secs=1"]).await;
    stage(&server, "a.tgz", &[7; 200_000]);
    let router = &lab.routers()[0];
    router.inject(Fault::new(Trigger::ScpByte(100_000), Action::Hang));
    let push = json!({"router_name": ROUTER, "source_path": "a.tgz"});
    let mut client = begin(server.address, 'E', PUSH, push);
    router.wait_for(|event| matches!(event.what, What::Fault { .. })).await;
    server.running.signal(Signal::TERM);
    let answer = Reply::read(&rest(&mut client)).json();
    let error = &answer["result"]["structuredContent"]["error"];
    assert_eq!(error["code"], "cancelled", "{answer}");
    let code = tokio::task::spawn_blocking(move || server.running.wait());
    assert_eq!(code.await.expect("it ends"), Some(1), "a call was cut short");
    let deleted = router.rpcs().iter().filter(|rpc| *rpc == "file-delete").count();
    assert!(deleted > 0, "{:?}", router.rpcs());
}
