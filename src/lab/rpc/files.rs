//! Files on the virtual disk: lists, contents, checksums, and the `file` commands.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ring::digest;

use super::command::{Done, output};
use super::{Answer, Call};
use crate::lab::errors;
use crate::lab::files::{File, absolute};
use crate::lab::operational::Asker;
use crate::lab::router::Router;
use crate::lab::state::State;
use crate::lab::xml::{escape, escape_attribute};

/// Blocks of a disk, for the sizes of lists.
const BLOCK: usize = 512;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let value = |name: &str| call.operation.value(name);
    let session = call.session;
    let name = call.operation.name.as_str();
    if name.starts_with("file-") || name.contains("checksum") {
        session.work(State::write_log);
    }
    let body = match name {
        "file-list" => {
            let path = value("path").unwrap_or("~");
            session.work(|state, now| list(state, now, path, call.operation.has("detail")))
        }
        "file-show" => match value("filename") {
            None => errors::missing("filename"),
            Some(path) => session.work(|state, now| show(state, now, path)),
        },
        "get-checksum-information" => checksum(call, Method::Md5),
        "get-sha1-checksum-information" => checksum(call, Method::Sha1),
        "get-sha256-checksum-information" => checksum(call, Method::Sha256),
        "file-delete" => match value("path") {
            None => errors::missing("path"),
            Some(path) => session.work(|state, _| delete(state, path)),
        },
        "file-copy" | "file-rename" => match (value("source"), value("destination")) {
            (None, _) => errors::missing("source"),
            (_, None) => errors::missing("destination"),
            (Some(from), Some(to)) => {
                let moved = call.operation.name == "file-rename";
                session.work(|state, now| copy(state, now, from, to, moved))
            }
        },
        "request-system-storage-cleanup" => {
            let dry = call.operation.has("dry-run");
            session.work(|state, _| cleanup(state, dry))
        }
        _ => return None,
    };
    Some(Answer::body(body))
}

/// Lists what users left in `/var/tmp`, and takes it away unless the run is dry.
fn cleanup(state: &mut State, dry: bool) -> String {
    const FOLDER: &str = "/var/tmp";
    let mut paths = Vec::new();
    let mut entries = String::new();
    for (name, file) in state.files.list(FOLDER) {
        let Some(file) = file else { continue };
        let path = format!("{FOLDER}/{name}");
        entries.push_str(&format!(
            "<file>\n<file-name>{}</file-name>\n<size>{}</size>\n<date>{}</date>\n</file>\n",
            escape(&path),
            file.content.len(),
            file.modified.format("%b %e %H:%M")
        ));
        paths.push(path);
    }
    if !dry {
        for path in &paths {
            state.files.remove(path);
        }
    }
    format!(
        "<system-storage-cleanup-information>\n<file-list>\n{entries}</file-list>\n</system-storage-cleanup-information>\n"
    )
}

/// The `file` commands of the CLI.
pub(super) fn command(router: &Arc<Router>, asker: &Asker<'_>, words: &[&str]) -> Result<Done, String> {
    router.with_state(asker.by, State::write_log);
    router.with_state(asker.by, |state, now| match words {
        ["list", rest @ ..] => {
            let path = rest.iter().find(|word| **word != "detail").copied().unwrap_or("~");
            let text = list_text(state, path, rest.contains(&"detail"));
            Ok(Done {
                reply: output(&text),
                ..Done::output(text)
            })
        }
        ["show", path] => Ok(Done {
            reply: show(state, now, path),
            ..Done::output(content(state, path).unwrap_or_else(|error| error))
        }),
        ["delete", path] => Ok(Done {
            reply: delete(state, path),
            ..Done::output("")
        }),
        ["copy", from, to] => Ok(Done {
            reply: copy(state, now, from, to, false),
            ..Done::output("")
        }),
        ["rename", from, to] => Ok(Done {
            reply: copy(state, now, from, to, true),
            ..Done::output("")
        }),
        ["checksum", method, path] => match Method::named(method) {
            Some(method) => Ok(Done::output(checksum_text(state, method, path))),
            None => Err(errors::syntax(method)),
        },
        other => Err(errors::parser("syntax error", other.first().copied())),
    })
}

fn no_such_file(path: &str) -> String {
    format!("{path}: No such file or directory")
}

fn list(state: &State, now: DateTime<Utc>, path: &str, detail: bool) -> String {
    let style = match detail {
        true => "verbose",
        false => "brief",
    };
    let folder = absolute(path);
    let contents = if state.files.is_folder(&folder) {
        let names = state.files.list(&folder);
        let entries: String = names.iter().map(|(name, file)| entry(name, *file, detail)).collect();
        let shown = format!("{}/", folder.trim_end_matches('/'));
        let total = match detail {
            true => format!("<total-files>{}</total-files>\n", names.values().flatten().count()),
            false => String::new(),
        };
        format!(
            "<directory name=\"{0}\">\n<directory-name>{0}</directory-name>\n{entries}{total}</directory>\n",
            escape_attribute(&shown)
        )
    } else if let Some(file) = state.files.get(&folder) {
        format!(
            "<directory name=\"\">\n{}</directory>\n",
            entry(&folder, Some(file), detail)
        )
    } else {
        output(&format!("{}\n", no_such_file(path)))
    };
    format!(
        "<directory-list root-path=\"{}\" junos:seconds=\"{}\" junos:style=\"{style}\">\n{contents}</directory-list>\n",
        escape_attribute(&folder),
        now.timestamp()
    )
}

