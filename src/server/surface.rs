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
        assert!(!about.contains("\n\n"), "{name}: one paragraph");
    }
}

#[test]
fn descriptions_begin_with_an_order_that_says_what_the_tool_does() {
    const ORDERS: [&str; 29] = [
        "Add", "Apply", "Cancel", "Change", "Check", "Collect", "Confirm", "Copy", "Discard", "Fetch", "Gather", "Get",
        "Install", "List", "Load", "Manage", "Preview", "Put", "Read", "Reload", "Render", "Report", "Roll", "Run",
        "Send", "Show", "Transfer", "Upgrade", "Validate",
    ];
    for (_, tool) in definitions() {
        let about = tool.description.as_deref().unwrap_or_default();
        let first = about.split(". ").next().unwrap_or_default();
        assert!(
            ORDERS.contains(&first.split(' ').next().unwrap_or_default()),
            "{}: {first}",
            tool.name
        );
        assert!(first.chars().count() <= 200, "{}: {first}", tool.name);
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

/// Tools that change or destroy and yet are not like others of their effect: what they destroy (d), what may be repeated (i),
/// where a person is asked (H).
const MARKS: [(&str, &str); 17] = [
    ("reload_devices", "d"),
    ("add_device", ""),
    ("load_and_commit_config", "dH"),
    ("commit_check_config", "i"),
    ("confirm_commit", "H"),
    ("rollback_config", "dH"),
    ("discard_candidate", "di"),
    ("render_and_apply_j2_template", "dH"),
    ("transfer_file", "di"),
    ("fetch_file", "i"),
    ("upgrade_junos", "H"),
    ("manage_idp_security_package", "H"),
    ("manage_appid_signature_package", "H"),
    ("cancel_job", "i"),
    ("execute_junos_command", ""),
    ("execute_junos_command_batch", ""),
    ("execute_junos_pfe_command", ""),
];

#[test]
fn marks_are_those_that_were_decided() {
    for (spec, tool) in definitions() {
        let annotations = tool.annotations.clone().expect("annotations");
        let asks = tool
            .meta
            .as_ref()
            .is_some_and(|meta| meta.get("anthropic/requiresUserInteraction") == Some(&Value::Bool(true)));
        let marks = MARKS
            .iter()
            .find(|(name, _)| *name == spec.name)
            .map(|(_, marks)| *marks);
        let has = |mark: char| marks.is_some_and(|marks| marks.contains(mark));
        let (destructive, idempotent) = match spec.effect {
            Effect::Read => (false, true),
            Effect::Operate | Effect::Destroy => (true, has('i')),
            Effect::Write => (has('d'), has('i')),
        };
        assert!(
            marks.is_some() || spec.effect == Effect::Read,
            "{} has no marks",
            spec.name
        );
        assert_eq!(annotations.destructive_hint, Some(destructive), "{}", spec.name);
        assert_eq!(annotations.idempotent_hint, Some(idempotent), "{}", spec.name);
        assert_eq!(asks, has('H'), "{}", spec.name);
        let leaves_the_network = ["manage_idp_security_package", "manage_appid_signature_package"];
        assert_eq!(
            annotations.open_world_hint,
            Some(leaves_the_network.contains(&spec.name)),
            "{}",
            spec.name
        );
    }
}

#[test]
fn text_comes_whole_and_only_two_tools_are_always_loaded() {
    const TEXT: [&str; 5] = [
        "execute_junos_command",
        "execute_junos_pfe_command",
        "get_junos_config",
        "junos_config_diff",
        "read_output",
    ];
    let mut loaded = Vec::new();
    for (spec, tool) in definitions() {
        let said = |name: &str| tool.meta.as_ref().and_then(|meta| meta.get(name)).cloned();
        assert_eq!(tool.output_schema.is_none(), TEXT.contains(&spec.name), "{}", spec.name);
        let size = said("anthropic/maxResultSizeChars");
        assert_eq!(size, TEXT.contains(&spec.name).then(|| 500_000.into()), "{}", spec.name);
        loaded.extend(said("anthropic/alwaysLoad").map(|_| spec.name));
    }
    assert_eq!(loaded, ["get_router_list", "execute_junos_command"]);
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
        each_property(spec.name, &schema, &mut |place, property| {
            let about = property["description"].as_str().unwrap_or_default();
            assert!(!about.is_empty() && about.chars().count() <= 400, "{place}");
            is_bounded(place, property);
        });
    }
}

/// Every value has one type and ends somewhere.
fn is_bounded(place: &str, schema: &Value) {
    match schema["type"].as_str() {
        Some("array") => {
            assert!(schema["maxItems"].is_u64(), "{place}");
            is_bounded(&format!("{place}[]"), &schema["items"]);
        }
        Some("integer" | "number") => assert!(
            schema["minimum"].is_number() && schema["maximum"].is_number(),
            "{place}: bounds"
        ),
        Some("string") => assert!(schema["maxLength"].is_u64() || schema["enum"].is_array(), "{place}"),
        Some("boolean") => {}
        Some("object") => assert!(schema["properties"].is_object(), "{place}"),
        other => panic!("{place}: {other:?}"),
    }
}

/// Every property of a schema and of what is inside it, with its place.
fn each_property(place: &str, schema: &Value, check: &mut dyn FnMut(&str, &Value)) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        check(&place, property);
        each_property(&place, property, check);
        each_property(&place, &property["items"], check);
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
        each_property(spec.name, &schema, &mut |place, property| {
            assert!(property["type"].is_string(), "{place}: {property}");
            let items = &property["items"];
            assert!(items.is_null() || items["type"].is_string(), "{place}: {items}");
        });
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().expect("a name");
            assert!(schema["properties"][name].is_object(), "{}.{name}", spec.name);
        }
    }
}

const EXOTIC: [&str; 11] = [
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "if",
    "then",
    "$ref",
    "$defs",
    "$schema",
    "patternProperties",
    "prefixItems",
];

/// Keywords and values that some client does not understand, anywhere in a schema.
fn refuse_exotic(tool: &str, schema: &Value) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                assert!(!EXOTIC.contains(&name.as_str()), "{tool}: {name}");
                let is_property = value.is_object();
                assert!(
                    is_property || !["title", "const", "pattern"].contains(&name.as_str()),
                    "{tool}: {name}"
                );
                assert!(
                    name != "format" || is_property || value == "date-time" || value == "uri",
                    "{tool}: {value}"
                );
                let holds_schemas = ["properties", "items"].contains(&name.as_str());
                assert!(!(holds_schemas && value.is_boolean()), "{tool}: {name} is a boolean");
                for (property, schema) in value.as_object().into_iter().flatten().filter(|_| name == "properties") {
                    let says_something = schema.as_object().is_some_and(|schema| !schema.is_empty());
                    assert!(says_something, "{tool}.{property}: {schema}");
                }
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
