//! What a router is not added for, whoever agrees.

use std::fs;

use serde_json::{Value, json};

use super::{INVENTORY, TOOL, in_files, site, whole};
use crate::{
    app::{Caller, Request},
    server::asking::tests::{Site, accepting, code},
    tools::ConfirmPolicy::Destroy,
};

#[tokio::test]
async fn a_changed_and_a_revoked_key_are_refused_whoever_agrees() {
    let site = site().await;
    let mut client = site.client();
    let known = site.file("known_hosts");
    let ours = site.router("edge2").host_key_line("192.0.2.2", 830);
    for (line, expected) in [
        (
            site.router("edge1").host_key_line("192.0.2.2", 830),
            "host_key_mismatch",
        ),
        (format!("@revoked {ours}"), "host_key_revoked"),
    ] {
        fs::write(site.folder.path().join("known_hosts"), format!("{known}\n{line}\n")).expect("written");
        let mut vouched = whole(&site);
        vouched["host_key_fingerprint"] = json!(site.fingerprint());
        for arguments in [whole(&site), vouched] {
            let refused = client.call(TOOL, arguments, json!({})).await;
            assert_eq!(code(&refused), expected, "{refused}");
        }
        assert_eq!(site.file("devices.json"), INVENTORY);
    }
    // One that is on file needs nobody.
    fs::write(site.folder.path().join("known_hosts"), format!("{known}\n{ours}\n")).expect("written");
    let done = client.call(TOOL, whole(&site), json!({})).await;
    assert_eq!(done["result"]["structuredContent"]["host_key"], "known", "{done}");
}

#[tokio::test]
async fn another_key_at_the_second_look_is_asked_about_anew() {
    let site = site().await;
    let mut client = site.client();
    let asked = client.call(TOOL, whole(&site), json!({})).await;
    site.router("edge2").change_host_key();
    let again = client.call(TOOL, whole(&site), accepting(&asked)).await;
    let message = again["result"]["inputRequests"]["host_key"]["params"]["message"]
        .as_str()
        .expect("words");
    assert!(message.contains(&site.fingerprint()), "{message}");
    site.assert_nothing_was_added();
}

#[tokio::test]
async fn a_login_that_fails_adds_nothing() {
    let site = site().await;
    let mut client = site.mute_client();
    let mut arguments = whole(&site);
    arguments["username"] = json!("nobody");
    arguments["host_key_fingerprint"] = json!(site.fingerprint());
    let refused = client.call(TOOL, arguments, json!({})).await;
    assert_eq!(code(&refused), "auth_failed", "{refused}");
    site.assert_nothing_was_added();
}

#[tokio::test]
async fn a_file_that_somebody_edits_meanwhile_is_not_written() {
    let site = site().await;
    let mut client = site.client();
    let asked = client.call(TOOL, whole(&site), json!({})).await;
    let edited = INVENTORY.replace("\"row\": 7", "\"row\": 8");
    fs::write(site.folder.path().join("devices.json"), &edited).expect("written");
    let refused = client.call(TOOL, whole(&site), accepting(&asked)).await;
    assert_eq!(code(&refused), "inventory_changed", "{refused}");
    assert_eq!(site.file("devices.json"), edited);
    assert!(!site.file("known_hosts").contains("192.0.2.2"));
}

#[tokio::test]
async fn an_operator_who_wants_no_additions_or_passwords_gets_none() {
    let site = Site::made(Destroy, |settings, lab, folder| {
        in_files(settings, lab, folder);
        settings.tools.inventory_readonly = true;
    })
    .await;
    let refused = site.client().call(TOOL, json!({}), json!({})).await;
    assert_eq!(code(&refused), "inventory_readonly", "{refused}");
    site.assert_nothing_was_added();
    for (allowed, expected) in [(false, "password_auth_not_allowed"), (true, "")] {
        let site = Site::made(Destroy, move |settings, lab, folder| {
            in_files(settings, lab, folder);
            settings.tools.password_auth_add = allowed;
        })
        .await;
        let mut arguments = whole(&site);
        arguments["auth"] = json!({"type": "password", "password": site.router("edge2").password()});
        arguments["host_key_fingerprint"] = json!(site.fingerprint());
        let done = site.mute_client().call(TOOL, arguments, json!({})).await;
        assert_eq!(code(&done), expected, "{done}");
        assert!(!done.to_string().contains(site.router("edge2").password()));
    }
}

#[tokio::test]
async fn what_no_entry_can_be_is_refused_before_anything_is_contacted() {
    let site = site().await;
    for (name, value, expected) in [
        ("device_name", json!("a/b"), "invalid_argument"),
        ("device_name", json!("edge1"), "device_exists"),
        ("device_ip", json!("1.2.3"), "invalid_argument"),
        ("username", json!("a b"), "invalid_argument"),
        ("tags", json!(["a b"]), "invalid_argument"),
        ("auth", json!({"type": "ssh_key"}), "invalid_argument"),
        (
            "auth",
            json!({"type": "ssh_agent", "password": "x"}),
            "invalid_argument",
        ),
        (
            "auth",
            json!({"type": "ssh_key", "private_key_path": "nowhere"}),
            "key_file_missing",
        ),
        ("host_key_fingerprint", json!("MD5:x"), "invalid_argument"),
        ("device_port", json!(70000), "invalid_argument"),
    ] {
        let mut arguments = whole(&site);
        arguments[name] = value.clone();
        let Value::Object(arguments) = arguments else {
            panic!("arguments")
        };
        let reply = site
            .app
            .call(Request::new(Caller::stdio(), TOOL, arguments))
            .await
            .expect("offered");
        assert_eq!(reply.code(), expected, "{name} {value}: {}", reply.text());
    }
    assert!(site.router("edge2").seen().is_empty());
    site.assert_nothing_was_added();
}