fn entry(name: &str, file: Option<&File>, detail: bool) -> String {
    let mut entry = format!("<file-information>\n<file-name>{}</file-name>\n", escape(name));
    match file {
        None => entry.push_str("<file-directory junos:format=\"/\"/>\n"),
        Some(file) if detail => entry.push_str(&format!(
            "<file-permissions junos:format=\"-rw-r--r--\">644</file-permissions>\n<file-owner>{}</file-owner>\n\
             <file-group>wheel</file-group>\n<file-links>1</file-links>\n<file-size>{}</file-size>\n\
             <file-date junos:format=\"{}\">{}</file-date>\n",
            escape(&file.owner),
            file.content.len(),
            file.modified.format("%b %e %H:%M"),
            file.modified.timestamp()
        )),
        Some(_) => {}
    }
    entry + "</file-information>\n"
}

fn list_text(state: &State, path: &str, detail: bool) -> String {
    let folder = absolute(path);
    if !state.files.is_folder(&folder) {
        return match state.files.get(&folder) {
            Some(_) => format!("{folder}\n"),
            None => format!("{}\n", no_such_file(path)),
        };
    }
    let mut text = format!("\n{}/:\n", folder.trim_end_matches('/'));
    let names = state.files.list(&folder);
    if detail {
        let blocks: usize = names
            .values()
            .flatten()
            .map(|file| file.content.len().div_ceil(BLOCK))
            .sum();
        text.push_str(&format!("total blocks: {blocks}\n"));
    }
    for (name, file) in &names {
        match (file, detail) {
            (None, false) => text.push_str(&format!("{name}/\n")),
            (Some(_), false) => text.push_str(&format!("{name}\n")),
            (None, true) => text.push_str(&format!("drwxr-xr-x  2 root  wheel        512 {name}/\n")),
            (Some(file), true) => text.push_str(&format!(
                "-rw-r--r--  1 {:<5} wheel {:>10} {} {name}\n",
                file.owner,
                file.content.len(),
                file.modified.format("%b %e %H:%M")
            )),
        }
    }
    if detail {
        text.push_str(&format!("total files: {}\n", names.values().flatten().count()));
    }
    text
}

/// The text of a file.
fn content(state: &State, path: &str) -> Result<String, String> {
    match state.files.get(path) {
        Some(file) => Ok(String::from_utf8_lossy(&file.content).into_owned()),
        None => Err(format!("error: could not resolve file: {}\n", no_such_file(path))),
    }
}

fn show(state: &State, now: DateTime<Utc>, path: &str) -> String {
    match content(state, path) {
        Err(_) => errors::database(&format!("could not resolve file: {path}")),
        Ok(text) => format!(
            "<file-content filename=\"{}\" junos:seconds=\"{}\" filesize=\"{}\" encoding=\"text\">\n{}</file-content>\n",
            escape_attribute(&absolute(path)),
            now.timestamp(),
            text.len(),
            escape(&text)
        ),
    }
}

fn delete(state: &mut State, path: &str) -> String {
    match state.files.remove(path) {
        Some(_) => String::new(),
        None => output(&format!("{}\n", no_such_file(path))),
    }
}

fn copy(state: &mut State, now: DateTime<Utc>, from: &str, to: &str, moved: bool) -> String {
    let Some(file) = state.files.get(from).cloned() else {
        return output(&format!("{}\n", no_such_file(from)));
    };
    let to = match state.files.is_folder(to) {
        true => format!(
            "{}/{}",
            absolute(to),
            absolute(from).rsplit('/').next().unwrap_or_default()
        ),
        false => to.to_owned(),
    };
    state.files.write(&to, &file.content, &file.owner, now);
    if moved && absolute(&to) != absolute(from) {
        state.files.remove(from);
    }
    String::new()
}

/// How a checksum is computed.
#[derive(Debug, Clone, Copy)]
enum Method {
    Md5,
    Sha1,
    Sha256,
}

impl Method {
    fn named(name: &str) -> Option<Self> {
        match name {
            "md5" => Some(Self::Md5),
            "sha1" => Some(Self::Sha1),
            "sha-256" | "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    fn of(self, content: &[u8]) -> String {
        let algorithm = match self {
            Self::Md5 => return format!("{:x}", md5::compute(content)),
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
        };
        let sum = digest::digest(algorithm, content);
        sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn checksum(call: &Call<'_>, method: Method) -> String {
    let Some(path) = call.operation.value("path") else {
        return errors::missing("path");
    };
    call.session.work(|state, _| {
        let place = absolute(path);
        let Some(sum) = state.files.get(&place).map(|file| method.of(&file.content)) else {
            let tool = method.label().to_lowercase();
            return errors::database(&format!("{tool}: {}", no_such_file(path)));
        };
        format!(
            "<checksum-information>\n<file-checksum>\n<computation-method>{}</computation-method>\n\
             <input-file>{}</input-file>\n<checksum>\n{sum}\n</checksum>\n</file-checksum>\n</checksum-information>\n",
            method.label(),
            escape(&place)
        )
    })
}

fn checksum_text(state: &State, method: Method, path: &str) -> String {
    let place = absolute(path);
    match state.files.get(&place).map(|file| method.of(&file.content)) {
        Some(sum) => format!("{} ({place}) = {sum}\n", method.label()),
        None => {
            let tool = method.label().to_lowercase();
            format!("{tool}: ({tool}: {}) = directory\n", no_such_file(path))
        }
    }
}
