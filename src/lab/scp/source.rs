//! `scp -f`: gives files.

use bytes::Bytes;

use super::sink::flip;
use super::{Over, Request, Talk};
use crate::lab::fault::Trigger;
use crate::lab::files::{FileError, Files, Kind};
use crate::lab::recorder::Transfer;
use crate::lab::state::State;

/// Bytes sent in one piece.
const PIECE: usize = 32 * 1024;

/// A step of what is given, in order.
#[derive(Debug)]
enum Step {
    Enter { name: String, mode: u32, modified: i64 },
    Leave,
    File(Box<Piece>),
    Error(String),
}

/// One file as it was when the transfer began.
#[derive(Debug)]
struct Piece {
    path: String,
    name: String,
    mode: u32,
    modified: i64,
    content: Bytes,
}

/// Gives everything that was asked for.
pub(super) async fn send(talk: &mut Talk, request: &Request) -> Over {
    match give_all(talk, request).await {
        Ok(()) => Over::Finished,
        Err(over) => over,
    }
}

async fn give_all(talk: &mut Talk, request: &Request) -> Result<(), Over> {
    if !talk.answer().await? {
        return Err(Over::Fatal);
    }
    let user = talk.user().to_owned();
    let steps = talk.router.with_state((0, None), |state, now| {
        State::write_log(state, now);
        let mut steps = Vec::new();
        for name in named(&state.files, request) {
            plan(&state.files, &name, &user, request.recursive, &mut steps);
        }
        steps
    });
    // Folders that the client would not enter: everything in them is passed over.
    let mut refused = 0_usize;
    for step in steps {
        match step {
            Step::Enter { .. } if refused > 0 => refused += 1,
            Step::Leave if refused > 0 => refused -= 1,
            _ if refused > 0 => {}
            Step::Error(text) => talk.fail(&text).await?,
            Step::Leave => {
                talk.say("E\n").await?;
                talk.answer().await?;
            }
            Step::Enter { name, mode, modified } => {
                let times = request.times.then_some(modified);
                if !announce(talk, &format!("D{mode:04o} 0 {name}\n"), times).await? {
                    refused = 1;
                }
            }
            Step::File(piece) => give(talk, &piece, request.times).await?,
        }
    }
    Ok(())
}

async fn announce(talk: &mut Talk, header: &str, times: Option<i64>) -> Result<bool, Over> {
    if let Some(seconds) = times {
        talk.say(format!("T{seconds} 0 {seconds} 0\n")).await?;
        if !talk.answer().await? {
            return Ok(false);
        }
    }
    talk.say(header.to_owned()).await?;
    talk.answer().await
}

async fn give(talk: &mut Talk, file: &Piece, times: bool) -> Result<(), Over> {
    talk.point(&Trigger::ScpHeader).await?;
    let length = file.content.len();
    let header = format!("C{:04o} {length} {}\n", file.mode, file.name);
    if !announce(talk, &header, times.then_some(file.modified)).await? {
        return Ok(());
    }
    for start in (0..length).step_by(PIECE) {
        let piece = file.content.slice(start..length.min(start + PIECE));
        let (from, to) = (start as u64, (start + piece.len()) as u64);
        let corrupt = talk.bytes(from..to).await?;
        if corrupt.is_empty() {
            talk.say(piece).await?;
        } else {
            let mut piece = piece.to_vec();
            flip(&mut piece, &corrupt, from);
            talk.say(piece).await?;
        }
    }
    talk.point(&Trigger::ScpAck).await?;
    talk.ok().await?;
    if talk.answer().await? {
        talk.note(Transfer::Sent {
            path: file.path.clone(),
            bytes: length as u64,
        });
    }
    Ok(())
}

/// The sources: as they were quoted, or in one piece where that names a file; patterns are what they match.
fn named(files: &Files, request: &Request) -> Vec<String> {
    if let Some(whole) = &request.unquoted
        && files.get(whole).is_some()
    {
        return vec![whole.clone()];
    }
    let names = request.names.iter().flat_map(|name| {
        let (folder, pattern) = name.rsplit_once('/').unwrap_or((".", name));
        let known = files.list(if folder.is_empty() { "/" } else { folder });
        let found: Vec<String> = match pattern.contains(['*', '?']) {
            true => known
                .into_keys()
                .filter(|known| matches(pattern.as_bytes(), known.as_bytes()))
                .map(|known| format!("{folder}/{known}"))
                .collect(),
            false => Vec::new(),
        };
        match found.is_empty() {
            true => vec![name.clone()],
            false => found,
        }
    });
    names.collect()
}

/// Whether a name is what a shell's pattern of `*` and `?` means.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((b'*', rest)), _) => {
            matches(rest, name) || name.split_first().is_some_and(|(_, name)| matches(pattern, name))
        }
        (Some((b'?', rest)), Some((_, name))) => matches(rest, name),
        (Some((one, rest)), Some((other, name))) => one == other && matches(rest, name),
        (Some(_), None) => false,
    }
}

fn plan(files: &Files, path: &str, user: &str, recursive: bool, steps: &mut Vec<Step>) {
    let trimmed = path.trim_end_matches('/');
    let name = trimmed.rsplit('/').next().unwrap_or_default();
    let Some(file) = files.get(path) else {
        return steps.push(Step::Error(format!("{path}: {}", FileError::NotFound)));
    };
    let modified = file.modified.timestamp();
    if let Kind::Folder = file.kind {
        if !recursive {
            return steps.push(Step::Error(format!("{path}: not a regular file")));
        }
        steps.push(Step::Enter {
            name: name.to_owned(),
            mode: file.mode & 0o7777,
            modified,
        });
        for below in files.list(path).into_keys() {
            plan(files, &format!("{trimmed}/{below}"), user, recursive, steps);
        }
        return steps.push(Step::Leave);
    }
    let content = files
        .read(path, user)
        .and_then(|(_, content)| content.bytes().cloned().ok_or(FileError::NotKept));
    steps.push(match content {
        Err(error) => Step::Error(format!("{path}: {error}")),
        Ok(content) => Step::File(Box::new(Piece {
            path: path.to_owned(),
            name: name.to_owned(),
            mode: file.mode & 0o7777,
            modified,
            content,
        })),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_a_shell_has_them() {
        let all = |pattern: &str, name: &str| matches(pattern.as_bytes(), name.as_bytes());
        assert!(all("mess*", "messages") && all("*", "x") && all("a?c*e", "abcde") && all("*s", "messages"));
        assert!(!all("mess", "messages") && !all("?", "") && !all("a*b", "ac"));
    }
}
