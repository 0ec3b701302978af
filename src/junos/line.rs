//! One line of Junos input: where its quotes are, its words, and the form in which rules compare it.

/// Why a line cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineFault {
    /// A control character other than tab.
    #[error("contains a control character")]
    Control,
    /// Something that looks like a blank and separates nothing: what a person reads as two words would be judged as one.
    #[error("contains a blank that is neither space nor tab")]
    Blank,
    /// A quote is never closed.
    #[error("has an unbalanced '\"'")]
    Unbalanced,
}

/// Refuses control characters other than tab, foreign blanks outside quotes, and quotes that are never closed.
pub(crate) fn check(line: &str) -> Result<(), LineFault> {
    if line.chars().any(|c| c.is_control() && c != '\t') {
        return Err(LineFault::Control);
    }
    let mut open = false;
    for (_, c, quoted) in scan(line) {
        if c == '"' {
            open = quoted;
        }
        if !quoted && c.is_whitespace() && !is_blank(c) {
            return Err(LineFault::Blank);
        }
    }
    if open { Err(LineFault::Unbalanced) } else { Ok(()) }
}

/// Says whether a quote is escaped inside quotes. Readers differ on what that means, so commands may not contain it.
pub(crate) fn has_escaped_quote(line: &str) -> bool {
    let mut open = false;
    let mut escaped = false;
    for c in line.chars() {
        match c {
            '"' if open && escaped => return true,
            '"' => open = !open,
            _ => {}
        }
        escaped = open && c == '\\' && !escaped;
    }
    false
}

/// Cuts a line at every `|` outside quotes.
pub(crate) fn split_at_bars(line: &str) -> Vec<&str> {
    split_at(line, '|')
}

/// Cuts a line at every `;` outside quotes.
pub(crate) fn split_at_semicolons(line: &str) -> Vec<&str> {
    split_at(line, ';')
}

fn split_at(line: &str, mark: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c, quoted) in scan(line) {
        if c == mark && !quoted {
            parts.push(&line[start..at]);
            start = at + 1;
        }
    }
    parts.push(&line[start..]);
    parts
}

/// A normalised line up to its first `|` outside quotes.
pub(crate) fn without_pipes(judged: &str) -> &str {
    split_at_bars(judged)[0].trim_end()
}

/// The words of a line as written: blanks separate them, except inside quotes; quotes are kept.
pub(crate) fn tokens(line: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, c, quoted) in scan(line) {
        if is_blank(c) && !quoted {
            if let Some(start) = start.take() {
                tokens.push(&line[start..at]);
            }
        } else if start.is_none() {
            start = Some(at);
        }
    }
    if let Some(start) = start {
        tokens.push(&line[start..]);
    }
    tokens
}

/// A line with one blank between its words and around each bar outside quotes; what is quoted stays untouched.
pub(crate) fn spaced(line: &str) -> String {
    let parts: Vec<String> = split_at_bars(line)
        .into_iter()
        .map(|part| tokens(part).join(" "))
        .collect();
    parts.join(" | ").trim().to_owned()
}

/// The form that rules see: single blanks everywhere, words without needless quotes, no leading `run`.
pub(crate) fn judged_line(line: &str) -> String {
    let parts: Vec<String> = split_at_bars(line)
        .into_iter()
        .map(|part| tokens(part).into_iter().map(judged_token).collect::<Vec<_>>().join(" "))
        .collect();
    let mut judged = parts.join(" | ").trim().to_owned();
    while let Some(rest) = judged.strip_prefix("run ") {
        judged = rest.to_owned();
    }
    judged
}

/// The last character boundary of `text` at or before `at`, for cutting.
pub(crate) fn char_floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The first character boundary of `text` at or after `at`.
pub(crate) fn char_ceil(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

/// What a quoted word says; other words as they are.
pub(crate) fn unquoted(token: &str) -> &str {
    match token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner,
        None => token,
    }
}

/// A word loses its quotes when nothing in it is blank, wherever they stand; a quoted text has its blanks collapsed.
fn judged_token(token: &str) -> String {
    if !token.contains('"') || token == "\"\"" {
        return token.to_owned();
    }
    if token.chars().any(is_blank) {
        let mut collapsed = String::with_capacity(token.len());
        for c in token.chars() {
            if !is_blank(c) {
                collapsed.push(c);
            } else if !collapsed.ends_with(' ') {
                collapsed.push(' ');
            }
        }
        return collapsed;
    }
    let mut bare = String::with_capacity(token.len());
    let mut escaped = false;
    for c in token.chars() {
        if c != '"' || escaped {
            bare.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    bare
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Every character with its offset and whether it is inside quotes: an opening quote is, a closing one is not.
fn scan(line: &str) -> impl Iterator<Item = (usize, char, bool)> + '_ {
    let mut open = false;
    let mut escaped = false;
    line.char_indices().map(move |(at, c)| {
        if c == '"' && !escaped {
            open = !open;
        }
        escaped = open && c == '\\' && !escaped;
        (at, c, open)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_brought_into_one_form() {
        for (line, judged) in [
            ("  show   version\t", "show version"),
            ("show x|match  y", "show x | match y"),
            ("show log | match \"a|b  c\"", "show log | match \"a|b c\""),
            ("run run request system \"zeroize\"", "request system zeroize"),
            ("\"run\" request system zero\"ize\"", "request system zeroize"),
            ("set a \"\" b", "set a \"\" b"),
            ("set m \"say \\\"hi\\\" now\"", "set m \"say \\\"hi\\\" now\""),
        ] {
            assert_eq!(judged_line(line), judged, "{line}");
        }
    }

    #[test]
    fn quotes_must_close_and_controls_are_refused() {
        assert_eq!(check("show \"a"), Err(LineFault::Unbalanced));
        assert_eq!(check("show \u{1b}[0m"), Err(LineFault::Control));
        assert_eq!(check("request\u{a0}system reboot"), Err(LineFault::Blank));
        assert_eq!(check("set snmp location \"B\u{a0}7\""), Ok(()));
        assert_eq!(check("show\tversion \"a\\\"b\""), Ok(()));
        assert!(has_escaped_quote("match \"a\\\" | save x \\\"\""));
        assert!(!has_escaped_quote("match \"a\\\\\" b"));
    }

    #[test]
    fn what_is_quoted_stays_as_sent() {
        assert_eq!(spaced("show  log|match \"a  b\""), "show log | match \"a  b\"");
    }
}
