//! An entry as a model may see it: nothing secret, nothing about this host's files.

use serde_json::{Map, Value, json};

use super::Entry;

/// Keys that name files, sockets and rules of this host.
const HIDDEN: [&str; 5] = ["ssh_config", "private_key_path", "blocklist", "socket", "identity"];

/// Ends of keys whose values are secrets.
const SECRET: [&str; 6] = ["password", "passwd", "passphrase", "secret", "token", "_key"];

/// Whether a key's name says that its value is a secret; upper case makes no difference.
pub(super) fn is_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET.iter().any(|ending| key.ends_with(ending))
}

fn is_hidden(key: &str) -> bool {
    let lower = key.to_lowercase();
    HIDDEN.contains(&lower.as_str())
        || lower.starts_with('_')
        || lower.ends_with("_env")
        || lower.ends_with("_file")
        || is_secret(key)
}

/// A usable entry.
pub(super) fn of_entry(entry: &Entry) -> Map<String, Value> {
    let mut shown = Map::new();
    shown.insert("ip".to_owned(), json!(entry.host));
    shown.insert("port".to_owned(), json!(entry.port));
    shown.insert("username".to_owned(), json!(entry.username));
    shown.insert("auth".to_owned(), json!({ "type": entry.auth.kind() }));
    if !entry.tags.is_empty() {
        shown.insert("tags".to_owned(), json!(entry.tags));
    }
    if let Some(description) = &entry.description {
        shown.insert("description".to_owned(), json!(description));
    }
    if entry.ssh_config.is_some() {
        shown.insert("jump".to_owned(), json!(true));
    }
    for (key, value) in visible(&entry.custom) {
        shown.entry(key).or_insert(value);
    }
    shown
}

/// What can be shown of an entry that has problems: as written, for nothing of it is known to be sound.
pub(super) fn of_object(object: &Map<String, Value>) -> Map<String, Value> {
    let mut shown = visible(object);
    let kind = object
        .get("auth")
        .and_then(|auth| auth.get("type"))
        .and_then(Value::as_str);
    shown.remove("auth");
    if let Some(kind) = kind {
        shown.insert("auth".to_owned(), json!({ "type": kind }));
    }
    shown
}

/// An object without its hidden members, at any depth.
fn visible(object: &Map<String, Value>) -> Map<String, Value> {
    object
        .iter()
        .filter(|(key, _)| !is_hidden(key))
        .map(|(key, value)| (key.clone(), cleaned(value)))
        .collect()
}

fn cleaned(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(visible(object)),
        Value::Array(items) => Value::Array(items.iter().map(cleaned).collect()),
        plain => plain.clone(),
    }
}
