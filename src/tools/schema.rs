//! Schemas that every client understands: what schemars derives, rewritten to flat, null-free JSON Schema.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

/// A JSON object, as schemas and arguments are.
pub(crate) type Object = Map<String, Value>;

/// The description of a tool (the doc comment of its arguments) and the schema of its arguments.
pub(crate) fn input<T: JsonSchema>() -> (String, Object) {
    let mut schema = derived::<T>(SchemaSettings::draft2020_12());
    let about = match schema.shift_remove("description") {
        Some(Value::String(text)) => unwrapped(&text),
        _ => String::new(),
    };
    (about, finished(schema, Side::Input))
}

/// The schema of a structured result. Unknown members stay allowed, so that results can grow.
pub(crate) fn output<T: JsonSchema>() -> Object {
    let mut schema = derived::<T>(SchemaSettings::draft2020_12().for_serialize());
    schema.shift_remove("description");
    finished(schema, Side::Output)
}

/// The schema of a result that may be a plan to be confirmed instead: nothing is required of it then.
pub(crate) fn or_plan(schema: &mut Object) {
    schema.shift_remove("required");
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    let text = |about: &str| serde_json::json!({"type": "string", "description": about});
    let members = [
        (
            "status",
            text("confirmation_required where a plan has to be confirmed first."),
        ),
        (
            "plan",
            serde_json::json!({"type": "object", "description": "What would be done.", "properties": {}}),
        ),
        ("plan_token", text("Confirms the plan, once.")),
        ("expires_at", text("Until when.")),
    ];
    for (name, member) in members {
        properties.entry(name).or_insert(member);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Input,
    Output,
}

fn derived<T: JsonSchema>(settings: SchemaSettings) -> Object {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    match settings.into_generator().into_root_schema_for::<T>().to_value() {
        Value::Object(schema) => schema,
        _ => unreachable!("arguments and results are structs, whose schemas are objects"),
    }
}

fn finished(schema: Object, side: Side) -> Object {
    let mut schema = Value::Object(schema);
    rewrite(&mut schema, side);
    match schema {
        Value::Object(mut schema) => {
            schema.entry("type").or_insert_with(|| "object".into());
            close(&mut schema, side);
            schema
        }
        _ => unreachable!("rewriting keeps an object an object"),
    }
}

/// Rewrites one schema and all schemas inside it.
fn rewrite(schema: &mut Value, side: Side) {
    let Value::Object(object) = schema else { return };
    for noise in ["$schema", "title", "$defs"] {
        object.shift_remove(noise);
    }
    require_what_is_never_null(object);
    drop_null(object);
    flatten_choice(object);
    if object
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(is_number_format)
    {
        object.shift_remove("format");
    }
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = unwrapped(text);
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(|property| rewrite(property, side));
    }
    for nested in ["items", "additionalProperties"] {
        if let Some(inner) = object.get_mut(nested) {
            rewrite(inner, side);
        }
    }
    close(object, side);
}

/// An object says which members it has, and in arguments that there are no others.
fn close(object: &mut Object, side: Side) {
    if object.get("type") != Some(&Value::from("object")) {
        return;
    }
    object
        .entry("properties")
        .or_insert_with(|| Value::Object(Object::new()));
    match side {
        Side::Input => {
            object.entry("additionalProperties").or_insert(Value::Bool(false));
        }
        Side::Output => {
            if object.get("additionalProperties") == Some(&Value::Bool(false)) {
                object.shift_remove("additionalProperties");
            }
        }
    }
}

/// A member that may be null is left out instead, so that it is not required.
fn require_what_is_never_null(object: &mut Object) {
    let Some(Value::Object(properties)) = object.get("properties") else {
        return;
    };
    let absent: Vec<String> = properties
        .iter()
        .filter(|(_, property)| may_be_null(property))
        .map(|(name, _)| name.clone())
        .collect();
    if let Some(Value::Array(required)) = object.get_mut("required") {
        required.retain(|name| !absent.iter().any(|absent| name == absent));
        if required.is_empty() {
            object.shift_remove("required");
        }
    }
}

fn may_be_null(schema: &Value) -> bool {
    let lists_null = |name: &str| {
        schema[name]
            .as_array()
            .is_some_and(|types| types.iter().any(|one| one == "null"))
    };
    let choices = schema["anyOf"].as_array();
    lists_null("type") || choices.is_some_and(|choices| choices.iter().any(|choice| choice["type"] == "null"))
}

