//! Whether a presented secret is one of the tokens.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use super::{Tokens, entry::Grant};

/// Bounds on what is presented: ours are 43 characters, those of other servers may be shorter or longer.
const SHORTEST: usize = 16;
const LONGEST: usize = 512;

/// No entry matched. Far above the most tokens a file may hold.
const NONE: u32 = u32::MAX;

/// Why a secret is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No token has it, or the one that has is disabled.
    Unknown,
    /// Its token has expired.
    Expired,
}

impl Tokens {
    /// Whom a secret belongs to. Compares it with every token, each in constant time, so that the time it takes says nothing.
    pub(crate) fn check(&self, secret: &str, now: DateTime<Utc>) -> Result<Arc<Grant>, Refused> {
        let presented: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        let mut found = NONE;
        for (index, entry) in (0..).zip(&self.entries) {
            found.conditional_assign(&index, entry.hash.ct_eq(&presented));
        }
        let found = usize::try_from(found).unwrap_or(usize::MAX);
        let entry = self.entries.get(found).ok_or(Refused::Unknown)?;
        if entry.has_expired(now) {
            return Err(Refused::Expired);
        }
        Ok(Arc::clone(&entry.grant))
    }
}

/// Whether text can be a bearer token at all: `[A-Za-z0-9._~+/-]{16,512}=*`.
pub(crate) fn is_well_formed(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._~+/-".contains(&byte);
    text.len() <= LONGEST + 2 && (SHORTEST..=LONGEST).contains(&body.len()) && body.bytes().all(is_plain)
}
