//! Adding a router: the forms in both eras, the host key, and what is written down of it.

mod refused;

use std::{fs, io, path::Path, sync::Arc};

use serde_json::{Value, json};

use super::{Client, Site, accepting, answering, code};
use crate::{
    app::Settings,
    devices::{Dial, KnownHosts, OpenPipe},
    inventory::InventorySource,
    lab::Lab,
    tools::ConfirmPolicy::Destroy,
};

const TOOL: &str = "add_device";

/// An address where connections are refused.
const NOWHERE: &str = "192.0.2.77";

/// Keys in an order of its own, one that nobody knows, rules at the end, and an indent of three.
const INVENTORY: &str = r#"{
   "edge1": {
      "username": "lab",
      "ip": "192.0.2.1",
      "rack": {"row": 7, "unit": 1.50},
      "auth": {"type": "ssh_agent"},
      "port": 830
   },
   "_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "request system *"}]}
}
"#;

fn in_files(settings: &mut Settings, lab: &Lab, folder: &Path) {
    let key = lab.router("edge2").expect("a router").private_key_openssh();
    fs::write(folder.join("key"), key).expect("written");
    fs::write(folder.join("devices.json"), INVENTORY).expect("written");
    // Its last line has no end.
    let edge1 = lab.router("edge1").expect("a router").host_key_line("192.0.2.1", 830);
    fs::write(folder.join("known_hosts"), edge1).expect("written");
    settings.inventory = InventorySource::File(folder.join("devices.json"));
    let refused: OpenPipe = Arc::new(|| Err(io::ErrorKind::ConnectionRefused.into()));
    settings
        .devices
        .dials
        .insert((NOWHERE.to_owned(), 830), Dial::Pipe(refused));
    settings.devices.known_hosts = KnownHosts::File(folder.join("known_hosts"));
}

async fn site() -> Site {
    Site::made(Destroy, in_files).await
}

/// What a person fills in.
fn filled(site: &Site) -> Value {
    json!({"device_name": "edge2", "device_ip": "192.0.2.2", "device_port": 830,
        "username": site.router("edge2").username(), "private_key_path": "key", "test_connection": true})
}

/// The same as arguments.
fn whole(site: &Site) -> Value {
    let mut arguments = filled(site);
    let members = arguments.as_object_mut().expect("members");
    let path = members.remove("private_key_path");
    members.insert("auth".to_owned(), json!({"type": "ssh_key", "private_key_path": path}));
    arguments
}

impl Site {
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("a file")
    }

    fn fingerprint(&self) -> String {
        use russh::keys::{HashAlg, PublicKey};
        let line = self.router("edge2").host_key_line("x", 22);
        let (_, key) = line.split_once(' ').expect("a name and a key");
        let key = PublicKey::from_openssh(key).expect("a key");
        key.fingerprint(HashAlg::Sha256).to_string()
    }

    fn assert_nothing_was_added(&self) {
        assert_eq!(self.file("devices.json"), INVENTORY);
        assert!(!self.file("known_hosts").contains("192.0.2.2"));
    }
}

async fn works(client: &mut Client) -> bool {
    let arguments = json!({"router_name": "edge2", "command": "show version"});
    let answer = client.call("execute_junos_command", arguments, json!({})).await;
    answer["result"]["isError"] == false
}

