//! Jobs as files of the state directory: one per job, replaced as a whole, readable by every process of the same user.
//!
//! A process holds the lock of a file named after it while it has jobs, so that a running job without a living owner tells
//! what a crash interrupted.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    desk::random_hex,
    record::Record,
    store::{MOST_KEPT, Store, StoreFault},
};
use crate::clock::Clock;

/// The version of the files; one of another version is left untouched.
const VERSION: u32 = 1;

/// Ended jobs are kept for this long.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Old jobs are looked for after so many new writes, lest each write reads the folder.
const WRITES_BETWEEN_CLEANINGS: usize = 256;

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    job: T,
}

/// The files.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    owner: String,
    clock: Clock,
    /// Held while this process has jobs; made with the first of them.
    lock: Mutex<Option<File>>,
    writes: AtomicUsize,
}

impl Files {
    /// Reads what is there; gives the jobs too that an ended process has left running. Nothing is written that was not there.
    pub(super) fn open(state_dir: &Path, clock: Clock) -> (Self, Vec<Record>) {
        let files = Self {
            folder: state_dir.join("jobs"),
            owner: random_hex::<8>(),
            clock,
            lock: Mutex::default(),
            writes: AtomicUsize::new(0),
        };
        let mut interrupted = Vec::new();
        for path in files.paths() {
            match read(&path) {
                Ok(record) => {
                    let was_final = record.state.is_final();
                    let record = files.judged(record);
                    if !was_final && record.state.is_final() {
                        interrupted.push(record);
                    }
                }
                Err(Unread::OtherVersion) => {
                    tracing::warn!(file = %path.display(), "a job of another version is left untouched");
                }
                Err(Unread::Nothing) => {}
            }
        }
        files.clean();
        (files, interrupted)
    }

    fn paths(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
    }

    fn path(&self, job_id: &str) -> PathBuf {
        self.folder.join(format!("{job_id}.json"))
    }

    fn lock_path(&self, owner: &str) -> PathBuf {
        self.folder.join(format!("{owner}.lock"))
    }

    /// A running job whose process is gone is interrupted.
    fn judged(&self, mut record: Record) -> Record {
        if record.state.is_final() || record.owner == self.owner || self.lives(&record.owner) {
            return record;
        }
        record.interrupt(self.clock.now());
        // If this cannot be written the next reader finds the same.
        let _ = self.write(&record);
        record
    }

    fn lives(&self, owner: &str) -> bool {
        let path = self.lock_path(owner);
        let Ok(lock) = File::open(&path) else { return false };
        if lock.try_lock().is_err() {
            return true;
        }
        let _ = fs::remove_file(path);
        false
    }

    /// Takes the lock of this process, once. It is taken before the file gets its name, so that nobody finds it free.
    fn own(&self) -> io::Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let early = self.folder.join(format!("{}.tmp", self.owner));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&early)?;
        file.lock()?;
        fs::rename(&early, self.lock_path(&self.owner))?;
        *lock = Some(file);
        Ok(())
    }

    /// Writes beside the file, then takes its place: a reader finds the old record or the new one, whole.
    fn write(&self, record: &Record) -> io::Result<()> {
        let beside = self.folder.join(format!("{}-{}.tmp", record.job_id, random_hex::<4>()));
        let written = (|| {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&beside)?;
            let versioned = Versioned {
                version: VERSION,
                job: record,
            };
            file.write_all(&serde_json::to_vec(&versioned).map_err(io::Error::other)?)?;
            file.sync_all()?;
            fs::rename(&beside, self.path(&record.job_id))?;
            // The new name survives a crash once the folder is written.
            File::open(&self.folder)?.sync_all()
        })();
        if written.is_err() {
            let _ = fs::remove_file(beside);
        }
        written
    }

    /// Removes what ended too long ago, and the oldest beyond the number that is kept.
    fn clean(&self) {
        let mut ended: Vec<Record> = self
            .all()
            .into_iter()
            .filter(|record| record.state.is_final())
            .collect();
        ended.sort_by_key(|record| std::cmp::Reverse(record.started_at));
        let now = self.clock.now();
        for (index, record) in ended.iter().enumerate() {
            let age = now.signed_duration_since(record.finished_at.unwrap_or(record.started_at));
            if index >= MOST_KEPT || age.to_std().unwrap_or_default() > KEPT {
                let _ = fs::remove_file(self.path(&record.job_id));
            }
        }
    }
}

impl Store for Files {
    fn put(&self, record: &Record) -> Result<(), StoreFault> {
        let result = self.own().and_then(|()| self.write(record));
        if self.writes.fetch_add(1, Ordering::Relaxed) % WRITES_BETWEEN_CLEANINGS == WRITES_BETWEEN_CLEANINGS - 1 {
            self.clean();
        }
        result.map_err(|source| StoreFault {
            place: self.folder.clone(),
            source,
        })
    }

    fn get(&self, job_id: &str) -> Option<Record> {
        read(&self.path(job_id)).ok().map(|record| self.judged(record))
    }

    fn all(&self) -> Vec<Record> {
        let found = self.paths().filter_map(|path| read(&path).ok());
        found.map(|record| self.judged(record)).collect()
    }

    fn owner(&self) -> &str {
        &self.owner
    }
}

impl Drop for Files {
    /// What still runs now is interrupted: without the lock file the next reader sees it.
    fn drop(&mut self) {
        if self
            .lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .is_some()
        {
            let _ = fs::remove_file(self.lock_path(&self.owner));
        }
    }
}

/// Why a file gives no record.
enum Unread {
    OtherVersion,
    Nothing,
}

fn read(path: &Path) -> Result<Record, Unread> {
    let Ok(text) = fs::read(path) else {
        return Err(Unread::Nothing);
    };
    match serde_json::from_slice::<Versioned<Record>>(&text) {
        Ok(Versioned { version: VERSION, job }) => Ok(job),
        _ => Err(Unread::OtherVersion),
    }
}

#[cfg(test)]
mod tests;
