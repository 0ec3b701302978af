//! Folders: what lies in them in all, and which of them a session stands in.

use super::{Disk, Outcome, shown};
use crate::lab::element::Element;
use crate::lab::errors;
use crate::lab::files::FileError;
use crate::lab::show::Shown;

/// Bytes of a block in this report.
const BLOCK: u64 = 512;

/// How much the files at and below a path take.
pub(super) fn usage(disk: &mut Disk<'_>, path: &str) -> Shown {
    let place = disk.place(path);
    let mut element = Element::new("directory-usage-information");
    let mut text = String::new();
    if disk.files().is_folder(&place) {
        let blocks: u64 = disk
            .files()
            .below(&place)
            .map(|(_, file)| file.len().div_ceil(BLOCK))
            .sum();
        let size = match blocks * BLOCK {
            bytes if bytes >= 1 << 20 => format!("{}M", bytes >> 20),
            bytes => format!("{}K", bytes.div_ceil(1 << 10)),
        };
        text = format!("{size:>8}  {place}\n");
        element.push(
            Element::new("directory")
                .with_leaf("directory-name", &place)
                .with(Element::leaf("used-space", size).attribute("used-blocks", blocks)),
        );
    }
    shown(element, text)
}

/// Lets a session's relative paths begin elsewhere.
pub(super) fn enter(disk: &mut Disk<'_>, session: u32, path: &str) -> Outcome {
    let place = disk.place(path);
    if !disk.files().is_folder(&place) {
        let error = match disk.files().get(&place) {
            None => FileError::NotFound,
            Some(_) => FileError::NotFolder,
        };
        return Err(errors::database(&super::failure(path, error)));
    }
    disk.state.folders.insert(session, place.clone());
    let element = Element::new("cli-working-directory-information").with_leaf("working-directory", &place);
    Ok(shown(element, format!("Current directory: {place}\n")))
}
