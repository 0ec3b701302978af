//! Checks arguments against the schema a tool advertises, with messages that never repeat a value.

use serde_json::Value;

use super::{code::Code, failure::Failure, schema::Object};
use crate::inventory::near_names;

/// Longest part of an unknown name that is repeated: names come from the caller.
const SHOWN_NAME: usize = 64;

/// Arguments that fit `schema`: a lone string given for a list is wrapped, a whole number written as `5.0` becomes `5`.
pub(crate) fn checked(tool: &str, schema: &Object, mut arguments: Object) -> Result<Object, Failure> {
    refuse_unknown(tool, schema, &arguments)?;
    refuse_missing(tool, schema, &arguments)?;
    for (name, value) in &mut arguments {
        if let Some(property) = property(schema, name) {
            fit(name, property, value)?;
        }
    }
    Ok(arguments)
}

fn property<'a>(schema: &'a Object, name: &str) -> Option<&'a Object> {
    schema.get("properties")?.get(name)?.as_object()
}

fn names(schema: &Object) -> impl Iterator<Item = &str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flat_map(|properties| properties.keys().map(String::as_str))
}

fn refuse_unknown(subject: &str, schema: &Object, arguments: &Object) -> Result<(), Failure> {
    let open = !matches!(schema.get("additionalProperties"), Some(Value::Bool(false)));
    let unknown: Vec<&str> = arguments
        .keys()
        .map(String::as_str)
        .filter(|name| !open && property(schema, name).is_none())
        .collect();
    let Some(first) = unknown.first() else { return Ok(()) };
    let shown: Vec<String> = unknown.iter().map(|name| format!("'{}'", printable(name))).collect();
    let accepted: Vec<&str> = names(schema).collect();
    let accepted_text = match accepted.is_empty() {
        true => format!("{subject} takes no arguments"),
        false => format!("accepted: {}", accepted.join(", ")),
    };
    let hint = match near_names(first, accepted.iter().copied()).first() {
        Some(near) => format!("did you mean '{near}'? {accepted_text}"),
        None => accepted_text,
    };
    let plural = if shown.len() > 1 { "arguments" } else { "argument" };
    Err(Failure::new(
        Code::UnknownArgument,
        format!("unknown {plural} {} for {subject}", shown.join(", ")),
    )
    .hint(hint)
    .detail("accepted", accepted))
}

fn refuse_missing(subject: &str, schema: &Object, arguments: &Object) -> Result<(), Failure> {
    let required = schema.get("required").and_then(Value::as_array);
    let missing: Vec<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| !arguments.contains_key(*name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let quoted: Vec<String> = missing.iter().map(|name| format!("\"{name}\"")).collect();
    Err(Failure::new(
        Code::MissingArgument,
        format!("missing required arguments: [{}] for {subject}", quoted.join(", ")),
    )
    .hint(format!("accepted: {}", names(schema).collect::<Vec<_>>().join(", ")))
    .detail("missing", missing))
}

/// Makes `value` fit `schema`, or says what was expected at `path`.
fn fit(path: &str, schema: &Object, value: &mut Value) -> Result<(), Failure> {
    let fits = match schema.get("type").and_then(Value::as_str) {
        Some("string") => fits_string(schema, value),
        Some("integer") => {
            make_whole(value);
            (value.is_i64() || value.is_u64()) && within_bounds(schema, value)
        }
        Some("number") => value.is_number() && within_bounds(schema, value),
        Some("boolean") => value.is_boolean(),
        Some("array") => return fit_array(path, schema, value),
        Some("object") => return fit_object(path, schema, value),
        _ => true,
    };
    if fits { Ok(()) } else { Err(unfit(path, schema)) }
}

fn fits_string(schema: &Object, value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    let length = text.chars().count() as u64;
    let allowed = schema.get("enum").and_then(Value::as_array);
    bound(schema, "minLength").is_none_or(|least| length >= least)
        && bound(schema, "maxLength").is_none_or(|most| length <= most)
        && allowed.is_none_or(|words| words.contains(value))
}

fn fit_array(path: &str, schema: &Object, value: &mut Value) -> Result<(), Failure> {
    if value.is_string() {
        *value = Value::Array(vec![value.take()]);
    }
    let Value::Array(items) = value else {
        return Err(unfit(path, schema));
    };
    let length = items.len() as u64;
    let too_few = bound(schema, "minItems").is_some_and(|least| length < least);
    let too_many = bound(schema, "maxItems").is_some_and(|most| length > most);
    if too_few || too_many {
        return Err(unfit(path, schema));
    }
    let Some(Value::Object(item_schema)) = schema.get("items") else {
        return Ok(());
    };
    for (index, item) in items.iter_mut().enumerate() {
        fit(&format!("{path}[{index}]"), item_schema, item)?;
    }
    Ok(())
}

fn fit_object(path: &str, schema: &Object, value: &mut Value) -> Result<(), Failure> {
    let Value::Object(members) = value else {
        return Err(unfit(path, schema));
    };
    let subject = format!("'{path}'");
    members.retain(|_, member| !member.is_null());
    refuse_unknown(&subject, schema, members)?;
    refuse_missing(&subject, schema, members)?;
    for (name, member) in members.iter_mut() {
        if let Some(property) = property(schema, name) {
            fit(&format!("{path}.{name}"), property, member)?;
        }
    }
    Ok(())
}

/// JSON knows one kind of number: some clients write whole ones as floats.
fn make_whole(value: &mut Value) {
    if let Some(float) = value.as_f64().filter(|_| value.is_f64())
        && float.fract() == 0.0
        && float.abs() < 9.0e15
    {
        *value = Value::from(float as i64);
    }
}

fn within_bounds(schema: &Object, value: &Value) -> bool {
    let Some(number) = value.as_f64() else { return false };
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    limit("minimum").is_none_or(|least| number >= least) && limit("maximum").is_none_or(|most| number <= most)
}

fn bound(schema: &Object, name: &str) -> Option<u64> {
    schema.get(name).and_then(Value::as_u64)
}

fn unfit(path: &str, schema: &Object) -> Failure {
    let expected = expected(schema);
    Failure::new(Code::InvalidArgument, format!("argument '{path}' must be {expected}"))
        .hint(format!("give {path} as {expected}"))
        .detail("argument", path)
}

/// What a schema asks for, in words.
fn expected(schema: &Object) -> String {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or("value");
    match kind {
        "string" => match schema.get("enum").and_then(Value::as_array) {
            Some(words) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                format!("one of {}", words.join(", "))
            }
            None => with_bounds("a string of", schema, ["minLength", "maxLength"], " characters"),
        },
        "integer" => with_bounds("an integer from", schema, ["minimum", "maximum"], ""),
        "number" => with_bounds("a number from", schema, ["minimum", "maximum"], ""),
        "boolean" => "true or false".to_owned(),
        "array" => with_bounds("a list of", schema, ["minItems", "maxItems"], " items"),
        "object" => "an object".to_owned(),
        other => format!("a {other}"),
    }
}

