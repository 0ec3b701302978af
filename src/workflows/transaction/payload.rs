//! A configuration as a caller gives it, made into what may be loaded.

use std::collections::HashMap;

use quick_xml::{
    Reader, Writer,
    events::{BytesStart, Event},
};
use serde::de::IgnoredAny;

use super::Source;
use crate::junos::set_line;

/// The members of an object, their values passed over.
type Members = HashMap<String, IgnoredAny>;

/// Deeper XML and JSON are refused, as in replies.
const MAX_DEPTH: usize = 256;

/// Elements around a configuration that belong to the reply it was copied from.
const WRAPPERS: [&str; 3] = ["rpc-reply", "data", "configuration"];

impl Source {
    /// Set commands, each with a verb that edits; the text of a refusal names the line.
    pub(crate) fn set(text: String) -> Result<Self, String> {
        set_line::parse_payload(&text).map_err(|fault| fault.to_string())?;
        Ok(Self::Set(text))
    }

    /// Curly text.
    pub(crate) fn text(text: String) -> Result<Self, String> {
        refuse_controls(&text)?;
        Ok(Self::Text(text))
    }

    /// XML: well-formed, without the elements around `<configuration>`'s contents and without Junos' own attributes.
    pub(crate) fn xml(text: &str) -> Result<Self, String> {
        refuse_controls(text)?;
        let inner = unwrapped(text)?;
        rustnetconf::rpc::validate_xml_fragment(&inner).map_err(|error| error.to_string())?;
        Ok(Self::Xml(inner))
    }

    /// JSON: one object, `configuration` put around its members where it is not there.
    pub(crate) fn json(text: String) -> Result<Self, String> {
        refuse_controls(&text)?;
        refuse_depth(&text)?;
        let members: Members = serde_json::from_str(&text).map_err(|error| format!("not a JSON object: {error}"))?;
        if members.contains_key("configuration") {
            return Ok(Self::Json(text));
        }
        Ok(Self::Json(format!("{{\"configuration\":{text}}}")))
    }
}

/// The parser skips values without recursion; routers may not.
fn refuse_depth(json: &str) -> Result<(), String> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err("nested too deeply".to_owned());
        }
    }
    Ok(())
}

/// A control character cannot be sent, and in a configuration nobody means one.
fn refuse_controls(text: &str) -> Result<(), String> {
    let is_bad = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    match text.lines().position(|line| line.chars().any(is_bad)) {
        Some(index) => Err(format!("line {}: a control character", index + 1)),
        None => Ok(()),
    }
}

fn unwrapped(text: &str) -> Result<String, String> {
    let mut reader = Reader::from_str(text);
    let mut writer = Writer::new(Vec::new());
    let mut depth = 0_usize;
    // Wrappers are taken off only around everything: inside, an element of that name is the caller's.
    let mut wrappers = 0_usize;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("not well-formed: {error}"))?;
        match event {
            Event::Start(tag) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err("nested too deeply".to_owned());
                }
                if depth == wrappers + 1 && WRAPPERS.contains(&tag.local_name().as_ref()) {
                    wrappers += 1;
                } else {
                    write(&mut writer, Event::Start(cleaned(&tag)));
                }
            }
            Event::End(tag) => {
                if depth > wrappers {
                    write(&mut writer, Event::End(tag));
                } else {
                    wrappers = wrappers.saturating_sub(1);
                }
                depth = depth.saturating_sub(1);
            }
            Event::Empty(tag) if depth == wrappers && tag.local_name().as_ref() == "configuration" => {}
            Event::Empty(tag) => write(&mut writer, Event::Empty(cleaned(&tag))),
            Event::DocType(_) => return Err("a document type declaration is not allowed".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if depth > 0 => return Err("not well-formed: an element is not closed".to_owned()),
            Event::Eof => break,
            other => write(&mut writer, other),
        }
    }
    String::from_utf8(writer.into_inner()).map_err(|_| "not UTF-8".to_owned())
}

fn write(writer: &mut Writer<Vec<u8>>, event: Event<'_>) {
    writer.write_event(event).expect("writing to memory cannot fail");
}

/// The tag without what only a router's reply carries.
fn cleaned<'a>(tag: &BytesStart<'a>) -> BytesStart<'a> {
    let name = tag.name().as_ref().to_owned();
    let mut kept = BytesStart::new(name);
    for attribute in tag.attributes().with_checks(false).flatten() {
        let key = attribute.key.as_ref();
        if !key.starts_with("junos:") && !key.starts_with("xmlns") {
            kept.push_attribute((key, attribute.value.as_ref()));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(text: &str) -> Result<String, String> {
        match Source::xml(text)? {
            Source::Xml(inner) => Ok(inner),
            other => panic!("not XML: {other:?}"),
        }
    }

    #[test]
    fn what_surrounds_a_configuration_and_what_a_reply_adds_are_taken_off() {
        let inner = "<system><host-name>a &amp; b</host-name></system>";
        for text in [
            inner.to_owned(),
            format!("<configuration>{inner}</configuration>"),
            format!(
                "<?xml version=\"1.0\"?>\n<configuration xmlns=\"x\" junos:commit-seconds=\"1\">{inner}</configuration>"
            ),
            format!("<rpc-reply><data><configuration>{inner}</configuration></data></rpc-reply>"),
        ] {
            assert_eq!(
                xml(&text).map(|text| text.trim().to_owned()).as_deref(),
                Ok(inner),
                "{text}"
            );
        }
        assert_eq!(
            xml("<a operation=\"delete\" junos:x=\"1\"/>").as_deref(),
            Ok("<a operation=\"delete\"/>")
        );
    }

    #[test]
    fn a_json_object_gets_its_configuration_around_it() {
        let json = |text: &str| match Source::json(text.to_owned()) {
            Ok(Source::Json(json)) => Some(json),
            _ => None,
        };
        let inner = r#"{"system":{"host-name":"a {[ \" b"}}"#;
        let whole = format!("{{\"configuration\":{inner}}}");
        assert_eq!(json(inner).as_ref(), Some(&whole));
        assert_eq!(json(&whole).as_ref(), Some(&whole));
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(json(&nested(255)).is_some());
        for bad in ["[]", "\"a\"", "{\"a\":}", "{\"a\":1} {}", "set system", &nested(256)] {
            assert_eq!(json(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_well_formed_or_not_meant_is_refused_before_anything_is_sent() {
        let deep = "<a>".repeat(300) + &"</a>".repeat(300);
        for text in ["<a>", "<a></b>", "<!DOCTYPE x><a/>", "<a>\u{1}</a>", "</a>", &deep] {
            assert!(xml(text).is_err(), "{text}");
        }
        assert!(Source::set("commit\n".to_owned()).is_err());
        assert!(
            Source::set("set system host-name a\nrun show version\n".to_owned())
                .is_err_and(|text| text.contains("line 2"))
        );
        assert!(Source::text("system {\n\u{7}\n}".to_owned()).is_err_and(|text| text.contains("line 2")));
    }
}