#[tokio::test]
async fn a_person_fills_in_what_is_missing_and_vouches_for_the_key() {
    let site = site().await;
    let mut client = site.client();
    let asked = client.call(TOOL, json!({}), json!({})).await;
    let form = &asked["result"]["inputRequests"]["device"]["params"]["requestedSchema"];
    assert_eq!(
        form["required"],
        json!(["device_name", "device_ip", "username"]),
        "{asked}"
    );
    assert!(!form.to_string().contains("password"), "{form}");
    let asked = client
        .call(TOOL, json!({}), answering(&asked, "accept", filled(&site)))
        .await;
    let message = asked["result"]["inputRequests"]["host_key"]["params"]["message"]
        .as_str()
        .expect("words");
    assert!(
        message.contains(&site.fingerprint()) && message.contains("192.0.2.2 port 830"),
        "{message}"
    );
    site.assert_nothing_was_added();
    let done = client.call(TOOL, json!({}), accepting(&asked)).await;
    let told = &done["result"]["structuredContent"];
    for (name, value) in [
        ("status", json!("added")),
        ("added", json!("edge2")),
        ("router_count", json!(2)),
        ("inventory_file", json!("devices.json")),
        ("host_key", json!("enrolled")),
        ("fingerprint", json!(site.fingerprint())),
        ("tested", json!(true)),
        ("visible_to_caller", json!(true)),
    ] {
        assert_eq!(told[name], value, "{name}: {done}");
    }
    let entry = "   \"edge2\": {\n      \"ip\": \"192.0.2.2\",\n      \"port\": 830,\n";
    let text = site.file("devices.json");
    assert!(
        text.starts_with(INVENTORY.trim_end().trim_end_matches('}').trim_end()),
        "{text}"
    );
    assert!(text.contains(entry), "{text}");
    assert!(
        site.file("known_hosts")
            .lines()
            .any(|line| line.starts_with("[192.0.2.2]:830 "))
    );
    assert!(works(&mut client).await);
    assert_eq!(site.records()[2]["confirm"], "person");
    assert!(
        !fs::read_to_string(site.folder.path().join("audit.jsonl"))
            .expect("a file")
            .contains("PRIVATE")
    );
}

#[tokio::test]
async fn the_older_era_is_asked_on_the_stream_of_the_call() {
    let site = site().await;
    let mut client = site.client().opened().await;
    let id = client.begin(TOOL, json!({"device_name": "edge2"})).await;
    let form = client.next().await;
    assert!(
        form["params"]["requestedSchema"]["properties"]
            .get("device_name")
            .is_none(),
        "{form}"
    );
    let answer = |question: &Value, content: Value| json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": content}});
    client.send(&answer(&form, filled(&site))).await;
    let key = client.next().await;
    assert!(
        key["params"]["message"]
            .as_str()
            .is_some_and(|words| words.contains(&site.fingerprint())),
        "{key}"
    );
    client.send(&answer(&key, json!({"confirm": true}))).await;
    let done = client.next().await;
    assert_eq!(
        (&done["id"], &done["result"]["structuredContent"]["status"]),
        (&json!(id), &json!("added")),
        "{done}"
    );
}

#[tokio::test]
async fn arguments_alone_suffice_where_nobody_can_be_asked() {
    let site = site().await;
    let mut client = site.mute_client();
    let missing = client
        .call(
            TOOL,
            json!({"device_name": "edge2", "username": "", "device_port": 0}),
            json!({}),
        )
        .await;
    assert_eq!(code(&missing), "missing_argument", "{missing}");
    let details = &missing["result"]["structuredContent"]["error"]["details"];
    assert_eq!(details["missing"], json!(["device_ip", "username", "auth"]));
    // The key has nobody yet who vouches for it.
    let unconfirmed = client.call(TOOL, whole(&site), json!({})).await;
    let told = &unconfirmed["result"]["structuredContent"];
    assert_eq!(
        (&told["status"], &told["fingerprint"]),
        (&json!("host_key_confirmation_required"), &json!(site.fingerprint())),
        "{unconfirmed}"
    );
    site.assert_nothing_was_added();
    let mut wrong = whole(&site);
    wrong["host_key_fingerprint"] = json!("SHA256:x");
    assert_eq!(code(&client.call(TOOL, wrong, json!({})).await), "host_key_mismatch");
    let mut vouched = whole(&site);
    vouched["host_key_fingerprint"] = json!(site.fingerprint());
    vouched["tags"] = json!(["core"]);
    let done = client.call(TOOL, vouched.clone(), json!({})).await;
    assert_eq!(done["result"]["structuredContent"]["host_key"], "enrolled", "{done}");
    assert!(works(&mut client).await);
    assert_eq!(code(&client.call(TOOL, vouched, json!({})).await), "device_exists");
}

