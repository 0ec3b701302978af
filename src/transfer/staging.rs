//! The directory of this machine where files wait for routers, and where those from routers arrive.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use rustix::fs::{OFlags, statvfs};
use tokio_util::sync::CancellationToken;

use super::{FileName, Metered, Pace, Partial, digests::Digests};

/// Files that are named in a list.
const MOST_LISTED: usize = 256;

/// What a copy adds to the name of a file that is not whole yet.
const PARTIAL: &str = ".partial";

/// Where files wait.
#[derive(Clone, Debug)]
pub struct Place {
    /// The directory.
    pub directory: PathBuf,
    /// Whether it is made, for this user alone, when it is first needed.
    pub is_made: bool,
}

/// How files are copied.
#[derive(Clone, Debug, Default)]
pub struct TransferSettings {
    /// Where files wait; none where there is no such place.
    pub place: Option<Place>,
    /// Bytes a second that one copy may move; 0 is no limit.
    pub bytes_per_second: u64,
}

/// Why a file cannot be had or made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StagingFault {
    #[error("there is no staging directory")]
    NoPlace,
    #[error("there is no regular file of that name in the staging directory")]
    Missing,
    #[error("'{0}' is there: another copy runs, or one was cut off with its process")]
    Busy(String),
    #[error("the staging directory cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// The directory. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Staging(Arc<Inner>);

struct Inner {
    settings: TransferSettings,
    digests: Digests,
}

/// A file that is open for reading.
pub(crate) struct Staged {
    pub(crate) file: File,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) modified: SystemTime,
}

/// A file as a list names it.
pub(crate) struct Waiting {
    pub(crate) name: FileName,
    pub(crate) staged: Staged,
}

impl Staging {
    /// Nothing is made or read yet.
    pub(crate) fn new(settings: TransferSettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            digests: Digests::default(),
        }))
    }

    /// The last part of the directory's path.
    pub(crate) fn base_name(&self) -> String {
        let place = self.0.settings.place.as_ref();
        let name = place.and_then(|place| place.directory.file_name());
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// A stream at the pace that is allowed.
    pub(crate) fn metered<S>(&self, stream: S, on_progress: impl FnMut(u64, u64) + Send + 'static) -> Metered<S> {
        Metered::new(stream, Pace::of(self.0.settings.bytes_per_second), on_progress)
    }

    /// A file that waits there. Blocks.
    pub(crate) fn open(&self, name: &FileName) -> Result<Staged, StagingFault> {
        // What is no regular file is neither followed nor waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let flags = i32::try_from(flags).expect("flags of open are ints");
        let path = self.directory()?.join(name.as_str());
        let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_link(&error) => {
                return Err(StagingFault::Missing);
            }
            Err(error) => return Err(error.into()),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(StagingFault::Missing);
        }
        Ok(Staged {
            file,
            size: metadata.size(),
            modified: metadata.modified()?,
        })
    }

    /// The SHA-256 of a file in hexadecimal digits. Blocks until it is known or `cancelled` fires.
    pub(crate) fn digest(&self, staged: &Staged, cancelled: &CancellationToken) -> Result<String, StagingFault> {
        Ok(self.0.digests.of(&staged.file, cancelled)?)
    }

    /// The files that wait, by name, and how many there are; only the first of them are named. Blocks.
    pub(crate) fn list(&self) -> Result<(Vec<Waiting>, usize), StagingFault> {
        let directory = self.directory()?;
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_str().and_then(FileName::parse);
            if let Some(name) = name.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_file())) {
                names.push(name);
            }
        }
        names.sort();
        let total = names.len();
        let listed = names.into_iter().take(MOST_LISTED).filter_map(|name| {
            // One that has gone meanwhile, or may not be read, is not offered.
            let staged = self.open(&name).ok()?;
            Some(Waiting { name, staged })
        });
        Ok((listed.collect(), total))
    }

    /// Bytes that are free for files. Blocks.
    pub(crate) fn free(&self) -> Result<u64, StagingFault> {
        let space = statvfs(self.directory()?).map_err(io::Error::from)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// A new file that gets `name` once it is whole. Blocks.
    pub(crate) fn create(&self, name: &FileName) -> Result<(File, Partial), StagingFault> {
        let directory = self.directory()?;
        let path = directory.join(format!("{name}{PARTIAL}"));
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match opened {
            Ok(file) => Ok((file, Partial::new(path, directory.join(name.as_str())))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(StagingFault::Busy(format!("{name}{PARTIAL}")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The directory, made if that is how it is meant.
    fn directory(&self) -> Result<&Path, StagingFault> {
        let place = self.0.settings.place.as_ref().ok_or(StagingFault::NoPlace)?;
        if place.is_made && !place.directory.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(&place.directory)?;
        }
        Ok(&place.directory)
    }
}

fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(test)]
mod tests;
