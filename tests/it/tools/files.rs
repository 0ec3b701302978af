//! Files to and from routers, as callers see it.

use std::{fs, path::Path};

use rust_junosmcp::{
    lab::{Action, Fault, Trigger, What},
    settings::{StagingPlace, TransferSettings},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lab::{Lab, assert_fits};

const PUSH: &str = "transfer_file";
const PULL: &str = "fetch_file";
const LIST: &str = "list_staged_files";

/// Of `abc`.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

/// A router, and a staging directory with one file.
async fn site() -> (Lab, TempDir) {
    site_of("vsrx-24.4").await
}

async fn site_of(profile: &str) -> (Lab, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.tgz"), "abc").expect("written");
    let lab = Lab::new()
        .profile(profile)
        .router("edge1")
        .with("scp_port", json!(830))
        .settings(staging(folder.path()))
        .start()
        .await;
    (lab, folder)
}

fn staging(folder: &Path) -> impl FnOnce(&mut rust_junosmcp::settings::Settings) + Send + use<> {
    let place = StagingPlace {
        directory: folder.to_owned(),
        is_made: false,
    };
    move |settings| {
        settings.transfer = TransferSettings {
            place: Some(place),
            bytes_per_second: 0,
        }
    }
}

fn push(name: &str) -> Value {
    json!({"router_name": "edge1", "source_path": name})
}

fn pull(path: &str) -> Value {
    json!({"router_name": "edge1", "remote_path": path})
}

#[tokio::test]
async fn a_file_goes_to_a_router_and_comes_back() {
    for profile in ["vsrx-24.4", "vmx-22.4", "ex-21.4-vc", "srx-cluster-23.4", "old-12.1"] {
        let (lab, folder) = site_of(profile).await;
        let pushed = lab.call(PUSH, push("a.tgz")).await;
        assert_fits(PUSH, &pushed);
        let told = pushed.structured();
        assert_eq!(
            (&told["status"], &told["remote_path"], &told["size_bytes"]),
            (&json!("transferred"), &json!("/var/tmp/a.tgz"), &json!(3)),
            "{profile}"
        );
        assert_eq!((&told["sha256"], &told["verified"]), (&json!(ABC), &json!(true)));
        let again = lab.call(PUSH, push("a.tgz")).await;
        assert_fits(PUSH, &again);
        assert_eq!(again.structured()["status"], "skipped");
        let both = lab.call(LIST, json!({"router_name": "edge1"})).await;
        assert_fits(LIST, &both);
        let both = both.structured();
        assert_eq!(both["staged_files"][0]["sha256"], ABC);
        assert_eq!(both["device_files"][0]["path"], "/var/tmp/a.tgz");
        assert_eq!(both["device_files"][0]["size_bytes"], 3);
        let pulled = lab
            .call(
                PULL,
                json!({"router_name": "edge1", "remote_path": "a.tgz", "local_name": "b.tgz"}),
            )
            .await;
        assert_fits(PULL, &pulled);
        assert_eq!(
            (&pulled.structured()["status"], &pulled.structured()["local_name"]),
            (&json!("fetched"), &json!("b.tgz"))
        );
        assert_eq!(fs::read(folder.path().join("b.tgz")).expect("it is here"), b"abc");
    }
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused_and_nobody_is_contacted() {
    let (lab, folder) = site().await;
    fs::write(folder.path().join(".hidden"), "x").expect("written");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("linked");
    for name in [
        "../a.tgz",
        "/etc/passwd",
        "a/b",
        ".hidden",
        "..",
        "-a",
        "a b",
        "a\nb",
        "a;b",
    ] {
        assert_eq!(lab.call(PUSH, push(name)).await.code(), "bad_source_path", "{name}");
        let local = json!({"router_name": "edge1", "remote_path": "messages", "local_name": name});
        assert_eq!(lab.call(PULL, local).await.code(), "invalid_argument", "{name}");
    }
    for name in ["link", "none"] {
        assert_eq!(lab.call(PUSH, push(name)).await.code(), "source_missing", "{name}");
    }
    for path in [
        "/etc/passwd",
        "/var/tmp/../../etc/passwd",
        "/config/juniper.conf.gz",
        "/var/log/",
        "re1:/var/tmp/a",
    ] {
        assert_eq!(lab.call(PULL, pull(path)).await.code(), "bad_remote_path", "{path}");
    }
    assert_eq!(lab.seen_by("edge1").len(), 0);
}

#[tokio::test]
async fn what_cannot_be_done_has_its_code_and_changes_nothing() {
    let (lab, folder) = site().await;
    assert_eq!(lab.call(PULL, pull("none.tgz")).await.code(), "remote_file_missing");
    lab.call(PUSH, push("a.tgz")).await;
    fs::write(folder.path().join("a.tgz"), "abd").expect("written");
    let refused = lab.call(PUSH, push("a.tgz")).await;
    assert_eq!(refused.code(), "dest_exists_differs");
    assert_eq!(refused.structured()["error"]["details"]["remote_sha256"], ABC);
    assert_eq!(lab.call(PULL, pull("a.tgz")).await.code(), "local_dest_exists_differs");
    let router = lab.router("edge1");
    let corrupt = router.inject(Fault::new(Trigger::ScpByte(1), Action::ScpCorrupt));
    let forced = json!({"router_name": "edge1", "source_path": "a.tgz", "force": true});
    assert_eq!(lab.call(PUSH, forced.clone()).await.code(), "verify_mismatch");
    corrupt.remove();
    let error = router.inject(Fault::new(Trigger::ScpHeader, Action::ScpError(1)));
    let failed = lab.call(PUSH, forced.clone()).await;
    assert_eq!(failed.code(), "scp_failed");
    assert!(failed.text().contains("made on purpose"), "{}", failed.text());
    error.remove();
    router.inject(Fault::new(Trigger::Now, Action::DiskFull(1024)));
    assert_eq!(lab.call(PUSH, forced).await.code(), "insufficient_disk");
    let there = lab.call(LIST, json!({"router_name": "edge1"})).await;
    let files = there.structured()["device_files"].as_array().expect("a list").clone();
    let names: Vec<&str> = files.iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(names, ["/var/tmp/a.tgz"]);
}

#[tokio::test]
async fn without_a_directory_the_tools_say_so() {
    let gone = tempfile::tempdir().expect("a folder").path().join("none");
    let lab = Lab::new()
        .router("edge1")
        .with("scp_port", json!(830))
        .settings(staging(&gone))
        .start()
        .await;
    let listed = lab.call(LIST, json!({})).await;
    assert_fits(LIST, &listed);
    assert_eq!(listed.structured()["staged_files_total"], 0);
    let warning = listed.structured()["warnings"][0]
        .as_str()
        .expect("a warning")
        .to_owned();
    assert!(warning.contains("staging directory"), "{warning}");
    assert!(
        !listed
            .structured()
            .to_string()
            .contains(gone.parent().expect("a folder").to_str().expect("text"))
    );
    assert_eq!(lab.call(PUSH, push("a.tgz")).await.code(), "source_missing");
    assert_eq!(
        lab.call(PULL, pull("/var/log/messages")).await.code(),
        "insufficient_local_disk"
    );
}

#[tokio::test]
async fn a_router_that_is_read_only_gives_and_takes_no_files() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.tgz"), "abc").expect("written");
    let lab = Lab::new()
        .router("edge1")
        .with("read_only", json!(true))
        .settings(staging(folder.path()))
        .start()
        .await;
    assert_eq!(lab.call(PUSH, push("a.tgz")).await.code(), "read_only");
    assert_eq!(lab.call(PULL, pull("a.tgz")).await.code(), "read_only");
    assert!(!lab.call(LIST, json!({"router_name": "edge1"})).await.is_error());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_routers_are_served_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.tgz"), vec![7; 300_000]).expect("written");
    let mut plan = Lab::new();
    for number in 0..8 {
        plan = plan.router(&format!("edge{number}")).with("scp_port", json!(830));
    }
    let lab = plan.settings(staging(folder.path())).start().await;
    let copies = (0..8).map(|number| {
        let arguments = json!({"router_name": format!("edge{number}"), "source_path": "a.tgz"});
        lab.call(PUSH, arguments)
    });
    for copied in futures::future::join_all(copies).await {
        assert_eq!(copied.structured()["status"], "transferred", "{}", copied.text());
    }
    for number in 0..8 {
        let stored = lab.seen_by(&format!("edge{number}"));
        assert!(
            stored.iter().any(|event| matches!(event.what, What::Scp(_))),
            "{number}"
        );
    }
}
