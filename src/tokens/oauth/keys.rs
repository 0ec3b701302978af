//! The keys of an issuer.

use std::{fmt, io};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::{Map, Value};

/// Largest set that is read.
pub(super) const LARGEST: usize = 256 * 1024;

/// Most keys of a set: issuers have a few, for the time of a change.
const MOST: usize = 64;

/// Shortest modulus of an RSA key, in bytes.
const SHORTEST_MODULUS: usize = 256;

/// What an uncompressed point begins with.
const UNCOMPRESSED: u8 = 4;

/// Why a set of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFault {
    /// It cannot be had.
    #[error("{0}")]
    Unreachable(String),
    /// It is too large.
    #[error("larger than {LARGEST} bytes")]
    TooLarge,
    /// It holds too many keys.
    #[error("more than {MOST} keys")]
    TooMany,
    /// It is no set of keys.
    #[error("not a JSON Web Key Set")]
    Malformed,
    /// None of its keys can be used.
    #[error("holds no key for RS256, PS256, ES256 or EdDSA")]
    Empty,
}

impl From<io::Error> for KeyFault {
    fn from(error: io::Error) -> Self {
        Self::Unreachable(error.to_string())
    }
}

/// The public keys of an issuer, by their ids.
#[derive(Clone, Default)]
pub(crate) struct KeySet(Vec<Key>);

impl fmt::Debug for KeySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_list()
            .entries(self.0.iter().map(|key| &key.id))
            .finish()
    }
}

/// How a token may be signed: each needs a private key, which only the issuer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// The algorithm of that name, if it is believed.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// One key.
#[derive(Clone)]
pub(super) struct Key {
    id: String,
    /// The only algorithm that the issuer uses it for, if it says so.
    algorithm: Option<String>,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl KeySet {
    /// Reads a set. Keys of kinds that are not used here are passed over; two keys with one id make neither usable.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeyFault> {
        if bytes.len() > LARGEST {
            return Err(KeyFault::TooLarge);
        }
        let root: Value = serde_json::from_slice(bytes).map_err(|_| KeyFault::Malformed)?;
        let keys = root.get("keys").and_then(Value::as_array).ok_or(KeyFault::Malformed)?;
        if keys.len() > MOST {
            return Err(KeyFault::TooMany);
        }
        let mut usable: Vec<Key> = keys.iter().filter_map(|key| Key::read(key.as_object()?)).collect();
        let ids: Vec<String> = usable.iter().map(|key| key.id.clone()).collect();
        usable.retain(|key| ids.iter().filter(|id| **id == key.id).count() == 1);
        if usable.is_empty() {
            return Err(KeyFault::Empty);
        }
        Ok(Self(usable))
    }

    /// The key of that id.
    pub(super) fn find(&self, id: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl Key {
    fn read(key: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        if let Some(purposes) = key.get("key_ops") {
            purposes.as_array()?.iter().find(|purpose| *purpose == "verify")?;
        }
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let public = match (text("kty")?, text("crv")) {
            ("RSA", None) => Public::Rsa {
                modulus: bytes("n").filter(|modulus| modulus.len() >= SHORTEST_MODULUS)?,
                exponent: bytes("e")?,
            },
            ("EC", Some("P-256")) => Public::P256([vec![UNCOMPRESSED], bytes("x")?, bytes("y")?].concat()),
            ("OKP", Some("Ed25519")) => Public::Ed25519(bytes("x")?),
            _ => return None,
        };
        Some(Self {
            id: text("kid")?.to_owned(),
            algorithm: text("alg").map(str::to_owned),
            public,
        })
    }

    /// Whether the signature is of this key. The key decides which algorithms can be, not the token.
    pub(super) fn signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let named = self.algorithm.as_deref();
        if named.is_some_and(|named| Algorithm::named(named) != Some(algorithm)) {
            return false;
        }
        let verified = match (&self.public, algorithm) {
            (Public::Rsa { modulus, exponent }, Algorithm::Rs256 | Algorithm::Ps256) => {
                let key = RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                };
                let padding = match algorithm {
                    Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                    _ => &RSA_PKCS1_2048_8192_SHA256,
                };
                key.verify(padding, message, signature)
            }
            (Public::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            (Public::Ed25519(key), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}
