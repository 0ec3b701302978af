//! Who else can read or write a file.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

const GROUP_READS: u32 = 0o040;
const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;
const GROUP_SEARCHES: u32 = 0o010;
const OTHERS_SEARCH: u32 = 0o001;

/// What the mode of a file, and of the directory that holds it, allows to others than its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exposure {
    mode: u32,
    /// Its group or others can read it.
    pub(super) is_read: bool,
    /// Others than its owner and group can read it.
    pub(super) is_read_by_others: bool,
    /// Its group or others may do anything at all with it.
    pub(super) is_shared: bool,
    /// Others can write it.
    pub(super) is_written: bool,
}

impl Exposure {
    /// That of a file, links resolved; none when it cannot be looked at.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let path = path.canonicalize().ok()?;
        let file = fs::metadata(&path).ok()?.mode();
        let directory = fs::metadata(path.parent()?).ok()?.mode();
        Some(Self::judge(file, directory))
    }

    fn judge(file: u32, directory: u32) -> Self {
        // A file nobody can reach is not exposed by its own mode.
        let group = file & GROUP_READS != 0 && directory & GROUP_SEARCHES != 0;
        let others = file & OTHERS_READ != 0 && directory & OTHERS_SEARCH != 0;
        Self {
            mode: file & 0o7777,
            is_read: group || others,
            is_read_by_others: others,
            is_shared: file & 0o077 != 0,
            is_written: file & OTHERS_WRITE != 0,
        }
    }

    /// Whether anybody but the owner can read or write the file.
    pub(super) fn is_open_to_others(&self) -> bool {
        self.is_read || self.is_written
    }

    /// The mode as four octal digits.
    pub(super) fn mode(self) -> String {
        format!("{:04o}", self.mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readable_file_is_exposed_only_where_its_directory_can_be_searched() {
        for (file, directory, is_read, is_written) in [
            (0o100_600, 0o755, false, false),
            (0o100_644, 0o755, true, false),
            (0o100_644, 0o700, false, false),
            (0o100_640, 0o710, true, false),
            (0o100_640, 0o701, false, false),
            (0o100_604, 0o710, false, false),
            (0o100_602, 0o700, false, true),
        ] {
            let exposure = Exposure::judge(file, directory);
            assert_eq!(
                (exposure.is_read, exposure.is_written),
                (is_read, is_written),
                "{file:o} in {directory:o}"
            );
        }
        assert_eq!(Exposure::judge(0o100_644, 0o755).mode(), "0644");
    }
}
