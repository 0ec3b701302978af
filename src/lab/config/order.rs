//! The order of list entries that do not keep the order of entry.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use super::schema::{Def, Type};

/// Names of interfaces that are not ports come after those that are, in this order among themselves by name.
const PSEUDO: [&str; 14] = [
    "ae", "fxp", "em", "me", "vme", "irb", "vlan", "lo", "reth", "st", "pp", "fab", "gre", "dsc",
];

/// Compares two entries of `list` by their keys.
pub(super) fn compare(list: &Def, one: &[Arc<str>], other: &[Arc<str>]) -> Ordering {
    for ((key, one), other) in list.keys.iter().zip(one).zip(other) {
        let order = match &key.kind {
            Type::Integer(_) => number(one).cmp(&number(other)),
            Type::Address => address(one).cmp(&address(other)),
            Type::Interface => interface(one).cmp(&interface(other)),
            Type::Text | Type::Choice(_) => Ordering::Equal,
        };
        let order = order.then_with(|| one.cmp(other));
        if order != Ordering::Equal {
            return order;
        }
    }
    one.len().cmp(&other.len())
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(u64::MAX)
}

fn address(text: &str) -> (Option<IpAddr>, u64) {
    let (host, length) = text.split_once('/').unwrap_or((text, ""));
    (host.parse().ok(), number(length))
}

/// Ports by type and then by slot, pseudo interfaces after them.
pub(super) fn interface(text: &str) -> (bool, &str, Vec<u64>) {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let numbers = text[letters..]
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(number);
    (PSEUDO.contains(&&text[..letters]), &text[..letters], numbers.collect())
}

#[cfg(test)]
mod tests {
    use super::interface;

    #[test]
    fn interfaces_sort_by_type_then_slot_and_pseudo_interfaces_come_last() {
        let mut names = [
            "lo0",
            "ge-0/0/10",
            "ae1",
            "xe-0/0/0",
            "ge-0/0/2",
            "irb",
            "fxp0",
            "ge-0/0/2.100",
            "ge-0/0/2.9",
        ];
        names.sort_by_key(|name| interface(name));
        assert_eq!(
            names,
            [
                "ge-0/0/2",
                "ge-0/0/2.9",
                "ge-0/0/2.100",
                "ge-0/0/10",
                "xe-0/0/0",
                "ae1",
                "fxp0",
                "irb",
                "lo0"
            ]
        );
    }
}
