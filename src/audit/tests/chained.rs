//! The chain of the file: whole across restarts and rotations, and honest where it is not.

use std::{fs, io::Write as _, path::PathBuf};

use serde_json::json;
use tempfile::TempDir;

use super::{clock, redact};
use crate::audit::{
    verify::{Broken, Verified},
    *,
};

struct Site {
    folder: TempDir,
    key: Option<Vec<u8>>,
}

impl Site {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            key: None,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.path("audit.jsonl")
    }

    fn open(&self) -> Audit {
        let settings = AuditSettings {
            format: AuditFormat::Off,
            file: Some(self.log()),
            key: self.key.clone().map(SecretSlice::from),
            strict: true,
            ..AuditSettings::default()
        };
        Audit::new(&settings, Some(&self.path("state")), clock(), redact).expect("opens")
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.log()).expect("a file");
        text.lines().map(str::to_owned).collect()
    }

    fn verify(&self) -> Result<Verified, Broken> {
        verify(&[self.log()], self.key.as_deref(), None).expect("readable")
    }

    fn rewrite(&self, lines: &[String]) {
        fs::write(self.log(), lines.join("\n") + "\n").expect("written");
    }
}

fn three(site: &Site) {
    let audit = site.open();
    for n in 0..3 {
        audit.note("reload", json!({"what": "inventory", "n": n}));
    }
}

#[tokio::test]
async fn a_chain_goes_on_after_a_restart() {
    let site = Site::new();
    three(&site);
    three(&site);
    let found = site.verify().expect("whole");
    assert_eq!(found.records, 7, "one start and six records");
    assert_eq!(
        site.lines().iter().filter(|line| line.contains("chain_start")).count(),
        1
    );
}

#[tokio::test]
async fn a_chain_goes_on_in_a_new_file_while_running_and_while_stopped() {
    let site = Site::new();
    let audit = site.open();
    audit.note("reload", json!({}));
    fs::rename(site.log(), site.path("one")).expect("moved");
    audit.reopen().expect("reopened");
    audit.note("reload", json!({}));
    drop(audit);
    fs::rename(site.log(), site.path("two")).expect("moved");
    three(&site);
    let files = [site.path("one"), site.path("two"), site.log()];
    let found = verify(&files, None, None).expect("readable").expect("whole");
    assert_eq!(found.records, 8);
    let anchored = |hash: &str| {
        verify(&files, None, Some(hash))
            .expect("readable")
            .expect("whole")
            .anchored
    };
    assert!(anchored(&found.hash));
    assert!(!anchored("00"));
    // A part of the chain is a chain; a file left out is not.
    assert!(verify(&files[1..], None, None).expect("readable").is_ok());
    let without = [files[0].clone(), files[2].clone()];
    let broken = verify(&without, None, None).expect("readable").expect_err("a gap");
    assert_eq!((broken.file, broken.line, broken.reason), (site.log(), 1, "seq gap"));
}

#[tokio::test]
async fn a_changed_removed_or_moved_line_is_found_and_named() {
    let site = Site::new();
    three(&site);
    let lines = site.lines();
    let mut changed = lines.clone();
    changed[2] = changed[2].replace("inventory", "tokens");
    let mut removed = lines.clone();
    removed.remove(1);
    let mut moved = lines.clone();
    moved.swap(1, 2);
    let mut garbage = lines.clone();
    garbage[3] = "garbage".to_owned();
    let mut newer = lines.clone();
    newer[1] = newer[1].replace("\"schema_version\":1", "\"schema_version\":2");
    for (forged, line, reason) in [
        (changed, 3, "hash mismatch"),
        (removed, 2, "seq gap"),
        (moved, 2, "seq gap"),
        (garbage, 4, "not JSON"),
        (newer, 2, "unknown schema_version"),
    ] {
        site.rewrite(&forged);
        let broken = site.verify().expect_err(reason);
        assert_eq!((broken.line, broken.reason), (line, reason));
    }
}

#[tokio::test]
async fn a_key_makes_forging_a_whole_chain_impossible() {
    let mut site = Site::new();
    three(&site);
    site.key = Some(vec![7; 32]);
    assert_eq!(site.verify().expect_err("unkeyed").reason, "hash mismatch");
    fs::remove_file(site.log()).expect("removed");
    fs::remove_dir_all(site.path("state")).expect("removed");
    three(&site);
    assert!(site.verify().is_ok());
    assert!(site.lines()[0].contains("hmac-sha256"));
}

