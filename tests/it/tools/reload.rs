//! The inventory read again by a caller: what it may name, what is refused, and what becomes of what was open.

use std::{fs, path::PathBuf, time::Duration};

use rust_junosmcp::{
    app::Reply,
    lab::{Action, Fault, Trigger},
};
use serde_json::{Value, json};

use crate::{
    cli::program::Program,
    http::server::{OVER_HTTP, Server},
    lab::{Lab, Plan, assert_fits},
    protocol::wire::ask_as,
};

const TOOL: &str = "reload_devices";

/// A folder with an inventory that a lab was started with.
struct Site {
    folder: tempfile::TempDir,
    lab: Lab,
}

impl Site {
    async fn start(plan: Plan) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let lab = plan.in_file(&folder.path().join("devices.json")).start().await;
        Self { folder, lab }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the inventory as it was at the start, changed, to a file.
    fn write(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let text = fs::read_to_string(self.path("devices.json")).expect("a file");
        let mut value = serde_json::from_str(&text).expect("JSON");
        change(&mut value);
        fs::write(self.path(name), value.to_string()).expect("written");
    }

    async fn reload(&self, arguments: Value) -> Reply {
        self.lab.call(TOOL, arguments).await
    }

    async fn routers(&self) -> Value {
        self.lab.call("get_router_list", json!({})).await.structured()["routers"].clone()
    }
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().expect("an object").remove(name);
}

