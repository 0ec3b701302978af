//! Prompts: what a person may choose to begin with. Each is one message that names tools the caller has; no router is
//! contacted for it.

mod text;
mod texts;

use rmcp::model::{
    CacheScope, ErrorData, GetPromptResult, JsonObject, ListPromptsResult, Prompt, PromptArgument, PromptMessage, Role,
};
use serde_json::Value;

use super::handler::FIXED_TTL;
use crate::tools::Spec;
use text::{Values, message};
use texts::PROMPTS;

/// Longest value of an argument, in characters: a symptom or a goal is a paragraph.
const LONGEST_VALUE: usize = 2_000;

/// One prompt.
struct Text {
    name: &'static str,
    title: &'static str,
    about: &'static str,
    arguments: &'static [Argument],
    /// Without one of these tools it leads nowhere.
    needs: &'static [&'static str],
    /// Told first, sentence by sentence.
    opening: &'static [&'static str],
    /// Numbered; a step is told where its first sentence can be told.
    steps: &'static [&'static [&'static str]],
    /// Told last.
    closing: &'static [&'static str],
}

/// One argument of a prompt.
struct Argument {
    name: &'static str,
    about: &'static str,
    required: bool,
    /// What is meant when nothing is given.
    default: Option<&'static str>,
    accepts: fn(&str) -> bool,
}

/// The prompts whose tools are all there.
fn listed<'a>(offered: impl Iterator<Item = &'a Spec> + Clone) -> impl Iterator<Item = &'static Text> {
    PROMPTS.iter().filter(move |prompt| {
        let has = |name: &&str| offered.clone().any(|spec| spec.name == *name);
        prompt.needs.iter().all(has)
    })
}

/// What `prompts/list` says to a caller who is offered these tools.
pub(super) fn list<'a>(offered: impl Iterator<Item = &'a Spec> + Clone) -> ListPromptsResult {
    let prompts = listed(offered).map(|prompt| {
        let arguments = prompt.arguments.iter().map(|argument| {
            PromptArgument::new(argument.name)
                .with_description(argument.about)
                .with_required(argument.required)
        });
        Prompt::new(prompt.name, Some(prompt.about), Some(arguments.collect())).with_title(prompt.title)
    });
    ListPromptsResult::with_all_items(prompts.collect())
        .with_ttl_ms(FIXED_TTL)
        .with_cache_scope(CacheScope::Private)
}

/// Whether there is a prompt of this name with this argument, for a caller who is offered these tools.
pub(super) fn takes<'a>(offered: impl Iterator<Item = &'a Spec> + Clone, name: &str, argument: &str) -> bool {
    listed(offered).any(|prompt| prompt.name == name && prompt.arguments.iter().any(|own| own.name == argument))
}

/// The message of a prompt.
pub(super) fn get<'a>(
    offered: impl Iterator<Item = &'a Spec> + Clone,
    name: &str,
    arguments: JsonObject,
) -> Result<GetPromptResult, ErrorData> {
    let refuse = |words: String| ErrorData::invalid_params(words, None);
    let prompt = listed(offered.clone())
        .find(|prompt| prompt.name == name)
        .ok_or_else(|| refuse(format!("Unknown prompt: {name}")))?;
    let values = values(prompt, arguments).map_err(refuse)?;
    let message = PromptMessage::new_text(Role::User, message(prompt, &values, offered));
    Ok(GetPromptResult::new(vec![message]).with_description(prompt.about))
}

