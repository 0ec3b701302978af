//! Writing host keys that a router showed into the text of a `known_hosts` file.

use super::{
    host_key::{OnFile, names_only, parse},
    host_name::name_of,
    scan::{ShownKey, ShownKeys},
};

/// What becomes of keys on file that the router does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pinning {
    /// They stay, and a key that contradicts them is not written.
    Append,
    /// They give way.
    Replace,
}

/// What was decided about one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was not on file and is now.
    Added,
    /// It is on file.
    Known,
    /// Another key is on file; it was not written.
    Different,
    /// It must not be trusted; it was not written.
    Revoked,
}

impl Verdict {
    /// The word for a reader.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Known => "known",
            Self::Different => "DIFFERENT from the key on file",
            Self::Revoked => "REVOKED",
        }
    }
}

/// Puts keys into a file's text; says what became of each.
pub(crate) fn pin(text: &mut String, shown: &ShownKeys, pinning: Pinning) -> Vec<Verdict> {
    let name = name_of(&shown.host, shown.port);
    let before = OnFile::among(&parse(text), name.clone());
    let none_known = !shown.keys.iter().any(|key| before.trusts(&key.0));
    if pinning == Pinning::Replace {
        *text = without(text, &name);
    }
    let kept = OnFile::among(&parse(text), name.clone());
    let mut verdicts = Vec::new();
    for key in &shown.keys {
        let verdict = judge(&before, &kept, key, pinning, none_known);
        let absent = !kept.trusts(&key.0);
        if absent && matches!(verdict, Verdict::Added | Verdict::Known) {
            add(text, &name, key);
        }
        verdicts.push(verdict);
    }
    verdicts
}

/// The lines for these keys, as they would stand in a file.
pub(crate) fn key_lines(shown: &ShownKeys) -> String {
    let mut text = String::new();
    for key in &shown.keys {
        add(&mut text, &name_of(&shown.host, shown.port), key);
    }
    text
}

fn judge(before: &OnFile, kept: &OnFile, key: &ShownKey, pinning: Pinning, none_known: bool) -> Verdict {
    if before.revokes(&key.0) {
        return Verdict::Revoked;
    }
    if before.trusts(&key.0) {
        return Verdict::Known;
    }
    // A key of another type beside a known one is the same router's; where no key is known it is another router.
    let contradicts = kept.has_type(&key.0) || (none_known && !kept.is_empty());
    if contradicts && pinning == Pinning::Append {
        return Verdict::Different;
    }
    Verdict::Added
}

fn add(text: &mut String, name: &str, key: &ShownKey) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let mut bare = key.0.clone();
    bare.set_comment("");
    let line = bare.to_openssh().expect("a public key that was read can be written");
    text.push_str(&format!("{name} {}\n", line.trim_end()));
}

/// The text without what it says of one name; patterns and marked lines stay, since they are about more than that.
fn without(text: &str, name: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with(['#', '@']) {
            kept.push_str(line);
            kept.push('\n');
            continue;
        }
        let (names, rest) = trimmed.split_once(char::is_whitespace).unwrap_or((trimmed, ""));
        if names.starts_with('|') {
            if !names_only(trimmed, name) {
                kept.push_str(line);
                kept.push('\n');
            }
            continue;
        }
        let others: Vec<&str> = names
            .split(',')
            .filter(|other| !other.eq_ignore_ascii_case(name))
            .collect();
        if others.len() == names.split(',').count() {
            kept.push_str(line);
            kept.push('\n');
        } else if !others.is_empty() {
            kept.push_str(&format!("{} {rest}\n", others.join(",")));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use russh::keys::PublicKey;

    use super::*;

    const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkpbpLL+OZwKjBQfQqsz3L0OVkbc04YSKZPhOLn1jbi";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBnW1tfQp0zq1+ZrSzEqq2TcQ7Ou8ObpSxT1rDKK3fV";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBAlTJXmQ5OTXtJWyVHChmVyG6VJgMcqEqcTHHkEfjYfQOXvG+jJYFCQcLdSEAOg7hQO/oSPBqfuSgqx9Tto6+HQ=";

    fn shown(keys: &[&str]) -> ShownKeys {
        let key = |text: &&str| ShownKey(PublicKey::from_openssh(text).expect("a public key"));
        ShownKeys {
            host: "192.0.2.1".to_owned(),
            port: 830,
            keys: keys.iter().map(key).collect(),
        }
    }

    #[test]
    fn keys_are_added_known_or_different() {
        use Pinning::{Append, Replace};
        use Verdict::{Added, Different, Known, Revoked};
        const NAME: &str = "[192.0.2.1]:830";
        let ours = format!("{NAME} {ED}\n");
        type Row = (String, &'static [&'static str], Pinning, &'static [Verdict], String);
        let table: [Row; 9] = [
            (String::new(), &[ED], Append, &[Added], ours.clone()),
            (ours.clone(), &[ED], Append, &[Known], ours.clone()),
            (
                format!("# mine\nx {OTHER}"),
                &[ED],
                Append,
                &[Added],
                format!("# mine\nx {OTHER}\n{ours}"),
            ),
            (
                ours.clone(),
                &[ED, ECDSA],
                Append,
                &[Known, Added],
                format!("{ours}{NAME} {ECDSA}\n"),
            ),
            (
                format!("{NAME} {OTHER}\n"),
                &[ED],
                Append,
                &[Different],
                format!("{NAME} {OTHER}\n"),
            ),
            // Another type than the one on file, and not the one on file: that is another router.
            (
                format!("{NAME} {OTHER}\n"),
                &[ECDSA],
                Append,
                &[Different],
                format!("{NAME} {OTHER}\n"),
            ),
            (
                format!("a,{NAME} {OTHER}\n{NAME} {ECDSA}\n@revoked * {OTHER}\n"),
                &[ED],
                Replace,
                &[Added],
                format!("a {OTHER}\n@revoked * {OTHER}\n{ours}"),
            ),
            (ours.clone(), &[ED], Replace, &[Known], ours.clone()),
            (
                format!("@revoked * {ED}\n"),
                &[ED],
                Replace,
                &[Revoked],
                format!("@revoked * {ED}\n"),
            ),
        ];
        for (before, keys, pinning, verdicts, after) in table {
            let mut text = before.clone();
            assert_eq!(pin(&mut text, &shown(keys), pinning), verdicts, "{before}");
            assert_eq!(text, after, "{before}");
        }
    }

    #[test]
    fn a_hashed_line_of_the_name_gives_way_and_others_stay() {
        // The name `[192.0.2.1]:830` as `ssh-keygen -H` hides it, under a salt of zeros.
        let salt = [0_u8; 20];
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
        let base64 = |bytes: &[u8]| data_encoding_base64(bytes);
        let line = |name: &str| {
            let tag = ring::hmac::sign(&key, name.as_bytes());
            format!("|1|{}|{} {OTHER}\n", base64(&salt), base64(tag.as_ref()))
        };
        let (ours, theirs) = (line("[192.0.2.1]:830"), line("[192.0.2.2]:830"));
        let mut text = format!("{ours}{theirs}");
        assert_eq!(pin(&mut text, &shown(&[ED]), Pinning::Replace), [Verdict::Added]);
        assert_eq!(text, format!("{theirs}[192.0.2.1]:830 {ED}\n"));
    }

    fn data_encoding_base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let mut group = [0_u8; 4];
            group[1..=chunk.len()].copy_from_slice(chunk);
            let number = u32::from_be_bytes(group);
            for place in 0..4 {
                let letter = LETTERS[(number >> (18 - 6 * place)) as usize & 63];
                text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
            }
        }
        text
    }
}
