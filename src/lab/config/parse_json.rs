//! Reads the JSON form into the same items as the XML form.

use serde_json::{Map, Value};

use super::items::Item;

/// The members of `configuration`, or of the object itself.
///
/// # Errors
/// Why it is not such an object.
pub(super) fn read(payload: &str) -> Result<Vec<Item>, String> {
    let value: Value = serde_json::from_str(payload).map_err(|fault| fault.to_string())?;
    let Value::Object(object) = value else {
        return Err("not an object".to_owned());
    };
    let inner = object.get("configuration").map(|inner| match inner {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        other => other,
    });
    match inner {
        Some(Value::Object(inner)) => Ok(members(inner)),
        Some(_) => Err("`configuration` is not an object".to_owned()),
        None => Ok(members(&object)),
    }
}

fn members(object: &Map<String, Value>) -> Vec<Item> {
    let mut out = Vec::new();
    for (name, value) in object.iter().filter(|(name, _)| !name.starts_with('@')) {
        let marks = object.get(&format!("@{name}"));
        let values = match value {
            Value::Array(values) => values.as_slice(),
            other => std::slice::from_ref(other),
        };
        for (at, value) in values.iter().enumerate() {
            let mut item = item(name, value);
            let mark = match marks {
                Some(Value::Array(marks)) => marks.get(at),
                other => other,
            };
            if let Some(Value::Object(mark)) = mark {
                attributes(&mut item, mark);
            }
            out.push(item);
        }
    }
    out
}

fn item(name: &str, value: &Value) -> Item {
    // A name may carry its module in front, as in RFC 7951.
    let mut item = Item::named(name.rsplit(':').next().unwrap_or(name));
    match value {
        Value::Object(object) => {
            item.children = members(object);
            if let Some(Value::Object(marks)) = object.get("@") {
                attributes(&mut item, marks);
            }
        }
        Value::String(text) => item.text = text.clone(),
        Value::Number(number) => item.text = number.to_string(),
        Value::Bool(value) => item.text = value.to_string(),
        Value::Null | Value::Array(_) => {}
    }
    item
}

fn attributes(item: &mut Item, marks: &Map<String, Value>) {
    for (name, value) in marks {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Bool(true) => name.clone(),
            _ => continue,
        };
        if name == "comment" {
            let mut comment = Item::named("comment");
            comment.text = value;
            item.comment = Some(comment.text);
            continue;
        }
        item.attributes
            .push((name.rsplit(':').next().unwrap_or(name).to_owned(), value));
    }
}
