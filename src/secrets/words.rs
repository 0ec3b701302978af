//! Which statements of Junos carry a secret.

/// How sure it is that a value after a word is secret.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Weight {
    /// The word is a statement for secrets and nothing else.
    Certain,
    /// The word also occurs in prose and in other statements, so that its surroundings decide.
    Likely,
}

/// Judges a whole word, hyphens and underscores included.
pub(super) fn weight(word: &[u8]) -> Option<Weight> {
    match word {
        b"secret" | b"password" | b"passphrase" | b"hexadecimal" | b"key" => Some(Weight::Likely),
        b"pre-shared-key" | b"privacy-key" | b"hmac-key" | b"ascii-text" | b"cak" => Some(Weight::Certain),
        // These are flags: no value follows.
        b"plain-text-password" | b"deny-password" | b"no-password" => None,
        _ => ENDINGS
            .iter()
            .any(|ending| word.ends_with(ending))
            .then_some(Weight::Certain),
    }
}

/// How compound statements for secrets end.
const ENDINGS: &[&[u8]] = &[
    b"authentication-key",
    b"-secret",
    b"_secret",
    b"-password",
    b"_password",
    b"-passphrase",
    b"_passphrase",
    b"-password-value",
];

/// Says whether a member of this name holds a secret in structured data.
pub(crate) fn is_secret_word(word: &str) -> bool {
    word != "key" && weight(word.as_bytes()).is_some()
}

/// Words that follow a statement's name in sentences about it.
pub(super) fn is_prose(word: &[u8]) -> bool {
    const PROSE: &[&[u8]] = &[
        b"and",
        b"are",
        b"changed",
        b"does",
        b"exceeds",
        b"failed",
        b"for",
        b"from",
        b"has",
        b"in",
        b"is",
        b"may",
        b"mismatch",
        b"missing",
        b"must",
        b"not",
        b"of",
        b"on",
        b"or",
        b"was",
        b"with",
    ];
    PROSE.contains(&word)
}
