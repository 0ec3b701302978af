//! Reads what a client sent: a small strict XML reader that remembers where each element stood.

use std::fmt;
use std::ops::Range;

/// Elements nested deeper than this are refused: the reader recurses.
const MAX_DEPTH: usize = 256;

/// One element of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Name without prefix.
    pub(super) name: String,
    /// Attributes in the order sent, names with their prefix, values decoded.
    pub(super) attributes: Vec<(String, String)>,
    /// Child elements in order.
    pub(super) children: Vec<Node>,
    /// Character data directly inside, decoded.
    pub(super) text: String,
    /// Where the content between start and end tag stands in the source.
    pub(super) inner: Range<usize>,
    /// Where the whole element stands in the source.
    pub(super) outer: Range<usize>,
}

impl Node {
    /// The first child of that local name.
    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Whether a child of that local name exists.
    pub(super) fn has(&self, name: &str) -> bool {
        self.child(name).is_some()
    }

    /// The trimmed text of the child of that local name.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// The value of the attribute of that local name.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(written, _)| local(written) == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why a request could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct XmlFault {
    /// What is wrong, with the byte it was seen at.
    pub(super) reason: &'static str,
    /// Byte offset in the request.
    pub(super) offset: usize,
}

impl fmt::Display for XmlFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {}", self.reason, self.offset)
    }
}

/// Reads one document: declaration and comments, then exactly one element.
pub(super) fn parse(source: &str) -> Result<Node, XmlFault> {
    let mut reader = Reader { source, at: 0 };
    reader.skip_misc()?;
    let root = reader.element(0)?;
    reader.skip_misc()?;
    if reader.at < source.len() {
        return Err(reader.fault("content after the root element"));
    }
    Ok(root)
}

/// Writes a value so that it can stand in text or in an attribute.
pub(super) fn escape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            other => out.push(other),
        }
    }
    out
}