#[tokio::test]
async fn an_edited_file_is_taken_over_and_the_report_names_every_difference() {
    let site = Site::start(Lab::new().router("edge-1").router("edge-2").router("edge-3")).await;
    site.write("devices.json", |value| {
        remove(value, "edge-2");
        value["core-1"] = value["edge-1"].clone();
        value["edge-3"]["site"] = json!("basement");
        value["locked"] =
            json!({"ip": "192.0.2.9", "username": "lab", "auth": {"type": "ssh_key", "private_key_path": "gone"}});
    });
    let reply = site.reload(json!({})).await;
    assert_eq!(reply.code(), "", "{}", reply.text());
    assert_fits(TOOL, &reply);
    let report = reply.structured();
    assert_eq!(
        (&report["previous_router_count"], &report["new_router_count"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(report["added"], json!(["core-1", "locked"]));
    assert_eq!(
        (&report["removed"], &report["changed"]),
        (&json!(["edge-2"]), &json!(["edge-3"]))
    );
    // A key file that is missing costs its router only.
    assert_eq!(report["disabled"][0]["name"], "locked", "{report}");
    assert_eq!(
        (&report["blocklist_changed"], &report["inventory_file"]),
        (&json!(false), &json!("devices.json"))
    );
    assert!(report.get("outside_scope").is_none());
    assert_eq!(site.routers().await.as_array().map(Vec::len), Some(4));
    let again = site.reload(json!({})).await;
    assert_eq!(
        (&again.structured()["changed"], &again.structured()["added"]),
        (&json!([]), &json!([]))
    );
}

#[tokio::test]
async fn another_file_beside_the_first_is_in_use_until_the_end() {
    let site = Site::start(Lab::new().router("edge-1")).await;
    fs::create_dir(site.path("sites")).expect("a folder");
    site.write("sites/b.json", |value| value["core-1"] = value["edge-1"].clone());
    let reply = site.reload(json!({"file_name": "sites/b.json"})).await;
    assert_eq!(
        (reply.code(), &reply.structured()["inventory_file"]),
        ("", &json!("sites/b.json")),
        "{}",
        reply.text()
    );
    // From now on this is the file that is meant.
    site.write("sites/b.json", |value| value["core-2"] = value["edge-1"].clone());
    let reply = site.reload(json!({})).await;
    assert_eq!(
        (&reply.structured()["added"], &reply.structured()["removed"]),
        (&json!(["core-2"]), &json!(["core-1"]))
    );
}

#[tokio::test]
async fn a_file_elsewhere_is_refused_and_not_looked_at() {
    let site = Site::start(Lab::new().router("edge-1")).await;
    let outside = tempfile::tempdir().expect("a folder");
    let foreign = outside.path().join("devices.json");
    fs::copy(site.path("devices.json"), &foreign).expect("copied");
    std::os::unix::fs::symlink(&foreign, site.path("link.json")).expect("a link");
    let absolute = foreign.display().to_string();
    for name in ["", "../devices.json", &absolute, "link.json", "/etc/passwd"] {
        let reply = site.reload(json!({ "file_name": name })).await;
        assert_eq!(reply.code(), "bad_inventory_path", "{name:?}");
        let hidden = outside.path().display().to_string();
        assert!(!reply.text().contains(&hidden), "{}", reply.text());
    }
    let reply = site.reload(json!({"file_name": "none.json"})).await;
    assert_eq!(reply.code(), "inventory_invalid");
}

#[tokio::test]
async fn every_fault_of_a_file_is_listed_and_the_routers_stay() {
    let site = Site::start(Lab::new().router("edge-1")).await;
    site.write("bad.json", |value| {
        value["one"] = json!({"username": "lab", "auth": {"type": "ssh_agent"}});
        value["two"] = json!({"ip": "192.0.2.2", "port": 99_999, "auth": {"type": "ssh_agent"}});
    });
    let reply = site.reload(json!({"file_name": "bad.json"})).await;
    assert_eq!(reply.code(), "inventory_invalid");
    let problems = &reply.structured()["error"]["details"]["problems"];
    let problems: Vec<&str> = problems
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems.iter().all(|problem| reply.text().contains(problem)),
        "{}",
        reply.text()
    );
    for (text, code) in [
        ("{", "inventory_invalid"),
        ("[]", "inventory_invalid"),
        ("{}", "inventory_empty"),
    ] {
        fs::write(site.path("bad.json"), text).expect("written");
        assert_eq!(
            site.reload(json!({"file_name": "bad.json"})).await.code(),
            code,
            "{text}"
        );
    }
    assert_eq!(site.routers().await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn no_caller_drops_a_rule_that_forbids_something() {
    let plan = Lab::new().router("edge-1").deny("request *");
    let own = json!({"commands": [{"action": "deny", "pattern": "clear *"}]});
    let site = Site::start(plan.with("blocklist", own)).await;
    site.write("open.json", |value| {
        remove(value, "_blocklist_defaults");
        remove(&mut value["edge-1"], "blocklist");
    });
    let reply = site.reload(json!({"file_name": "open.json"})).await;
    assert_eq!(reply.code(), "blocklist_weakened");
    let rules = &reply.structured()["error"]["details"]["rules"];
    assert_eq!(
        rules,
        &json!([
            "defaults: commands deny 'request *'",
            "router 'edge-1': commands deny 'clear *'"
        ])
    );
    let command = json!({"router_name": "edge-1", "command": "request system reboot"});
    assert_eq!(site.lab.call("execute_junos_command", command).await.code(), "blocked");
    // One more is no weaker, and a router that goes takes its rules along.
    site.write("stricter.json", |value| {
        let rules = value["_blocklist_defaults"]["commands"].as_array_mut().expect("rules");
        rules.push(json!({"action": "deny", "pattern": "start *"}));
        value["core-1"] = value["edge-1"].clone();
        remove(value, "edge-1");
    });
    let reply = site.reload(json!({"file_name": "stricter.json"})).await;
    assert_eq!(
        (reply.code(), &reply.structured()["blocklist_changed"]),
        ("", &json!(true)),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn sessions_of_what_is_gone_or_changed_are_closed_and_a_running_call_ends_well() {
    let site = Site::start(Lab::new().router("edge-1").router("edge-2").router("edge-3")).await;
    let version = |name: &str| json!({"router_name": name, "command": "show version"});
    for name in ["edge-1", "edge-2", "edge-3"] {
        assert_eq!(site.lab.call("execute_junos_command", version(name)).await.code(), "");
    }
    let idle = async || {
        let status = site.lab.call("server_status", json!({})).await;
        status.structured()["pool"]["sessions"]["idle"].as_u64()
    };
    assert_eq!(idle().await, Some(3));
    site.lab.router("edge-1").inject(Fault::new(
        Trigger::reply("command"),
        Action::Delay(Duration::from_secs(1)),
    ));
    site.write("devices.json", |value| {
        remove(value, "edge-1");
        value["edge-2"]["tags"] = json!(["moved"]);
    });
    let running = site.lab.call("execute_junos_command", version("edge-1"));
    let reloading = async {
        while !site
            .lab
            .commands_at("edge-1")
            .iter()
            .skip(1)
            .any(|command| command == "show version")
        {
            tokio::task::yield_now().await;
        }
        site.reload(json!({})).await
    };
    let (running, reloaded) = tokio::join!(running, reloading);
    assert_eq!((running.code(), reloaded.code()), ("", ""), "{}", running.text());
    // That of edge-3 is left; that of edge-1 was not kept when it came back.
    assert_eq!(idle().await, Some(1));
    assert_eq!(
        site.lab.call("execute_junos_command", version("edge-1")).await.code(),
        "unknown_router"
    );
    assert_eq!(
        site.lab.call("execute_junos_command", version("edge-2")).await.code(),
        ""
    );
}

#[tokio::test]
async fn an_inventory_that_is_read_only_or_in_no_file_is_not_reloaded() {
    let site = Site::start(
        Lab::new()
            .router("edge-1")
            .settings(|settings| settings.tools.inventory_readonly = true),
    )
    .await;
    assert_eq!(site.reload(json!({})).await.code(), "inventory_readonly");
    assert_eq!(
        site.reload(json!({"file_name": "/etc/passwd"})).await.code(),
        "inventory_readonly"
    );
    let lab = Lab::new().router("edge-1").start().await;
    assert_eq!(lab.call(TOOL, json!({})).await.code(), "inventory_readonly");
}

#[test]
fn routers_outside_the_scope_of_the_caller_are_counted_and_not_named() {
    let entry = json!({"ip": "192.0.2.1", "username": "lab", "auth": {"type": "ssh_agent", "socket": "/nowhere"}});
    let inventory = json!({"edge-1": entry, "core-1": entry});
    let program = Program::new(
        &[
            &["-f", "devices.json", "--file-watch-secs=0", "--audit-format=json"],
            &OVER_HTTP[..],
        ]
        .concat(),
    );
    let server = Server::of(program.file("devices.json", 0o600, &inventory.to_string()));
    let after = json!({"edge-1": entry, "edge-2": entry, "core-2": entry});
    let write = |value: &Value| fs::write(server.running.path("devices.json"), value.to_string()).expect("written");
    write(&after);
    let reload = || {
        ask_as(
            &server,
            'F',
            "tools/call",
            Some(TOOL),
            json!({"name": TOOL, "arguments": {}}),
        )
    };
    let report = reload()["result"]["structuredContent"].clone();
    assert_eq!(
        (&report["added"], &report["removed"]),
        (&json!(["edge-2"]), &json!([])),
        "{report}"
    );
    assert_eq!(
        report["outside_scope"],
        json!({"added": 1, "removed": 1, "changed": 0, "disabled": 0})
    );
    // The record of it names all.
    let record = server.record_where(|record| record["event"] == "reload");
    assert_eq!(
        (&record["added"], &record["removed"]),
        (&json!(["core-2", "edge-2"]), &json!(["core-1"])),
        "{record}"
    );
    assert_eq!(
        (&record["trigger"], &record["result"]),
        (&json!("tool"), &json!("applied"))
    );
    assert_eq!(record["sha256"].as_str().map(str::len), Some(64));
    let faulty = json!({"edge-1": {"ip": 5}, "core-1": {"ip": 5}});
    write(&faulty);
    let refused = reload()["result"].clone();
    let error = &refused["structuredContent"]["error"];
    assert_eq!(error["code"], "inventory_invalid", "{refused}");
    assert!(
        refused.to_string().contains("edge-1") && !refused.to_string().contains("core-1"),
        "{refused}"
    );
    // Whoever may only read does not reload.
    let denied = ask_as(
        &server,
        'B',
        "tools/call",
        Some(TOOL),
        json!({"name": TOOL, "arguments": {}}),
    );
    assert_eq!(
        denied["result"]["structuredContent"]["error"]["code"], "tool_scope_denied",
        "{denied}"
    );
}
