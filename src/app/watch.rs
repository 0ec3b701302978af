//! Files that change while the process runs: taken over by a signal, or when they are seen to have changed.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Weak,
    time::{Duration, SystemTime},
};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::inventory::Trigger;

/// The use of tokens is written down this often.
const FLUSH: Duration = Duration::from_secs(60);

/// What tells one state of a file from another; a link that leads elsewhere is another state too.
type Stamp = Option<(SystemTime, u64, u64)>;

/// The files of tokens and of the inventory, and how they were when they were last looked at.
pub(super) struct Files {
    paths: [Option<PathBuf>; 2],
    seen: [Stamp; 2],
}

impl Files {
    /// Which of them have changed since; the inventory may be another file by now.
    fn changed(&mut self, inventory: Option<PathBuf>) -> [bool; 2] {
        self.paths[1] = inventory;
        let now = self.paths.each_ref().map(|path| stamp(path.as_deref()));
        let changed = [now[0] != self.seen[0], now[1] != self.seen[1]];
        self.seen = now;
        changed
    }
}

fn stamp(path: Option<&Path>) -> Stamp {
    let about = fs::metadata(path?).ok()?;
    Some((about.modified().ok()?, about.len(), about.ino()))
}

impl App {
    /// Takes over what has changed on disk; what cannot be taken over is logged, and what was in use stays so.
    pub fn reload(&self) {
        match self.audit.reopen() {
            Ok(()) => tracing::info!("the audit log is open anew"),
            Err(fault) => tracing::error!("{fault}; the open file stays in use"),
        }
        self.reload_tokens();
        self.reload_inventory(Trigger::Signal);
        self.reload_host_keys();
    }

    /// Reads the trusted host keys again. They are looked at before each connect anyway; whoever asks for it gets told.
    fn reload_host_keys(&self) {
        match self.services.devices.reread_host_keys() {
            None => {}
            Some(Ok(keys)) => {
                tracing::info!("the trusted host keys were read again: {} lines", keys.count);
                let result = if keys.changed { "applied" } else { "unchanged" };
                self.reloaded("known_hosts", result, json!({"counts": {"keys": keys.count}}));
            }
            Some(Err(fault)) => {
                tracing::error!("the trusted host keys cannot be used: {fault}");
                self.reloaded("known_hosts", "refused", json!({"error": fault.to_string()}));
            }
        }
    }

    /// Reads the inventory again. Calls that run keep the one they began with.
    fn reload_inventory(&self, trigger: Trigger) {
        let stock = &self.services.stock;
        if stock.path().is_some() {
            // What came of it is told to all who follow.
            let _ = stock.turn().reload(trigger, None);
        }
    }

    /// The files that are watched, as they are now.
    pub(super) fn watched(&self) -> Files {
        let paths = [self.access.path().map(Path::to_owned), self.services.stock.path()];
        Files {
            seen: paths.each_ref().map(|path| stamp(path.as_deref())),
            paths,
        }
    }
}

/// Looks at the files every `interval`, and writes down what is to be known of tokens, until `ended`.
pub(super) async fn keep(app: Weak<App>, mut files: Files, interval: Option<Duration>, ended: CancellationToken) {
    let mut flush = tokio::time::interval(FLUSH);
    loop {
        let watched = async {
            match interval {
                Some(interval) => tokio::time::sleep(interval).await,
                None => std::future::pending().await,
            }
        };
        // Each branch only waits: what is not seen now is seen in the next round.
        let flushes = tokio::select! {
            () = watched => false,
            _ = flush.tick() => true,
            () = ended.cancelled() => true,
        };
        let Some(app) = app.upgrade() else { return };
        if flushes {
            app.remind_of_tokens();
            // A file of a few lines: the thread is blocked for as long as the disk takes.
            let flushed = tokio::task::spawn_blocking(move || app.access.flush());
            let _ = flushed.await;
            if ended.is_cancelled() {
                return;
            }
            continue;
        }
        let [tokens, inventory] = files.changed(app.services.stock.path());
        if tokens {
            app.reload_tokens();
        }
        if inventory {
            app.reload_inventory(Trigger::Watch);
        }
    }
}
