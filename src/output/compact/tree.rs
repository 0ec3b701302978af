//! A JSON document with everything a map would lose: the order of its members, and members of one name.

use std::{collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

/// Above this the double that a JSON number is to many readers skips integers.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// One value. Its depth is bounded by what serde_json reads.
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The members of a map.
    pub(super) fn members(&self) -> Option<&[(String, Node)]> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The members of a map that are elements, not what Junos says about the map.
    pub(super) fn elements(&self) -> impl Iterator<Item = &(String, Node)> {
        let members = self.members().unwrap_or_default().iter();
        members.filter(|(name, value)| (name != "attributes" || value.members().is_none()) && !name.starts_with('@'))
    }

    /// The values behind one name: what an array holds, or the value itself.
    pub(super) fn items(&self) -> &[Node] {
        match self {
            Self::List(items) => items,
            single => std::slice::from_ref(single),
        }
    }

    /// The member of that name.
    pub(super) fn member(&self, name: &str) -> Option<&Node> {
        let mut members = self.members()?.iter();
        members.find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The value inside a wrapper `{"data": …, "attributes": …}`.
    pub(super) fn leaf(&self) -> Option<&Node> {
        let data = self.member("data")?;
        match data.items() {
            [Node::Map(_) | Node::List(_)] | [] | [_, _, ..] => None,
            [value] => (self.elements().count() == 1).then_some(value),
        }
    }
}

/// All that stands behind one name in a map.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    /// What its array holds, or the one value; some releases write the name several times instead of an array.
    pub(super) items: Vec<&'a Node>,
    /// What the newer form says about the value, in a member of its own.
    pub(super) beside: Option<&'a Node>,
    in_array: bool,
}

impl<'a> Member<'a> {
    /// The members of a map, each name once.
    pub(super) fn all(node: &'a Node) -> Vec<Self> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut members: Vec<Self> = Vec::new();
        for (name, value) in node.elements() {
            let place = *places.entry(name).or_insert(members.len());
            if place == members.len() {
                members.push(Self {
                    name,
                    items: Vec::new(),
                    beside: None,
                    in_array: matches!(value, Node::List(_)),
                });
            }
            members[place].items.extend(value.items());
        }
        for (name, value) in node.members().unwrap_or_default() {
            let place = name.strip_prefix('@').and_then(|name| places.get(name));
            if let Some(place) = place {
                members[*place].beside = Some(value);
            }
        }
        members
    }

    /// Whether its array means a list: the newer form has arrays only for lists and flags, the verbose one everywhere.
    pub(super) fn is_real_list(&self) -> bool {
        let is_verbose = |item: &Node| match item {
            Node::Null => true,
            Node::Map(_) => item.leaf().is_some() || item.elements().all(|(_, value)| matches!(value, Node::List(_))),
            _ => false,
        };
        self.in_array && !self.items.iter().all(|item| is_verbose(item))
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        // An integer too long for 64 bits arrives here with digits already lost.
        match Number::from_f64(value) {
            Some(number) if value.abs() < EXACT => Ok(Node::Number(number)),
            _ => Err(E::custom("a number that cannot be carried exactly")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Map(members))
    }
}