/// Writes an attribute value between double quotes.
pub(super) fn escape_attribute(value: &str) -> String {
    escape(value).replace('"', "&quot;")
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn fault(&self, reason: &'static str) -> XmlFault {
        XmlFault {
            reason,
            offset: self.at,
        }
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn skip_past(&mut self, end: &str, reason: &'static str) -> Result<&'a str, XmlFault> {
        let rest = self.rest();
        let found = rest.find(end).ok_or_else(|| self.fault(reason))?;
        self.at += found + end.len();
        Ok(&rest[..found])
    }

    fn skip_misc(&mut self) -> Result<(), XmlFault> {
        loop {
            self.skip_blanks();
            let rest = self.rest();
            if rest.starts_with("<?") {
                self.skip_past("?>", "unfinished declaration")?;
            } else if rest.starts_with("<!--") {
                self.skip_past("-->", "unfinished comment")?;
            } else if rest.starts_with("<!") {
                return Err(self.fault("document type"));
            } else {
                return Ok(());
            }
        }
    }

    fn element(&mut self, depth: usize) -> Result<Node, XmlFault> {
        if depth > MAX_DEPTH {
            return Err(self.fault("nested too deeply"));
        }
        let start = self.at;
        if !self.rest().starts_with('<') {
            return Err(self.fault("an element was expected"));
        }
        self.at += 1;
        let written = self.name()?;
        let mut node = Node {
            name: local(written).to_owned(),
            attributes: self.attributes()?,
            children: Vec::new(),
            text: String::new(),
            inner: self.at..self.at,
            outer: start..start,
        };
        if self.rest().starts_with("/>") {
            self.at += 2;
            node.inner = self.at..self.at;
        } else {
            self.at += 1;
            let inner = self.at;
            self.content(&mut node, depth)?;
            node.inner = inner..self.at;
            self.at += 2;
            if self.name()? != written {
                return Err(self.fault("end tag of another element"));
            }
            self.skip_blanks();
            self.skip_past(">", "unfinished end tag")?;
        }
        node.outer = start..self.at;
        Ok(node)
    }

    fn name(&mut self) -> Result<&'a str, XmlFault> {
        let rest = self.rest();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '=' | '<' | '"' | '\''))
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(self.fault("a name was expected"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn attributes(&mut self) -> Result<Vec<(String, String)>, XmlFault> {
        let mut attributes = Vec::new();
        loop {
            self.skip_blanks();
            let rest = self.rest();
            if rest.is_empty() {
                return Err(self.fault("unfinished start tag"));
            }
            if rest.starts_with('>') || rest.starts_with("/>") {
                return Ok(attributes);
            }
            let name = self.name()?.to_owned();
            self.skip_blanks();
            if !self.rest().starts_with('=') {
                return Err(self.fault("an attribute without value"));
            }
            self.at += 1;
            self.skip_blanks();
            let quote = match self.rest().chars().next() {
                Some('"') => "\"",
                Some('\'') => "'",
                _ => return Err(self.fault("an attribute value without quotes")),
            };
            self.at += 1;
            let value = self.skip_past(quote, "unfinished attribute")?;
            let value = self.decode(value)?;
            attributes.push((name, value));
        }
    }

    /// Reads up to the `</` of the end tag.
    fn content(&mut self, node: &mut Node, depth: usize) -> Result<(), XmlFault> {
        loop {
            let rest = self.rest();
            let Some(next) = rest.find('<') else {
                return Err(self.fault("end of input inside an element"));
            };
            let text = self.decode(&rest[..next])?;
            node.text.push_str(&text);
            self.at += next;
            let rest = self.rest();
            if rest.starts_with("</") {
                return Ok(());
            } else if rest.starts_with("<!--") {
                self.skip_past("-->", "unfinished comment")?;
            } else if rest.starts_with("<![CDATA[") {
                self.at += "<![CDATA[".len();
                let data = self.skip_past("]]>", "unfinished character data")?;
                node.text.push_str(data);
            } else if rest.starts_with("<?") {
                self.skip_past("?>", "unfinished instruction")?;
            } else {
                let child = self.element(depth + 1)?;
                node.children.push(child);
            }
        }
    }

    fn decode(&self, written: &str) -> Result<String, XmlFault> {
        let mut out = String::with_capacity(written.len());
        let mut rest = written;
        while let Some(found) = rest.find('&') {
            out.push_str(&rest[..found]);
            rest = &rest[found + 1..];
            let end = rest.find(';').ok_or_else(|| self.fault("unfinished entity"))?;
            let character = entity(&rest[..end]).ok_or_else(|| self.fault("unknown entity"))?;
            out.push(character);
            rest = &rest[end + 1..];
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_quotes_comments_and_entities_are_read() {
        let source = "<?xml version=\"1.0\"?>\n<!-- a --><nc:rpc xmlns:nc='urn:x' message-id=\"7\">\
                      <nc:command format=\"text\">show log | match &quot;a&lt;b&#x21;&quot;</nc:command></nc:rpc>\n";
        let root = parse(source).unwrap();
        assert_eq!(root.name, "rpc");
        assert_eq!(root.attribute("message-id"), Some("7"));
        assert_eq!(root.attributes[0].0, "xmlns:nc");
        let command = root.child("command").unwrap();
        assert_eq!(command.text, "show log | match \"a<b!\"");
        assert_eq!(&source[command.outer.clone()][..11], "<nc:command");
        assert!(source[command.inner.clone()].starts_with("show log"));
    }

    #[test]
    fn broken_documents_are_refused() {
        for broken in [
            "",
            "<a>",
            "<a></b>",
            "<a b></a>",
            "<a b=c></a>",
            "<a>&nope;</a>",
            "<a/><b/>",
            "<!DOCTYPE a><a/>",
            "text",
            "<a>]]",
            "</a>",
            "<a",
            "<a b='",
        ] {
            assert!(parse(broken).is_err(), "{broken}");
        }
        let deep = "<a>".repeat(400) + &"</a>".repeat(400);
        assert_eq!(parse(&deep).unwrap_err().reason, "nested too deeply");
    }
}
