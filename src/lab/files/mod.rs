//! The virtual disk of a router: folders, files, links, who may touch them, and how much fits.

mod content;
mod disk;
mod installed;
mod node;
mod outside;

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use thiserror::Error;

use super::profile::FileSystem;
use content::WHOLE;
pub(super) use content::{Collector, Content, Method};
use disk::Disk;
pub(super) use node::{File, Kind};
use node::{folder_of, opens};

/// Nodes one router's disk holds at most; a real one runs out of inodes as well.
const NODES: usize = 10_000;

/// Bytes of whole contents one router keeps; beyond, only the ends of what arrives are kept.
const WHOLE_IN_ALL: u64 = 64 * 1024 * 1024;

/// The folder of the lab's account.
pub(super) const HOME: &str = concat!("/var/home", "/lab");

/// The account that may do everything, and owns what the installation left.
pub(super) const ROOT: &str = "root";

/// Why a file could not be read, written or removed, in the words of the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum FileError {
    #[error("No such file or directory")]
    NotFound,
    #[error("Permission denied")]
    Denied,
    #[error("Is a directory")]
    IsFolder,
    #[error("Not a directory")]
    NotFolder,
    #[error("File exists")]
    Exists,
    #[error("Directory not empty")]
    NotEmpty,
    #[error("No space left on device")]
    NoSpace,
    #[error("Read-only file system")]
    ReadOnly,
    /// Of a long file only the ends are kept, so it cannot be read.
    #[error("Input/output error")]
    NotKept,
}

/// The files of one router by absolute path.
#[derive(Debug)]
pub(super) struct Files {
    nodes: BTreeMap<String, File>,
    disk: Disk,
}

impl Files {
    /// What the installation leaves behind on those file systems.
    pub(super) fn new(storage: &'static [FileSystem], installed: DateTime<Utc>) -> Self {
        let mut nodes = BTreeMap::new();
        let mut add = |path: &str, kind, owner: &str, mode| {
            let file = File {
                kind,
                modified: installed,
                owner: owner.to_owned(),
                mode,
                installed: true,
            };
            nodes.insert(path.to_owned(), file);
        };
        for (path, owner, mode) in installed::FOLDERS {
            add(path, Kind::Folder, owner, mode);
        }
        for (path, mode, text) in installed::FILES {
            add(path, Kind::File(Content::whole(text)), ROOT, mode);
        }
        for (path, target) in installed::LINKS {
            add(path, Kind::Link(target.to_owned()), ROOT, 0o777);
        }
        Self {
            nodes,
            disk: Disk::new(storage),
        }
    }

