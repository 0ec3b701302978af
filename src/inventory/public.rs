//! An entry as a model may see it: nothing secret, nothing about this host's files.

use serde_json::{Map, Value, json};

use super::{Entry, fields::is_secret};

/// Keys that are never shown, whatever they hold.
const HIDDEN: [&str; 7] = [
    "ssh_config",
    "private_key_path",
    "blocklist",
    "socket",
    "identity",
    "read_only",
    "scp_port",
];

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
    for (key, value) in &entry.custom {
        if let Some(value) = cleaned(key, value) {
            shown.entry(key.clone()).or_insert(value);
        }
    }
    shown
}

/// What can be shown of an entry that has problems.
pub(super) fn of_object(object: &Map<String, Value>) -> Map<String, Value> {
    let plain = ["ip", "port", "username", "tags", "description"];
    object
        .iter()
        .filter(|(key, _)| plain.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// A value without its hidden members, at any depth; nothing if the key itself is hidden.
fn cleaned(key: &str, value: &Value) -> Option<Value> {
    let hidden = HIDDEN.contains(&key)
        || key.starts_with('_')
        || key.ends_with("_env")
        || key.ends_with("_file")
        || is_secret(key);
    if hidden {
        return None;
    }
    Some(match value {
        Value::Object(object) => Value::Object(
            object
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), cleaned(key, value)?)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.iter().filter_map(|item| cleaned("", item)).collect()),
        value => value.clone(),
    })
}
