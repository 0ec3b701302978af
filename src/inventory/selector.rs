//! Choosing routers: by name, by pattern, by tag.

use super::{Inventory, Router};

/// Suggestions are at most this many.
const MAX_NEAR: usize = 3;

/// Why a selector chose nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SelectFault {
    /// No router in scope has this name or matches this pattern.
    Nothing(String),
}

impl Inventory {
    /// The routers that `selectors` choose, in order of first mention, each once; patterns and tags choose among those that
    /// `in_scope` admits, names are returned whether they exist or not.
    pub(crate) fn select(
        &self,
        selectors: &[String],
        in_scope: impl Fn(&Router) -> bool,
    ) -> Result<Vec<String>, SelectFault> {
        let mut chosen: indexmap::IndexSet<String> = indexmap::IndexSet::new();
        for selector in selectors {
            let matches = |router: &Router| match selector.strip_prefix("tag:") {
                Some(tag) => router.tags().any(|own| own == tag),
                None => glob(selector, &router.name),
            };
            if !is_pattern(selector) {
                chosen.insert(selector.clone());
                continue;
            }
            let mut found: Vec<String> = self
                .routers()
                .filter(|router| in_scope(router) && matches(router))
                .map(|router| router.name.clone())
                .collect();
            if found.is_empty() {
                return Err(SelectFault::Nothing(selector.clone()));
            }
            found.sort();
            chosen.extend(found);
        }
        Ok(chosen.into_iter().collect())
    }
}

/// Whether a selector stands for several routers.
pub(crate) fn is_pattern(selector: &str) -> bool {
    selector.starts_with("tag:") || selector.contains(['*', '?', '['])
}

/// `*`, `?` and classes such as `[a-c]`; a class that does not close is literal. Takes pattern times name steps at most.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    // reached[n]: the pattern so far can match the first n characters.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        let close = pattern[at..].iter().position(|c| *c == ']');
        let mut next = vec![false; name.len() + 1];
        match (pattern[at], close) {
            ('*', _) => {
                let first = reached.iter().position(|yes| *yes).unwrap_or(reached.len());
                next[first..].fill(true);
                at += 1;
            }
            ('[', Some(length)) => {
                let class = &pattern[at + 1..at + length];
                step(&reached, &mut next, &name, |c| in_class(class, c));
                at += length + 1;
            }
            (wanted, _) => {
                step(&reached, &mut next, &name, |c| wanted == '?' || wanted == c);
                at += 1;
            }
        }
        reached = next;
    }
    reached[name.len()]
}

fn step(reached: &[bool], next: &mut [bool], name: &[char], fits: impl Fn(char) -> bool) {
    for (index, character) in name.iter().enumerate() {
        next[index + 1] = reached[index] && fits(*character);
    }
}

fn in_class(class: &[char], character: char) -> bool {
    let (negated, class) = match class.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, class),
    };
    let mut at = 0;
    let mut found = false;
    while at < class.len() {
        if at + 2 < class.len() && class[at + 1] == '-' {
            found |= (class[at]..=class[at + 2]).contains(&character);
            at += 3;
        } else {
            found |= class[at] == character;
            at += 1;
        }
    }
    found != negated
}

/// Up to three names close to a misspelt one, nearest first.
pub(crate) fn near_names<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let lower = wanted.to_ascii_lowercase();
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let other = name.to_ascii_lowercase();
            let distance = distance(&lower, &other);
            let close = distance <= 1 + lower.chars().count() / 4;
            let inside = lower.len() >= 3 && (other.contains(&lower) || lower.contains(&other));
            (close || inside).then_some((distance, name))
        })
        .collect();
    near.sort_unstable();
    near.into_iter()
        .take(MAX_NEAR)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// How many single-character edits lie between two texts.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, character) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, candidate) in other.iter().enumerate() {
            let substituted = diagonal + usize::from(character != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
