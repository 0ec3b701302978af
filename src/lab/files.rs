//! The virtual disk of a router.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// What it holds.
    pub(super) content: Arc<[u8]>,
    /// When it was written.
    pub(super) modified: DateTime<Utc>,
    /// Whose it is.
    pub(super) owner: String,
}

/// The files of one router by absolute path; folders are where files are, and the usual ones.
#[derive(Debug)]
pub(super) struct Files(BTreeMap<String, File>);

/// The folder of the lab's account.
const HOME: &str = concat!("/var/home", "/lab");

/// Folders every router has, even when nothing is in them.
const FOLDERS: [&str; 9] = [
    "/",
    "/config",
    "/etc",
    "/var",
    "/var/crash",
    "/var/home",
    HOME,
    "/var/log",
    "/var/tmp",
];

impl Files {
    /// What the installation leaves behind.
    pub(super) fn new(installed: DateTime<Utc>) -> Self {
        let mut files = Self(BTreeMap::new());
        for (path, content) in [
            ("/etc/hosts.junos", "127.0.0.1 localhost\n::1 localhost\n"),
            ("/etc/resolv.conf", "nameserver 192.0.2.53\n"),
            ("/var/log/messages", ""),
            ("/var/log/interactive-commands", ""),
            ("/var/log/dcd", "lab: the interface daemon has nothing to report\n"),
        ] {
            files.write(path, content.as_bytes(), "root", installed);
        }
        files
    }

    /// Creates or replaces a file.
    pub(super) fn write(&mut self, path: &str, content: &[u8], owner: &str, now: DateTime<Utc>) {
        let file = File {
            content: content.into(),
            modified: now,
            owner: owner.to_owned(),
        };
        self.0.insert(absolute(path), file);
    }

    /// The file at that path.
    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.0.get(&absolute(path))
    }

    /// Takes a file away.
    pub(super) fn remove(&mut self, path: &str) -> Option<File> {
        self.0.remove(&absolute(path))
    }

    /// Bytes of files that users stored.
    pub(super) fn stored_bytes(&self) -> u64 {
        let stored = self.0.values().filter(|file| file.owner != "root");
        stored.map(|file| file.content.len() as u64).sum()
    }

    /// Whether that path is a folder.
    pub(super) fn is_folder(&self, path: &str) -> bool {
        let path = absolute(path);
        let inside = format!("{}/", path.trim_end_matches('/'));
        FOLDERS.contains(&path.as_str()) || self.0.keys().any(|file| file.starts_with(&inside))
    }

    /// Names in a folder: subfolders without a file, then files.
    pub(super) fn list(&self, folder: &str) -> BTreeMap<String, Option<&File>> {
        let path = absolute(folder);
        let inside = format!("{}/", path.trim_end_matches('/'));
        let mut names = BTreeMap::new();
        for known in FOLDERS {
            if let Some(rest) = known.strip_prefix(&inside)
                && !rest.is_empty()
            {
                let name = rest.split('/').next().unwrap_or(rest);
                names.insert(name.to_owned(), None);
            }
        }
        for (file, content) in &self.0 {
            match file.strip_prefix(&inside).map(|rest| rest.split_once('/')) {
                Some(Some((subfolder, _))) => {
                    names.insert(subfolder.to_owned(), None);
                }
                Some(None) => {
                    names.insert(file[inside.len()..].to_owned(), Some(content));
                }
                None => {}
            }
        }
        names
    }
}

/// The path as the router stores it: absolute, without a slash at the end.
pub(super) fn absolute(path: &str) -> String {
    let path = path.trim();
    let whole = match path.strip_prefix('~') {
        Some(rest) => format!("{HOME}{rest}"),
        None if path.starts_with('/') => path.to_owned(),
        None => format!("{HOME}/{path}"),
    };
    let parts: Vec<&str> = whole.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_hold_what_lies_below_them() {
        let mut files = Files::new(DateTime::UNIX_EPOCH);
        files.write("/var/tmp/sub/a.txt", b"x", "lab", DateTime::UNIX_EPOCH);
        files.write("notes", b"y", "lab", DateTime::UNIX_EPOCH);
        assert_eq!(files.list("/var/tmp/").keys().collect::<Vec<_>>(), ["sub"]);
        assert!(files.list("~")["notes"].is_some());
        assert!(files.is_folder("/var/tmp/sub") && files.is_folder("/") && !files.is_folder("/nope"));
        assert!(files.list("/").contains_key("etc"));
        assert!(files.get("/etc/resolv.conf").is_some() && files.remove("~/notes").is_some());
    }
}
