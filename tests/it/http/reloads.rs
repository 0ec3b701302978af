//! Files that are read again: each has a record and a counter of its own, and what is refused keeps the server from being ready.

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    client::Ask,
    server::{Server, tokens},
};

fn of<'a>(what: &'a str, result: &'a str) -> impl Fn(&Value) -> bool + 'a {
    move |record| record["event"] == "reload" && record["what"] == what && record["result"] == result
}

fn reload(server: &Server, tokens: &str) {
    std::fs::write(server.running.path("tokens.json"), tokens).expect("written");
    server.running.signal(Signal::HUP);
}

#[test]
fn the_record_of_tokens_says_which_have_come_gone_and_changed() {
    let server = Server::start(&["--audit-format=json", "--file-watch-secs=0", "--enable-metrics"]);
    server.running.signal(Signal::HUP);
    let same = server.record_where(of("tokens", "unchanged"));
    assert_eq!(same["counts"], json!({"active": 5, "expired": 1, "disabled": 0}));
    let mut file: Value = serde_json::from_str(&tokens()).expect("JSON");
    let list = file["tokens"].as_array_mut().expect("a list");
    list.retain(|token| token["name"] != "desk");
    list[0]["routers"] = json!(["edge-*"]);
    list[2]["name"] = json!("older");
    reload(&server, &file.to_string());
    let applied = server.record_where(of("tokens", "applied"));
    assert_eq!(
        (&applied["added"], &applied["removed"], &applied["changed"]),
        (&json!(["older"]), &json!(["desk", "old"]), &json!(["noc"]))
    );
    reload(&server, "{");
    server.record_where(of("tokens", "refused"));
    assert_eq!(
        server.send(&Ask::get("/readyz")).json(),
        json!({"status": "not_ready", "reasons": ["tokens"]})
    );
    reload(&server, &tokens());
    let ready = (0..10_000).find(|_| server.send(&Ask::get("/readyz")).status == 200);
    assert!(ready.is_some(), "{}", server.log());
    let counters = server.send(&Ask::get("/metrics").authorized()).body;
    for expected in [
        "junosmcp_reloads_total{result=\"unchanged\",what=\"tokens\"} 1",
        "junosmcp_reloads_total{result=\"applied\",what=\"tokens\"} 2",
        "junosmcp_reloads_total{result=\"refused\",what=\"tokens\"} 1",
        "junosmcp_reload_timestamp_seconds{what=\"tokens\"} ",
    ] {
        assert!(counters.contains(expected), "{expected}: {counters}");
    }
}

#[tokio::test]
async fn host_keys_and_inventory_are_told_too() {
    let (lab, server) = super::site::site(&["--file-watch-secs=0"]).await;
    tokio::task::spawn_blocking(move || {
        server.running.signal(Signal::HUP);
        let keys = server.record_where(of("known_hosts", "applied"));
        assert_eq!(keys["counts"], json!({"keys": 1}));
        let inventory = server.record_where(|record| record["event"] == "reload" && record["what"] == "inventory");
        assert_ne!(inventory["result"], "refused", "{inventory}");
        server.running.signal(Signal::HUP);
        server.record_where(of("known_hosts", "unchanged"));
        let file = server.running.path(".ssh/known_hosts");
        std::fs::remove_file(&file).expect("there");
        std::fs::create_dir(&file).expect("made");
        server.running.signal(Signal::HUP);
        server.record_where(of("known_hosts", "refused"));
    })
    .await
    .expect("they are told");
    lab.stop().await;
}
