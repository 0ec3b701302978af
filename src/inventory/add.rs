//! One router more in the file: under its lock, only if it is still what was read, and never half.

use std::{fs::File, io, path::PathBuf, time::Duration};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Inventory, Turn, edit, file};
use crate::whole_file;

/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a router was not added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddFault {
    /// There is a router of this name.
    #[error("it already exists")]
    Exists,
    /// The file is not what was read.
    #[error("inventory file changed on disk since it was loaded; call reload_devices and retry")]
    Changed,
    /// It cannot be written; the text says why.
    #[error("{0}")]
    Unwritable(String),
}

/// A file that will have one router more. Nobody else writes it meanwhile.
pub(crate) struct Edit<'a> {
    turn: &'a Turn<'a>,
    path: PathBuf,
    text: String,
    inventory: Inventory,
    _lock: File,
}

impl Turn<'_> {
    /// Judges what the file would be with one router more; nothing is written yet.
    pub(crate) fn edit(&self, name: &str, entry: &Map<String, Value>) -> Result<Edit<'_>, AddFault> {
        let current = self.current();
        let Some(named) = current.path() else {
            return Err(AddFault::Unwritable(
                "the routers of this server are in no file".to_owned(),
            ));
        };
        let unwritable = |error: io::Error| AddFault::Unwritable(error.to_string());
        // Links are resolved, so that the file itself is replaced and not the link to it.
        let path = named.canonicalize().map_err(unwritable)?;
        let lock = whole_file::lock(&path, PATIENCE).map_err(unwritable)?;
        let bytes = file::read(&path).map_err(|fault| AddFault::Unwritable(fault.to_string()))?;
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        if current.digest() != Some(&digest) {
            return Err(AddFault::Changed);
        }
        if current.get(name).is_some() {
            return Err(AddFault::Exists);
        }
        let unreadable = || AddFault::Unwritable("the file has a form that cannot be added to".to_owned());
        let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
        let text = edit::with_entry(&text, name, entry).ok_or_else(unreadable)?;
        let inventory =
            Inventory::of_file(named, text.as_bytes()).map_err(|fault| AddFault::Unwritable(fault.to_string()))?;
        let is_whole = inventory.routers().len() == current.routers().len() + 1
            && inventory.get(name).is_some_and(|router| router.entry.is_some());
        if !is_whole {
            return Err(unreadable());
        }
        Ok(Edit {
            turn: self,
            path,
            text,
            inventory,
            _lock: lock,
        })
    }
}

impl Edit<'_> {
    /// Writes the file and uses it from now on; gives how many routers there are.
    pub(crate) fn write(self) -> Result<usize, AddFault> {
        whole_file::replace(&self.path, self.text.as_bytes(), whole_file::PRIVATE).map_err(|error| {
            let mut reason = error.to_string();
            if matches!(
                error.kind(),
                io::ErrorKind::ResourceBusy | io::ErrorKind::CrossesDevices
            ) {
                reason.push_str(&format!(
                    "; mount the directory of '{}' instead of the file",
                    self.path.display()
                ));
            }
            AddFault::Unwritable(reason)
        })?;
        Ok(self.turn.replace(self.inventory).routers().len())
    }
}
