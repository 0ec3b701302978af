//! A small XML tree: what an operational command answers with, printed as Junos prints XML and JSON.

use std::borrow::Cow;

/// One element of an operational reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    name: Cow<'static, str>,
    attributes: Vec<(Cow<'static, str>, String)>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// A presence leaf, `<x/>`.
    Flag,
    /// A value; `own_line` where the daemon prints it on a line of its own.
    Text {
        text: String,
        own_line: bool,
    },
    Children(Vec<Element>),
}

/// How leaf values are laid out: daemons differ, and so do boxes that aggregate replies of several engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeafStyle {
    /// Values that the daemon prints on a line of their own keep it.
    Mixed,
    /// Every value stands between its tags.
    Inline,
}

impl Element {
    /// A container without children yet.
    pub(crate) fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
            content: Content::Children(Vec::new()),
        }
    }

    /// A leaf with a value.
    pub(crate) fn leaf(name: impl Into<Cow<'static, str>>, text: impl ToString) -> Self {
        Self {
            content: Content::Text {
                text: text.to_string(),
                own_line: false,
            },
            ..Self::new(name)
        }
    }

    /// A leaf whose value stands on its own line in [`LeafStyle::Mixed`].
    pub(crate) fn lined(name: impl Into<Cow<'static, str>>, text: impl ToString) -> Self {
        Self {
            content: Content::Text {
                text: text.to_string(),
                own_line: true,
            },
            ..Self::new(name)
        }
    }

    /// A presence leaf, `<x/>`.
    pub(crate) fn flag(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            content: Content::Flag,
            ..Self::new(name)
        }
    }

    /// Free text of a command that has no XML form.
    pub(crate) fn output(text: impl ToString) -> Self {
        Self::lined("output", text.to_string().trim_matches('\n'))
    }

    /// The element with one more attribute.
    pub(crate) fn attribute(mut self, name: impl Into<Cow<'static, str>>, value: impl ToString) -> Self {
        self.attributes.push((name.into(), value.to_string()));
        self
    }

    /// The element with one more child.
    pub(crate) fn with(mut self, child: Element) -> Self {
        self.push(child);
        self
    }

    /// The element with one more leaf.
    pub(crate) fn with_leaf(self, name: &'static str, text: impl ToString) -> Self {
        self.with(Self::leaf(name, text))
    }

    /// The element with more children.
    pub(crate) fn with_all(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        children.into_iter().for_each(|child| self.push(child));
        self
    }

    /// Adds a child; a leaf becomes a container.
    pub(crate) fn push(&mut self, child: Element) {
        match &mut self.content {
            Content::Children(children) => children.push(child),
            _ => self.content = Content::Children(vec![child]),
        }
    }

    /// The name, with its prefix where it has one.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The value of a leaf, empty for anything else.
    pub(crate) fn text(&self) -> &str {
        match &self.content {
            Content::Text { text, .. } => text,
            _ => "",
        }
    }

    /// All children in order.
    pub(crate) fn children(&self) -> &[Element] {
        match &self.content {
            Content::Children(children) => children,
            _ => &[],
        }
    }

    /// The children called `name`.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children().iter().filter(move |child| child.name == name)
    }

    /// The element at a path of child names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| {
            element.children().iter().find(|child| child.name == *name)
        })
    }

    /// The value of the leaf called `name`, empty when there is none.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.at(&[name]).map_or("", Element::text)
    }

    /// Whether there is a child called `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.at(&[name]).is_some()
    }

    /// The value of an attribute.
    pub(crate) fn attribute_value(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    /// The element as Junos prints it over NETCONF: one tag a line, no indentation, final line feed.
    pub(crate) fn to_xml(&self, style: LeafStyle) -> String {
        let mut out = String::new();
        self.write_xml(style, &mut out);
        out
    }

    fn write_xml(&self, style: LeafStyle, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, true, out);
            out.push('"');
        }
        match &self.content {
            Content::Flag => {
                out.push_str("/>\n");
                return;
            }
            Content::Text { text, own_line } => {
                let line_feed = if *own_line && style == LeafStyle::Mixed {
                    "\n"
                } else {
                    ""
                };
                out.push('>');
                out.push_str(line_feed);
                escape(text, false, out);
                out.push_str(line_feed);
            }
            // The replies of several engines are set apart by empty lines.
            Content::Children(children) if self.name.starts_with("multi-routing-engine-") => {
                out.push_str(">\n\n");
                for (index, child) in children.iter().enumerate() {
                    child.write_xml(style, out);
                    if child.name.starts_with("multi-routing-engine-") || index + 1 < children.len() {
                        out.push('\n');
                    }
                }
            }
            Content::Children(children) => {
                out.push_str(">\n");
                children.iter().for_each(|child| child.write_xml(style, out));
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push_str(">\n");
    }

    /// The verbose JSON form of operational data: every element an array, a leaf `[{"data" : "x"}]`.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::from("{\n");
        write_json_group(&self.name, &[self], 1, &mut out);
        out.push_str("\n}\n");
        out
    }

    fn write_json_object(&self, depth: usize, out: &mut String) {
        let mut members: Vec<String> = Vec::new();
        match &self.content {
            Content::Flag => members.push(format!("{}\"data\" : [null]", blanks(depth))),
            Content::Text { text, .. } => members.push(format!("{}\"data\" : {}", blanks(depth), quoted(text))),
            Content::Children(_) => {}
        }
        if !self.attributes.is_empty() {
            let pairs: Vec<String> = self
                .attributes
                .iter()
                .map(|(name, value)| format!("{} : {}", quoted(name), quoted(value)))
                .collect();
            members.push(format!("{}\"attributes\" : {{{}}}", blanks(depth), pairs.join(", ")));
        }
        let mut groups: Vec<(&str, Vec<&Element>)> = Vec::new();
        for child in self.children() {
            match groups.iter_mut().find(|(name, _)| *name == child.name) {
                Some((_, group)) => group.push(child),
                None => groups.push((&child.name, vec![child])),
            }
        }
        for (name, group) in groups {
            let mut member = String::new();
            write_json_group(name, &group, depth, &mut member);
            members.push(member);
        }
        out.push_str(&members.join(", \n"));
    }
}

