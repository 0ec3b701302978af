//! Files on the virtual disk, as RPCs and as `file` commands: each answer is one tree, printed in the form asked for.

mod archive;
mod change;
mod checksum;
mod folder;
mod list;
mod show;

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::command::{Done, in_form};
use super::read::Form;
use super::{After, Answer, Call};
use crate::lab::element::Element;
use crate::lab::errors;
use crate::lab::fault::{Action, Trigger};
use crate::lab::files::{FileError, Files, HOME, Method, absolute_from};
use crate::lab::operational::Asker;
use crate::lab::router::Router;
use crate::lab::show::Shown;
use crate::lab::state::State;

/// What became of a request: a tree and its text, or an error as it stands in a reply.
type Outcome = Result<Shown, String>;

/// One request for files, wherever it came from.
struct Disk<'a> {
    state: &'a mut State,
    user: &'a str,
    now: DateTime<Utc>,
    /// Where relative paths begin.
    folder: String,
    /// Whether checksums are told wrongly.
    lie: bool,
}

impl Disk<'_> {
    fn files(&mut self) -> &mut Files {
        &mut self.state.files
    }

    /// The absolute path that the user means.
    fn place(&self, path: &str) -> String {
        absolute_from(&self.folder, path)
    }
}

fn on_disk(router: &Arc<Router>, asker: &Asker<'_>, request: &Request<'_>, form: Form) -> Outcome {
    let lie = match request {
        Request::Checksum(..) => {
            let firing = router.suffers(asker.by, &Trigger::Checksum);
            firing.iter().any(|fault| *fault.action() == Action::ChecksumLie)
        }
        _ => false,
    };
    let session = asker.by.1.unwrap_or_default();
    router.with_state(asker.by, |state, now| {
        state.write_log(now);
        let folder = asker.by.1.and_then(|session| state.folders.get(&session));
        let folder = folder.map_or(HOME, String::as_str).to_owned();
        let mut disk = Disk {
            state,
            user: asker.user,
            now,
            folder,
            lie,
        };
        match request {
            // The text form of this one command calls a missing file no error.
            Request::Checksum(method, path) if form == Form::Text => {
                match checksum::missing(&mut disk, *method, path) {
                    Some(missing) => Ok(missing),
                    None => request.carry_out(&mut disk, session),
                }
            }
            _ => request.carry_out(&mut disk, session),
        }
    })
}

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let session = call.session;
    let asker = Asker {
        user: &session.link.user,
        by: (session.link.number, Some(session.id)),
    };
    let request = Request::of_rpc(call)?;
    let form = call.operation.attribute("format").unwrap_or("xml");
    let Some(form) = Form::named(form) else {
        return Some(Answer::body(errors::parser("syntax error", Some(form))));
    };
    let outcome = request.and_then(|request| on_disk(&session.router, &asker, &request, form));
    Some(Answer::body(match outcome {
        Ok(shown) => in_form(&session.router, &shown, form),
        Err(error) => error,
    }))
}

/// The `file` commands of the CLI, and those about the session's folder.
pub(super) fn command(router: &Arc<Router>, asker: &Asker<'_>, words: &[&str], form: Form) -> Result<Done, String> {
    let request = Request::of_words(words)?;
    let shown = on_disk(router, asker, &request, form)?;
    Ok(Done {
        reply: in_form(router, &shown, form),
        text: shown.text,
        after: After::Continue,
    })
}

