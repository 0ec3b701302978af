//! The hash chain: every record names the hash of the one before it, so that a changed, removed or moved line shows.

use ring::{digest, hmac};
use serde_json::{Map, Value};

/// What the first record of all names as the one before it.
pub(super) const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Between a record and its hash; the hash is always the last member.
const HASH: &str = ",\"hash\":\"";

/// Hashes lines: plain, or under a key that only the operator knows.
#[derive(Clone, Debug)]
pub(super) enum Hasher {
    /// SHA-256.
    Plain,
    /// HMAC-SHA-256.
    Keyed(hmac::Key),
}

impl Hasher {
    /// Under this key, if there is one.
    pub(super) fn new(key: Option<&[u8]>) -> Self {
        match key {
            Some(key) => Self::Keyed(hmac::Key::new(hmac::HMAC_SHA256, key)),
            None => Self::Plain,
        }
    }

    /// The name that `chain_start` carries.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Plain => "sha256",
            Self::Keyed(_) => "hmac-sha256",
        }
    }

    /// The hash of a text, as 64 hexadecimal digits.
    pub(super) fn hash(&self, text: &str) -> String {
        match self {
            Self::Plain => hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()),
            Self::Keyed(key) => hex(hmac::sign(key, text.as_bytes()).as_ref()),
        }
    }
}

/// Where a chain stands: the number of its next record and the hash of its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) next: u64,
    pub(super) hash: String,
}

impl Position {
    /// Before the first record.
    pub(super) fn start() -> Self {
        Self {
            next: 0,
            hash: START.to_owned(),
        }
    }
}

/// A record as a line of the chain, and where the chain stands after it. The record holds its number already.
pub(super) fn seal(hasher: &Hasher, at: &Position, mut record: Map<String, Value>) -> (String, Position) {
    record.insert("prev".to_owned(), at.hash.clone().into());
    let unsealed = Value::Object(record).to_string();
    let hash = hasher.hash(&unsealed);
    let open = unsealed.strip_suffix('}').expect("an object ends in a brace");
    let line = format!("{open}{HASH}{hash}\"}}");
    let next = at.next + 1;
    (line, Position { next, hash })
}

/// A line without its hash, and that hash; nothing where the line has none at its end.
pub(super) fn unseal(line: &str) -> Option<(String, &str)> {
    let (open, rest) = line.rsplit_once(HASH)?;
    let hash = rest.strip_suffix("\"}")?;
    let is_hash = hash.len() == START.len() && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| (format!("{open}}}"), hash))
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    /// The documented example.
    const FIRST: &str = r#"{"schema_version":1,"seq":0,"ts":"2026-11-20T09:00:00.000000Z","event":"chain_start","alg":"sha256","prev":"0000000000000000000000000000000000000000000000000000000000000000","hash":"36881c6d59c4e95aece434129713fed273d465149fe5b709f450dd2e5c9d0aed"}"#;
    const SECOND: &str = r#"{"schema_version":1,"seq":1,"ts":"2026-11-20T09:00:01.250000Z","event":"server_start","version":"1.0.0","prev":"36881c6d59c4e95aece434129713fed273d465149fe5b709f450dd2e5c9d0aed","hash":"410e3d1cfc4f5cd4223292dc6a416faf4ecccb630556cb407f33702c9538e536"}"#;

    #[test]
    fn the_documented_chain_is_made() {
        let hasher = Hasher::new(None);
        let start = json!({"schema_version": 1, "seq": 0, "ts": "2026-11-20T09:00:00.000000Z",
            "event": "chain_start", "alg": "sha256"});
        let (line, at) = seal(&hasher, &Position::start(), object(start));
        assert_eq!(line, FIRST);
        let next = json!({"schema_version": 1, "seq": 1, "ts": "2026-11-20T09:00:01.250000Z",
            "event": "server_start", "version": "1.0.0"});
        let (line, at) = seal(&hasher, &at, object(next));
        assert_eq!(line, SECOND);
        assert_eq!(at.next, 2);
    }

    #[test]
    fn a_sealed_line_opens_to_what_was_hashed() {
        let (open, hash) = unseal(SECOND).expect("sealed");
        assert_eq!(Hasher::new(None).hash(&open), hash);
        assert_ne!(Hasher::new(Some(&[7; 32])).hash(&open), hash);
        assert_eq!(unseal("{\"seq\":1}"), None);
        assert_eq!(unseal("{\"seq\":1,\"hash\":\"short\"}"), None);
    }
}
