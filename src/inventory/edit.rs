//! A router more in the text of an inventory: everything else stays as it was written, blanks and unknown keys included.

use serde::Serialize as _;
use serde_json::{Map, Value, ser::PrettyFormatter};

/// The text with one more entry at the end of its routers. The text must be an inventory that could be read.
pub(super) fn with_entry(text: &str, name: &str, entry: &Map<String, Value>) -> Option<String> {
    let bytes = text.as_bytes();
    let root = text.find('{')?;
    let open = match is_envelope(text) {
        true => member(bytes, root, "devices").filter(|at| bytes[*at] == b'{')?,
        false => root,
    };
    let close = end_of(bytes, open)?;
    let last = text[..close].trim_end().len();
    let is_empty = last == open + 1;
    let around = indent_before(text, close);
    let (unit, inner) = match first_indent(&text[open + 1..last]) {
        Some(inner) => (inner.strip_prefix(around).unwrap_or(inner), inner.to_owned()),
        None => ("  ", format!("{around}  ")),
    };
    let on_one_line = !is_empty && !text[open..close].contains('\n');
    let key = Value::from(name).to_string();
    let comma = if is_empty { "" } else { "," };
    let added = match on_one_line {
        true => format!("{comma} {key}: {}", Value::Object(entry.clone())),
        false => format!(
            "{comma}\n{inner}{key}: {}",
            pretty(entry, unit).replace('\n', &format!("\n{inner}"))
        ),
    };
    let after = match is_empty {
        true => format!("\n{around}"),
        false => text[last..close].to_owned(),
    };
    Some(format!("{}{added}{after}{}", &text[..last], &text[close..]))
}

/// As the reader of the file tells its two forms apart.
fn is_envelope(text: &str) -> bool {
    let root: Option<Value> = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok();
    root.is_some_and(|root| root["version"].is_number() && root["devices"].is_object())
}

fn pretty(entry: &Map<String, Value>, unit: &str) -> String {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(unit.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    entry.serialize(&mut serializer).expect("an object can be written");
    String::from_utf8(bytes).expect("JSON is text")
}

/// The blanks at the begin of the line that holds `at`, where nothing else stands before it.
fn indent_before(text: &str, at: usize) -> &str {
    let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
    if line.trim().is_empty() { line } else { "" }
}

/// The blanks before the first key that begins a line.
fn first_indent(members: &str) -> Option<&str> {
    let start = members.find('"')?;
    let line = members[..start].rfind('\n')? + 1;
    Some(&members[line..start])
}

/// Where the value of a member of the object at `open` begins.
fn member(bytes: &[u8], open: usize, wanted: &str) -> Option<usize> {
    let mut at = open + 1;
    loop {
        at = after_blanks(bytes, at);
        if bytes.get(at) == Some(&b',') {
            at = after_blanks(bytes, at + 1);
        }
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let end = end_of(bytes, at)?;
        let key: String = serde_json::from_slice(&bytes[at..=end]).ok()?;
        let colon = after_blanks(bytes, end + 1);
        let value = after_blanks(bytes, colon + 1);
        if key == wanted {
            return Some(value);
        }
        at = end_of(bytes, value)? + 1;
    }
}

fn after_blanks(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The last byte of the value that begins at `start`.
fn end_of(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += 1;
                while *bytes.get(at)? != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        let is_plain = !matches!(bytes[start], b'"' | b'{' | b'[');
        let ends_plain = is_plain && bytes.get(at + 1).is_none_or(|next| matches!(next, b',' | b'}' | b']'));
        if ends_plain || !is_plain && depth == 0 {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn added(text: &str) -> String {
        let entry = json!({"ip": "192.0.2.9", "tags": ["a"]});
        with_entry(text, "new", entry.as_object().expect("an object")).expect("an inventory")
    }

    #[test]
    fn everything_else_stays_as_it_was_written() {
        for (before, after) in [
            (
                "{\n  \"a\": {\"ip\": \"x\", \"n\": 1.0}\n}\n",
                "{\n  \"a\": {\"ip\": \"x\", \"n\": 1.0},\n  \"new\": {\n    \"ip\": \"192.0.2.9\",\n    \"tags\": [\n      \"a\"\n    ]\n  }\n}\n",
            ),
            (
                "{\n\t\"z\": {},\n\t\"_blocklist_defaults\": {\"commands\": []}\n}",
                "{\n\t\"z\": {},\n\t\"_blocklist_defaults\": {\"commands\": []},\n\t\"new\": {\n\t\t\"ip\": \"192.0.2.9\",\n\t\t\"tags\": [\n\t\t\t\"a\"\n\t\t]\n\t}\n}",
            ),
            (
                "{\"a}\\\"{\": {\"ip\": \"}\"}}",
                "{\"a}\\\"{\": {\"ip\": \"}\"}, \"new\": {\"ip\":\"192.0.2.9\",\"tags\":[\"a\"]}}",
            ),
            (
                "{}\n",
                "{\n  \"new\": {\n    \"ip\": \"192.0.2.9\",\n    \"tags\": [\n      \"a\"\n    ]\n  }\n}\n",
            ),
            (
                "{\n  \"version\": 1,\n  \"devices\": {\n    \"a\": {}\n  },\n  \"policy\": {}\n}\n",
                "{\n  \"version\": 1,\n  \"devices\": {\n    \"a\": {},\n    \"new\": {\n      \"ip\": \"192.0.2.9\",\n      \"tags\": [\n        \"a\"\n      ]\n    }\n  },\n  \"policy\": {}\n}\n",
            ),
            (
                "{ \"devices\" : { } , \"version\":1}",
                "{ \"devices\" : {\n  \"new\": {\n    \"ip\": \"192.0.2.9\",\n    \"tags\": [\n      \"a\"\n    ]\n  }\n} , \"version\":1}",
            ),
        ] {
            let text = added(before);
            assert_eq!(text, after);
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_mark_of_the_byte_order_stays_at_the_begin() {
        assert!(added("\u{feff}{}").starts_with("\u{feff}{\n"));
    }
}