/// What can be asked of a disk.
enum Request<'a> {
    List { path: &'a str, detail: bool },
    Show { path: &'a str, base64: bool },
    Checksum(Method, &'a str),
    Delete(&'a str),
    Copy(&'a str, &'a str),
    Rename(&'a str, &'a str),
    Archive(&'a str, &'a str),
    MakeFolder(&'a str),
    Usage(&'a str),
    CleanUp { dry: bool },
    Enter(&'a str),
}

impl<'a> Request<'a> {
    /// Reads an RPC; `None` when it is about something else.
    fn of_rpc(call: &Call<'a>) -> Option<Result<Self, String>> {
        let operation = call.operation;
        let path = |argument: &'static str| operation.value(argument).ok_or_else(|| errors::missing(argument));
        let pair = || Ok::<_, String>((path("source")?, path("destination")?));
        Some(match operation.name.as_str() {
            "file-list" => Ok(Self::List {
                path: operation.value("path").unwrap_or("."),
                detail: operation.has("detail"),
            }),
            "file-show" => path("filename").map(|path| Self::Show {
                path,
                base64: operation.value("encoding") == Some("base64"),
            }),
            "get-checksum-information" => path("path").map(|path| Self::Checksum(Method::Md5, path)),
            "get-sha1-checksum-information" => path("path").map(|path| Self::Checksum(Method::Sha1, path)),
            "get-sha256-checksum-information" => path("path").map(|path| Self::Checksum(Method::Sha256, path)),
            "file-delete" => path("path").map(Self::Delete),
            "file-copy" => pair().map(|(from, to)| Self::Copy(from, to)),
            "file-rename" => pair().map(|(from, to)| Self::Rename(from, to)),
            "file-archive" => pair().map(|(from, to)| Self::Archive(from, to)),
            "make-directory" => match operation.value("directory").or(operation.value("path")) {
                Some(path) => Ok(Self::MakeFolder(path)),
                None => Err(errors::missing("directory")),
            },
            "get-directory-usage-information" => Ok(Self::Usage(operation.value("path").unwrap_or("."))),
            "request-system-storage-cleanup" => Ok(Self::CleanUp {
                dry: operation.has("dry-run"),
            }),
            "set-cli-working-directory" => path("directory").map(Self::Enter),
            _ => return None,
        })
    }

    /// Reads the words of a command.
    fn of_words(words: &[&'a str]) -> Result<Self, String> {
        let unknown = |word: Option<&&str>| errors::parser("syntax error", word.copied());
        Ok(match words {
            ["file", "list", rest @ ..] => Self::List {
                path: rest.iter().find(|word| **word != "detail").copied().unwrap_or("."),
                detail: rest.contains(&"detail"),
            },
            ["file", "show", path] => Self::Show { path, base64: false },
            ["file", "show", path, "encoding", "base64"] => Self::Show { path, base64: true },
            ["file", "delete", path] => Self::Delete(path),
            ["file", "copy", from, to] => Self::Copy(from, to),
            ["file", "rename", from, to] => Self::Rename(from, to),
            ["file", "make-directory", path] => Self::MakeFolder(path),
            ["file", "archive", "compress", "source", from, "destination", to]
            | ["file", "archive", "source", from, "destination", to, "compress"] => Self::Archive(from, to),
            ["file", "checksum", method, path] => match Method::named(method) {
                Some(method) => Self::Checksum(method, path),
                None => return Err(errors::syntax(method)),
            },
            ["show", "system", "directory-usage", path] => Self::Usage(path),
            ["request", "system", "storage", "cleanup", rest @ ..] => Self::CleanUp {
                dry: rest.contains(&"dry-run"),
            },
            ["set", "cli", "directory", path] => Self::Enter(path),
            ["file", rest @ ..] => return Err(unknown(rest.first())),
            other => return Err(unknown(other.last())),
        })
    }

    fn carry_out(&self, disk: &mut Disk<'_>, session: u32) -> Outcome {
        match *self {
            Self::List { path, detail } => Ok(list::answer(disk, path, detail)),
            Self::Show { path, base64 } => show::answer(disk, path, base64),
            Self::Checksum(method, path) => checksum::answer(disk, method, path),
            Self::Delete(path) => Ok(change::delete(disk, path)),
            Self::Copy(from, to) => change::copy(disk, from, to),
            Self::Rename(from, to) => Ok(change::rename(disk, from, to)),
            Self::MakeFolder(path) => Ok(change::make_folder(disk, path)),
            Self::Archive(from, to) => Ok(archive::answer(disk, from, to)),
            Self::CleanUp { dry } => Ok(change::clean_up(disk, dry)),
            Self::Usage(path) => Ok(folder::usage(disk, path)),
            Self::Enter(path) => folder::enter(disk, session, path),
        }
    }
}

/// An answer with its text.
fn shown(element: Element, text: String) -> Shown {
    Shown {
        element,
        text,
        parts: Vec::new(),
    }
}

/// An answer that is a line of text, or nothing.
fn line(text: Option<String>) -> Shown {
    let text = text.map(|text| format!("{text}\n")).unwrap_or_default();
    shown(Element::output(&text), text)
}

/// What cannot be done to a file, as a program of the router says it.
fn failure(path: &str, error: FileError) -> String {
    format!("{path}: {error}")
}
