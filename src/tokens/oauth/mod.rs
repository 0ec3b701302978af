//! Signed access tokens of an identity provider: whether one is genuine and for us, and what it may do.
//!
//! Pure: keys and time come from above. The token itself is never kept, passed on or logged.

mod claims;
mod keys;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub(crate) use keys::{KeyFault, KeySet};

use keys::Algorithm;

use super::{Grant, Vocabulary};

/// Longest token: wide scopes and many groups fit, and nobody makes us decode more.
const LONGEST: usize = 8 * 1024;

/// Kinds of token that are meant for an API.
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "jwt"];

/// What is expected of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthPolicy {
    /// Who must have issued them.
    pub issuer: String,
    /// Whom they must be for.
    pub audience: String,
    /// The claim that holds the routers.
    pub routers_claim: String,
    /// The routers where that claim is absent.
    pub routers: Vec<String>,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAccepted {
    /// It is not genuine, not for us, or not such a token at all.
    Invalid,
    /// It has ended.
    Expired,
    /// Its key is not in the set; a newer set may have it.
    UnknownKey,
}

/// Whether a bearer value can be a signed token at all.
pub(crate) fn is_signed(bearer: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let mut parts = bearer.split('.');
    let has_three = parts.by_ref().take(3).filter(|part| !part.is_empty()).count() == 3 && parts.next().is_none();
    bearer.len() <= LONGEST && bearer.bytes().all(is_plain) && has_three
}

impl OAuthPolicy {
    /// Whom a token stands for, and what it grants.
    pub(crate) fn judge(
        &self,
        token: &str,
        keys: &KeySet,
        now: DateTime<Utc>,
        known: Vocabulary<'_>,
    ) -> Result<Arc<Grant>, NotAccepted> {
        if !is_signed(token) {
            return Err(NotAccepted::Invalid);
        }
        let claims = genuine(token, keys)?;
        let good_until = claims::judge(&claims, self, now)?;
        claims::grant(&claims, self, known, good_until)
            .map(Arc::new)
            .ok_or(NotAccepted::Invalid)
    }
}

/// What a token says, once its signature is that of the key it names.
fn genuine(token: &str, keys: &KeySet) -> Result<Map<String, Value>, NotAccepted> {
    let (open, signature) = token.rsplit_once('.').ok_or(NotAccepted::Invalid)?;
    let (head, payload) = open.split_once('.').ok_or(NotAccepted::Invalid)?;
    let (algorithm, key_id) = header(head).ok_or(NotAccepted::Invalid)?;
    let key = keys.find(&key_id).ok_or(NotAccepted::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| NotAccepted::Invalid)?;
    if !key.signed(algorithm, open.as_bytes(), &signature) {
        return Err(NotAccepted::Invalid);
    }
    decoded(payload).ok_or(NotAccepted::Invalid)
}

fn decoded(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The algorithm and the key that a token names, when both are acceptable.
fn header(head: &str) -> Option<(Algorithm, String)> {
    let header = decoded(head)?;
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    // Whoever marks something as critical wants it understood; we understand nothing of the kind.
    if header.contains_key("crit") {
        return None;
    }
    let named = text("typ")?.to_ascii_lowercase();
    if !TYPES.contains(&named.as_str()) {
        return None;
    }
    Some((Algorithm::named(text("alg")?)?, text("kid")?.to_owned()))
}
