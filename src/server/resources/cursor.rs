//! Cursors of lists: the last key that was shown, sealed for one caller and one list, so that nothing is kept for them and a
//! list may change between two pages.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac::{self, HMAC_SHA256, Key},
    rand::{SecureRandom as _, SystemRandom},
};

/// Bytes of the seal: half of the digest, which nobody guesses.
const SEAL: usize = 16;

/// Bytes of the key.
const KEY: usize = 32;

/// The key of a process: a cursor of an earlier one is unknown.
pub(in crate::server) struct Cursors(Key);

impl Cursors {
    pub(in crate::server) fn new() -> Self {
        let mut bytes = [0; KEY];
        SystemRandom::new()
            .fill(&mut bytes)
            .expect("the system's random numbers do not run out");
        Self(Key::new(HMAC_SHA256, &bytes))
    }

    /// The cursor that stands behind `key` in a list.
    pub(super) fn seal(&self, list: &str, owner: &str, key: &str) -> String {
        let mut bytes = format!("{list}\0{key}").into_bytes();
        let tag = hmac::sign(&self.0, &signed(owner, &bytes));
        bytes.extend_from_slice(&tag.as_ref()[..SEAL]);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The key behind which a cursor stands, if it was made for this list and this caller.
    pub(super) fn open(&self, list: &str, owner: &str, cursor: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (text, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL)?)?;
        let tag = hmac::sign(&self.0, &signed(owner, text));
        let fits = subtle::ConstantTimeEq::ct_eq(&tag.as_ref()[..SEAL], seal);
        let key = std::str::from_utf8(text).ok()?.strip_prefix(list)?.strip_prefix('\0')?;
        bool::from(fits).then(|| key.to_owned())
    }
}

/// No owner holds the byte that ends it.
fn signed(owner: &str, text: &[u8]) -> Vec<u8> {
    [owner.as_bytes(), b"\0", text].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_for_its_list_and_its_caller_only() {
        let cursors = Cursors::new();
        let cursor = cursors.seal("resources", "noc", "edge-1");
        assert_eq!(cursors.open("resources", "noc", &cursor).as_deref(), Some("edge-1"));
        assert_eq!(cursors.open("prompts", "noc", &cursor), None);
        assert_eq!(cursors.open("resources", "desk", &cursor), None);
        assert_eq!(Cursors::new().open("resources", "noc", &cursor), None);
        assert_eq!(cursors.open("resources", "noc", "x"), None);
        let forged = URL_SAFE_NO_PAD.decode(&cursor).map(|mut bytes| {
            bytes[12] ^= 1;
            URL_SAFE_NO_PAD.encode(bytes)
        });
        assert_eq!(cursors.open("resources", "noc", &forged.expect("base64")), None);
    }
}
