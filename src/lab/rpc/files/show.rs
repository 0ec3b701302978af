//! `file show`: what a file holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Disk, Outcome, failure, shown};
use crate::lab::element::Element;
use crate::lab::errors;

pub(super) fn answer(disk: &mut Disk<'_>, path: &str, base64: bool) -> Outcome {
    let (place, user, now) = (disk.place(path), disk.user, disk.now.timestamp());
    let (_, content) = disk
        .files()
        .read(&place, user)
        .map_err(|error| errors::database(&format!("could not resolve file: {}", failure(path, error))))?;
    let (encoding, text) = match base64 {
        true => ("base64", STANDARD.encode(content.start())),
        false => ("text", content.text().into_owned()),
    };
    let element = Element::lined("file-content", text.strip_suffix('\n').unwrap_or(&text))
        .attribute("filename", &place)
        .attribute("junos:seconds", now)
        .attribute("filesize", content.len())
        .attribute("encoding", encoding);
    Ok(shown(element, text))
}
