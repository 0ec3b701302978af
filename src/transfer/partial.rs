//! A file that is not whole yet: under a name of its own until it is.

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
};

/// A file in the making; taken away when dropped.
pub(crate) struct Partial {
    path: PathBuf,
    whole: PathBuf,
    is_whole: bool,
}

impl Partial {
    pub(super) fn new(path: PathBuf, whole: PathBuf) -> Self {
        Self {
            path,
            whole,
            is_whole: false,
        }
    }

    /// Gives the file its name once all of it is on the disk. Blocks.
    ///
    /// # Errors
    ///
    /// The disk is full or broken; the file is taken away then.
    pub(crate) fn finish(mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        fs::rename(&self.path, &self.whole)?;
        self.is_whole = true;
        // The name is kept too, where the file system tells when.
        let folder = self.whole.parent().map(File::open).transpose()?;
        folder.map_or(Ok(()), |folder| folder.sync_all())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_whole {
            // A name in the way is told to whoever copies next.
            let _ = fs::remove_file(&self.path);
        }
    }
}