    /// Creates or replaces a file whoever may do so and whether or not it fits, and the folders above it: for what the router
    /// itself writes, and for those who stand outside.
    pub(super) fn write(&mut self, path: &str, content: impl Into<Bytes>, owner: &str, now: DateTime<Utc>) {
        let path = absolute(path);
        for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
            let folder = self.nodes.entry(path[..at].to_owned());
            folder.or_insert_with(|| folder_of(owner, now));
        }
        let installed = self.nodes.get(&path).is_some_and(|file| file.installed);
        let file = File::new(Content::whole(content), owner, now);
        self.nodes.insert(path, File { installed, ..file });
    }

    /// What is at that path; a link is followed.
    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.nodes.get(&self.followed(path))
    }

    /// The path that a path means once a link at its end is followed.
    fn followed(&self, path: &str) -> String {
        let mut path = absolute(path);
        // A link to a link is followed too, but not for ever.
        for _ in 0..8 {
            match self.nodes.get(&path).map(|file| &file.kind) {
                Some(Kind::Link(target)) if target.starts_with('/') => path = absolute(target),
                Some(Kind::Link(target)) => path = absolute(&format!("{}/{target}", parent(&path))),
                _ => break,
            }
        }
        path
    }

    /// A regular file that `user` may read.
    pub(super) fn read(&self, path: &str, user: &str) -> Result<(&File, &Content), FileError> {
        let file = self.get(path).ok_or(FileError::NotFound)?;
        let place = self.followed(path);
        let closed = self
            .nodes
            .get(parent(&place))
            .is_some_and(|folder| !opens(folder, user, 0o1));
        if closed || !opens(file, user, 0o4) {
            return Err(FileError::Denied);
        }
        let content = file.content().ok_or(FileError::IsFolder)?;
        Ok((file, content))
    }

    /// Whether that path is a folder.
    pub(super) fn is_folder(&self, path: &str) -> bool {
        self.get(path).is_some_and(File::is_folder)
    }

    /// Names in a folder.
    pub(super) fn list(&self, folder: &str) -> BTreeMap<&str, &File> {
        let path = self.followed(folder);
        let inside = format!("{}/", path.trim_end_matches('/'));
        let below = self.nodes.range(inside.clone()..);
        below
            .take_while(|(path, _)| path.starts_with(&inside))
            .filter_map(|(path, file)| Some((path.strip_prefix(&inside)?, file)))
            .filter(|(name, _)| !name.is_empty() && !name.contains('/'))
            .collect()
    }

    /// Everything at and below a path.
    pub(super) fn below(&self, folder: &str) -> impl Iterator<Item = (&str, &File)> {
        let path = self.followed(folder);
        let inside = format!("{}/", path.trim_end_matches('/'));
        self.nodes
            .iter()
            .filter(move |(known, _)| **known == path || known.starts_with(&inside))
            .map(|(path, file)| (path.as_str(), file))
    }

    /// Whether `user` may create or replace a file at that path, and how many bytes it may have.
    pub(super) fn room(&self, path: &str, user: &str) -> Result<u64, FileError> {
        let path = self.followed(path);
        self.may_change(&path, user)?;
        match self.nodes.get(&path) {
            Some(file) if file.is_folder() => return Err(FileError::IsFolder),
            None if self.nodes.len() >= NODES => return Err(FileError::NoSpace),
            _ => {}
        }
        // What is replaced is truncated first.
        let replaced = self.nodes.get(&path).filter(|file| !file.installed);
        let replaced = replaced.map_or(0, |file| disk::allocated(file.len()));
        Ok(self.disk.free(&path, self.stored()).saturating_add(replaced))
    }

    /// Creates or replaces a file for `user`.
    pub(super) fn store(&mut self, path: &str, file: File, user: &str) -> Result<(), FileError> {
        if disk::allocated(file.len()) > self.room(path, user)? {
            return Err(FileError::NoSpace);
        }
        self.nodes.insert(self.followed(path), file);
        Ok(())
    }

    /// Takes a file or an empty folder away for `user`.
    pub(super) fn remove(&mut self, path: &str, user: &str) -> Result<(), FileError> {
        let path = absolute(path);
        if !self.nodes.contains_key(&path) {
            return Err(FileError::NotFound);
        }
        self.may_change(&path, user)?;
        if !self.list(&path).is_empty() && self.nodes.get(&path).is_some_and(File::is_folder) {
            return Err(FileError::NotEmpty);
        }
        self.nodes.remove(&path);
        Ok(())
    }

    /// Copies a file for `user`; to a folder, under its name.
    pub(super) fn copy(&mut self, from: &str, to: &str, user: &str, now: DateTime<Utc>) -> Result<(), FileError> {
        let (file, content) = self.read(from, user)?;
        let copy = File {
            mode: file.mode,
            ..File::new(content.clone(), user, now)
        };
        let to = self.inside(from, to);
        self.store(&to, copy, user)
    }

    /// Renames a file or a folder for `user`; to a folder, under its name.
    pub(super) fn rename(&mut self, from: &str, to: &str, user: &str) -> Result<(), FileError> {
        let (from, to) = (absolute(from), absolute(&self.inside(from, to)));
        if !self.nodes.contains_key(&from) {
            return Err(FileError::NotFound);
        }
        self.may_change(&from, user)?;
        self.may_change(&to, user)?;
        if from == to {
            return Ok(());
        }
        let moved: Vec<String> = self.below(&from).map(|(path, _)| path.to_owned()).collect();
        for path in moved {
            if let Some(file) = self.nodes.remove(&path) {
                self.nodes.insert(format!("{to}{}", &path[from.len()..]), file);
            }
        }
        Ok(())
    }

    fn inside(&self, from: &str, to: &str) -> String {
        let name = absolute(from);
        match self.is_folder(to) {
            true => format!("{}/{}", absolute(to), name.rsplit('/').next().unwrap_or_default()),
            false => to.to_owned(),
        }
    }

    /// Makes a folder for `user`.
    pub(super) fn make_folder(&mut self, path: &str, user: &str, now: DateTime<Utc>) -> Result<(), FileError> {
        let path = absolute(path);
        if self.nodes.contains_key(&path) {
            return Err(FileError::Exists);
        }
        self.may_change(&path, user)?;
        if self.nodes.len() >= NODES {
            return Err(FileError::NoSpace);
        }
        self.nodes.insert(path, folder_of(user, now));
        Ok(())
    }

    /// Sets the permission bits of what is at that path.
    pub(super) fn set_mode(&mut self, path: &str, mode: u32) {
        let path = self.followed(path);
        if let Some(file) = self.nodes.get_mut(&path) {
            file.mode = mode;
        }
    }

    /// Whether `user` may create, replace or remove what is at that path.
    fn may_change(&self, path: &str, user: &str) -> Result<(), FileError> {
        let folder = self.nodes.get(parent(path)).ok_or(FileError::NotFound)?;
        if !folder.is_folder() {
            return Err(FileError::NotFolder);
        }
        let sticky = folder.mode & 0o1000 != 0;
        let foreign = self.nodes.get(path).is_some_and(|file| file.owner != user);
        if !opens(folder, user, 0o2) || (sticky && foreign && user != ROOT) {
            return Err(FileError::Denied);
        }
        match self.disk.read_only {
            true => Err(FileError::ReadOnly),
            false => Ok(()),
        }
    }

    /// Bytes that a file of that kind may have to be kept whole.
    pub(super) fn whole_limit(&self) -> usize {
        let kept: u64 = self
            .nodes
            .values()
            .filter_map(File::content)
            .filter_map(Content::bytes)
            .map(|kept| kept.len() as u64)
            .sum();
        match kept > WHOLE_IN_ALL {
            true => 2 * 64 * 1024,
            false => WHOLE,
        }
    }

    /// Bytes in use on each file system, in the profile's order.
    pub(super) fn used(&self) -> Vec<u64> {
        self.disk.used(self.stored())
    }

    /// Fills the file system below `path` until only that many bytes are free.
    pub(super) fn leave_free(&mut self, path: &str, bytes: u64) {
        let used = self.used();
        self.disk.leave_free(path, bytes, &used);
    }

    /// Lets nobody write any more, or again.
    pub(super) fn set_read_only(&mut self, read_only: bool) {
        self.disk.read_only = read_only;
    }

    fn stored(&self) -> impl Iterator<Item = (&str, u64)> {
        let own = self.nodes.iter().filter(|(_, file)| !file.installed);
        own.map(|(path, file)| (path.as_str(), file.len()))
    }
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

/// The path as the router stores it, seen from the home folder: absolute, without a slash at the end.
pub(super) fn absolute(path: &str) -> String {
    absolute_from(HOME, path)
}

/// The path as the router stores it, seen from that folder.
pub(super) fn absolute_from(folder: &str, path: &str) -> String {
    let path = path.trim();
    let whole = match path.strip_prefix('~') {
        Some(rest) => format!("{HOME}{rest}"),
        None if path.starts_with('/') => path.to_owned(),
        None => format!("{folder}/{path}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests;
