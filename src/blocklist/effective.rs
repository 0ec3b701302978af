//! What a load really changed: two configurations in set form, compared line by line.

use std::collections::HashSet;

use crate::junos::{judged_line, tokens};

/// The names of one change; rules judge all of them together.
pub(crate) type Aliases = Vec<String>;

/// The changes from one configuration in set form to another.
pub(crate) fn changes(before: &str, after: &str) -> Vec<Aliases> {
    let before = lines(before);
    let after = lines(after);
    let old: HashSet<&str> = before.iter().map(String::as_str).collect();
    let new: HashSet<&str> = after.iter().map(String::as_str).collect();
    let mut changes: Vec<Aliases> = after
        .iter()
        .filter(|line| !old.contains(line.as_str()))
        .map(|line| vec![line.clone()])
        .collect();
    let removed: Vec<&String> = before.iter().filter(|line| !new.contains(line.as_str())).collect();
    if removed.is_empty() {
        return changes;
    }
    let remaining: HashSet<&str> = after
        .iter()
        .filter_map(|line| line.strip_prefix("set "))
        .flat_map(prefixes)
        .collect();
    changes.extend(removed.into_iter().map(|line| removal(line, &remaining)));
    changes
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(judged_line)
        .collect()
}

/// A removed statement is the deletion of itself and of every ancestor that went with it.
fn removal(line: &str, remaining: &HashSet<&str>) -> Aliases {
    match line.split_once(' ') {
        Some(("set", path)) => {
            let mut aliases: Aliases = prefixes(path)
                .filter(|prefix| !remaining.contains(prefix))
                .map(|prefix| format!("delete {prefix}"))
                .collect();
            if aliases.is_empty() {
                aliases.push(format!("delete {path}"));
            }
            aliases
        }
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
}
