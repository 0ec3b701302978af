//! SHA-256 of files, counted once for each state that a file has.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt as _,
    sync::{Mutex, PoisonError},
};

use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

/// Digests that are remembered; who has more files counts some of them again.
const MOST: usize = 1024;

/// Bytes that are read at once.
const PIECE: usize = 1 << 20;

/// What a file cannot keep when its content changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

/// The digests that are known.
#[derive(Default)]
pub(super) struct Digests(Mutex<HashMap<State, String>>);

impl Digests {
    /// The digest of a file in hexadecimal digits, read from its beginning. Blocks until it is known or `cancelled` fires.
    pub(super) fn of(&self, mut file: &File, cancelled: &CancellationToken) -> io::Result<String> {
        let state = state(file)?;
        if let Some(known) = self.known().get(&state) {
            return Ok(known.clone());
        }
        io::Seek::rewind(&mut file)?;
        let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
        loop {
            if cancelled.is_cancelled() {
                return Err(io::Error::other("nobody waits for it any more"));
            }
            match file.read(&mut piece)? {
                0 => break,
                read => hash.update(&piece[..read]),
            }
        }
        let digest = hex(&hash.finalize());
        // What changed meanwhile has another state now, and is counted anew.
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(state, digest.clone());
        Ok(digest)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<State, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn state(file: &File) -> io::Result<State> {
    let metadata = file.metadata()?;
    Ok(State {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    })
}

/// A digest as routers and people write it.
pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