/// `phrase` ends in the word that introduces the bounds.
fn with_bounds(phrase: &str, schema: &Object, [least, most]: [&str; 2], unit: &str) -> String {
    let noun = phrase.rsplit_once(' ').map_or(phrase, |(noun, _)| noun);
    match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) => format!("{phrase} {least} to {most}{unit}"),
        (Some(least), None) => format!("{noun} of at least {least}{unit}"),
        (None, Some(most)) => format!("{noun} of at most {most}{unit}"),
        (None, None) => noun.to_owned(),
    }
}

fn printable(name: &str) -> String {
    name.chars()
        .filter(|char| !char.is_control())
        .take(SHOWN_NAME)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Object {
        let schema = json!({
            "type": "object",
            "properties": {
                "router_name": {"type": "string", "maxLength": 8},
                "timeout": {"type": "integer", "minimum": 1, "maximum": 3600},
                "format": {"type": "string", "enum": ["text", "xml"]},
                "names": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
                "tail": {"type": "boolean"},
                "check": {
                    "type": "object",
                    "properties": {"kind": {"type": "string"}},
                    "required": ["kind"],
                    "additionalProperties": false,
                },
            },
            "required": ["router_name"],
            "additionalProperties": false,
        });
        schema.as_object().cloned().expect("an object")
    }

    fn check(arguments: Value) -> Result<Object, Failure> {
        checked("demo", &schema(), arguments.as_object().cloned().expect("an object"))
    }

    #[track_caller]
    fn refused(arguments: Value, code: Code, message: &str) {
        let failure = check(arguments).expect_err("refused");
        assert_eq!(failure.code(), code);
        assert_eq!(failure.message(), message);
    }

    #[test]
    fn an_unknown_argument_names_the_accepted_ones_and_the_nearest() {
        let failure = check(json!({"router_nam": "secret"})).expect_err("refused");
        assert_eq!(failure.code(), Code::UnknownArgument);
        assert!(
            failure.text().contains("did you mean 'router_name'?"),
            "{}",
            failure.text()
        );
        assert!(!failure.text().contains("secret"));
    }

    #[test]
    fn missing_arguments_are_listed() {
        refused(
            json!({}),
            Code::MissingArgument,
            r#"missing required arguments: ["router_name"] for demo"#,
        );
    }

    #[test]
    fn wrong_values_are_told_what_was_expected_and_never_repeated() {
        let cases = [
            (
                json!({"router_name": "a", "timeout": 0}),
                "argument 'timeout' must be an integer from 1 to 3600",
            ),
            (
                json!({"router_name": "a", "timeout": "5"}),
                "argument 'timeout' must be an integer from 1 to 3600",
            ),
            (
                json!({"router_name": "a", "format": "hunter2"}),
                "argument 'format' must be one of text, xml",
            ),
            (
                json!({"router_name": "abcdefghi"}),
                "argument 'router_name' must be a string of at most 8 characters",
            ),
            (
                json!({"router_name": 7}),
                "argument 'router_name' must be a string of at most 8 characters",
            ),
            (
                json!({"router_name": "a", "names": [1]}),
                "argument 'names[0]' must be a string",
            ),
            (
                json!({"router_name": "a", "names": ["a", "b", "c"]}),
                "argument 'names' must be a list of at most 2 items",
            ),
            (
                json!({"router_name": "a", "tail": "yes"}),
                "argument 'tail' must be true or false",
            ),
            (
                json!({"router_name": "a", "check": []}),
                "argument 'check' must be an object",
            ),
        ];
        for (arguments, message) in cases {
            refused(arguments, Code::InvalidArgument, message);
        }
    }

    #[test]
    fn nested_members_are_checked_alike() {
        refused(
            json!({"router_name": "a", "check": {}}),
            Code::MissingArgument,
            r#"missing required arguments: ["kind"] for 'check'"#,
        );
        refused(
            json!({"router_name": "a", "check": {"kind": "x", "extra": 1}}),
            Code::UnknownArgument,
            "unknown argument 'extra' for 'check'",
        );
    }

    #[test]
    fn lone_strings_become_lists_and_whole_floats_integers() {
        let fitted = check(json!({"router_name": "a", "names": "b", "timeout": 5.0})).expect("fits");
        assert_eq!(
            Value::Object(fitted),
            json!({"router_name": "a", "names": ["b"], "timeout": 5})
        );
    }
}
