//! Reads elements into items, names without prefixes.

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::items::Item;

/// Deeper nesting than any configuration has; more is refused rather than followed.
const DEEPEST: usize = 64;

/// The top elements of the payload.
///
/// # Errors
/// Why it is not well formed.
pub(super) fn read(payload: &str) -> Result<Vec<Item>, String> {
    let mut reader = Reader::from_str(payload);
    reader.config_mut().trim_text(false);
    let mut open: Vec<Item> = vec![Item::default()];
    loop {
        let event = reader.read_event().map_err(|fault| fault.to_string())?;
        match event {
            Event::Start(start) => {
                if open.len() > DEEPEST {
                    return Err("elements are nested too deeply".to_owned());
                }
                open.push(item(&start)?);
            }
            Event::Empty(start) => {
                let item = item(&start)?;
                top(&mut open).children.push(item);
            }
            Event::End(_) => {
                let item = open.pop().unwrap_or_default();
                match open.last_mut() {
                    Some(parent) => parent.children.push(item),
                    None => return Err("an end tag without its start".to_owned()),
                }
            }
            Event::Text(text) => top(&mut open).text.push_str(&text.xml10_content()),
            Event::CData(text) => top(&mut open).text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = match &*reference {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().map_err(|fault| fault.to_string())?,
                };
                top(&mut open)
                    .text
                    .push(character.ok_or_else(|| format!("unknown entity {}", &*reference))?);
            }
            Event::DocType(_) => return Err("a document type is not accepted".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(root), true) => Ok(root.children),
        _ => Err("an element is not closed".to_owned()),
    }
}

fn top(open: &mut [Item]) -> &mut Item {
    open.last_mut().expect("the outermost item is only taken at the end")
}

fn item(start: &BytesStart<'_>) -> Result<Item, String> {
    let mut item = Item::named(start.local_name().as_ref());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|fault| fault.to_string())?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|fault| fault.to_string())?;
        item.attributes
            .push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    Ok(item)
}