#[tokio::test]
async fn without_a_word_about_its_key_a_router_is_not_contacted() {
    let site = site().await;
    let mut client = site.mute_client();
    let mut arguments = whole(&site);
    arguments["test_connection"] = json!(false);
    let done = client.call(TOOL, arguments, json!({})).await;
    let told = &done["result"]["structuredContent"];
    assert_eq!(
        (&told["host_key"], &told["tested"]),
        (&json!("not_checked"), &json!(false)),
        "{done}"
    );
    assert!(site.router("edge2").seen().is_empty());
    assert!(!works(&mut client).await, "nobody vouched for its key");
}

#[tokio::test]
async fn declining_and_putting_away_are_told_apart_and_add_nothing() {
    let site = site().await;
    let mut client = site.client();
    for action in ["decline", "cancel"] {
        let asked = client.call(TOOL, json!({}), json!({})).await;
        let done = client
            .call(TOOL, json!({}), answering(&asked, action, Value::Null))
            .await;
        let error = &done["result"]["structuredContent"]["error"];
        assert_eq!(
            (code(&done), &error["details"]["action"]),
            ("declined", &json!(action)),
            "{done}"
        );
        let asked = client.call(TOOL, whole(&site), json!({})).await;
        let seen = site.router("edge2").seen().len();
        let done = client
            .call(TOOL, whole(&site), answering(&asked, action, Value::Null))
            .await;
        assert_eq!(code(&done), "declined", "{done}");
        assert_eq!(site.router("edge2").seen().len(), seen, "not contacted again");
    }
    let asked = client.call(TOOL, whole(&site), json!({})).await;
    let done = client
        .call(
            TOOL,
            whole(&site),
            answering(&asked, "accept", json!({"confirm": false})),
        )
        .await;
    assert_eq!(code(&done), "declined", "{done}");
    site.assert_nothing_was_added();
}

#[tokio::test]
async fn an_answer_of_no_use_is_asked_for_again_twice_with_the_reason() {
    let site = site().await;
    let mut client = site.client();
    let mut asked = client.call(TOOL, json!({}), json!({})).await;
    for (name, value, key) in [
        ("device_ip", json!("300.1.1.1"), "device_again"),
        ("device_port", json!("ssh"), "device_last"),
    ] {
        let mut wrong = filled(&site);
        wrong[name] = value;
        asked = client.call(TOOL, json!({}), answering(&asked, "accept", wrong)).await;
        let message = asked["result"]["inputRequests"][key]["params"]["message"]
            .as_str()
            .expect("words");
        assert!(message.contains(name), "{message}");
    }
    let mut wrong = filled(&site);
    wrong["username"] = json!("-x");
    let refused = client.call(TOOL, json!({}), answering(&asked, "accept", wrong)).await;
    assert_eq!(code(&refused), "invalid_argument", "{refused}");
    site.assert_nothing_was_added();
}

#[tokio::test]
async fn what_cannot_be_reached_is_added_only_by_whoever_was_told_so() {
    let site = site().await;
    let mut client = site.client();
    let mut content = filled(&site);
    content["test_connection"] = json!(false);
    content["device_ip"] = json!(NOWHERE);
    let asked = client.call(TOOL, json!({}), json!({})).await;
    let asked = client
        .call(TOOL, json!({}), answering(&asked, "accept", content.clone()))
        .await;
    assert!(asked["result"]["inputRequests"]["unreachable"].is_object(), "{asked}");
    let done = client.call(TOOL, json!({}), accepting(&asked)).await;
    assert_eq!(done["result"]["structuredContent"]["host_key"], "not_checked", "{done}");
    // Whoever cannot be told gets the reason instead.
    let mut arguments = whole(&site);
    arguments["device_name"] = json!("far2");
    arguments["device_ip"] = json!(NOWHERE);
    let refused = client.call(TOOL, arguments.clone(), json!({})).await;
    assert_eq!(code(&refused), "connect_failed", "{refused}");
    assert!(!site.file("devices.json").contains("far2"));
}
