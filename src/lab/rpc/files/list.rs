//! `file list`: names in a folder, or one file, briefly or with everything.

use super::{Disk, failure, shown};
use crate::lab::element::Element;
use crate::lab::files::{File, FileError, Kind};
use crate::lab::show::Shown;

/// Bytes of a block, as sizes of folders are counted.
const BLOCK: u64 = 512;

pub(super) fn answer(disk: &mut Disk<'_>, path: &str, detail: bool) -> Shown {
    let place = disk.place(path);
    let style = match detail {
        true => "verbose",
        false => "brief",
    };
    let now = disk.now.timestamp();
    let files = disk.files();
    let contents = match files.get(&place) {
        None => Element::output(failure(path, FileError::NotFound)),
        Some(file) if file.is_folder() => folder(&place, files.list(&place).into_iter(), detail),
        Some(file) => Element::new("directory")
            .attribute("name", "")
            .with(entry(&place, file, detail)),
    };
    let list = Element::new("directory-list")
        .attribute("root-path", &place)
        .attribute("junos:seconds", now)
        .attribute("junos:style", style)
        .with(contents);
    let text = text(&list);
    shown(list, text)
}

fn folder<'a>(place: &str, files: impl Iterator<Item = (&'a str, &'a File)>, detail: bool) -> Element {
    let name = match place {
        "/" => "/".to_owned(),
        place => format!("{place}/"),
    };
    let mut folder = Element::new("directory")
        .attribute("name", &name)
        .with_leaf("directory-name", &name);
    let files: Vec<(&str, &File)> = files.collect();
    if detail {
        let blocks: u64 = files.iter().map(|(_, file)| file.len().div_ceil(BLOCK)).sum();
        folder.push(Element::leaf("total-file-blocks", blocks));
    }
    for (name, file) in &files {
        folder.push(entry(name, file, detail));
    }
    if detail {
        let regular = files.iter().filter(|(_, file)| !file.is_folder()).count();
        folder.push(Element::leaf("total-files", regular));
    }
    folder
}

fn entry(name: &str, file: &File, detail: bool) -> Element {
    let mut entry = Element::new("file-information").with_leaf("file-name", name);
    match &file.kind {
        Kind::Folder => entry.push(Element::flag("file-directory").attribute("junos:format", "/")),
        Kind::Link(target) => entry.push(Element::leaf("file-symlink-target", target).attribute("junos:format", "@")),
        Kind::File(_) if file.mode & 0o111 != 0 => {
            entry.push(Element::flag("file-executable").attribute("junos:format", "*"));
        }
        Kind::File(_) => {}
    }
    if !detail {
        return entry;
    }
    let permissions = format!("{:o}", file.mode & 0o777);
    let date = file.modified.format("%b %e %H:%M");
    entry
        .with(Element::leaf("file-permissions", permissions).attribute("junos:format", file.permissions()))
        .with_leaf("file-owner", &file.owner)
        .with_leaf("file-group", "wheel")
        .with_leaf("file-links", if file.is_folder() { 2 } else { 1 })
        .with_leaf("file-size", file.len())
        .with(Element::leaf("file-date", file.modified.timestamp()).attribute("junos:format", date))
}

/// The list as the CLI prints it.
fn text(list: &Element) -> String {
    let Some(folder) = list.at(&["directory"]) else {
        return format!("{}\n", list.value("output"));
    };
    let mut text = String::new();
    if folder.has("directory-name") {
        text.push_str(&format!("\n{}:\n", folder.value("directory-name")));
    }
    if folder.has("total-file-blocks") {
        text.push_str(&format!("total blocks: {}\n", folder.value("total-file-blocks")));
    }
    for entry in folder.all("file-information") {
        text.push_str(&row(entry));
    }
    if folder.has("total-files") {
        text.push_str(&format!("total files: {}\n", folder.value("total-files")));
    }
    text
}

fn row(entry: &Element) -> String {
    let mark = ["file-directory", "file-symlink-target", "file-executable"]
        .iter()
        .find_map(|name| entry.at(&[name])?.attribute_value("junos:format"));
    let mark = mark.unwrap_or_default();
    let name = entry.value("file-name");
    let format = |name: &str| {
        let leaf = entry.at(&[name]);
        leaf.and_then(|leaf| leaf.attribute_value("junos:format"))
            .unwrap_or_default()
    };
    if !entry.has("file-size") {
        return format!("{name}{mark}\n");
    }
    format!(
        "{}  {} {:<5} {:<5} {:>10} {} {name}{mark}\n",
        format("file-permissions"),
        entry.value("file-links"),
        entry.value("file-owner"),
        entry.value("file-group"),
        entry.value("file-size"),
        format("file-date"),
    )
}
