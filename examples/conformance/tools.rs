//! The tools of the suite that ask nobody: kinds of content, errors, progress, messages of the log, lists that change.

use std::time::Duration;

use rmcp::{
    RoleServer,
    model::{CallToolResult, ClientCapabilities, ErrorData, ProgressNotificationParam, Tool},
    service::RequestContext,
};
use serde_json::{Value, json};

use super::{
    fixtures::{PNG, WAV, content, text, typed},
    handler::{Changed, Suite},
};

/// Between two messages of one call, so that the suite sees them come one by one.
const PAUSE: Duration = Duration::from_millis(50);

/// Tools without arguments.
const PLAIN: [&str; 23] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_logging_tool",
    "test_error_handling",
    "test_tool_with_progress",
    "test_missing_capability",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_streaming_elicitation",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_tampered_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_capabilities",
];

pub(crate) fn list() -> Vec<Tool> {
    let mut tools: Vec<Value> = PLAIN.iter().map(|name| tool(name, json!({}), json!([]))).collect();
    let string = json!({"type": "string"});
    tools.push(tool("test_sampling", json!({"prompt": string}), json!(["prompt"])));
    tools.push(tool("test_elicitation", json!({"message": string}), json!(["message"])));
    let header = json!({"type": "string", "x-mcp-header": "Region"});
    tools.push(tool("test_custom_header", json!({"region": header}), json!(["region"])));
    tools.push(json!({
        "name": "json_schema_2020_12_tool",
        "description": "A schema with keywords that must not get lost on the way",
        "inputSchema": keywords(),
    }));
    typed(Value::Array(tools))
}

fn tool(name: &str, properties: Value, required: Value) -> Value {
    json!({"name": name, "description": "A fixture of the conformance suite",
        "inputSchema": {"type": "object", "properties": properties, "required": required}})
}

fn keywords() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {"$anchor": "addressDef", "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}

pub(crate) async fn call(
    suite: &Suite,
    name: &str,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    Ok(match name {
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => content(json!([image()])),
        "test_audio_content" => content(json!([{"type": "audio", "data": WAV, "mimeType": "audio/wav"}])),
        "test_embedded_resource" => content(json!([{"type": "resource", "resource": {
            "uri": "test://embedded-resource",
            "mimeType": "text/plain",
            "text": "This is an embedded resource content.",
        }}])),
        "test_multiple_content_types" => content(json!([
            {"type": "text", "text": "Multiple content types test:"},
            image(),
            {"type": "resource", "resource": {
                "uri": "test://mixed-content-resource",
                "mimeType": "application/json",
                "text": json!({"test": "data", "value": 123}).to_string(),
            }},
        ])),
        "test_error_handling" => {
            let mut result = text("This tool intentionally returns an error for testing");
            result.is_error = Some(true);
            result
        }
        "test_tool_with_logging" | "test_logging_tool" => {
            for words in [
                "Tool execution started",
                "Tool processing data",
                "Tool execution completed",
            ] {
                suite.log(context, words).await;
                tokio::time::sleep(PAUSE).await;
            }
            text("Done, and told so")
        }
        "test_tool_with_progress" => {
            progress(context).await;
            text("Done, step by step")
        }
        "test_missing_capability" => {
            let able = context.client_capabilities().unwrap_or_default();
            if able.sampling.is_none() {
                let needed: ClientCapabilities = typed(json!({"sampling": {}}));
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            text("The client can sample")
        }
        "test_trigger_tool_change" => {
            suite.tell(Changed::Tools);
            text("The list of tools has changed")
        }
        "test_trigger_prompt_change" => {
            suite.tell(Changed::Prompts);
            text("The list of prompts has changed")
        }
        "test_custom_header" | "json_schema_2020_12_tool" => text("The arguments are good"),
        _ => return Err(ErrorData::invalid_params(format!("Unknown tool: {name}"), None)),
    })
}

fn image() -> Value {
    json!({"type": "image", "data": PNG, "mimeType": "image/png"})
}

async fn progress(context: &RequestContext<RoleServer>) {
    for done in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let step = ProgressNotificationParam::new(token, done).with_total(100.0);
            // A client that has gone needs no progress.
            let _ = context.peer.notify_progress(step).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
