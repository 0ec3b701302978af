//! A file that is replaced as a whole or not at all, with the mode and the owner it had.

use std::{
    fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The mode of a file that only its owner may read.
pub(crate) const PRIVATE: u32 = 0o600;

/// How often a lock that another process holds is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Replaces the file by `contents`; readers see the old file or the new one, also after a power cut.
///
/// A file that was there keeps its mode and its owner, a new one has `new_mode` and belongs to whom its folder belongs to.
pub(crate) fn replace(path: &Path, contents: &[u8], new_mode: u32) -> io::Result<()> {
    let folder = folder_of(path);
    fs::create_dir_all(&folder)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(contents)?;
    let before = fs::metadata(path);
    let mode = before.as_ref().map_or(new_mode, |before| before.mode() & 0o7777);
    let owner = match before {
        Ok(before) => before,
        Err(_) => fs::metadata(&folder)?,
    };
    keep_owner(file.path(), &owner)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(&folder)?.sync_all()
}

/// Holds the lock file beside `path` until dropped, so that only one process edits the file at a time. Blocks the thread,
/// for `patience` at most.
pub(crate) fn lock(path: &Path, patience: Duration) -> io::Result<File> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE)
        .open(PathBuf::from(beside))?;
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another process is editing it"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(ASK_AGAIN),
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Only a privileged user can give a file away; for another the file was its own, or becomes so.
fn keep_owner(path: &Path, wanted: &Metadata) -> io::Result<()> {
    let now = fs::metadata(path)?;
    if (now.uid(), now.gid()) == (wanted.uid(), wanted.gid()) || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    chown(path, Some(wanted.uid()), Some(wanted.gid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_mode_and_a_new_one_is_private() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deeper").join("file");
        replace(&path, b"one", PRIVATE).expect("written");
        let mode = || fs::metadata(&path).expect("there").mode() & 0o7777;
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("changed");
        replace(&path, b"two", PRIVATE).expect("written");
        assert_eq!((mode(), fs::read(&path).expect("there")), (0o640, b"two".to_vec()));
        let around = fs::read_dir(path.parent().expect("a folder")).expect("there");
        assert_eq!(around.count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_lock_that_is_held_is_waited_for_and_then_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let held = lock(&path, Duration::ZERO).expect("free");
        let refused = lock(&path, Duration::from_millis(1)).expect_err("held");
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        drop(held);
        assert!(lock(&path, Duration::ZERO).is_ok());
    }
}
