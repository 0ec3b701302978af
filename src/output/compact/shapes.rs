//! One shape for one name: which elements are lists and which values are numbers, decided over a whole answer.

use std::collections::HashSet;

use super::tree::Node;

/// Elements that are lists even where a router has a single one of them, so that one neighbour looks like two.
const LISTS: &[&str] = &[
    "address-family",
    "alarm-detail",
    "arp-table-entry",
    "bgp-peer",
    "bgp-rib",
    "chassis-module",
    "chassis-sub-module",
    "chassis-sub-sub-module",
    "commit-history",
    "device-group",
    "environment-item",
    "feature-summary",
    "file-information",
    "filesystem",
    "flow-session",
    "fpc",
    "hop",
    "ike-security-associations",
    "instance-core",
    "instance-interface",
    "instance-rib",
    "interface-address",
    "ipsec-security-associations",
    "ipv6-nd-entry",
    "isis-adjacency",
    "l2ng-l2ald-mac-entry-vlan",
    "l2ng-l2ald-vlan-instance-group",
    "l2ng-mac-entry",
    "lldp-neighbor-information",
    "logical-interface",
    "member",
    "nh",
    "optics-diagnostics",
    "ospf-interface",
    "ospf-neighbor",
    "package-information",
    "physical-interface",
    "policies",
    "policy-information",
    "process",
    "redundancy-group",
    "route-engine",
    "route-table",
    "rt",
    "rt-entry",
    "security-context",
    "user-entry",
    "zones-security",
];

/// Words in a name whose values are labels, whatever digits they are made of.
const LABELS: &[&str] = &[
    "clei",
    "comment",
    "description",
    "id",
    "model",
    "name",
    "part",
    "path",
    "release",
    "revision",
    "serial",
    "user",
    "version",
];

/// Largest integer that every reader of JSON gets exactly (RFC 8259, section 6).
const EXACT: u64 = (1 << 53) - 1;

/// What an answer tells about the shape of its members.
pub(super) struct Shapes<'a> {
    several: HashSet<(&'a str, &'a str)>,
    words: HashSet<&'a str>,
}

impl<'a> Shapes<'a> {
    pub(super) fn of(documents: &'a [Node]) -> Self {
        let mut shapes = Self {
            several: HashSet::new(),
            words: HashSet::new(),
        };
        documents.iter().for_each(|document| shapes.look_into("", document));
        shapes
    }

    /// Whether the element is a list: known as one, or several somewhere else in the answer.
    pub(super) fn is_list(&self, parent: &str, name: &str) -> bool {
        LISTS.binary_search(&name).is_ok() || self.several.contains(&(parent, name))
    }

    /// Whether all values of that name are numbers that lose nothing as such.
    pub(super) fn is_number(&self, name: &str) -> bool {
        !self.words.contains(name) && !name.split('-').any(|word| LABELS.contains(&word))
    }

    fn look_into(&mut self, name: &'a str, node: &'a Node) {
        if let Some(value) = node.leaf() {
            if !matches!(value, Node::Text(text) if is_integer(text)) {
                self.words.insert(name);
            }
            return;
        }
        let mut seen = HashSet::new();
        for (child, value) in node.elements() {
            if value.items().len() > 1 || !seen.insert(child) {
                self.several.insert((name, child));
            }
            value.items().iter().for_each(|item| self.look_into(child, item));
        }
    }
}

/// Whether a text is an integer that comes back letter by letter: no sign but minus, no leading zeros, no more than 53 bits.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (!digits.starts_with('0') || text == "0");
    is_plain && digits.parse::<u64>().is_ok_and(|value| value <= EXACT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        assert!(LISTS.is_sorted());
    }

    #[test]
    fn only_integers_that_come_back_letter_by_letter_are_numbers() {
        for text in ["0", "7", "-7", "65001", "9007199254740991"] {
            assert!(is_integer(text), "{text}");
        }
        for text in [
            "",
            "-",
            "-0",
            "007",
            "+7",
            "1.10",
            "24.4",
            "1e5",
            "0x1f",
            "9007199254740992",
            "18446744073709551616",
            "12:34",
            " 7",
        ] {
            assert!(!is_integer(text), "{text}");
        }
    }
}
