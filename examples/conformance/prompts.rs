//! The prompts of the suite; one of them asks the client before it answers.

use rmcp::model::{ErrorData, GetPromptRequestParams, GetPromptResponse, Prompt};
use serde_json::{Value, json};

use super::{
    fixtures::{PNG, complete, typed, word},
    rounds,
};

pub(crate) fn list() -> Vec<Prompt> {
    let required = |name: &str| json!({"name": name, "description": "Any word", "required": true});
    typed(json!([
        {"name": "test_simple_prompt", "description": "One message"},
        {"name": "test_prompt_with_arguments", "description": "Says its arguments",
            "arguments": [required("arg1"), required("arg2")]},
        {"name": "test_prompt_with_embedded_resource", "description": "Brings a resource",
            "arguments": [required("resourceUri")]},
        {"name": "test_prompt_with_image", "description": "Brings an image"},
        {"name": "test_input_required_result_prompt", "description": "Asks before it answers"},
    ]))
}

pub(crate) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name| word(request.arguments.as_ref(), name);
    let contents = match request.name.as_str() {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => vec![text(&format!(
            "Prompt with arguments: arg1='{}', arg2='{}'",
            argument("arg1"),
            argument("arg2")
        ))],
        "test_prompt_with_embedded_resource" => vec![
            json!({"type": "resource", "resource": {
                "uri": argument("resourceUri"),
                "mimeType": "text/plain",
                "text": "Embedded resource content for testing.",
            }}),
            text("Please process the embedded resource above."),
        ],
        "test_prompt_with_image" => vec![
            json!({"type": "image", "data": PNG, "mimeType": "image/png"}),
            text("Please analyze the image above."),
        ],
        "test_input_required_result_prompt" => {
            match rounds::form(request.input_responses.as_ref(), "user_context", "context") {
                Some(context) => vec![text(&format!("Use this context: {context}"))],
                None => {
                    let question = rounds::question("What context should the prompt use?", "context", "string");
                    return Ok(rounds::ask(json!({"user_context": question}), None).into());
                }
            }
        }
        name => return Err(ErrorData::invalid_params(format!("Unknown prompt: {name}"), None)),
    };
    let messages: Vec<Value> = contents
        .into_iter()
        .map(|content| json!({"role": "user", "content": content}))
        .collect();
    Ok(GetPromptResponse::Complete(complete(json!({"messages": messages}))))
}

fn text(words: &str) -> Value {
    json!({"type": "text", "text": words})
}
