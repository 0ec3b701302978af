//! `file delete`, `copy`, `rename`, `make-directory`, and the clean-up of a disk.

use super::{Disk, Outcome, failure, line, shown};
use crate::lab::element::Element;
use crate::lab::errors;
use crate::lab::files::{FileError, ROOT};
use crate::lab::show::Shown;

/// Folders that a clean-up looks into.
const CLEANED: [&str; 2] = ["/var/crash", "/var/tmp"];

pub(super) fn delete(disk: &mut Disk<'_>, path: &str) -> Shown {
    let (place, user) = (disk.place(path), disk.user);
    done(path, disk.files().remove(&place, user))
}

pub(super) fn make_folder(disk: &mut Disk<'_>, path: &str) -> Shown {
    let (place, user, now) = (disk.place(path), disk.user, disk.now);
    done(path, disk.files().make_folder(&place, user, now))
}

fn done(path: &str, outcome: Result<(), FileError>) -> Shown {
    line(outcome.err().map(|error| failure(path, error)))
}

pub(super) fn copy(disk: &mut Disk<'_>, from: &str, to: &str) -> Outcome {
    let (source, target) = (disk.place(from), disk.place(to));
    let (user, now) = (disk.user, disk.now);
    let files = disk.files();
    let readable = files.read(&source, user).map(|_| ());
    let copied = readable.map_err(|error| failure(from, error)).and_then(|()| {
        files
            .copy(&source, &target, user, now)
            .map_err(|error| failure(to, error))
    });
    match copied {
        Ok(()) => Ok(line(None)),
        Err(message) => Err(errors::database(&message)),
    }
}

pub(super) fn rename(disk: &mut Disk<'_>, from: &str, to: &str) -> Shown {
    let (source, target) = (disk.place(from), disk.place(to));
    let user = disk.user;
    // Unlike a copy, a renaming that fails is no error of the RPC.
    line(match disk.files().rename(&source, &target, user) {
        Ok(()) => None,
        Err(FileError::NotFound) => Some(failure(from, FileError::NotFound)),
        Err(error) => Some(failure(to, error)),
    })
}

/// Lists what was left in the folders of temporary files, and takes it away unless the run is dry.
pub(super) fn clean_up(disk: &mut Disk<'_>, dry: bool) -> Shown {
    let mut list = Element::new("file-list");
    let mut text = "List of files to delete:\n\n         Size Date         Name\n".to_owned();
    let mut paths = Vec::new();
    for folder in CLEANED {
        for (path, file) in disk.files().below(folder).filter(|(_, file)| !file.is_folder()) {
            let date = file.modified.format("%b %e %H:%M").to_string();
            text.push_str(&format!("{:>13} {date} {path}\n", file.len()));
            list.push(
                Element::new("file")
                    .with_leaf("file-name", path)
                    .with_leaf("size", file.len())
                    .with_leaf("date", date),
            );
            paths.push(path.to_owned());
        }
    }
    if !dry {
        for path in &paths {
            // A disk that nobody may write to keeps what is on it.
            disk.files().remove(path, ROOT).ok();
        }
    }
    shown(Element::new("system-storage-cleanup-information").with(list), text)
}
