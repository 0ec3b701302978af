//! The audit file: one chain of records, appended by one process at a time, never edited.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    chain::{self, Hasher, Position},
    record::framed,
    tail::Tail,
};

/// The end of a file that is read to find its last record; records are at most 16 KiB.
const WINDOW: u64 = 64 * 1024;

/// Why an audit file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// Another process writes it.
    #[error("audit log '{}' is in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses it.
    #[error("audit log '{}': {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// An open audit file.
#[derive(Debug)]
pub(super) struct ChainFile {
    path: PathBuf,
    hasher: Hasher,
    tail: Option<Tail>,
    file: File,
    at: Position,
    /// The size after the last write; a smaller file was cut by somebody else.
    length: u64,
    /// Whether the last line may lack its end.
    torn: bool,
    /// Records that could not be written since the last one that was.
    lost: u64,
    unsynced: bool,
}

/// What the end of a file says.
struct Ending {
    length: u64,
    last: Option<Position>,
    /// Where an unfinished line begins.
    torn_at: Option<u64>,
}

/// Opens a file for appending, as its only writer.
pub(crate) fn open_alone(path: &Path) -> Result<File, FileFault> {
    let refused = |source| FileFault::Refused {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FileFault::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(refused(source)),
    }
}

impl ChainFile {
    /// Opens the file and goes on with its chain; `state_dir` keeps where the chain ended.
    pub(super) fn open(
        path: &Path,
        state_dir: Option<&Path>,
        hasher: Hasher,
        now: DateTime<Utc>,
    ) -> Result<Self, FileFault> {
        let refused = |source| FileFault::Refused {
            path: path.to_owned(),
            source,
        };
        let file = open_alone(path)?;
        let tail = state_dir.map(|folder| Tail::open(folder, path)).transpose();
        let tail = tail.map_err(refused)?;
        let mut opened = Self {
            at: tail
                .as_ref()
                .and_then(Tail::known)
                .cloned()
                .unwrap_or_else(Position::start),
            path: path.to_owned(),
            hasher,
            tail,
            file,
            length: 0,
            torn: false,
            lost: 0,
            unsynced: false,
        };
        opened.go_on(now).map_err(refused)?;
        Ok(opened)
    }

    /// The number of the next record.
    pub(super) fn next(&self) -> u64 {
        self.at.next
    }

    /// Appends a record. One that cannot be written is counted, and the next that can tells how many there were.
    pub(super) fn append(&mut self, event: &str, members: &Map<String, Value>, now: DateTime<Utc>) -> io::Result<()> {
        let written = self.mended(now).and_then(|()| self.write(event, members, now));
        if written.is_err() {
            self.lost += 1;
        }
        written
    }

    /// Opens the path anew after somebody moved the file away; the chain goes on in the new one.
    pub(super) fn reopen(&mut self, now: DateTime<Utc>) -> Result<(), FileFault> {
        let refused = |source| FileFault::Refused {
            path: self.path.clone(),
            source,
        };
        if let Ok(there) = std::fs::metadata(&self.path) {
            let here = self.file.metadata().map_err(refused)?;
            if (there.dev(), there.ino()) == (here.dev(), here.ino()) {
                return Ok(());
            }
        }
        let file = open_alone(&self.path)?;
        self.file.sync_data().map_err(refused)?;
        self.file = file;
        self.torn = false;
        let path = self.path.clone();
        self.go_on(now).map_err(|source| FileFault::Refused { path, source })
    }

    /// The file, if it holds something that may not be on disk yet.
    pub(super) fn unsynced(&mut self) -> Option<io::Result<File>> {
        std::mem::take(&mut self.unsynced).then(|| self.file.try_clone())
    }

    /// Lets every write fail from now on, as a full disk would.
    #[cfg(test)]
    pub(super) fn fill_up(&mut self) {
        self.file = File::open(&self.path).expect("a file");
    }

