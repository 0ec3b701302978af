//! What a load really changed: two configurations in set form, compared line by line.

use std::collections::{HashMap, HashSet};

use crate::junos::{judged_line, tokens};

/// The names of one change; rules judge all of them together.
pub(super) type Aliases = Vec<String>;

/// The changes from one configuration in set form to another.
pub(super) fn changes(before: &str, after: &str) -> Vec<Aliases> {
    let before = lines(before);
    let after = lines(after);
    let old: HashSet<&str> = before.iter().map(String::as_str).collect();
    let new: HashSet<&str> = after.iter().map(String::as_str).collect();
    let mut changes: Vec<Aliases> = after
        .iter()
        .filter(|line| !old.contains(line.as_str()))
        .map(|line| vec![line.clone()])
        .collect();
    changes.extend(
        moved(&before, &after)
            .into_iter()
            .map(|path| vec![format!("insert {path}")]),
    );
    let removed: Vec<&String> = before.iter().filter(|line| !new.contains(line.as_str())).collect();
    if removed.is_empty() {
        return changes;
    }
    let remaining: HashSet<&str> = after
        .iter()
        .filter_map(|line| line.strip_prefix("set "))
        .flat_map(prefixes)
        .collect();
    let removals = removed.into_iter().map(|line| removal(line, &remaining));
    changes.extend(removals.filter(|aliases| !aliases.is_empty()));
    changes
}

/// Says whether any change names one of these words.
pub(crate) fn changes_mention(before: &str, after: &str, words: &[&str]) -> bool {
    let changes = changes(before, after);
    changes
        .iter()
        .flatten()
        .any(|alias| tokens(alias).iter().any(|token| words.contains(token)))
}

/// The statements that stand in both and have changed places with another one, as `insert` or a load in another order does it.
/// Of two that changed places nobody can say which one was moved, so it is both.
fn moved<'a>(before: &[String], after: &'a [String]) -> Vec<&'a str> {
    let old: HashMap<&str, usize> = before.iter().map(String::as_str).zip(0..).collect();
    let kept: Vec<(&str, usize)> = after
        .iter()
        .filter_map(|line| Some((line.strip_prefix("set ")?, *old.get(line.as_str())?)))
        .collect();
    // For each place the least earlier place from there on.
    let mut least_behind: Vec<usize> = kept.iter().map(|(_, place)| *place).collect();
    for at in (1..least_behind.len()).rev() {
        least_behind[at - 1] = least_behind[at - 1].min(least_behind[at]);
    }
    let mut greatest = 0;
    let mut moved = Vec::new();
    for (at, (path, place)) in kept.iter().enumerate() {
        let passed = least_behind.get(at + 1).is_some_and(|least| least < place);
        if greatest > *place || passed {
            moved.push(*path);
        }
        greatest = greatest.max(*place);
    }
    moved
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(judged_line)
        .collect()
}

/// A removed statement is the deletion of itself and of every ancestor that went with it. A line that gave way to a longer one,
/// as an empty container does when something is put into it, deletes nothing and has no name.
fn removal(line: &str, remaining: &HashSet<&str>) -> Aliases {
    match line.split_once(' ') {
        Some(("set", path)) => prefixes(path)
            .filter(|prefix| !remaining.contains(prefix))
            .map(|prefix| format!("delete {prefix}"))
            .collect(),
        Some(("deactivate", path)) => vec![format!("activate {path}")],
        Some(("protect", path)) => vec![format!("unprotect {path}")],
        _ => vec![format!("delete {line}")],
    }
}

/// Every beginning of a path that ends at a word, the whole path included.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    let start = path.as_ptr() as usize;
    tokens(path)
        .into_iter()
        .map(move |word| &path[..word.as_ptr() as usize - start + word.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named_by_what_they_do() {
        let before = "set system login user a class x\nset system login user b class x\nset interfaces ge-0/0/0 description \"a  b\"\n\
                      deactivate interfaces ge-0/0/0\nprotect system\nset system host-name old\n";
        let after =
            "set system login user b class x\nset interfaces ge-0/0/0\nset system host-name new\ndeactivate snmp\n";
        assert_eq!(
            changes(before, after),
            [
                vec!["set interfaces ge-0/0/0".to_owned()],
                vec!["set system host-name new".to_owned()],
                vec!["deactivate snmp".to_owned()],
                vec![
                    "delete system login user a".to_owned(),
                    "delete system login user a class".to_owned(),
                    "delete system login user a class x".to_owned(),
                ],
                vec![
                    "delete interfaces ge-0/0/0 description".to_owned(),
                    "delete interfaces ge-0/0/0 description \"a b\"".to_owned(),
                ],
                vec!["activate interfaces ge-0/0/0".to_owned()],
                vec!["unprotect system".to_owned()],
                vec!["delete system host-name old".to_owned()],
            ]
        );
        assert!(changes(before, before).is_empty());
    }

    #[test]
    fn filling_an_empty_container_deletes_nothing() {
        let (before, after) = (
            "set interfaces ge-0/0/0 unit 0\n",
            "set interfaces ge-0/0/0 unit 0 family inet\n",
        );
        assert_eq!(changes(before, after), [["set interfaces ge-0/0/0 unit 0 family inet"]]);
        let gone = changes(after, before);
        assert_eq!(
            gone[1],
            [
                "delete interfaces ge-0/0/0 unit 0 family",
                "delete interfaces ge-0/0/0 unit 0 family inet"
            ]
        );
    }

    #[test]
    fn statements_that_changed_places_are_insertions() {
        let before = "set f term a\nset f term b\nset f term c\nset g\n";
        for (after, expected) in [
            (before, vec![]),
            (
                "set f term b\nset f term a\nset f term c\nset g\n",
                vec!["f term b", "f term a"],
            ),
            (
                "set f term c\nset f term a\nset f term b\nset g\n",
                vec!["f term c", "f term a", "f term b"],
            ),
            ("set x\nset f term a\nset f term c\nset g\n", vec![]),
        ] {
            let after: Vec<String> = lines(after);
            assert_eq!(moved(&lines(before), &after), expected, "{after:?}");
        }
    }
}
