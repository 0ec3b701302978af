//! The resources of the suite, and the template.

use rmcp::model::{ErrorData, ReadResourceResult, Resource, ResourceTemplate};
use serde_json::{Value, json};

use super::fixtures::{PNG, complete, typed};

pub(crate) fn list() -> Vec<Resource> {
    typed(json!([
        {"uri": "test://static-text", "name": "static-text", "mimeType": "text/plain"},
        {"uri": "test://static-binary", "name": "static-binary", "mimeType": "image/png"},
        {"uri": "test://watched-resource", "name": "watched-resource", "mimeType": "text/plain"},
    ]))
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    typed(json!([
        {"uriTemplate": "test://template/{id}/data", "name": "template", "mimeType": "application/json"},
    ]))
}

pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let content = match uri {
        "test://static-text" => plain(uri, "This is the content of the static text resource."),
        "test://watched-resource" => plain(uri, "This resource may change."),
        "test://static-binary" => json!({"uri": uri, "mimeType": "image/png", "blob": PNG}),
        _ => from_template(uri)
            .ok_or_else(|| ErrorData::resource_not_found("Resource not found", Some(json!({"uri": uri}))))?,
    };
    Ok(complete(
        json!({"contents": [content], "ttlMs": 1000, "cacheScope": "private"}),
    ))
}

fn plain(uri: &str, text: &str) -> Value {
    json!({"uri": uri, "mimeType": "text/plain", "text": text})
}

fn from_template(uri: &str) -> Option<Value> {
    let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
    let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
    Some(json!({"uri": uri, "mimeType": "application/json", "text": data.to_string()}))
}