/// The values of all arguments that are given or have a default; what is wrong is said without the value.
fn values(prompt: &Text, mut given: JsonObject) -> Result<Values, String> {
    let mut values = Values::new();
    for argument in prompt.arguments {
        let name = argument.name;
        let value = match given.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(_) => return Err(format!("argument '{name}' must be a string")),
        };
        let plain = value.map(|text| text.replace(char::is_control, " ").trim().to_owned());
        match plain.filter(|text| !text.is_empty()) {
            Some(text) if text.chars().count() > LONGEST_VALUE => {
                return Err(format!("argument '{name}' is longer than {LONGEST_VALUE} characters"));
            }
            Some(text) if !(argument.accepts)(&text) => {
                return Err(format!("argument '{name}' does not fit: {}", argument.about));
            }
            Some(text) => drop(values.insert(name, text)),
            None if argument.required => return Err(format!("missing argument '{name}'")),
            None => drop(argument.default.map(|text| values.insert(name, text.to_owned()))),
        }
    }
    match given.keys().next() {
        None => Ok(values),
        Some(_) => {
            let known: Vec<&str> = prompt.arguments.iter().map(|argument| argument.name).collect();
            Err(format!("unknown argument: {} takes {}", prompt.name, known.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{server::instructions::tools_named, tools::registry};

    fn said(name: &str, arguments: Value, offered: &[Spec]) -> Result<String, ErrorData> {
        let Value::Object(arguments) = arguments else {
            panic!("an object")
        };
        let response = get(offered.iter(), name, arguments)?;
        let response = serde_json::to_value(response).expect("JSON");
        assert_eq!(response["messages"].as_array().map(Vec::len), Some(1));
        assert_eq!(response["messages"][0]["role"], "user");
        let text = response["messages"][0]["content"]["text"].as_str();
        Ok(text.expect("a text").to_owned())
    }

    #[test]
    fn every_prompt_is_as_reviewed() {
        let registry = registry();
        for prompt in PROMPTS {
            let arguments: JsonObject = prompt
                .arguments
                .iter()
                .map(|argument| (argument.name.to_owned(), json!(argument.default.unwrap_or("VALUE"))))
                .collect();
            let text = said(prompt.name, Value::Object(arguments), &registry).expect("complete");
            let list = serde_json::to_value(list(registry.iter())).expect("JSON");
            let listed = list["prompts"].as_array().expect("a list").iter();
            let definition = listed.clone().find(|listed| listed["name"] == prompt.name);
            let definition = serde_json::to_string_pretty(&definition.expect("listed")).expect("JSON");
            insta::assert_snapshot!(prompt.name, format!("{definition}\n\n{text}"));
        }
    }

    #[test]
    fn every_tool_that_a_prompt_names_exists() {
        let registry = registry();
        for prompt in PROMPTS {
            let steps = prompt.steps.iter().flat_map(|step| step.iter());
            let sentences = prompt.opening.iter().chain(steps).chain(prompt.closing);
            for name in sentences
                .flat_map(|sentence| tools_named(sentence))
                .chain(prompt.needs.iter().copied())
            {
                assert!(registry.iter().any(|spec| spec.name == name), "{}: {name}", prompt.name);
            }
        }
    }

    #[test]
    fn a_prompt_names_only_tools_that_the_caller_has() {
        let registry = registry();
        for without in registry.iter().map(|spec| spec.name) {
            let rest: Vec<Spec> = registry.iter().filter(|spec| spec.name != without).cloned().collect();
            for prompt in listed(rest.iter()) {
                assert!(!prompt.needs.contains(&without));
                let arguments = prompt.arguments.iter();
                let arguments =
                    arguments.map(|argument| (argument.name.to_owned(), json!(argument.default.unwrap_or("x"))));
                let text = said(prompt.name, Value::Object(arguments.collect()), &rest).expect("complete");
                assert!(
                    tools_named(&text).all(|name| name != without),
                    "{}: {text}",
                    prompt.name
                );
            }
        }
        assert_eq!(listed([].iter()).count(), 0);
    }

    #[test]
    fn arguments_are_judged_without_repeating_them() {
        let registry = registry();
        let refused = [
            ("triage_router", json!({})),
            ("triage_router", json!({"router_name": " "})),
            ("triage_router", json!({"router_name": ["hunter2"]})),
            ("triage_router", json!({"router_name": "x", "hunter2": "y"})),
            ("triage_router", json!({"router_name": "hunter2".repeat(300)})),
            (
                "plan_config_change",
                json!({"router_name": "x", "goal": "y", "confirm_timeout_mins": "hunter2"}),
            ),
            (
                "plan_config_change",
                json!({"router_name": "x", "goal": "y", "confirm_timeout_mins": 0}),
            ),
            ("no_such_prompt", json!({})),
        ];
        for (name, arguments) in refused {
            let error = said(name, arguments.clone(), &registry).expect_err(name);
            assert_eq!(error.code.0, -32602, "{arguments}");
            assert!(!error.message.contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn an_argument_that_is_left_out_leaves_no_trace_and_a_value_is_taken_as_it_is() {
        let registry = registry();
        let text = said("triage_router", json!({"router_name": "edge-1"}), &registry).expect("complete");
        assert!(text.contains("edge-1") && !text.contains('{'), "{text}");
        let arguments = json!({"router_name": "edge-1", "symptom": "slow\n{router_name}"});
        let text = said("triage_router", arguments, &registry).expect("complete");
        assert!(text.contains("slow {router_name}"), "{text}");
    }
}