    /// Lets writes succeed again.
    #[cfg(test)]
    pub(super) fn make_room(&mut self) {
        self.file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&self.path)
            .expect("a file");
    }

    /// Begins a new file, or goes on where an existing one ends.
    fn go_on(&mut self, now: DateTime<Utc>) -> io::Result<()> {
        let ending = ending(&self.file)?;
        self.length = ending.length;
        if ending.length == 0 {
            let members = json!({"alg": self.hasher.name()});
            return self.write("chain_start", members.as_object().expect("an object"), now);
        }
        let kept = self.at.clone();
        let reason = match (&ending.last, ending.torn_at) {
            (_, Some(_)) => Some("torn_line"),
            (None, None) => Some("unreadable_line"),
            (Some(last), None) if last.next < kept.next => Some("lines_missing"),
            (Some(_), None) => None,
        };
        if let Some(last) = ending.last {
            self.at = last;
        }
        self.torn = ending.torn_at.is_some();
        match reason {
            Some(reason) => self.mark_break(reason, ending.torn_at.unwrap_or(ending.length), now),
            None => Ok(()),
        }
    }

    /// Says in the chain what went wrong with the file since the last record.
    fn mended(&mut self, now: DateTime<Utc>) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length < self.length {
            self.length = length;
            return self.mark_break("file_shrank", length, now);
        }
        if self.torn || self.lost > 0 {
            return self.mark_break("records_lost", length, now);
        }
        Ok(())
    }

    fn mark_break(&mut self, reason: &str, offset: u64, now: DateTime<Utc>) -> io::Result<()> {
        let mut members = json!({"reason": reason, "offset": offset});
        if self.lost > 0 {
            members["lost"] = self.lost.into();
        }
        self.write("chain_break", members.as_object().expect("an object"), now)?;
        self.lost = 0;
        Ok(())
    }

    /// One write per record, so that a crash leaves at most one unfinished line.
    fn write(&mut self, event: &str, members: &Map<String, Value>, now: DateTime<Utc>) -> io::Result<()> {
        let record = framed(self.at.next, now, event, members);
        let (line, at) = chain::seal(&self.hasher, &self.at, record);
        let end_of_torn = if self.torn { "\n" } else { "" };
        if let Err(fault) = self.file.write_all(format!("{end_of_torn}{line}\n").as_bytes()) {
            self.torn = ends_torn(&self.file);
            return Err(fault);
        }
        self.torn = false;
        self.at = at;
        self.unsynced = true;
        self.length = self.file.metadata()?.len();
        if let Some(tail) = &mut self.tail
            && let Err(fault) = tail.keep(&self.at)
        {
            tracing::warn!("the end of the audit chain cannot be kept in the state directory: {fault}");
        }
        Ok(())
    }
}

/// Whether the file ends in the middle of a line; yes when that cannot be read, for an empty line harms less than a joined one.
fn ends_torn(file: &File) -> bool {
    let Ok(length) = file.metadata().map(|about| about.len()) else {
        return true;
    };
    let mut last = [0];
    length > 0 && (file.read_exact_at(&mut last, length - 1).is_err() || last[0] != b'\n')
}

fn ending(file: &File) -> io::Result<Ending> {
    let length = file.metadata()?.len();
    let from = length.saturating_sub(WINDOW);
    let mut end = vec![0; usize::try_from(length - from).expect("at most the window")];
    file.read_exact_at(&mut end, from)?;
    let complete = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let torn_at = (complete < end.len()).then_some(from + complete as u64);
    let lines = std::str::from_utf8(&end[..complete]).unwrap_or_default();
    Ok(Ending {
        length,
        last: lines.lines().next_back().and_then(position_after),
        torn_at,
    })
}

/// Where the chain stands after this line.
fn position_after(line: &str) -> Option<Position> {
    let (_, hash) = chain::unseal(line)?;
    let record: Value = serde_json::from_str(line).ok()?;
    Some(Position {
        next: record["seq"].as_u64()? + 1,
        hash: hash.to_owned(),
    })
}
