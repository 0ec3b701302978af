//! Copies between a staging directory and a lab router, and what is left on both sides when something goes wrong.

mod pulls;

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use tempfile::TempDir;

use super::*;
use crate::{
    devices::{
        Copier,
        testing::{Bench, work},
    },
    lab::{Action, Fault as LabFault, Shape, Trigger, What},
    transfer::{Place, TransferSettings},
};

const NAME: &str = "image.tgz";
const PATH: &str = "/var/tmp/image.tgz";

/// A lab router and a staging directory.
struct Site {
    bench: Bench,
    folder: TempDir,
    context: Context,
    counted: Arc<AtomicU64>,
}

impl Site {
    async fn new() -> Self {
        Self::with_pace(0).await
    }

    async fn with_pace(bytes_per_second: u64) -> Self {
        let bench = Bench::with(|lab, _, entry| {
            lab.keep_files = true;
            entry.scp_port = entry.port;
            // A copy needs no session beside the one that asks.
            entry.max_sessions = Some(1);
        })
        .await;
        let folder = tempfile::tempdir().expect("a folder");
        let counted = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&counted);
        let context = Context {
            devices: bench.devices.clone(),
            device: bench.device(),
            entry: Arc::clone(&bench.entry),
            staging: Staging::new(TransferSettings {
                place: Some(Place {
                    directory: folder.path().to_owned(),
                    is_made: false,
                }),
                bytes_per_second,
            }),
            clock: Clock::system(),
            tasks: TaskTracker::new(),
            holder: "a test".to_owned(),
            on_bytes: Arc::new(move |_, bytes| {
                counter.fetch_add(bytes, Ordering::Relaxed);
            }),
        };
        Self {
            bench,
            folder,
            context,
            counted,
        }
    }

    fn local(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn stage(&self, name: &str, content: &[u8]) {
        fs::write(self.local(name), content).expect("written");
    }

    async fn push(&self, force: bool) -> Result<Pushed, TransferFault> {
        push(self.context.clone(), wanted(force), work(60)).await
    }

    async fn pull(&self, path: &str, force: bool) -> Result<Pulled, TransferFault> {
        let wanted = Pull::of(path, None, force, true).expect("a path");
        pull(self.context.clone(), wanted, work(60)).await
    }

    async fn copier(&self) -> Copier {
        let copier = self.bench.devices.copier(&self.bench.entry, &work(60)).await;
        copier.expect("a connection")
    }

    /// Puts a file on the router as somebody else would.
    async fn put(&self, path: &str, content: &[u8]) {
        let size = content.len() as u64;
        let sent = self.copier().await.send(path, size, content, &work(60)).await;
        sent.expect("there is room");
    }

    /// Content of a file on the router.
    async fn content(&self, path: &str) -> Option<Vec<u8>> {
        let (mut content, work) = (std::io::Cursor::new(Vec::new()), work(60));
        let received = self.copier().await.receive(path, u64::MAX, &mut content, &work);
        received.await.ok()?;
        Some(content.into_inner())
    }

    /// Names in the folder of the router where copies go.
    async fn there(&self) -> Vec<String> {
        let files = files(&self.context.device, &work(60)).await.expect("a list");
        files.into_iter().map(|file| file.name).collect()
    }

    /// Names in the staging directory.
    fn here(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .collect();
        names.sort();
        names
    }

    fn inject(&self, trigger: Trigger, action: Action) -> crate::lab::Injected {
        self.bench.router().inject(LabFault::new(trigger, action))
    }
}

fn wanted(force: bool) -> Push {
    Push {
        name: FileName::parse(NAME).expect("a name"),
        force,
        verify: true,
    }
}

fn content(size: usize) -> Vec<u8> {
    (0..size).map(|index| (index % 251) as u8).collect()
}

