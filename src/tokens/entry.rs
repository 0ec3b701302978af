//! One token as it is kept: never its secret, only the hash of it.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use super::scope::Scopes;

/// Digits of the hash that logs and records may show.
const SHOWN: usize = 8;

/// A token that can be used until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) hash: [u8; 32],
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) grant: Arc<Grant>,
}

/// Whom a token stands for and what it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The name of the token.
    pub(crate) name: String,
    /// The first digits of its hash: a token that was made anew under the same name is another principal.
    pub(crate) fingerprint: String,
    /// What it may do.
    pub(crate) scopes: Scopes,
    /// When a signed token is no longer accepted. Those of the file have no such moment: when they end the file says.
    pub(crate) good_until: Option<DateTime<Utc>>,
}

impl Entry {
    pub(super) fn new(name: &str, hash: [u8; 32], expires_at: Option<DateTime<Utc>>, scopes: Scopes) -> Self {
        let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let fingerprint = digits.take(SHOWN).map(|digit| format!("{digit:x}")).collect();
        Self {
            hash,
            expires_at,
            grant: Arc::new(Grant {
                name: name.to_owned(),
                fingerprint,
                scopes,
                good_until: None,
            }),
        }
    }

    pub(super) fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// The 32 bytes of `sha256:` and base64url without padding.
pub(super) fn hash(text: &str) -> Option<[u8; 32]> {
    let encoded = text.strip_prefix("sha256:")?;
    URL_SAFE_NO_PAD.decode(encoded).ok()?.try_into().ok()
}

/// `[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}`.
pub(super) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@-".contains(&byte);
    text.len() <= 128 && bytes.next().is_some_and(|first| first.is_ascii_alphanumeric()) && bytes.all(is_inner)
}
