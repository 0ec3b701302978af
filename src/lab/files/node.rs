//! One file, folder or link, and who may do what with it.

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{Content, ROOT};

/// What stands at a path.
#[derive(Debug, Clone)]
pub(in crate::lab) enum Kind {
    File(Content),
    Folder,
    /// A symbolic link to that path.
    Link(String),
}

/// One file, folder or link.
#[derive(Debug, Clone)]
pub(in crate::lab) struct File {
    pub(in crate::lab) kind: Kind,
    /// When it was written.
    pub(in crate::lab) modified: DateTime<Utc>,
    /// Whose it is.
    pub(in crate::lab) owner: String,
    /// The permission bits.
    pub(in crate::lab) mode: u32,
    /// Whether the installation left it, so that the profile's figures contain it already.
    pub(in crate::lab) installed: bool,
}

impl File {
    /// A file of an account, with the usual permissions.
    pub(in crate::lab) fn new(content: Content, owner: &str, modified: DateTime<Utc>) -> Self {
        Self {
            kind: Kind::File(content),
            modified,
            owner: owner.to_owned(),
            mode: 0o644,
            installed: false,
        }
    }

    /// The content of a regular file.
    pub(in crate::lab) fn content(&self) -> Option<&Content> {
        match &self.kind {
            Kind::File(content) => Some(content),
            _ => None,
        }
    }

    /// Bytes as a list shows them.
    pub(in crate::lab) fn len(&self) -> u64 {
        match &self.kind {
            Kind::File(content) => content.len(),
            Kind::Folder => 512,
            Kind::Link(target) => target.len() as u64,
        }
    }

    pub(in crate::lab) fn is_folder(&self) -> bool {
        matches!(self.kind, Kind::Folder)
    }

    /// `-rw-r--r--` and the like.
    pub(in crate::lab) fn permissions(&self) -> String {
        let kind = match self.kind {
            Kind::File(_) => '-',
            Kind::Folder => 'd',
            Kind::Link(_) => 'l',
        };
        let bits = (0..9).map(|bit| match self.mode >> (8 - bit) & 1 {
            0 => '-',
            _ => ['r', 'w', 'x'][bit % 3],
        });
        let mut text: String = std::iter::once(kind).chain(bits).collect();
        if self.mode & 0o1000 != 0 {
            text.replace_range(9.., "t");
        }
        text
    }
}

/// An empty folder of an account.
pub(super) fn folder_of(owner: &str, now: DateTime<Utc>) -> File {
    File {
        kind: Kind::Folder,
        mode: 0o755,
        ..File::new(Content::whole(Bytes::new()), owner, now)
    }
}

/// Whether one of these permission bits, given for others, is given to `user`.
pub(super) fn opens(file: &File, user: &str, bit: u32) -> bool {
    let shift = match file.owner == user {
        true => 6,
        false => 0,
    };
    user == ROOT || file.mode >> shift & bit != 0
}
