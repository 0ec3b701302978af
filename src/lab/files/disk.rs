//! How full a disk is: the file systems of a profile, and what was added to them.

use crate::lab::profile::FileSystem;

/// Bytes of a block; the smallest file takes one.
pub(super) const BLOCK: u64 = 512;

/// What a file of that many bytes takes.
pub(super) fn allocated(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK) * BLOCK
}

/// The file systems of one router.
#[derive(Debug)]
pub(super) struct Disk {
    systems: &'static [FileSystem],
    /// Bytes that somebody took away, by file system.
    filler: Vec<u64>,
    /// Whether nobody may write.
    pub(super) read_only: bool,
}

impl Disk {
    /// File systems as the installation left them.
    pub(super) fn new(systems: &'static [FileSystem]) -> Self {
        Self {
            systems,
            filler: vec![0; systems.len()],
            read_only: false,
        }
    }

    /// Bytes in use by file system, with these files added.
    pub(super) fn used<'a>(&self, files: impl Iterator<Item = (&'a str, u64)>) -> Vec<u64> {
        let begun = self.systems.iter().zip(&self.filler);
        let mut used: Vec<u64> = begun.map(|(system, filler)| system.used * BLOCK + filler).collect();
        for (path, bytes) in files {
            used[self.below(path)] += allocated(bytes);
        }
        used
    }

    /// Bytes free where `path` lies, with these files added.
    pub(super) fn free<'a>(&self, path: &str, files: impl Iterator<Item = (&'a str, u64)>) -> u64 {
        let number = self.below(path);
        self.whole(number).saturating_sub(self.used(files)[number])
    }

    /// Takes so much away where `path` lies that only that many bytes are free, given what is in use now.
    pub(super) fn leave_free(&mut self, path: &str, bytes: u64, used: &[u64]) {
        let number = self.below(path);
        let others = used[number] - self.filler[number];
        self.filler[number] = self.whole(number).saturating_sub(others).saturating_sub(bytes);
    }

    fn whole(&self, number: usize) -> u64 {
        self.systems[number].blocks * BLOCK
    }

    /// The number of the file system that holds `path`: the one mounted closest above it.
    fn below(&self, path: &str) -> usize {
        let covers = |system: &FileSystem| {
            // Newer releases mount everything below /.mount and lead there by links.
            let mounted = system.mounted_on.strip_prefix("/.mount").unwrap_or(system.mounted_on);
            let mounted = mounted.trim_end_matches('/');
            let rest = path.strip_prefix(mounted)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(mounted.len())
        };
        let found = self.systems.iter().enumerate();
        found
            .filter_map(|(number, system)| Some((covers(system)?, number)))
            .max()
            .map_or(0, |(_, number)| number)
    }
}
