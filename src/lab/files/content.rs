//! What a file holds: all of it, or of a long one its length, its digests and both ends.

use std::borrow::Cow;

use bytes::Bytes;
use ring::digest;

/// Contents up to this length are kept whole; of an image, of which a thousand routers may get one each, the ends do.
pub(super) const WHOLE: usize = 1024 * 1024;

/// Bytes kept of either end of a longer one.
const END: usize = 64 * 1024;

/// How a checksum is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) enum Method {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Method {
    /// The method of that name in the CLI.
    pub(in crate::lab) fn named(name: &str) -> Option<Self> {
        match name {
            "md5" => Some(Self::Md5),
            "sha1" => Some(Self::Sha1),
            "sha-256" | "sha256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// What the router calls it.
    pub(in crate::lab) fn label(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }
}

/// The content of one file. Cheap to copy.
#[derive(Debug, Clone)]
pub(in crate::lab) struct Content {
    length: u64,
    kept: Kept,
}

#[derive(Debug, Clone)]
enum Kept {
    Whole(Bytes),
    Ends {
        first: Bytes,
        last: Bytes,
        digests: [String; 3],
    },
}

impl Content {
    /// A content that is kept whole, however long it is.
    pub(in crate::lab) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self {
            length: bytes.len() as u64,
            kept: Kept::Whole(bytes),
        }
    }

    /// Its bytes in number.
    pub(in crate::lab) fn len(&self) -> u64 {
        self.length
    }

    /// All of it, where it is kept.
    pub(in crate::lab) fn bytes(&self) -> Option<&Bytes> {
        match &self.kept {
            Kept::Whole(bytes) => Some(bytes),
            Kept::Ends { .. } => None,
        }
    }

    /// Its first bytes: all of it, or as much as is kept of a long one.
    pub(in crate::lab) fn start(&self) -> &[u8] {
        match &self.kept {
            Kept::Whole(bytes) => bytes,
            Kept::Ends { first, .. } => first,
        }
    }

    /// The text; what is not kept of a long one is left out, and the text says so.
    pub(in crate::lab) fn text(&self) -> Cow<'_, str> {
        match &self.kept {
            Kept::Whole(bytes) => String::from_utf8_lossy(bytes),
            Kept::Ends { first, last, .. } => {
                let missing = self.length - (first.len() + last.len()) as u64;
                let (first, last) = (String::from_utf8_lossy(first), String::from_utf8_lossy(last));
                format!("{first}\n[{missing} bytes that the lab did not keep]\n{last}").into()
            }
        }
    }

    /// Its checksum in hexadecimal digits.
    pub(in crate::lab) fn digest(&self, method: Method) -> String {
        match &self.kept {
            Kept::Ends { digests, .. } => digests[method as usize].clone(),
            Kept::Whole(bytes) => match method {
                Method::Md5 => format!("{:x}", md5::compute(bytes)),
                Method::Sha1 => hexadecimal(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref()),
                Method::Sha256 => hexadecimal(digest::digest(&digest::SHA256, bytes).as_ref()),
            },
        }
    }
}

/// Bytes as hexadecimal digits.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a content of the pieces in which it arrives, without ever holding more than it will keep.
#[derive(Debug)]
pub(in crate::lab) struct Collector {
    limit: usize,
    length: u64,
    /// Everything so far, or the first end once the limit is passed.
    first: Vec<u8>,
    last: Vec<u8>,
    digests: Option<Box<Digests>>,
}

struct Digests {
    md5: md5::Context,
    sha1: digest::Context,
    sha256: digest::Context,
}

impl std::fmt::Debug for Digests {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Digests").finish_non_exhaustive()
    }
}

impl Digests {
    fn of(bytes: &[u8]) -> Self {
        let mut digests = Self {
            md5: md5::Context::new(),
            sha1: digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            sha256: digest::Context::new(&digest::SHA256),
        };
        digests.add(bytes);
        digests
    }

    fn add(&mut self, bytes: &[u8]) {
        self.md5.consume(bytes);
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }
}

impl Collector {
    /// Keeps contents of up to `limit` bytes whole.
    pub(in crate::lab) fn new(limit: usize) -> Self {
        Self {
            limit,
            length: 0,
            first: Vec::new(),
            last: Vec::new(),
            digests: None,
        }
    }

    /// Takes the next piece.
    pub(in crate::lab) fn add(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        if let Some(digests) = &mut self.digests {
            digests.add(piece);
            self.keep_last(piece);
            return;
        }
        self.first.extend_from_slice(piece);
        if self.first.len() > self.limit {
            self.digests = Some(Box::new(Digests::of(&self.first)));
            let end = END.min(self.first.len() / 2);
            let rest = self.first.split_off(end);
            self.first.shrink_to_fit();
            self.keep_last(&rest);
        }
    }

    fn keep_last(&mut self, piece: &[u8]) {
        self.last.extend_from_slice(piece);
        // Cut rarely: each cut moves what is kept.
        if self.last.len() > 4 * END {
            self.last.drain(..self.last.len() - END);
        }
    }

    /// What has arrived.
    pub(in crate::lab) fn finish(mut self) -> Content {
        let Some(digests) = self.digests else {
            return Content::whole(self.first);
        };
        let surplus = self.last.len().saturating_sub(END);
        self.last.drain(..surplus);
        Content {
            length: self.length,
            kept: Kept::Ends {
                first: self.first.into(),
                last: self.last.into(),
                digests: [
                    format!("{:x}", digests.md5.finalize()),
                    hexadecimal(digests.sha1.finish().as_ref()),
                    hexadecimal(digests.sha256.finish().as_ref()),
                ],
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_content_has_the_digests_of_the_whole_and_keeps_its_ends() {
        let bytes: Vec<u8> = (0..3 * WHOLE + 17).map(|at| (at % 251) as u8).collect();
        let mut collector = Collector::new(WHOLE);
        bytes.chunks(30_011).for_each(|piece| collector.add(piece));
        let (long, whole) = (collector.finish(), Content::whole(bytes.clone()));
        assert!(long.bytes().is_none() && long.len() == whole.len());
        for method in [Method::Md5, Method::Sha1, Method::Sha256] {
            assert_eq!(long.digest(method), whole.digest(method));
        }
        assert_eq!(long.start(), &bytes[..END]);
        let Kept::Ends { last, .. } = &long.kept else {
            panic!("kept whole")
        };
        assert_eq!(last, &bytes[bytes.len() - END..]);
    }

    #[test]
    fn a_short_content_is_kept_whole() {
        let mut collector = Collector::new(WHOLE);
        collector.add(b"ab");
        collector.add(b"c");
        let content = collector.finish();
        assert_eq!(content.bytes().map(|bytes| &bytes[..]), Some(b"abc".as_slice()));
        assert_eq!(content.digest(Method::Md5), "900150983cd24fb0d6963f7d28e17f72");
    }
}