/// Null is never a value.
fn drop_null(object: &mut Object) {
    if object.get("default") == Some(&Value::Null) {
        object.shift_remove("default");
    }
    if let Some(Value::Array(choices)) = object.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            object.insert("type".to_owned(), single);
        }
    }
    if let Some(Value::Array(mut choices)) = object.shift_remove("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&Value::from("null")));
        match (choices.pop(), choices.is_empty()) {
            (Some(Value::Object(only)), true) => only.into_iter().for_each(|(name, value)| {
                object.entry(name).or_insert(value);
            }),
            (last, _) => {
                choices.extend(last);
                object.insert("anyOf".to_owned(), Value::Array(choices));
            }
        }
    }
}

/// A choice of documented words becomes one list of words, their documentation one sentence.
fn flatten_choice(object: &mut Object) {
    let Some(Value::Array(choices)) = object.get("oneOf") else {
        return;
    };
    let mut words = Vec::new();
    let mut told = Vec::new();
    for choice in choices {
        let documented = choice.get("description").and_then(Value::as_str).map(unwrapped);
        if let Some(word) = choice.get("const") {
            words.push(word.clone());
        } else if let Some(Value::Array(plain)) = choice.get("enum") {
            words.extend(plain.iter().cloned());
        } else {
            return;
        }
        if let (Some(Value::String(word)), Some(text)) = (words.last(), documented) {
            told.push(format!("{word}: {}", text.trim_end_matches('.')));
        }
    }
    object.shift_remove("oneOf");
    object.insert("type".to_owned(), "string".into());
    object.insert("enum".to_owned(), Value::Array(words));
    let own = object.get("description").and_then(Value::as_str).unwrap_or_default();
    let described = match (own.is_empty(), told.is_empty()) {
        (_, true) => return,
        (true, false) => told.join("; "),
        (false, false) => format!("{} {}", unwrapped(own), told.join("; ")),
    };
    object.insert("description".to_owned(), described.into());
}

fn is_number_format(format: &str) -> bool {
    format.starts_with("uint") || format.starts_with("int") || format == "float" || format == "double"
}

/// A doc comment as running text: line breaks of the source are blanks, paragraphs stay apart.
fn unwrapped(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n\n")
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    /// Do a thing.
    ///
    /// With two lines
    /// of prose.
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is of interest")]
    struct Args {
        /// A name.
        #[schemars(length(max = 128))]
        name: String,
        /// How many.
        #[schemars(range(min = 0, max = 49))]
        count: Option<u8>,
        /// In which form.
        #[serde(default)]
        format: Option<Form>,
        plain: Plain,
        nested: Option<Nested>,
        list: Vec<String>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only its schema is of interest")]
    enum Form {
        /// Lines of set commands.
        Set,
        /// Curly braces.
        Text,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "only its schema is of interest")]
    enum Plain {
        One,
        Two,
    }

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is of interest")]
    struct Nested {
        deep: Option<bool>,
    }

    #[test]
    fn arguments_are_flat_and_closed() {
        let (about, schema) = input::<Args>();
        assert_eq!(about, "Do a thing.\n\nWith two lines of prose.");
        assert_eq!(
            Value::Object(schema),
            json!({
                "type": "object",
                "properties": {
                    "name": {"description": "A name.", "type": "string", "maxLength": 128},
                    "count": {"description": "How many.", "type": "integer", "minimum": 0, "maximum": 49},
                    "format": {
                        "description": "In which form. set: Lines of set commands; text: Curly braces",
                        "type": "string",
                        "enum": ["set", "text"],
                    },
                    "plain": {"type": "string", "enum": ["one", "two"]},
                    "nested": {
                        "type": "object",
                        "properties": {"deep": {"type": "boolean"}},
                        "additionalProperties": false,
                    },
                    "list": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["name", "plain", "list"],
                "additionalProperties": false,
            })
        );
    }

    #[derive(Serialize, JsonSchema)]
    struct Result {
        always: u64,
        sometimes: Option<bool>,
    }

    #[test]
    fn a_member_that_may_be_absent_is_not_required() {
        let schema = Value::Object(output::<Result>());
        assert_eq!(schema["required"], json!(["always"]));
        assert_eq!(schema["properties"]["sometimes"], json!({"type": "boolean"}));
    }

    #[derive(Serialize, JsonSchema)]
    struct Nothing {}

    #[test]
    fn an_empty_struct_still_has_properties_and_results_stay_open() {
        assert_eq!(
            Value::Object(output::<Nothing>()),
            json!({"type": "object", "properties": {}})
        );
    }
}
