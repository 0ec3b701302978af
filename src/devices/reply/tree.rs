//! A small reply as a tree, for looking up single values; large replies are never read this way.

use quick_xml::{Reader, events::Event};

use super::{Reply, text::decode_entities};

/// A larger payload is not read as a tree.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// An element by its local name; values are trimmed, as Junos puts some on lines of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Name without prefix.
    pub(crate) name: String,
    text: String,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

impl Reply {
    /// The payload elements below one root, or nothing if they are too large.
    pub(crate) fn tree(&self) -> Option<Node> {
        let payload = self.payload();
        (payload.len() <= MAX_BYTES).then(|| read(payload)).flatten()
    }
}

impl Node {
    /// The elements of a text below one root.
    #[cfg(test)]
    pub(crate) fn parse(xml: &str) -> Self {
        read(xml).expect("the tests write XML")
    }

    /// The element's own text.
    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The value of an attribute, by its name without prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The child elements of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at a path of names such as `system/host-name`.
    pub(crate) fn at(&self, path: &str) -> Option<&Node> {
        path.split('/')
            .try_fold(self, |node, name| node.children.iter().find(|child| child.name == name))
    }

    /// The text at a path, unless it is empty.
    pub(crate) fn value(&self, path: &str) -> Option<&str> {
        self.at(path).map(Node::text).filter(|text| !text.is_empty())
    }

    /// Every element of a name at any depth, in document order.
    pub(crate) fn descendants<'a>(&'a self, name: &str) -> Vec<&'a Node> {
        let mut found = Vec::new();
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            found.extend(child.descendants(name));
        }
        found
    }
}

/// The payload has been read once already, so that what is found wrong here cannot happen; it gives no tree then.
fn read(payload: &str) -> Option<Node> {
    let mut reader = Reader::from_str(payload);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_dangling_amp = true;
    let mut stack = vec![Node::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => stack.push(open(&tag)),
            Event::Empty(tag) => stack.last_mut()?.children.push(open(&tag)),
            Event::End(_) if stack.len() > 1 => close(&mut stack),
            Event::Text(text) => stack.last_mut()?.text.push_str(&text),
            Event::CData(text) => stack.last_mut()?.text.push_str(&text),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                stack.last_mut()?.text.push_str(&decode_entities(&reference));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    // Only an unclosed routing engine, which the reader repairs, leaves elements open here.
    while stack.len() > 1 {
        close(&mut stack);
    }
    stack.pop()
}

fn open(tag: &quick_xml::events::BytesStart<'_>) -> Node {
    let mut node = Node {
        name: tag.local_name().as_ref().to_owned(),
        ..Node::default()
    };
    for attribute in tag.attributes().with_checks(false).flatten() {
        let name = attribute.key.local_name().as_ref().to_owned();
        node.attributes
            .push((name, decode_entities(&attribute.value).into_owned()));
    }
    node
}

fn close(stack: &mut Vec<Node>) {
    let node = stack.pop().expect("called with an open element");
    stack.last_mut().expect("the root stays").children.push(node);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_local_names_and_trimmed() {
        let tree = read("<nc:a xmlns:junos=\"x\"><b junos:seconds=\"7\">\n v &lt; w\n</b><b/></nc:a>").expect("a tree");
        assert_eq!(tree.value("a/b"), Some("v < w"));
        assert_eq!(tree.at("a/b").and_then(|b| b.attribute("seconds")), Some("7"));
        assert_eq!(tree.descendants("b").len(), 2);
        assert_eq!(tree.value("a/c"), None);
    }
}
