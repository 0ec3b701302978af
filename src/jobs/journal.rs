//! The journal of commits: one line before a commit is sent, one when its outcome is known.
//!
//! Every process writes a file of its own and holds its lock, so that a file without an owner tells what a crash interrupted.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;

/// The version of the lines; a file of another one is left untouched.
const VERSION: u32 = 1;

/// Interrupted commits are reported for this long after they were sent.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

/// Reported interruptions are at most this many, the latest first.
const MAX_INTERRUPTED: usize = 1000;

/// Why the journal cannot be kept; no commit may be sent then.
#[derive(Debug, thiserror::Error)]
#[error("the journal of commits in '{}' cannot be kept: {source}", folder.display())]
pub(crate) struct JournalFault {
    folder: PathBuf,
    #[source]
    source: io::Error,
}

/// A commit that was sent by a process that ended before it knew the outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub(crate) struct Interrupted {
    /// The call that sent it; part of the commit's log text on the router.
    pub(crate) call_id: String,
    /// The router it was sent to.
    pub(crate) router_name: String,
    /// Who asked for it.
    pub(crate) caller: String,
    /// When it was sent, RFC 3339.
    pub(crate) sent_at: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line {
    Journal {
        version: u32,
    },
    Sent {
        call_id: String,
        router_name: String,
        caller: String,
        at: String,
    },
    Outcome {
        call_id: String,
        outcome: String,
        at: String,
    },
}

/// The journal of this process; without a folder nothing is written, as for routers that live in memory.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: Option<PathBuf>,
    clock: Clock,
    file: Mutex<Option<(PathBuf, File)>>,
    open: Mutex<usize>,
    interrupted: Vec<Interrupted>,
}

impl Journal {
    /// Reads what crashed processes left behind. Nothing is written before the first commit.
    pub(crate) fn open(state_dir: Option<&Path>, clock: Clock) -> Self {
        let folder = state_dir.map(|state| state.join("commits"));
        let interrupted = folder
            .as_deref()
            .map(|folder| left_behind(folder, clock))
            .unwrap_or_default();
        Self {
            folder,
            clock,
            file: Mutex::default(),
            open: Mutex::default(),
            interrupted,
        }
    }

    /// Commits whose outcome nobody recorded, latest first.
    pub(crate) fn interrupted(&self) -> &[Interrupted] {
        &self.interrupted
    }

    /// Notes that a commit is about to be sent, on disk before this returns.
    pub(crate) fn sent(&self, call_id: &str, router_name: &str, caller: &str) -> Result<(), JournalFault> {
        self.write(&Line::Sent {
            call_id: call_id.to_owned(),
            router_name: router_name.to_owned(),
            caller: caller.to_owned(),
            at: self.clock.now().to_rfc3339(),
        })?;
        *self.open.lock().expect("no code panics while it holds the lock") += 1;
        Ok(())
    }

    /// Notes what became of a commit; a failure is logged, for the commit is over.
    pub(crate) fn known(&self, call_id: &str, outcome: &str) {
        let line = Line::Outcome {
            call_id: call_id.to_owned(),
            outcome: outcome.to_owned(),
            at: self.clock.now().to_rfc3339(),
        };
        if let Err(fault) = self.write(&line) {
            tracing::error!(call_id, outcome, "{fault}");
        }
        let mut open = self.open.lock().expect("no code panics while it holds the lock");
        *open = open.saturating_sub(1);
    }

    fn write(&self, line: &Line) -> Result<(), JournalFault> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let fault = |source| JournalFault {
            folder: folder.clone(),
            source,
        };
        let mut file = self.file.lock().expect("no code panics while it holds the lock");
        if file.is_none() {
            *file = Some(create(folder).map_err(fault)?);
        }
        let (_, file) = file.as_mut().expect("just made");
        append(file, line).map_err(fault)
    }
}

impl Drop for Journal {
    /// A file in which every commit has its outcome has nothing to say to the next process.
    fn drop(&mut self) {
        let open = *self.open.lock().expect("no code panics while it holds the lock");
        let file = self.file.lock().expect("no code panics while it holds the lock").take();
        if let (0, Some((path, _))) = (open, file) {
            // If it stays, the next process reads it, finds nothing interrupted and removes it.
            let _ = fs::remove_file(path);
        }
    }
}

