//! Patterns of `replace pattern`, `wildcard delete` and `wildcard range`.

use std::sync::Arc;

use regex::Regex;

use super::lexer::Piece;
use super::node::{Node, Step};
use super::resolve::Path;

/// Most commands that one `wildcard range` may stand for.
const MOST_RANGE_COMMANDS: usize = 4096;

/// Replaces matches in the keys and values below `node`, at most `left` of them.
pub(super) fn replace(node: &mut Node, pattern: &Regex, with: &str, left: &mut usize) {
    // A replacement names groups as `\1`; in the expansion syntax that is `${1}`, and a dollar stands for itself.
    let with = with.replace('$', "$$");
    let with = Regex::new(r"\\([0-9])").map_or(with.clone(), |groups| {
        groups.replace_all(&with, "$${${1}}").into_owned()
    });
    replace_expanded(node, pattern, &with, left);
}

fn replace_expanded(node: &mut Node, pattern: &Regex, with: &str, left: &mut usize) {
    for at in 0..node.children.len() {
        if *left == 0 {
            return;
        }
        let child = node.child_mut(at);
        for word in &mut child.step.words {
            if *left > 0 && pattern.is_match(word) {
                *word = Arc::from(pattern.replace_all(word, with).as_ref());
                *left -= 1;
            }
        }
        replace_expanded(child, pattern, with, left);
    }
}

/// A pattern as typed after `wildcard delete`: `*` stands for anything, `[0-3]` and `.*` for what they do in expressions.
pub(super) fn wildcard(text: &str) -> Option<Regex> {
    let mut expression = String::from("^(?:");
    let mut before = None;
    for c in text.chars() {
        if c == '*' && !matches!(before, Some('.' | ']' | ')')) {
            expression.push('.');
        }
        expression.push(c);
        before = Some(c);
    }
    expression.push_str(")$");
    Regex::new(&expression).ok()
}

/// The statements below the end of `path` whose key, value or name matches.
pub(super) fn matches(root: &Node, path: &[Step], wanted: &Regex) -> Vec<Path> {
    let Some((above, list)) = place(root, path) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for child in &above.children {
        let name = child.step.cli().first().copied().unwrap_or_default();
        let named = list.is_none() && (wanted.is_match(child.word()) || wanted.is_match(name));
        let listed = list.is_some_and(|list| list.def == child.step.def && wanted.is_match(child.word()));
        if named || listed {
            let parents = if list.is_some() { &path[..path.len() - 1] } else { path };
            out.push([parents, std::slice::from_ref(&child.step)].concat());
        }
    }
    out
}

/// The node that `path` leads to; for a list without keys, its parent and the list.
fn place<'a>(root: &'a Node, path: &'a [Step]) -> Option<(&'a Node, Option<&'a Step>)> {
    let mut node = root;
    for (at, step) in path.iter().enumerate() {
        if at + 1 == path.len() && !step.complete() {
            return Some((node, Some(step)));
        }
        node = node.child(step)?;
    }
    Some((node, None))
}

/// The commands that words with `[0-3,7]` in them stand for.
pub(super) fn ranges(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut out = vec![Vec::new()];
    for piece in pieces {
        let words = match piece {
            Piece::Word(word) => expand(word).into_iter().map(Piece::Word).collect(),
            list @ Piece::List(_) => vec![list.clone()],
        };
        let longer = out.iter().flat_map(|front| {
            words
                .iter()
                .map(|word| [front.as_slice(), std::slice::from_ref(word)].concat())
        });
        out = longer.take(MOST_RANGE_COMMANDS).collect();
    }
    out
}

fn expand(word: &str) -> Vec<String> {
    let Some((front, rest)) = word.split_once('[') else {
        return vec![word.to_owned()];
    };
    let Some((range, back)) = rest.split_once(']') else {
        return vec![word.to_owned()];
    };
    let mut numbers: Vec<u32> = Vec::new();
    for part in range.split(',') {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        match (low.trim().parse::<u32>(), high.trim().parse::<u32>()) {
            (Ok(low), Ok(high)) => numbers.extend((low..=high).take(MOST_RANGE_COMMANDS)),
            _ => return vec![word.to_owned()],
        }
    }
    numbers
        .into_iter()
        .flat_map(|number| expand(&format!("{front}{number}{back}")))
        .collect()
}
