//! Tools of the revisions with sessions that ask the client in the middle of a call.

use rmcp::{
    Peer, RoleServer,
    model::{CallToolRequestParams, CallToolResult},
    service::ServiceError,
};
use serde_json::{Value, json};

use super::fixtures::{text, typed, word};

/// The call; none when the tool asks nothing.
pub(crate) async fn call(
    request: &CallToolRequestParams,
    peer: &Peer<RoleServer>,
) -> Option<Result<CallToolResult, ServiceError>> {
    let argument = |name| word(request.arguments.as_ref(), name);
    Some(match request.name.as_ref() {
        "test_sampling" => sample(peer, argument("prompt")).await,
        "test_elicitation" => {
            let fields = json!({
                "username": {"type": "string", "description": "User's response"},
                "email": {"type": "string", "description": "User's email address"},
            });
            let required = json!(["username", "email"]);
            elicit(peer, argument("message"), fields, required, "User response:").await
        }
        "test_elicitation_sep1034_defaults" => {
            elicit(
                peer,
                "Everything has a default",
                defaults(),
                json!([]),
                "Elicitation completed:",
            )
            .await
        }
        "test_elicitation_sep1330_enums" => {
            elicit(
                peer,
                "Every kind of choice",
                choices(),
                json!([]),
                "Elicitation completed:",
            )
            .await
        }
        _ => return None,
    })
}

async fn sample(peer: &Peer<RoleServer>, prompt: &str) -> Result<CallToolResult, ServiceError> {
    let message = json!({"role": "user", "content": {"type": "text", "text": prompt}});
    let answer = peer
        .create_message(typed(json!({"messages": [message], "maxTokens": 100})))
        .await?;
    let said = json!(answer);
    Ok(text(format!("LLM response: {}", said["content"])))
}

async fn elicit(
    peer: &Peer<RoleServer>,
    message: &str,
    fields: Value,
    required: Value,
    heading: &str,
) -> Result<CallToolResult, ServiceError> {
    let schema = json!({"type": "object", "properties": fields, "required": required});
    let answer = peer
        .create_elicitation(typed(
            json!({"mode": "form", "message": message, "requestedSchema": schema}),
        ))
        .await?;
    let said = json!(answer);
    let (action, content) = (said["action"].as_str().unwrap_or_default(), &said["content"]);
    Ok(text(format!("{heading} action={action}, content={content}")))
}

fn defaults() -> Value {
    json!({
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": true},
    })
}

fn choices() -> Value {
    let options = ["option1", "option2", "option3"];
    let titled = json!([
        {"const": "value1", "title": "First"},
        {"const": "value2", "title": "Second"},
        {"const": "value3", "title": "Third"},
    ]);
    json!({
        "untitledSingle": {"type": "string", "enum": options},
        "titledSingle": {"type": "string", "oneOf": titled},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled}},
    })
}
