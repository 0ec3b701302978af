//! Reading the inventory again: which file that may be, and what keeps it from being used.

use std::path::{Component, Path, PathBuf};

use super::{FileFault, Inventory, change::NamedRule};

/// Who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// The operator, by a signal.
    Signal,
    /// The file was seen to have changed.
    Watch,
    /// A caller. What only an operator may do is refused.
    Tool,
    /// The file was written by this process.
    Edit,
}

impl Trigger {
    /// The word in records.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Watch => "watch",
            Self::Tool => "tool",
            Self::Edit => "edit",
        }
    }
}

/// Why the routers in use stay so.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ReloadFault {
    /// They were never in a file.
    #[error("the routers of this process are in no file")]
    NoFile,
    /// A name that is not to be followed; the text says which rule it breaks.
    #[error("{0}")]
    BadPath(&'static str),
    /// The file as a whole.
    #[error(transparent)]
    Unusable(#[from] FileFault),
    /// Entries of it, each with its problem.
    #[error("{} problems in the entries of the file", .0.len())]
    Invalid(Vec<(String, String)>),
    /// There is no router in it.
    #[error("inventory is empty")]
    Empty,
    /// What was forbidden would be allowed.
    #[error("{} rules that forbid something are missing in the file", .0.len())]
    Weakened(Vec<NamedRule>),
}

/// The file that a caller names: below the folder of the file given at the start, links included.
pub(super) fn named(start: &Path, name: &str) -> Result<PathBuf, ReloadFault> {
    let bad = |rule| Err(ReloadFault::BadPath(rule));
    let relative = Path::new(name);
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return bad("a file name must not be empty and holds no control characters");
    }
    for part in relative.components() {
        match part {
            Component::Normal(_) | Component::CurDir => {}
            Component::ParentDir => return bad("a file name must not hold '..'"),
            Component::RootDir | Component::Prefix(_) => return bad("a file name must be relative"),
        }
    }
    let folder = folder(start);
    let path = folder.join(relative);
    let Ok(resolved) = path.canonicalize() else {
        // Whatever is missing below the folder is missing; nothing outside of it was looked at.
        return match path.parent().map(Path::canonicalize) {
            Some(Ok(parent)) if !within(&parent, &folder) => {
                bad("the file must be below the folder of the first inventory")
            }
            _ => Err(ReloadFault::Unusable(FileFault::NotFound)),
        };
    };
    match within(&resolved, &folder) {
        true => Ok(path),
        false => bad("the file must be below the folder of the first inventory"),
    }
}

/// The folder of the file given at the start.
pub(super) fn folder(start: &Path) -> PathBuf {
    let parent = start.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new(".")).to_owned()
}

fn within(resolved: &Path, folder: &Path) -> bool {
    folder.canonicalize().is_ok_and(|folder| resolved.starts_with(folder))
}

/// Every problem of every entry that only another reading can remove, in file order.
pub(super) fn problems(inventory: &Inventory) -> Vec<(String, String)> {
    let broken = inventory.routers().filter(|router| router.entry.is_none());
    let each = broken.flat_map(|router| {
        let problems = router.problems.iter();
        problems.map(|problem| (router.name.clone(), problem.text.clone()))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn a_name_leads_nowhere_but_below_the_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let outside = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("inventory");
        fs::create_dir_all(folder.join("sites")).expect("a folder");
        for path in [
            &folder.join("devices.json"),
            &folder.join("sites/b.json"),
            &outside.path().join("x.json"),
        ] {
            fs::write(path, "{}").expect("written");
        }
        symlink(outside.path().join("x.json"), folder.join("link.json")).expect("a link");
        symlink(outside.path(), folder.join("out")).expect("a link");
        symlink("sites/b.json", folder.join("inside.json")).expect("a link");
        let start = folder.join("devices.json");
        for name in ["devices.json", "sites/b.json", "./devices.json", "inside.json"] {
            assert!(named(&start, name).is_ok(), "{name}");
        }
        let absolute = start.display().to_string();
        for name in [
            "",
            " ",
            "../inventory/devices.json",
            &absolute,
            "link.json",
            "out/x.json",
            "out/none.json",
            "a\nb",
        ] {
            assert!(matches!(named(&start, name), Err(ReloadFault::BadPath(_))), "{name:?}");
        }
        let missing = named(&start, "none.json");
        assert!(
            matches!(missing, Err(ReloadFault::Unusable(FileFault::NotFound))),
            "{missing:?}"
        );
    }
}
