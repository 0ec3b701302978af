//! Where the chain of a file ended, kept apart from the file, so that the chain goes on after a rotation and a shortened file shows.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::chain::Position;

/// The version of the file; another one is left untouched.
const VERSION: u32 = 1;

/// The file always has this size, so that writing it anew in place needs no second file.
const SIZE: usize = 8192;

/// The state file of one audit file.
#[derive(Debug)]
pub(super) struct Tail {
    file: File,
    about: PathBuf,
    known: Option<Position>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    file: PathBuf,
    seq: u64,
    hash: String,
}

impl Tail {
    /// Opens the state about the audit file `about` in `folder`, which is created if need be. A file of another version is
    /// an error.
    pub(super) fn open(folder: &Path, about: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("audit-tail.json"))?;
        let about = std::path::absolute(about)?;
        let known = read(&file, &about)?;
        Ok(Self { file, about, known })
    }

    /// Where the chain stood when this was last written.
    pub(super) fn known(&self) -> Option<&Position> {
        self.known.as_ref()
    }

    /// Writes down where the chain stands.
    pub(super) fn keep(&mut self, at: &Position) -> io::Result<()> {
        let content = Content {
            version: VERSION,
            file: self.about.clone(),
            seq: at.next.saturating_sub(1),
            hash: at.hash.clone(),
        };
        let mut text = serde_json::to_vec(&content)?;
        text.resize(text.len().max(SIZE - 1), b' ');
        text.push(b'\n');
        self.file.write_all_at(&text, 0)?;
        self.known = Some(at.clone());
        Ok(())
    }
}

fn read(file: &File, about: &Path) -> io::Result<Option<Position>> {
    let mut text = vec![0; SIZE];
    let mut filled = 0;
    while let read @ 1.. = file.read_at(&mut text[filled..], filled as u64)? {
        filled += read;
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&text[..filled]) else {
        // Empty when it is new; torn by a power cut it says nothing.
        return Ok(None);
    };
    if value["version"] != VERSION {
        let reason = format!(
            "audit-tail.json has version {}, which is not known here",
            value["version"]
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let content: Content = serde_json::from_value(value)?;
    Ok((content.file == about).then(|| Position {
        next: content.seq + 1,
        hash: content.hash,
    }))
}
