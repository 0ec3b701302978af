//! `scp -t`: takes files and stores them.

use chrono::{DateTime, Utc};

use super::{Over, Request, Talk};
use crate::lab::fault::Trigger;
use crate::lab::files::{Collector, File, FileError};
use crate::lab::recorder::Transfer;

/// What a client announces.
#[derive(Debug, PartialEq, Eq)]
enum Header {
    /// When the next file or folder was changed.
    Times(DateTime<Utc>),
    File {
        mode: u32,
        size: u64,
        name: String,
    },
    Folder {
        mode: u32,
        name: String,
    },
    EndOfFolder,
    /// The client could not read something and says so.
    Error {
        fatal: bool,
    },
}

impl Header {
    fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(line).map_err(|_| "invalid user name")?;
        match text.as_bytes().first() {
            Some(1) => return Ok(Self::Error { fatal: false }),
            Some(2) => return Ok(Self::Error { fatal: true }),
            Some(b'E') => return Ok(Self::EndOfFolder),
            Some(b'T') => {
                let seconds = text[1..].split(' ').next().and_then(|seconds| seconds.parse().ok());
                let at = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
                return at.map(Self::Times).ok_or("mtime.sec not delimited");
            }
            Some(b'C' | b'D') => {}
            _ => return Err("expected control record"),
        }
        let mut parts = text[1..].splitn(3, ' ');
        let mode = parts.next().and_then(|mode| u32::from_str_radix(mode, 8).ok());
        let mode = mode.filter(|mode| *mode <= 0o7777).ok_or("bad mode")?;
        let size = parts
            .next()
            .and_then(|size| size.parse().ok())
            .ok_or("size not delimited")?;
        let name = parts.next().unwrap_or_default().to_owned();
        if name.is_empty() || name == "." || name == ".." || name.contains('/') {
            return Err("unexpected filename");
        }
        match text.starts_with('C') {
            true => Ok(Self::File { mode, size, name }),
            false => Ok(Self::Folder { mode, name }),
        }
    }
}

/// Takes everything the client sends.
pub(super) async fn receive(talk: &mut Talk, request: &Request) -> Over {
    match take_all(talk, request).await {
        Ok(()) => Over::Finished,
        Err(over) => over,
    }
}

async fn take_all(talk: &mut Talk, request: &Request) -> Result<(), Over> {
    let mut target = Target {
        path: request.target().trim_end_matches('/').to_owned(),
        folder: false,
    };
    if request.target().starts_with('/') && target.path.is_empty() {
        target.path = "/".to_owned();
    }
    let there = |path: &str| {
        talk.router
            .with_state((0, None), |state, _| state.files.get(path).map(File::is_folder))
    };
    let kind = there(&target.path);
    target.folder = kind == Some(true);
    // A slash at the end means a folder as much as -d does.
    if !target.folder && (request.into_folder || request.target().ends_with('/')) {
        let error = match kind {
            None => FileError::NotFound,
            Some(_) => FileError::NotFolder,
        };
        return Err(talk.abort(&format!("{}: {error}", request.target())).await);
    }
    talk.ok().await?;
    // Folders entered and not left yet.
    let mut above: Vec<Target> = Vec::new();
    let mut modified = None;
    while let Some(line) = talk.line().await? {
        let header = match Header::parse(&line) {
            Ok(header) => header,
            Err(reason) => return Err(talk.abort(&format!("protocol error: {reason}")).await),
        };
        match header {
            Header::Error { fatal: true } => return Err(Over::Fatal),
            Header::Error { fatal: false } => continue,
            Header::Times(at) => {
                modified = Some(at).filter(|_| request.times);
                talk.ok().await?;
            }
            Header::EndOfFolder => match above.pop() {
                None => return Ok(()),
                Some(folder) => {
                    target = folder;
                    talk.ok().await?;
                }
            },
            Header::Folder { .. } if !request.recursive => {
                return Err(talk.abort("protocol error: received directory without -r").await);
            }
            Header::Folder { mode, name } => {
                let path = target.join(&name);
                match enter(talk, &path, mode, modified.take()) {
                    Err(error) => talk.fail(&format!("{path}: {error}")).await?,
                    Ok(()) => {
                        above.push(std::mem::replace(&mut target, Target { path, folder: true }));
                        talk.ok().await?;
                    }
                }
            }
            Header::File { mode, size, name } => {
                let path = target.join(&name);
                talk.note(Transfer::Announced {
                    path: path.clone(),
                    bytes: size,
                });
                talk.point(&Trigger::ScpHeader).await?;
                let how = How {
                    mode,
                    modified: modified.take(),
                };
                take(talk, &path, size, how).await?;
            }
        }
    }
    Ok(())
}

/// Where things go.
#[derive(Debug)]
struct Target {
    path: String,
    /// Whether names are appended to it.
    folder: bool,
}

