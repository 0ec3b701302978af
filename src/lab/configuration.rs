//! What this side of the lab asks of a configuration: loads, forms, comparison, and merging two people's work.

use std::collections::BTreeSet;

use super::candidate::Document;
use super::config::{self, ConfigError, Encoder, LoadAction, LoadFormat, LoadReport, Severity, Tree};
use super::errors;
use super::xml::escape;

impl Document for Tree {
    fn merged(base: &Self, mine: &Self, theirs: &Self) -> (Self, bool) {
        if base == theirs {
            return (mine.clone(), false);
        }
        if base == mine {
            return (theirs.clone(), false);
        }
        let (base, mine, other) = (lines(base), lines(mine), lines(theirs));
        let gone: Vec<&String> = base.difference(&mine).collect();
        let new = mine.difference(&base);
        let conflict = gone.iter().any(|line| !other.contains(*line));
        let undone = gone.iter().filter_map(|line| undo(line));
        let payload: Vec<String> = undone.chain(new.cloned()).collect();
        let mut merged = theirs.clone();
        // What the other side has deleted cannot be deleted again; such remarks say nothing new.
        merged.load(
            LoadAction::Set,
            LoadFormat::Set,
            &payload.join("\n"),
            &Encoder::default(),
        );
        (merged, conflict)
    }
}

fn lines(tree: &Tree) -> BTreeSet<String> {
    let all = tree.set_lines(&[]).unwrap_or_default();
    all.lines().map(str::to_owned).collect()
}

fn undo(line: &str) -> Option<String> {
    let (verb, path) = line.split_once(' ')?;
    let opposite = match verb {
        "set" => "delete",
        "deactivate" => "activate",
        "protect" => "unprotect",
        _ => return None,
    };
    Some(format!("{opposite} {path}"))
}

/// One finding as an `rpc-error`.
pub(super) fn rpc_error(finding: &ConfigError) -> String {
    let severity = match finding.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let kind = finding
        .kind
        .map(|(kind, tag)| format!("<error-type>{kind}</error-type>\n<error-tag>{tag}</error-tag>\n"))
        .unwrap_or_default();
    let field = |name: &str, value: Option<&str>| {
        value
            .map(|value| format!("<{name}>{}</{name}>\n", escape(value)))
            .unwrap_or_default()
    };
    let daemon = field("source-daemon", finding.source_daemon);
    let path = field("error-path", finding.path.as_deref());
    let info = field("bad-element", finding.bad_element.as_deref());
    let info = match info.is_empty() {
        true => info,
        false => format!("<error-info>\n{info}</error-info>\n"),
    };
    let message = escape(&finding.message);
    // Daemons put their text on lines of its own and at the end; the parser, which points at a word, does neither.
    let points = finding.bad_element.is_some() || finding.line.is_some();
    let by_parser = points && finding.source_daemon.is_none() && finding.severity == Severity::Error;
    let tail = match by_parser {
        true => format!("<error-message>{message}</error-message>\n{info}"),
        false => format!("{info}<error-message>\n{message}\n</error-message>\n"),
    };
    format!("<rpc-error>\n{kind}<error-severity>{severity}</error-severity>\n{daemon}{path}{tail}</rpc-error>\n")
}

/// All findings as `rpc-error` elements.
pub(super) fn rpc_errors<'a>(findings: impl IntoIterator<Item = &'a ConfigError>) -> String {
    findings.into_iter().map(rpc_error).collect()
}

/// Edits a configuration as a load does.
pub(super) fn load(tree: &mut Tree, action: LoadAction, format: LoadFormat, payload: &str, seed: u64) -> LoadReport {
    tree.load_strictly(action, format, payload, &Encoder { seed })
}

/// Whether no configuration could have a statement at these words.
pub(super) fn is_no_path(path: &[&str]) -> bool {
    let line = format!("delete {}", path.join(" "));
    let report = load(&mut Tree::empty(), LoadAction::Set, LoadFormat::Set, &line, 0);
    !report.errors.is_empty()
}

/// What changed, as `show | compare` prints it.
pub(super) fn compared(old: &Tree, new: &Tree) -> String {
    config::compare(old, new)
}

/// Why a configuration cannot be committed, or what is odd about it.
pub(super) fn check(tree: &Tree) -> Vec<ConfigError> {
    config::check(tree)
}

/// The error of a configuration that could not be found.
pub(super) fn no_rollback(number: usize) -> String {
    errors::database(&format!("error: rollback configuration {number} does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_absent_or_impossible() {
        assert!(!is_no_path(&["protocols", "bgp", "group", "X"]));
        assert!(!is_no_path(&["interfaces"]));
        assert!(is_no_path(&["nonsense"]));
    }

    #[test]
    fn two_peoples_work_is_merged_line_by_line() {
        let tree = |text: &str| Tree::from_set(text).unwrap();
        let base = tree("set system host-name a\nset system domain-name x");
        let mine = tree("set system host-name a\nset system time-zone UTC");
        let theirs = tree("set system host-name b\nset system domain-name x");
        let (merged, conflict) = Tree::merged(&base, &mine, &theirs);
        let lines = merged.set_lines(&[]).unwrap();
        assert!(
            lines.contains("host-name b") && lines.contains("time-zone UTC"),
            "{lines}"
        );
        assert!(!lines.contains("domain-name") && !conflict, "{lines}");
        let (_, conflict) = Tree::merged(&base, &tree("set system host-name c"), &theirs);
        assert!(conflict);
    }
}
