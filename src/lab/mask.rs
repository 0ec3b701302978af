//! Hides secrets in what the recorder keeps.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Longest part of a request the recorder keeps, so that a full ring stays small.
const LONGEST: usize = 2048;

static HASHES: LazyLock<Regex> = LazyLock::new(|| compiled(r#"\$(?:1|2[aby]|5|6|8|9|sha1)\$[^\s"<;&]+"#));

static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r#"(?x)
        \b(plain-text-password-value|encrypted-password|pre-shared-key\s+(?:ascii-text|hexadecimal)|ascii-text|hexadecimal
          |authentication-key|authentication-password|privacy-password|shared-secret|secret|password|snmp\s+community)
        (\s+|&gt;|>|"\s*:\s*)
        ("(?:[^"\\]|\\.)*"|&quot;.*?&quot;|[^\s"<;&\{\}]+)"#,
    )
});

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern is valid")
}

/// The text without the values of secrets, cut to what the recorder keeps.
pub(super) fn masked(text: &str) -> String {
    let hidden = HASHES.replace_all(text, "***");
    let hidden: Cow<'_, str> = match NAMED.replace_all(&hidden, "$1$2***") {
        Cow::Borrowed(_) => hidden,
        Cow::Owned(replaced) => Cow::Owned(replaced),
    };
    let mut end = hidden.len().min(LONGEST);
    while !hidden.is_char_boundary(end) {
        end -= 1;
    }
    hidden[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_every_form_are_hidden() {
        for (sent, kept) in [
            (
                "set system root-authentication encrypted-password \"$6$abc$def\"",
                "$6$",
            ),
            ("plain-text-password-value \"very secret\";", "very secret"),
            (
                "<plain-text-password-value>hunter2</plain-text-password-value>",
                "hunter2",
            ),
            ("{\"secret\" : \"hunter2\"}", "hunter2"),
            ("authentication-key hunter2;", "hunter2"),
        ] {
            assert!(!masked(sent).contains(kept), "{}", masked(sent));
        }
        assert_eq!(
            masked("set system host-name secretary"),
            "set system host-name secretary"
        );
        assert_eq!(masked(&"é".repeat(3000)).len(), LONGEST);
    }
}