/// `"name" : [ {…}, {…} ]` at `depth`, without a final line feed.
fn write_json_group(name: &str, group: &[&Element], depth: usize, out: &mut String) {
    let indent = blanks(depth);
    out.push_str(&format!("{indent}{} : [\n", quoted(name)));
    for (index, element) in group.iter().enumerate() {
        out.push_str(&format!("{indent}{{\n"));
        let before = out.len();
        element.write_json_object(depth + 1, out);
        if out.len() > before {
            out.push('\n');
        }
        let separator = if index + 1 < group.len() { ", " } else { "" };
        out.push_str(&format!("{indent}}}{separator}\n"));
    }
    out.push_str(&format!("{indent}]"));
}

fn blanks(depth: usize) -> String {
    " ".repeat(4 * depth)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn escape(text: &str, in_attribute: bool, out: &mut String) {
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' if in_attribute => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Element {
        Element::new("a")
            .attribute("xmlns", "urn:x")
            .with(Element::lined("name", "one & two"))
            .with(Element::leaf("time", "1s").attribute("junos:seconds", 1))
            .with(Element::flag("up"))
            .with(Element::new("table"))
            .with_leaf("name", "again")
    }

    #[test]
    fn xml_has_one_tag_a_line() {
        let mixed = "<a xmlns=\"urn:x\">\n<name>\none &amp; two\n</name>\n<time junos:seconds=\"1\">1s</time>\n<up/>\n\
                     <table>\n</table>\n<name>again</name>\n</a>\n";
        assert_eq!(sample().to_xml(LeafStyle::Mixed), mixed);
        assert!(
            sample()
                .to_xml(LeafStyle::Inline)
                .contains("<name>one &amp; two</name>\n")
        );
    }

    #[test]
    fn json_makes_every_element_an_array() {
        let json: serde_json::Value = serde_json::from_str(&sample().to_json()).expect("valid JSON");
        let expected = serde_json::json!({"a": [{
            "attributes": {"xmlns": "urn:x"},
            "name": [{"data": "one & two"}, {"data": "again"}],
            "time": [{"data": "1s", "attributes": {"junos:seconds": "1"}}],
            "up": [{"data": [null]}],
            "table": [{}],
        }]});
        assert_eq!(json, expected);
        assert!(
            sample()
                .to_json()
                .starts_with("{\n    \"a\" : [\n    {\n        \"attributes\" : {\"xmlns\" : \"urn:x\"}, \n")
        );
    }

    #[test]
    fn paths_and_values_are_read_back() {
        assert_eq!(sample().value("name"), "one & two");
        assert_eq!(
            sample()
                .at(&["time"])
                .and_then(|time| time.attribute_value("junos:seconds")),
            Some("1")
        );
        assert_eq!(sample().all("name").count(), 2);
    }
}
