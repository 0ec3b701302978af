//! A set payload, line by line: the verbs it may use, and each line as seen from the top of the configuration.

use super::line::{self, LineFault, judged_line, tokens};

/// Words that may begin a line.
const VERBS: &[&str] = &[
    "set",
    "delete",
    "activate",
    "deactivate",
    "insert",
    "rename",
    "copy",
    "annotate",
    "protect",
    "unprotect",
    "replace",
    "wildcard",
    "edit",
    "up",
    "top",
    "exit",
];

/// One line of a set payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetLine {
    line: usize,
    written: String,
    expanded: String,
}

/// The first line that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub(crate) struct SetFault {
    /// Its number, from 1.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) message: String,
}

impl SetLine {
    /// Its number in the payload, from 1.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// As written, with single blanks and without needless quotes.
    pub(crate) fn written(&self) -> &str {
        &self.written
    }

    /// With the path of the `edit` lines before it inserted after the verb; the same as written at the top.
    pub(crate) fn expanded(&self) -> &str {
        &self.expanded
    }
}

/// Reads a payload. Blank lines and lines that start with `#` are left out.
pub(crate) fn parse_payload(payload: &str) -> Result<Vec<SetLine>, SetFault> {
    let mut place = Place::default();
    let mut lines = Vec::new();
    for (at, text) in payload.lines().enumerate() {
        // Only what separates words is taken off: anything else would reach the router and not the rules.
        let text = text.strip_suffix('\r').unwrap_or(text).trim_matches([' ', '\t']);
        let fault = |message: String| SetFault { line: at + 1, message };
        // In a comment too: a lone carriage return in it may end the line for a router.
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(fault(LineFault::Control.to_string()));
        }
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        line::check(text).map_err(|e| fault(e.to_string()))?;
        let written = judged_line(text);
        let words: Vec<&str> = tokens(&written);
        // `run` has been taken off the judged form, so the verb is read from the text.
        let verb = tokens(text).first().copied().unwrap_or_default();
        if !VERBS.contains(&verb) {
            return Err(fault(format!(
                "'{}' is not a configuration command; accepted: {}",
                excerpt(verb),
                VERBS.join(", ")
            )));
        }
        let expanded = place.take(&words).map_err(fault)?;
        lines.push(SetLine {
            line: at + 1,
            expanded: expanded.unwrap_or_else(|| written.clone()),
            written,
        });
    }
    Ok(lines)
}

fn excerpt(word: &str) -> String {
    word.chars().take(20).collect()
}

/// Where `edit` has gone. `up` climbs one word, since only the router knows where an entry's key ends.
#[derive(Default)]
struct Place {
    path: Vec<String>,
    earlier: Vec<Vec<String>>,
}

impl Place {
    /// Follows one line; answers it as seen from the top when that differs.
    fn take(&mut self, words: &[&str]) -> Result<Option<String>, String> {
        let rest = &words[1..];
        match words[0] {
            "edit" if rest.is_empty() => Err("edit needs a path".to_owned()),
            "edit" => {
                self.earlier.push(self.path.clone());
                let expanded = self.expand("edit", rest);
                self.path.extend(rest.iter().map(|word| (*word).to_owned()));
                Ok(expanded)
            }
            "exit" => {
                self.path = self.earlier.pop().unwrap_or_default();
                Ok(None)
            }
            "top" => self.from(Vec::new(), rest),
            "up" => {
                let levels = rest.first().and_then(|word| word.parse::<usize>().ok());
                let keep = self.path.len().saturating_sub(levels.unwrap_or(1));
                let rest = if levels.is_some() { &rest[1..] } else { rest };
                self.from(self.path[..keep].to_vec(), rest)
            }
            "wildcard" => match rest.split_first() {
                Some((&"delete", rest)) => Ok(self.expand("wildcard delete", rest)),
                _ => Err("wildcard is followed by delete".to_owned()),
            },
            verb => Ok(self.expand(verb, rest)),
        }
    }

    /// Goes to a path, or runs one command there and stays, as in `top set …`.
    fn from(&mut self, path: Vec<String>, rest: &[&str]) -> Result<Option<String>, String> {
        let Some(verb) = rest.first() else {
            self.path = path;
            return Ok(None);
        };
        if !VERBS.contains(verb) {
            return Err(format!("'{}' is not a configuration command", excerpt(verb)));
        }
        if *verb == "edit" {
            self.path = path;
            return self.take(rest);
        }
        let mut there = Self {
            path,
            earlier: Vec::new(),
        };
        Ok(Some(there.take(rest)?.unwrap_or_else(|| rest.join(" "))))
    }

    fn expand(&self, verb: &str, rest: &[&str]) -> Option<String> {
        if self.path.is_empty() {
            return None;
        }
        let mut expanded = format!("{verb} {}", self.path.join(" "));
        for word in rest {
            expanded.push(' ');
            expanded.push_str(word);
        }
        Some(expanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_lines_are_expanded() {
        let payload = "# comment\n\nset system host-name x\nedit interfaces ge-0/0/0\nset  mtu 9000\nedit unit 0\ndelete family inet\nexit\n\
                       wildcard delete unit .*\nup\nset ge-0/0/1 mtu 9000\ntop\nset snmp location \"a  b\"\nedit system\ntop set chassis x\nset \"y\"\r\n";
        let lines = parse_payload(payload).expect("accepted");
        let expanded: Vec<(usize, &str)> = lines.iter().map(|line| (line.line(), line.expanded())).collect();
        assert_eq!(
            expanded,
            [
                (3, "set system host-name x"),
                (4, "edit interfaces ge-0/0/0"),
                (5, "set interfaces ge-0/0/0 mtu 9000"),
                (6, "edit interfaces ge-0/0/0 unit 0"),
                (7, "delete interfaces ge-0/0/0 unit 0 family inet"),
                (8, "exit"),
                (9, "wildcard delete interfaces ge-0/0/0 unit .*"),
                (10, "up"),
                (11, "set interfaces ge-0/0/1 mtu 9000"),
                (12, "top"),
                (13, "set snmp location \"a b\""),
                (14, "edit system"),
                (15, "set chassis x"),
                (16, "set system y"),
            ]
        );
        assert_eq!(lines[2].written(), "set mtu 9000");
    }

    #[test]
    fn other_words_are_refused_with_their_line() {
        for (payload, line) in [
            ("set a b\ncommit", 2),
            ("run show version", 1),
            ("load override x", 1),
            ("quit", 1),
            ("SET a", 1),
            ("set a \"b", 1),
            ("set a\n\nset \u{1b}[0m", 3),
            ("wildcard set a", 1),
            ("top commit", 1),
            ("edit", 1),
            ("# comment\rset system root-authentication x", 1),
            ("set a b\n\u{a0}set c d", 2),
            ("set a b\n\u{2028}", 2),
            ("set a\u{a0}b c", 1),
            ("set a b\u{c}", 1),
            ("/* set a b */", 1),
            ("del a", 1),
            ("top ed a", 1),
            ("wildcard range set interfaces ge-0/0/[0-3] disable", 1),
        ] {
            assert_eq!(parse_payload(payload).expect_err(payload).line, line, "{payload}");
        }
    }
}
