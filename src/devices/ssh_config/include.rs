//! The files that an `Include` stands for.

use std::path::{Component, Path, PathBuf};

use super::Stamp;
use crate::{devices::host_name::glob, inventory::expand_home};

/// The files that match, sorted; what was looked at is added to `seen`. A relative path starts at the folder of the
/// including file, which for `~/.ssh/config` is where OpenSSH looks.
pub(super) fn files(pattern: &str, folder: &Path, seen: &mut Vec<(PathBuf, Option<Stamp>)>) -> Vec<PathBuf> {
    let pattern = folder.join(expand_home(pattern));
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            found.iter_mut().for_each(|path| path.push(component));
            continue;
        };
        let name = name.to_string_lossy();
        if name.contains(['*', '?']) {
            found = found.iter().flat_map(|path| matching(path, &name, seen)).collect();
        } else {
            found.iter_mut().for_each(|path| path.push(&*name));
        }
    }
    found
}

fn matching(folder: &Path, pattern: &str, seen: &mut Vec<(PathBuf, Option<Stamp>)>) -> Vec<PathBuf> {
    // A file that comes or goes changes its folder.
    seen.push((folder.to_owned(), Stamp::of(folder).ok()));
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let hidden = name.starts_with('.') && !pattern.starts_with('.');
            !hidden && glob(pattern.as_bytes(), name.as_bytes())
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}
