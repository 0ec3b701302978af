//! `file checksum`: by three methods, told rightly unless a fault says otherwise.

use super::{Disk, Outcome, failure, shown};
use crate::lab::element::Element;
use crate::lab::errors;
use crate::lab::files::{FileError, Method};
use crate::lab::show::Shown;

pub(super) fn answer(disk: &mut Disk<'_>, method: Method, path: &str) -> Outcome {
    let (place, user) = (disk.place(path), disk.user);
    let tool = method.label().to_lowercase();
    let sum = match disk.files().read(&place, user) {
        Ok((_, content)) => content.digest(method),
        Err(error) => return Err(errors::database(&format!("{tool}: {}", failure(path, error)))),
    };
    let sum = match disk.lie {
        true => another(&sum),
        false => sum,
    };
    let element = Element::new("checksum-information").with(
        Element::new("file-checksum")
            .with_leaf("computation-method", method.label())
            .with_leaf("input-file", &place)
            .with(Element::lined("checksum", &sum)),
    );
    Ok(shown(element, format!("{} ({place}) = {sum}\n", method.label())))
}

/// What the text form of the command says of a file that is not there: no error, but a sentence.
pub(super) fn missing(disk: &mut Disk<'_>, method: Method, path: &str) -> Option<Shown> {
    let place = disk.place(path);
    if disk.files().get(&place).is_some() {
        return None;
    }
    let tool = method.label().to_lowercase();
    let text = format!("{tool}: ({tool}: {}) = directory\n", failure(path, FileError::NotFound));
    Some(shown(Element::output(&text), text))
}

/// A checksum of the same length that no file has by chance.
fn another(sum: &str) -> String {
    let digit = match sum.starts_with('0') {
        true => "1",
        false => "0",
    };
    format!("{digit}{}", &sum[1..])
}
