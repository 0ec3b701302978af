//! `file archive`: a folder or a file as one compressed archive.

use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use super::{Disk, failure, line};
use crate::lab::files::{Content, File, FileError, Files, Kind};
use crate::lab::show::Shown;

pub(super) fn answer(disk: &mut Disk<'_>, from: &str, to: &str) -> Shown {
    let (source, target) = (disk.place(from), disk.place(to));
    let (user, now) = (disk.user, disk.now);
    let files = disk.files();
    let packed = match files.get(&source) {
        None => Err(failure(from, FileError::NotFound)),
        Some(_) => packed(files, &source, user).map_err(|error| failure(from, error)),
    };
    line(match packed {
        Err(message) => Some(message),
        Ok(bytes) => {
            let archive = File::new(Content::whole(bytes), user, now);
            let stored = files.store(&target, archive, user);
            stored.err().map(|error| failure(to, error))
        }
    })
}

fn packed(files: &Files, source: &str, user: &str) -> Result<Vec<u8>, FileError> {
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, file) in files.below(source) {
        let (kind, content) = match &file.kind {
            Kind::Folder => (EntryType::Directory, None),
            Kind::Link(_) => continue,
            Kind::File(_) => {
                let (_, content) = files.read(path, user)?;
                (EntryType::Regular, Some(content.bytes().ok_or(FileError::NotKept)?))
            }
        };
        let content = content.map_or(&[][..], |content| content);
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(file.mode);
        header.set_mtime(u64::try_from(file.modified.timestamp()).unwrap_or_default());
        // Names too long for the format are the only thing that can go wrong in memory.
        let name = path.trim_start_matches('/');
        archive.append_data(&mut header, name, content).map_err(unnamed)?;
    }
    let finished = archive.into_inner().and_then(GzEncoder::finish);
    finished.map_err(unnamed)
}

fn unnamed(_: io::Error) -> FileError {
    FileError::NotKept
}