#[tokio::test(start_paused = true)]
async fn a_file_is_copied_once_and_replaced_only_by_force() {
    let site = Site::new().await;
    site.stage(NAME, &content(100_000));
    let pushed = site.push(false).await.expect("there is room");
    assert_eq!(
        (pushed.path.as_str(), pushed.size, pushed.verified),
        (PATH, 100_000, true)
    );
    assert_eq!(pushed.method, Some("rename"));
    assert_eq!(site.content(PATH).await.expect("it is there"), content(100_000));
    assert_eq!(site.counted.load(Ordering::Relaxed), 100_000);
    let again = site.push(false).await.expect("it is there");
    assert_eq!(
        (again.method, again.verified, &again.sha256),
        (None, true, &pushed.sha256)
    );
    assert_eq!(site.counted.load(Ordering::Relaxed), 100_000, "nothing was copied");
    site.stage(NAME, &content(5));
    let fault = site.push(false).await.expect_err("it is different");
    assert_eq!(fault.code, "dest_exists_differs");
    assert_eq!(fault.details["remote_sha256"], pushed.sha256);
    assert_eq!(site.content(PATH).await.expect("it is there").len(), 100_000);
    site.push(true).await.expect("by force");
    assert_eq!(site.content(PATH).await.expect("it is there"), content(5));
    assert_eq!(site.there().await, [NAME]);
    // An empty file is a file.
    site.stage(NAME, b"");
    assert_eq!(site.push(true).await.expect("by force").size, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_staged_contacts_nobody() {
    let site = Site::new().await;
    let fault = site.push(false).await.expect_err("it is not there");
    assert_eq!(fault.code, "source_missing");
    assert_eq!(site.bench.count(|what| *what == What::Connected), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_is_noticed_before_a_byte_is_sent_but_not_if_it_is_full_of_that_file() {
    let site = Site::new().await;
    site.stage(NAME, &content(1000));
    site.push(false).await.expect("there is room");
    site.inject(Trigger::Now, Action::DiskFull(4096));
    site.push(false).await.expect("it is there already");
    site.stage(NAME, &content(1001));
    let fault = site.push(true).await.expect_err("no room");
    assert_eq!(fault.code, "insufficient_disk");
    assert_eq!(site.there().await, [NAME]);
    assert_eq!(site.content(PATH).await.expect("it is there").len(), 1000);
}

/// Whatever happens at any point: the name stands for the whole old or the whole new content, nothing else is left or it is
/// named, and once the fault is gone the copy succeeds.
#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_a_name_on_the_router_never_stands_for_half_a_file() {
    let scp = [
        Trigger::ScpOpen,
        Trigger::ScpHeader,
        Trigger::ScpByte(40_000),
        Trigger::ScpAck,
    ];
    let requests = [
        "get-sha256-checksum-information",
        "get-system-storage",
        "file-rename",
        "file-list",
    ];
    let mut cells: Vec<(Trigger, Action)> = Vec::new();
    for trigger in &scp {
        for action in [Action::Drop, Action::Hang, Action::ScpError(1), Action::ScpError(2)] {
            cells.push((trigger.clone(), action));
        }
    }
    cells.push((Trigger::ScpByte(40_000), Action::ScpCorrupt));
    cells.push((Trigger::ScpByte(40_000), Action::DiskFull(0)));
    cells.push((Trigger::ScpHeader, Action::ReadOnlyFs));
    cells.push((Trigger::Checksum, Action::ChecksumLie));
    for request in requests {
        for action in [Action::Drop, Action::Hang] {
            cells.push((Trigger::rpc(request), action.clone()));
            cells.push((Trigger::reply(request), action));
        }
    }
    let (old, new) = (content(30_000), content(70_000));
    let mut codes = std::collections::BTreeMap::new();
    for (trigger, action) in cells {
        for is_there in [false, true] {
            let cell = format!("{trigger:?} {action:?}, replacing: {is_there}");
            let site = Site::new().await;
            if is_there {
                site.put(PATH, &old).await;
            }
            site.stage(NAME, &new);
            let armed = site.inject(trigger.clone(), action.clone());
            let outcome = site.push(true).await;
            assert!(armed.fired() > 0, "{cell}: it has to strike");
            armed.remove();
            let found = site.content(PATH).await;
            let is_old = found.as_ref() == is_there.then_some(&old);
            let is_new = found.as_ref() == Some(&new);
            match &outcome {
                Ok(_) => assert!(is_new, "{cell}"),
                Err(fault) => assert!(
                    is_old || is_new,
                    "{cell}: {fault:?} {:?}",
                    found.map(|found| found.len())
                ),
            }
            let left = outcome.as_ref().err().and_then(|fault| fault.left.clone());
            for name in site.there().await.into_iter().filter(|name| name != NAME) {
                assert_eq!(left, Some(format!("{FOLDER}{name}")), "{cell}: {outcome:?}");
            }
            *codes.entry(outcome.err().map_or("ok", |fault| fault.code)).or_insert(0) += 1;
            // A disk that is broken stays so.
            if !matches!(action, Action::DiskFull(_) | Action::ReadOnlyFs) {
                site.push(true)
                    .await
                    .unwrap_or_else(|fault| panic!("{cell}: {fault:?}"));
                assert_eq!(site.content(PATH).await.as_ref(), Some(&new), "{cell}");
            }
        }
    }
    for code in ["scp_failed", "verify_mismatch", "outer_timeout", "insufficient_disk"] {
        assert!(codes.contains_key(code), "{code}: {codes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_cancelled_takes_away_what_it_sent() {
    let site = Site::new().await;
    site.stage(NAME, &content(100_000));
    let hanging = site.inject(Trigger::ScpByte(50_000), Action::Hang);
    let cancel = tokio_util::sync::CancellationToken::new();
    let work = Work::new(std::time::Duration::from_secs(600), cancel.clone());
    let copying = push(site.context.clone(), wanted(false), work);
    let struck = async {
        site.bench
            .router()
            .wait_for(|event| matches!(event.what, What::Fault { .. }))
            .await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(copying, struck);
    hanging.remove();
    let fault = outcome.expect_err("nobody wants it");
    assert_eq!((fault.code, fault.left), ("cancelled", None));
    assert_eq!(site.there().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_release_without_the_requests_is_asked_by_its_cli() {
    for shape in ["unknown_rpc", "unsupported"] {
        let site = Site::new().await;
        for request in ["get-sha256-checksum-information", "file-list", "file-rename"] {
            let unknown = Action::Answer(Shape::known(shape).expect("a shape"));
            let fault = LabFault::new(Trigger::rpc(request), unknown).always();
            site.bench.router().inject(fault);
        }
        site.stage(NAME, &content(1000));
        let pushed = site.push(false).await.expect("there is room");
        assert_eq!((pushed.method, pushed.verified), (Some("rename"), true), "{shape}");
        assert_eq!(site.push(false).await.expect("it is there").method, None, "{shape}");
        assert_eq!(site.there().await, [NAME], "{shape}");
        let fault = site.pull("none", false).await.expect_err("it is not there");
        assert_eq!(fault.code, "remote_file_missing", "{shape}");
        assert!(site.pull(NAME, false).await.expect("it is there").was_here, "{shape}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_renaming_is_refused_the_file_is_copied_to_its_name() {
    let site = Site::new().await;
    let refused = Action::Answer(Shape::known("permission_denied").expect("a shape"));
    site.bench
        .router()
        .inject(LabFault::new(Trigger::rpc("file-rename"), refused).always());
    site.stage(NAME, &content(1000));
    let pushed = site.push(false).await.expect("there is room");
    assert_eq!((pushed.method, pushed.verified), (Some("copy"), true));
    assert_eq!(site.there().await, [NAME]);
    assert_eq!(site.content(PATH).await.expect("it is there"), content(1000));
}

#[tokio::test(start_paused = true)]
async fn one_copy_at_a_time_goes_to_a_router() {
    let site = Site::new().await;
    site.stage(NAME, &content(100_000));
    let hanging = site.inject(Trigger::ScpByte(50_000), Action::Hang);
    let first = push(site.context.clone(), wanted(false), work(600));
    let second = async {
        site.bench
            .router()
            .wait_for(|event| matches!(event.what, What::Fault { .. }))
            .await;
        let refused = site.pull("/var/log/messages", false).await;
        hanging.release();
        refused
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(second.expect_err("it is busy").code, "router_busy");
    first.expect("it went on");
}

#[tokio::test(start_paused = true)]
async fn the_pace_is_kept() {
    let site = Site::with_pace(10_000).await;
    site.stage(NAME, &content(100_000));
    let pushed = site.push(false).await.expect("there is room");
    let seconds = pushed.took.as_secs_f64();
    assert!((6.0..12.0).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn leftovers_of_others_are_named_and_left_alone() {
    let site = Site::new().await;
    site.put("/var/tmp/other.tgz.mcp-0a1b2c3d", b"half").await;
    let two_days = chrono::TimeDelta::days(2);
    let later = Clock::starting_at(chrono::Utc::now() + two_days);
    site.stage(NAME, b"x");
    let context = Context {
        clock: later,
        ..site.context.clone()
    };
    let pushed = push(context, wanted(false), work(60)).await.expect("there is room");
    assert!(pushed.notes[0].contains("other.tgz.mcp-0a1b2c3d"), "{:?}", pushed.notes);
    assert_eq!(site.there().await.len(), 2);
}