fn create(folder: &Path) -> io::Result<(PathBuf, File)> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut number = 0_u32;
    loop {
        let path = folder.join(format!("{}-{number}.jsonl", std::process::id()));
        match OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                file.lock()?;
                append(&mut file, &Line::Journal { version: VERSION })?;
                return Ok((path, file));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn append(file: &mut File, line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_string(line).map_err(io::Error::other)?;
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// What is open in the files that no process holds. Files that say nothing any more are removed.
fn left_behind(folder: &Path, clock: Clock) -> Vec<Interrupted> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(file) = File::open(&path) else { continue };
        if path.extension().is_none_or(|extension| extension != "jsonl") || file.try_lock().is_err() {
            continue;
        }
        match open_commits(&file) {
            Some(open) => {
                let recent: Vec<_> = open.into_iter().filter(|commit| is_recent(commit, clock)).collect();
                if recent.is_empty() {
                    let _ = fs::remove_file(&path);
                }
                found.extend(recent);
            }
            None => tracing::warn!(file = %path.display(), "a journal of another version is left untouched"),
        }
    }
    found.sort_by(|one, other| other.sent_at.cmp(&one.sent_at));
    found.truncate(MAX_INTERRUPTED);
    found
}

fn is_recent(commit: &Interrupted, clock: Clock) -> bool {
    chrono::DateTime::parse_from_rfc3339(&commit.sent_at).is_ok_and(|sent| {
        let age = clock.now().signed_duration_since(sent);
        age.to_std().unwrap_or_default() < KEEP
    })
}

/// The commits without outcome; nothing if the file is not of our version. A torn last line was never acted on.
fn open_commits(file: &File) -> Option<Vec<Interrupted>> {
    let mut lines = BufReader::new(file).lines().map_while(Result::ok);
    match lines.next().and_then(|line| serde_json::from_str(&line).ok()) {
        Some(Line::Journal { version: VERSION }) => {}
        None => return Some(Vec::new()),
        Some(_) => return None,
    }
    let mut open: Vec<Interrupted> = Vec::new();
    for line in lines.filter_map(|line| serde_json::from_str(&line).ok()) {
        match line {
            Line::Sent {
                call_id,
                router_name,
                caller,
                at,
            } => open.push(Interrupted {
                call_id,
                router_name,
                caller,
                sent_at: at,
            }),
            Line::Outcome { call_id, .. } => open.retain(|commit| commit.call_id != call_id),
            Line::Journal { .. } => {}
        }
    }
    Some(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_without_outcome_is_found_by_the_next_process_and_one_with_outcome_is_not() {
        let state = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(Some(state.path()), Clock::system());
        journal.sent("c-1", "edge-1", "stdio").expect("written");
        journal.sent("c-2", "edge-2", "stdio").expect("written");
        journal.known("c-2", "committed");
        let beside = Journal::open(Some(state.path()), Clock::system());
        assert!(beside.interrupted().is_empty(), "the owner of the file lives");
        drop(journal);
        let after = Journal::open(Some(state.path()), Clock::system());
        let calls: Vec<_> = after
            .interrupted()
            .iter()
            .map(|commit| commit.call_id.as_str())
            .collect();
        assert_eq!(calls, ["c-1"]);
    }

    #[test]
    fn a_clean_end_leaves_no_file_and_a_foreign_version_is_left_alone() {
        let state = tempfile::tempdir().expect("a folder");
        let journal = Journal::open(Some(state.path()), Clock::system());
        journal.sent("c-1", "edge-1", "stdio").expect("written");
        journal.known("c-1", "rejected");
        drop(journal);
        let folder = state.path().join("commits");
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 0);
        fs::write(folder.join("1-0.jsonl"), "{\"event\":\"journal\",\"version\":9}\n").expect("written");
        assert!(
            Journal::open(Some(state.path()), Clock::system())
                .interrupted()
                .is_empty()
        );
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1);
    }

    #[test]
    fn without_a_folder_nothing_is_written_and_where_it_cannot_be_written_no_commit_may_go() {
        let memory = Journal::open(None, Clock::system());
        memory.sent("c-1", "edge-1", "stdio").expect("nothing to do");
        let state = tempfile::tempdir().expect("a folder");
        let file = state.path().join("file");
        fs::write(&file, "").expect("written");
        let journal = Journal::open(Some(&file), Clock::system());
        assert!(journal.sent("c-1", "edge-1", "stdio").is_err());
    }
}
