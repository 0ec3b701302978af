//! What clients see of every tool: a change to it is a diff in review, and a few rules hold for all.

use rmcp::model::Tool;
use serde_json::Value;

use super::definition;
use crate::tools::{Effect, Spec, registry};

/// Bytes of name, description and arguments of one tool, and of all tools together.
const LARGEST_TOOL: usize = 2_500;
const LARGEST_LIST: usize = 40_000;

fn definitions() -> Vec<(Spec, Tool)> {
    let tools = registry().into_iter();
    tools
        .map(|spec| (spec.clone(), definition::tool(&spec, false)))
        .collect()
}

#[test]
fn the_definition_of_every_tool_is_as_reviewed() {
    for (spec, tool) in definitions() {
        insta::assert_json_snapshot!(spec.name, tool);
    }
}

#[test]
fn names_titles_and_descriptions_suit_every_client() {
    for (_, tool) in definitions() {
        let name = tool.name.as_ref();
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        assert!(
            plain && name.len() <= 40 && name.starts_with(|first: char| first.is_ascii_lowercase()),
            "{name}"
        );
        assert!(tool.title.as_ref().is_some_and(|title| !title.is_empty()), "{name}");
        let about = tool.description.as_deref().unwrap_or_default();
        assert!(!about.is_empty() && about.chars().count() <= 700, "{name}");
    }
}

#[test]
fn all_four_annotations_follow_the_effect() {
    for (spec, tool) in definitions() {
        let annotations = tool.annotations.expect("annotations");
        assert_eq!(
            annotations.read_only_hint,
            Some(spec.effect == Effect::Read),
            "{}",
            spec.name
        );
        let destructive = annotations.destructive_hint.expect("said");
        match spec.effect {
            Effect::Read => assert!(!destructive, "{}", spec.name),
            Effect::Operate | Effect::Destroy => assert!(destructive, "{}", spec.name),
            Effect::Write => {}
        }
        assert!(
            annotations.idempotent_hint.is_some() && annotations.open_world_hint.is_some(),
            "{}",
            spec.name
        );
    }
}

#[test]
fn confined_commands_are_advertised_as_reading() {
    for spec in registry().iter().filter(|spec| spec.effect == Effect::Operate) {
        let annotations = definition::tool(spec, true).annotations.expect("annotations");
        let hints = (annotations.read_only_hint, annotations.destructive_hint);
        assert_eq!(hints, (Some(true), Some(false)), "{}", spec.name);
    }
}

#[test]
fn definitions_are_small() {
    let mut all = 0;
    for (_, tool) in definitions() {
        let arguments = serde_json::to_string(&tool.input_schema).expect("JSON");
        let size = tool.name.len() + tool.description.as_deref().unwrap_or_default().len() + arguments.len();
        assert!(size <= LARGEST_TOOL, "{}: {size} bytes", tool.name);
        all += size;
    }
    assert!(all <= LARGEST_LIST, "{all} bytes");
}

#[test]
fn arguments_are_flat_described_and_bounded() {
    for (spec, tool) in definitions() {
        let schema = Value::Object(tool.input_schema.as_ref().clone());
        assert_eq!(schema["type"], "object", "{}", spec.name);
        refuse_exotic(spec.name, &schema);
        each_object(&schema, &mut |object| {
            assert_eq!(object["additionalProperties"], false, "{}", spec.name)
        });
        for (name, property) in schema["properties"].as_object().expect("properties") {
            let place = format!("{}.{name}", spec.name);
            assert!(
                property["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{place}"
            );
            match property["type"].as_str().expect("one type") {
                "array" => assert!(property["maxItems"].is_u64(), "{place}"),
                "integer" => assert!(property["minimum"].is_i64(), "{place}"),
                "string" => assert!(property["maxLength"].is_u64() || property["enum"].is_array(), "{place}"),
                _ => {}
            }
        }
    }
}

#[test]
fn results_have_an_object_at_the_root_and_may_grow() {
    for (spec, tool) in definitions() {
        let Some(output) = tool.output_schema else { continue };
        let schema = Value::Object(output.as_ref().clone());
        assert_eq!(schema["type"], "object", "{}", spec.name);
        refuse_exotic(spec.name, &schema);
        each_object(&schema, &mut |object| {
            assert_ne!(object["additionalProperties"], false, "{}", spec.name)
        });
    }
}

/// Keywords and values that some client does not understand, anywhere in a schema.
fn refuse_exotic(tool: &str, schema: &Value) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                let exotic =
                    ["anyOf", "oneOf", "allOf", "not", "if", "$ref", "$defs", "$schema"].contains(&name.as_str());
                assert!(!exotic, "{tool}: {name}");
                assert!(!(name == "type" && value.is_array()), "{tool}: several types");
                assert!(!value.is_null(), "{tool}: null at {name}");
                refuse_exotic(tool, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| refuse_exotic(tool, item)),
        value => assert!(!value.is_null(), "{tool}: null"),
    }
}

fn each_object(schema: &Value, check: &mut dyn FnMut(&Value)) {
    if schema["type"] == "object" {
        check(schema);
    }
    for property in schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(|all| all.values())
    {
        each_object(property, check);
    }
    if schema["items"].is_object() {
        each_object(&schema["items"], check);
    }
}
