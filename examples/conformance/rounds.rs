//! Tools of the revision without sessions that ask by answering: each round is a call of its own, and nothing is kept between.

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, ErrorData, InputRequiredResult, InputResponses,
    RequestStateCodec,
};
use serde_json::{Map, Value, json};

use super::fixtures::{text, typed};

/// The call in whatever round it is; none when the tool asks nothing.
pub(crate) fn call(
    request: &CallToolRequestParams,
    able: &ClientCapabilities,
    seal: &RequestStateCodec,
) -> Result<Option<CallToolResponse>, ErrorData> {
    let given = request.input_responses.as_ref();
    let state = match &request.request_state {
        None => None,
        Some(sealed) => Some(
            seal.open(sealed)
                .map_err(|error| ErrorData::invalid_params(format!("the request state is not ours: {error}"), None))?,
        ),
    };
    let name_asked = || question("What is your name?", "name", "string");
    let response = match request.name.as_ref() {
        "test_input_required_result_elicitation" | "test_streaming_elicitation" => {
            match form(given, "user_name", "name") {
                Some(name) => text(format!("Hello, {name}!")).into(),
                None => ask(json!({"user_name": name_asked()}), None).into(),
            }
        }
        "test_input_required_result_sampling" => match answer(given, "capital_question", "content") {
            Some(said) => text(format!("The model said: {said}")).into(),
            None => ask(
                json!({"capital_question": sampling("What is the capital of France?", 100)}),
                None,
            )
            .into(),
        },
        "test_input_required_result_list_roots" => match answer(given, "client_roots", "roots") {
            Some(roots) => text(format!("The roots are: {roots}")).into(),
            None => ask(json!({"client_roots": roots_asked()}), None).into(),
        },
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => {
            match (state, form(given, "confirm", "ok")) {
                (Some(_), Some(_)) => text("state-ok").into(),
                _ => ask(
                    json!({"confirm": question("Please confirm", "ok", "boolean")}),
                    Some(seal.seal(b"confirm")),
                )
                .into(),
            }
        }
        "test_input_required_result_multiple_inputs" => {
            let answers = (
                form(given, "user_name", "name"),
                answer(given, "greeting", "content"),
                answer(given, "client_roots", "roots"),
            );
            match (state, answers) {
                (Some(_), (Some(name), Some(greeting), Some(roots))) => {
                    text(format!("{name}: {greeting}, {roots}")).into()
                }
                _ => {
                    let questions = json!({
                        "user_name": name_asked(),
                        "greeting": sampling("Generate a greeting", 50),
                        "client_roots": roots_asked(),
                    });
                    ask(questions, Some(seal.seal(b"all three"))).into()
                }
            }
        }
        "test_input_required_result_multi_round" => multi_round(given, state.as_deref(), seal),
        "test_input_required_result_capabilities" => {
            let mut questions = Map::new();
            if able.elicitation.is_some() {
                questions.insert("user_name".to_owned(), name_asked());
            }
            if able.sampling.is_some() {
                questions.insert("greeting".to_owned(), sampling("Generate a greeting", 50));
            }
            if able.roots.is_some() {
                questions.insert("client_roots".to_owned(), roots_asked());
            }
            if given.is_some() || questions.is_empty() {
                text("nothing more to ask this client").into()
            } else {
                ask(Value::Object(questions), None).into()
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(response))
}

/// Two questions one after the other: which one was asked is in the sealed state.
fn multi_round(given: Option<&InputResponses>, state: Option<&[u8]>, seal: &RequestStateCodec) -> CallToolResponse {
    match state {
        Some(b"asked for the color") => {
            if let Some(color) = form(given, "step2", "color") {
                return text(format!("The color is {color}.")).into();
            }
        }
        Some(b"asked for the name") if form(given, "step1", "name").is_some() => {
            let next = question("Step 2: What is your favorite color?", "color", "string");
            return ask(json!({"step2": next}), Some(seal.seal(b"asked for the color"))).into();
        }
        _ => {}
    }
    let first = question("Step 1: What is your name?", "name", "string");
    ask(json!({"step1": first}), Some(seal.seal(b"asked for the name"))).into()
}

/// The result that asks.
pub(crate) fn ask(questions: Value, state: Option<String>) -> InputRequiredResult {
    InputRequiredResult::new(Some(typed(questions)), state)
}

/// A form with one field.
pub(crate) fn question(message: &str, field: &str, kind: &str) -> Value {
    json!({"method": "elicitation/create", "params": {"message": message, "requestedSchema": {
        "type": "object", "properties": {field: {"type": kind}}, "required": [field]}}})
}

/// What was filled into the field of an accepted form.
pub(crate) fn form<'a>(given: Option<&'a InputResponses>, key: &str, field: &str) -> Option<&'a Value> {
    let form = given?.get(key)?;
    form.get("content").filter(|_| form["action"] == "accept")?.get(field)
}

fn answer<'a>(given: Option<&'a InputResponses>, key: &str, member: &str) -> Option<&'a Value> {
    given?.get(key)?.get(member)
}

fn sampling(prompt: &str, max_tokens: u32) -> Value {
    json!({"method": "sampling/createMessage", "params": {
        "messages": [{"role": "user", "content": {"type": "text", "text": prompt}}], "maxTokens": max_tokens}})
}

fn roots_asked() -> Value {
    json!({"method": "roots/list", "params": {}})
}
