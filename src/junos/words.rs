//! Operational words of Junos and what may be typed instead of them.

/// The first words of operational mode. A longer list only makes abbreviations stricter.
const OPERATIONAL: &[&str] = &[
    "clear",
    "configure",
    "diagnose",
    "edit",
    "exit",
    "file",
    "help",
    "load",
    "monitor",
    "mtrace",
    "op",
    "ping",
    "quit",
    "request",
    "restart",
    "run",
    "save",
    "scp",
    "set",
    "show",
    "ssh",
    "start",
    "telnet",
    "test",
    "traceroute",
];

/// The full word that `token` says or abbreviates without ambiguity. Only lower case counts.
pub(crate) fn operational(token: &str) -> Option<&'static str> {
    unique(token, OPERATIONAL)
}

/// The one of `words` that `token` equals, or else abbreviates alone.
pub(crate) fn unique(token: &str, words: &[&'static str]) -> Option<&'static str> {
    if let Some(exact) = words.iter().find(|word| **word == token) {
        return Some(exact);
    }
    let mut fitting = words.iter().filter(|word| !token.is_empty() && word.starts_with(token));
    match (fitting.next(), fitting.next()) {
        (Some(word), None) => Some(word),
        _ => None,
    }
}

/// Says whether `token` is `word` or a beginning of it, in any case.
pub(crate) fn abbreviates(token: &str, word: &str) -> bool {
    !token.is_empty()
        && word
            .get(..token.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_word_may_be_abbreviated_when_it_is_unique() {
        assert_eq!(operational("sh"), Some("show"));
        assert_eq!(operational("s"), None);
        assert_eq!(operational("SHOW"), None);
        assert_eq!(operational("op"), Some("op"));
        assert_eq!(operational(""), None);
    }
}