impl Target {
    fn join(&self, name: &str) -> String {
        match self.folder {
            true => format!("{}/{name}", self.path.trim_end_matches('/')),
            false => self.path.clone(),
        }
    }
}

/// How a file is to look.
struct How {
    mode: u32,
    modified: Option<DateTime<Utc>>,
}

fn enter(talk: &Talk, path: &str, mode: u32, modified: Option<DateTime<Utc>>) -> Result<(), FileError> {
    let user = talk.user();
    talk.router.with_state((0, None), |state, now| {
        match state.files.get(path).map(File::is_folder) {
            Some(true) => return Ok(()),
            Some(false) => return Err(FileError::NotFolder),
            None => state.files.make_folder(path, user, modified.unwrap_or(now))?,
        }
        state.files.set_mode(path, mode);
        Ok(())
    })
}

async fn take(talk: &mut Talk, path: &str, size: u64, how: How) -> Result<(), Over> {
    let keep = talk.router.world.settings.keep_files;
    let opened = talk.router.with_state((0, None), |state, now| {
        let room = state.files.room(path, talk.user())?;
        // The file is there, and empty, from the moment it is opened.
        let empty = File::new(Collector::new(0).finish(), talk.user(), now);
        state.files.store(path, empty, talk.user())?;
        Ok::<_, FileError>((room, state.files.whole_limit()))
    });
    let (room, limit) = match opened {
        Ok(opened) => opened,
        Err(error) => return talk.fail(&format!("{path}: {error}")).await,
    };
    talk.ok().await?;
    let mut arriving = Arriving {
        collector: Collector::new(if keep { usize::MAX } else { limit }),
        room,
        full: false,
    };
    let over = arriving.all(talk, size).await;
    let stored = store(talk, path, arriving.collector, how);
    over?;
    // The client's own word on what it read.
    talk.answer().await?;
    let stored = match arriving.full {
        true => Err(FileError::NoSpace),
        false => stored,
    };
    match stored {
        Err(error) => talk.fail(&format!("{path}: {error}")).await,
        Ok(bytes) => {
            let path = path.to_owned();
            talk.note(Transfer::Stored { path, bytes });
            talk.point(&Trigger::ScpAck).await?;
            talk.ok().await
        }
    }
}

/// A file on its way in.
struct Arriving {
    collector: Collector,
    /// Bytes that still fit.
    room: u64,
    /// Whether some did not.
    full: bool,
}

impl Arriving {
    async fn all(&mut self, talk: &mut Talk, size: u64) -> Result<(), Over> {
        let mut taken = 0;
        while taken < size {
            let piece = talk.some(size - taken).await?;
            let range = taken..taken + piece.len() as u64;
            let corrupt = talk.bytes(range.clone()).await?;
            let fits = usize::try_from(self.room).unwrap_or(usize::MAX).min(piece.len());
            self.full |= fits < piece.len();
            self.room -= fits as u64;
            if corrupt.is_empty() {
                self.collector.add(&piece[..fits]);
            } else {
                let mut piece = piece[..fits].to_vec();
                flip(&mut piece, &corrupt, taken);
                self.collector.add(&piece);
            }
            taken = range.end;
        }
        Ok(())
    }
}

/// Changes the bytes at these places of a file, of which `piece` begins at `start`.
pub(super) fn flip(piece: &mut [u8], places: &[u64], start: u64) {
    for place in places {
        let at = usize::try_from(place - start).unwrap_or(usize::MAX);
        if let Some(byte) = piece.get_mut(at) {
            *byte ^= 0xff;
        }
    }
}

/// Stores what has arrived, be it all or not; its length.
fn store(talk: &Talk, path: &str, collector: Collector, how: How) -> Result<u64, FileError> {
    let content = collector.finish();
    let bytes = content.len();
    let user = talk.user();
    talk.router.with_state((0, None), |state, now| {
        let file = File {
            mode: how.mode,
            ..File::new(content, user, how.modified.unwrap_or(now))
        };
        state.files.store(path, file, user)
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_and_names_that_lead_elsewhere_refused() {
        let file = |name: &str| Header::File {
            mode: 0o644,
            size: 12,
            name: name.to_owned(),
        };
        assert_eq!(Header::parse(b"C0644 12 a b.txt"), Ok(file("a b.txt")));
        assert_eq!(Header::parse(b"E"), Ok(Header::EndOfFolder));
        let at = DateTime::from_timestamp(1_893_456_000, 0).expect("a valid time");
        assert_eq!(Header::parse(b"T1893456000 0 1893456000 0"), Ok(Header::Times(at)));
        assert_eq!(Header::parse(b"\x02no"), Ok(Header::Error { fatal: true }));
        for line in [
            "C0644 12 ../a",
            "C0644 12 /etc/a",
            "C0644 12 ..",
            "D0755 0 ",
            "C9 1 a",
            "C0644 x a",
            "X",
            "",
        ] {
            assert!(Header::parse(line.as_bytes()).is_err(), "{line}");
        }
    }
}
