//! What those who stand outside do with a router's disk: tests, and the program that embeds the lab.

use super::Method;
use crate::lab::RouterHandle;
use crate::lab::fault::Action;
use crate::lab::state::State;

impl RouterHandle {
    /// Puts a file on the router's disk.
    pub fn write_file(&self, path: &str, content: &[u8]) {
        let user = self.username();
        self.router.with_state((0, None), |state, now| {
            state.files.write(path, content.to_vec(), user, now)
        });
    }

    /// What a file on the router's disk holds; `None` when there is none, or not all of it was kept.
    pub fn read_file(&self, path: &str) -> Option<Vec<u8>> {
        self.disk(|state| Some(state.files.get(path)?.content()?.bytes()?.to_vec()))
    }

    /// The SHA-256 checksum of a file on the router's disk, in hexadecimal digits.
    pub fn checksum(&self, path: &str) -> Option<String> {
        self.disk(|state| Some(state.files.get(path)?.content()?.digest(Method::Sha256)))
    }

    /// The names in a folder on the router's disk.
    pub fn list_files(&self, folder: &str) -> Vec<String> {
        self.disk(|state| state.files.list(folder).into_keys().map(str::to_owned).collect())
    }

    /// Fills the disk until only that many bytes are free where `/var/tmp` lies.
    pub fn fill_disk(&self, free_bytes: u64) {
        self.router.undergo(&Action::DiskFull(free_bytes));
    }

    /// Lets nobody write to the disk any more, or again.
    pub fn set_read_only(&self, read_only: bool) {
        self.router
            .with_state((0, None), |state, _| state.files.set_read_only(read_only));
    }

    fn disk<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.router.with_state((0, None), |state, _| look(state))
    }
}
