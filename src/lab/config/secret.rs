//! Secrets are stored in an encoded form that never equals what was entered.
//!
//! The forms look like Junos' own and depend on nothing but the seed, the place and the value, so that equal loads give
//! equal configurations. They are digests: nothing can be read back from them.

use sha2::{Digest, Sha256};

const SALT_LENGTH: usize = 8;
const CRYPT_LENGTH: usize = 86;
const CRYPT_ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const REVERSIBLE_ALPHABET: &[u8; 64] = b"QzF3n6/9CAtpu0OB1IREhcSyrleKvMW8LXx7N-dVbwsY2g4oaJZGUDjiHkq.mPf5";

/// How secrets are encoded on their way into a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encoder {
    /// Equal seeds give equal forms.
    pub(crate) seed: u64,
}

impl Encoder {
    /// The stored form of a login password.
    pub(super) fn crypt(&self, path: &str, value: &str) -> String {
        let salt = self.letters("salt", path, value, CRYPT_ALPHABET, SALT_LENGTH);
        let hash = self.letters("hash", path, value, CRYPT_ALPHABET, CRYPT_LENGTH);
        format!("$6${salt}${hash}")
    }

    /// The stored form of a shared secret; one that is already encoded stays as it is.
    pub(super) fn shared(&self, path: &str, value: &str) -> String {
        if encoded(value) {
            return value.to_owned();
        }
        // About as long as what a router makes of a secret of this length.
        let length = 6 + value.len() * 3;
        format!(
            "$9${}",
            self.letters("shared", path, value, REVERSIBLE_ALPHABET, length)
        )
    }

    fn letters(&self, purpose: &str, path: &str, value: &str, alphabet: &[u8; 64], length: usize) -> String {
        let mut out = String::with_capacity(length);
        for block in 0u32.. {
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(block.to_be_bytes());
            for part in [purpose, path, value] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
            for byte in hash.finalize() {
                if out.len() == length {
                    return out;
                }
                out.push(char::from(alphabet[usize::from(byte & 63)]));
            }
        }
        out
    }
}

/// Already one of the forms `$1$`, `$5$`, `$6$`, `$8$`, `$9$`.
fn encoded(value: &str) -> bool {
    let mut chars = value.chars();
    chars.next() == Some('$') && chars.next().is_some_and(|c| c.is_ascii_digit()) && chars.next() == Some('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_depend_on_seed_place_and_value_only() {
        let encoder = Encoder { seed: 7 };
        assert_eq!(encoder.shared("a", "x"), encoder.shared("a", "x"));
        assert_ne!(encoder.shared("a", "x"), encoder.shared("b", "x"));
        assert_ne!(encoder.shared("a", "x"), Encoder { seed: 8 }.shared("a", "x"));
        assert_ne!(encoder.crypt("a", "x"), encoder.crypt("a", "y"));
        assert_eq!(encoder.crypt("a", "x").len(), 3 + SALT_LENGTH + 1 + CRYPT_LENGTH);
        assert_eq!(encoder.shared("a", "$9$abc"), "$9$abc");
    }
}
