//! Values that look random and depend only on a seed and a name.

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CRYPT: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The alphabet of reversible secrets.
const REVERSIBLE: &[u8] = b"QzF3n6/9CAtpu0O1IREhcSyrleKvMW8LXx7N-dVbwsY2g4oaJZGUDjiHkq.mPf5T";
const WORD: &[u8] = b"bcdfghjkmnpqrstvwxz23456789";

/// A stream of values, equal for equal seeds.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The stream of `seed` for one purpose.
    pub(crate) fn new(seed: u64, purpose: &[&str]) -> Self {
        // FNV-1a, then mixed on every draw: good enough for data that only has to look arbitrary.
        let mut state = 0xcbf2_9ce4_8422_2325 ^ seed.rotate_left(17);
        for byte in purpose.iter().flat_map(|part| part.bytes().chain([0])) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self(state ^ seed)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which must not be 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| char::from(alphabet[self.below(alphabet.len() as u64) as usize]))
            .collect()
    }

    /// Lower-case letters and digits.
    pub(crate) fn word(&mut self, length: usize) -> String {
        self.text(WORD, length)
    }

    /// Upper-case hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(b"0123456789ABCDEF", length)
    }

    /// A SHA-512 crypt string, `$6$…`.
    pub(crate) fn password_hash(&mut self) -> String {
        format!("$6${}${}", self.text(CRYPT, 8), self.text(CRYPT, 86))
    }

    /// A reversible secret, `$9$…`.
    pub(crate) fn reversible_secret(&mut self) -> String {
        let length = 22 + self.below(18) as usize;
        format!("$9${}", self.text(REVERSIBLE, length))
    }

    /// A secret under a master password, `$8$…`.
    pub(crate) fn master_secret(&mut self) -> String {
        let parts = [12, 22, 22, 24].map(|length| self.text(BASE64, length)).join("$");
        format!("$8$aes256-gcm$hmac-sha2-256$100${parts}")
    }

    /// An Ed25519 public key in OpenSSH form; no private key belongs to it.
    pub(crate) fn public_key(&mut self) -> String {
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}", self.text(BASE64, 43))
    }
}
