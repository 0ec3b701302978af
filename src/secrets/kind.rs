//! What kind of secret a value is, for the counters: told by how it looks, else by the word before it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::junos::char_ceil;

/// How far back the word is looked for that says what a value is.
const BACK: usize = 64;

/// What a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody can turn it back.
    Hash,
    /// Everybody can turn it back.
    Reversible,
    /// A private or shared key.
    Key,
    /// A community of SNMP.
    Community,
    /// A password as it is.
    Password,
    /// Anything else.
    Other,
}

/// How values begin that say themselves what they are.
const LOOKS: [(&str, Kind); 8] = [
    ("$1$", Kind::Hash),
    ("$5$", Kind::Hash),
    ("$6$", Kind::Hash),
    ("$8$", Kind::Reversible),
    ("$9$", Kind::Reversible),
    ("-----BEGIN", Kind::Key),
    ("-----END", Kind::Key),
    ("ssh-", Kind::Key),
];

/// Words of statements, and what stands after them.
const WORDS: [(&str, Kind); 8] = [
    ("community", Kind::Community),
    ("password", Kind::Password),
    ("passphrase", Kind::Password),
    ("://", Kind::Password),
    ("key", Kind::Key),
    ("secret", Kind::Key),
    ("ascii-text", Kind::Key),
    ("hexadecimal", Kind::Key),
];

impl Kind {
    const ALL: [Self; 6] = [
        Self::Hash,
        Self::Reversible,
        Self::Key,
        Self::Community,
        Self::Password,
        Self::Other,
    ];

    /// The kind of `value` after the text `before`; of several words there the nearest counts.
    pub(super) fn of(before: &str, value: &str) -> Self {
        if let Some((_, kind)) = LOOKS.iter().find(|(look, _)| value.starts_with(look)) {
            return *kind;
        }
        let near = &before[char_ceil(before, before.len().saturating_sub(BACK))..];
        let nearest = WORDS
            .iter()
            .filter_map(|(word, kind)| near.rfind(word).map(|at| (at, *kind)))
            .max_by_key(|(at, _)| *at);
        nearest.map_or(Self::Other, |(_, kind)| kind)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Reversible => "reversible",
            Self::Key => "key",
            Self::Community => "community",
            Self::Password => "password",
            Self::Other => "other",
        }
    }
}

/// How many secrets of each kind were replaced.
#[derive(Debug, Default)]
pub(super) struct Counts([AtomicU64; Kind::ALL.len()]);

impl Counts {
    pub(super) fn count(&self, kind: Kind) {
        self.0[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn by_kind(&self) -> BTreeMap<&'static str, u64> {
        let counts = Kind::ALL.iter().zip(&self.0);
        counts
            .map(|(kind, count)| (kind.as_str(), count.load(Ordering::Relaxed)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_told_by_its_look_or_by_the_nearest_word() {
        for (before, value, expected) in [
            ("encrypted-password \"", "$6$abc$def", Kind::Hash),
            ("pre-shared-key ascii-text \"", "$9$abc", Kind::Reversible),
            ("pre-shared-key ascii-text ", "open", Kind::Key),
            ("snmp {\n    community ", "public", Kind::Community),
            ("<community><name>", "public", Kind::Community),
            ("authentication-key 1 type md5 value ", "x", Kind::Key),
            ("key-chain a { password ", "x", Kind::Password),
            ("file copy ftp://user:", "x", Kind::Password),
            ("", "-----BEGIN OPENSSH PRIVATE KEY-----", Kind::Key),
            ("é".repeat(100).as_str(), "x", Kind::Other),
        ] {
            assert_eq!(Kind::of(before, value), expected, "{before} {value}");
        }
    }
}
