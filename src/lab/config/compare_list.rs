//! What happened to the entries of one list, in the order in which it is told.

use std::collections::HashMap;
use std::sync::Arc;

use super::node::{Node, Step};
use super::order;
use super::schema::Def;

/// One thing to tell.
pub(super) enum Event {
    /// The entry after which the next one was added.
    Context(Arc<Node>),
    Added(Arc<Node>),
    Removed(Arc<Node>),
    Moved(Arc<Node>),
    /// On both sides, perhaps with differences.
    Kept(Arc<Node>, Arc<Node>),
}

/// Compares the entries of `list`.
pub(super) fn events(list: Option<&Def>, old: &[Arc<Node>], new: &[Arc<Node>]) -> Vec<Event> {
    match list {
        Some(list) if !list.user_ordered() => sorted(list, old, new),
        _ => ordered(old, new),
    }
}

fn sorted(list: &Def, old: &[Arc<Node>], new: &[Arc<Node>]) -> Vec<Event> {
    let mut out = Vec::new();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return out,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => order::compare(list, &old.step.words, &new.step.words),
        };
        let before = if order.is_le() { old.next() } else { None };
        let after = if order.is_ge() { new.next() } else { None };
        match (before, after) {
            (Some(before), Some(after)) => out.push(Event::Kept(before.clone(), after.clone())),
            (Some(before), None) => out.push(Event::Removed(before.clone())),
            (None, Some(after)) => out.push(Event::Added(after.clone())),
            (None, None) => return out,
        }
    }
}

/// Entries in the order of the new side; what was removed stands after what was added in its place.
fn ordered(old: &[Arc<Node>], new: &[Arc<Node>]) -> Vec<Event> {
    let places: HashMap<&[_], usize> = old.iter().enumerate().map(|(at, node)| (key(&node.step), at)).collect();
    let stay: Vec<usize> = new
        .iter()
        .filter_map(|node| places.get(key(&node.step)).copied())
        .collect();
    let stay = longest_rising(&stay);
    let kept = |node: &Node| new.iter().any(|other| other.step == node.step);
    let mut out = Vec::new();
    let mut told = 0;
    let mut previous: Option<&Arc<Node>> = None;
    let mut previous_added = false;
    for node in new {
        let place = places.get(key(&node.step)).copied();
        match place {
            None => {
                if let Some(previous) = previous.filter(|_| !previous_added) {
                    out.push(Event::Context(previous.clone()));
                }
                out.push(Event::Added(node.clone()));
            }
            Some(place) => {
                if stay.contains(&place) {
                    out.extend(
                        old[told..place]
                            .iter()
                            .filter(|node| !kept(node))
                            .cloned()
                            .map(Event::Removed),
                    );
                    told = place;
                } else {
                    out.push(Event::Moved(node.clone()));
                }
                out.push(Event::Kept(old[place].clone(), node.clone()));
            }
        }
        previous = Some(node);
        previous_added = place.is_none();
    }
    out.extend(
        old[told..]
            .iter()
            .filter(|node| !kept(node))
            .cloned()
            .map(Event::Removed),
    );
    out
}

fn key(step: &Step) -> &[Arc<str>] {
    &step.words
}

/// A longest rising subsequence: the entries that kept their order.
fn longest_rising(places: &[usize]) -> Vec<usize> {
    // For each length the index of the smallest last element, and for each element its predecessor.
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; places.len()];
    for (at, place) in places.iter().enumerate() {
        let length = tails.partition_point(|&tail| places[tail] < *place);
        before[at] = length.checked_sub(1).map(|shorter| tails[shorter]);
        match tails.get_mut(length) {
            Some(tail) => *tail = at,
            None => tails.push(at),
        }
    }
    let mut out = Vec::new();
    let mut next = tails.last().copied();
    while let Some(at) = next {
        out.push(places[at]);
        next = before[at];
    }
    out
}