#[tokio::test]
async fn last_lines_that_are_gone_at_a_start_are_told() {
    let site = Site::new();
    three(&site);
    let lines = site.lines();
    site.rewrite(&lines[..3]);
    three(&site);
    assert_eq!(site.verify().expect_err("shortened").reason, "chain_break");
    assert!(site.lines()[3].contains("lines_missing"));
}

#[tokio::test]
async fn a_torn_last_line_is_ended_and_told() {
    let site = Site::new();
    three(&site);
    let whole = site.lines();
    let mut file = fs::OpenOptions::new().append(true).open(site.log()).expect("opens");
    file.write_all(b"{\"schema_version\":1,\"seq\":4,").expect("written");
    three(&site);
    let lines = site.lines();
    assert_eq!(&lines[..whole.len()], whole);
    assert!(lines[whole.len() + 1].contains("torn_line"), "{lines:?}");
    let rest = verify(&[site.log()], None, None).expect("readable");
    assert_eq!(rest.expect_err("torn").reason, "not JSON");
}

#[tokio::test]
async fn a_file_that_somebody_cut_while_it_was_written_is_told() {
    let site = Site::new();
    let audit = site.open();
    audit.note("reload", json!({}));
    fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(site.log())
        .expect("truncated");
    audit.note("reload", json!({}));
    assert!(site.lines()[0].contains("file_shrank"));
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let site = Site::new();
    let _audit = site.open();
    assert!(matches!(open_alone(&site.log()), Err(FileFault::InUse { .. })));
}

#[tokio::test]
async fn a_state_file_of_a_later_version_is_left_alone() {
    let site = Site::new();
    fs::create_dir(site.path("state")).expect("created");
    let tail = site.path("state").join("audit-tail.json");
    fs::write(&tail, "{\"version\":9}").expect("written");
    let settings = AuditSettings {
        file: Some(site.log()),
        ..AuditSettings::default()
    };
    assert!(Audit::new(&settings, Some(&site.path("state")), clock(), redact).is_err());
    assert_eq!(fs::read_to_string(tail).expect("there"), "{\"version\":9}");
}

#[tokio::test]
async fn a_change_is_announced_on_disk_and_its_outcome_is_missed_if_there_is_none() {
    let site = Site::new();
    let audit = site.open();
    let head = CallHead {
        call_id: "c-0123456789ab".to_owned(),
        effect: Some("write"),
        ..CallHead::default()
    };
    let record = audit.open(head);
    record.intends(&["edge-1".to_owned()]).await.expect("written");
    assert!(site.lines()[1].contains("tool_intent"));
    assert_eq!(
        site.verify().expect_err("still running").reason,
        "intent without outcome"
    );
    record.finish(&End::ok());
    assert!(site.verify().is_ok());
}

fn with_file(audit: &Audit, change: fn(&mut ChainFile)) {
    change(audit.out().file.as_mut().expect("a file"));
}

#[tokio::test]
async fn a_full_disk_stops_changes_and_the_gap_is_told_afterwards() {
    let site = Site::new();
    let audit = site.open();
    let head = CallHead {
        call_id: "c-0123456789ab".to_owned(),
        effect: Some("write"),
        ..CallHead::default()
    };
    with_file(&audit, ChainFile::fill_up);
    assert!(audit.permits_changes(), "nothing was written yet");
    let record = audit.open(head.clone());
    assert_eq!(record.intends(&[]).await, Err(Unavailable));
    record.finish(&End::ok());
    assert!(!audit.permits_changes());
    assert_eq!(audit.figures().failures.get("file"), Some(&2));
    with_file(&audit, ChainFile::make_room);
    let record = audit.open(head);
    assert_eq!(record.intends(&[]).await, Ok(()));
    assert!(audit.permits_changes());
    let lines = site.lines();
    assert!(
        lines[1].contains("records_lost") && lines[1].contains("\"lost\":2"),
        "{lines:?}"
    );
    assert!(lines[2].contains("tool_intent"));
}

#[tokio::test]
async fn a_log_that_cannot_be_written_at_the_start_is_an_error() {
    let site = Site::new();
    // Every write to this device fails as on a full disk.
    std::os::unix::fs::symlink("/dev/full", site.log()).expect("linked");
    let settings = AuditSettings {
        file: Some(site.log()),
        ..AuditSettings::default()
    };
    let opened = Audit::new(&settings, None, clock(), redact);
    assert!(matches!(opened, Err(AuditFault::File(_))));
}
