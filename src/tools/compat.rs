//! Other spellings of arguments that clients of this family of servers use, rewritten once before anything looks at them.

use serde_json::{Map, Value};

use super::{code::Code, failure::Failure};

/// Other spellings of one canonical argument.
struct Synonym {
    canonical: &'static str,
    spellings: &'static [&'static str],
    /// The tools it holds for; empty means every tool that has the canonical argument.
    tools: &'static [&'static str],
}

const fn everywhere(canonical: &'static str, spellings: &'static [&'static str]) -> Synonym {
    only(canonical, spellings, &[])
}

const fn only(canonical: &'static str, spellings: &'static [&'static str], tools: &'static [&'static str]) -> Synonym {
    Synonym {
        canonical,
        spellings,
        tools,
    }
}

const BATCH: &[&str] = &["execute_junos_command_batch"];
const TEMPLATE: &[&str] = &["render_and_apply_j2_template"];
const LOADING: &[&str] = &["load_and_commit_config", "commit_check_config"];

const SYNONYMS: &[Synonym] = &[
    everywhere("router_name", &["router", "device"]),
    only("router_name", &["device_name"], TEMPLATE),
    everywhere("router_names", &["routers", "devices"]),
    only("router_names", &["router", "router_name", "device"], BATCH),
    only("router_names", &["device_names"], TEMPLATE),
    only("config_path", &["filter", "path"], &["get_junos_config"]),
    only("config_text", &["config"], LOADING),
    only("config_format", &["format"], LOADING),
    only(
        "output_format",
        &["format"],
        &["execute_junos_command", "get_junos_config"],
    ),
    only("fpc_target", &["target"], &["execute_junos_pfe_command"]),
    only("pfe_command", &["command"], &["execute_junos_pfe_command"]),
    only("commands", &["command"], BATCH),
    only("command_timeout", &["timeout"], BATCH),
    only("max_concurrent_routers", &["max_concurrent_devices"], BATCH),
    everywhere("plan_token", &["confirmation_token"]),
    only("auth", &["ssh_key_path"], &["add_device"]),
];

/// Arguments under their canonical names, and the other spellings that were used.
#[derive(Debug, Default)]
pub(crate) struct Canonical {
    pub(crate) arguments: Map<String, Value>,
    pub(crate) spelled: Vec<&'static str>,
}

/// Drops nulls and gives every argument its canonical name.
///
/// `properties` are the arguments the tool advertises. Two spellings of one argument in one call are refused, also when
/// their values agree: one of them was not meant.
pub(crate) fn canonical(
    tool: &str,
    properties: &Map<String, Value>,
    arguments: Map<String, Value>,
) -> Result<Canonical, Failure> {
    let mut canonical = Canonical::default();
    for (name, value) in arguments {
        if value.is_null() || is_no_op(tool, &name, &value) {
            continue;
        }
        refuse_dry_commit(tool, &name)?;
        let synonym = SYNONYMS
            .iter()
            .find(|synonym| !properties.contains_key(&name) && synonym.holds(tool, properties, &name));
        let (name, value) = match synonym {
            None => {
                let value = as_text(tool, &name, value);
                (name, value)
            }
            Some(synonym) => {
                let spelling = synonym.spellings.iter().find(|spelling| **spelling == name);
                canonical.spelled.extend(spelling);
                (synonym.canonical.to_owned(), reshape(&name, value))
            }
        };
        if canonical.arguments.contains_key(&name) {
            return Err(conflict(&name));
        }
        canonical.arguments.insert(name, value);
    }
    Ok(canonical)
}

impl Synonym {
    fn holds(&self, tool: &str, properties: &Map<String, Value>, name: &str) -> bool {
        self.spellings.contains(&name)
            && properties.contains_key(self.canonical)
            && (self.tools.is_empty() || self.tools.contains(&tool))
    }
}

fn conflict(canonical: &str) -> Failure {
    let spellings: Vec<&str> = SYNONYMS
        .iter()
        .filter(|synonym| synonym.canonical == canonical)
        .flat_map(|synonym| synonym.spellings.iter().copied())
        .collect();
    Failure::new(
        Code::ConflictingArguments,
        format!("argument '{canonical}' is given twice under different names"),
    )
    .hint(format!("give '{canonical}' only, without {}", spellings.join(", ")))
}

/// Clients that know JSON give the variables of a template as an object; the argument is the text of one.
fn as_text(tool: &str, name: &str, value: Value) -> Value {
    match value {
        Value::Object(_) if TEMPLATE.contains(&tool) && name == "vars_content" => value.to_string().into(),
        value => value,
    }
}

/// `commit: true` says what the tool does anyway.
fn is_no_op(tool: &str, name: &str, value: &Value) -> bool {
    tool == "load_and_commit_config" && name == "commit" && *value == Value::Bool(true)
}

fn refuse_dry_commit(tool: &str, name: &str) -> Result<(), Failure> {
    if tool == "load_and_commit_config" && name == "commit" {
        return Err(Failure::new(
            Code::InvalidArgument,
            "argument 'commit' can only be true: load_and_commit_config always commits",
        )
        .hint("use commit_check_config to validate a change without committing it"));
    }
    Ok(())
}

/// Some spellings carry another form of the value too.
fn reshape(spelling: &str, value: Value) -> Value {
    match spelling {
        "ssh_key_path" => serde_json::json!({ "type": "ssh_key", "private_key_path": value }),
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rewritten(tool: &str, properties: &[&str], arguments: Value) -> Result<Canonical, Code> {
        let properties = properties.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        let Value::Object(arguments) = arguments else {
            panic!("arguments are an object")
        };
        canonical(tool, &properties, arguments).map_err(|failure| failure.code())
    }

    #[test]
    fn synonyms_become_canonical_and_nulls_vanish() {
        let canonical = rewritten(
            "execute_junos_command",
            &["router_name", "command", "output_format"],
            json!({"device": "edge-1", "command": "show version", "format": "json", "timeout": null}),
        )
        .expect("no conflict");
        assert_eq!(
            Value::Object(canonical.arguments),
            json!({"router_name": "edge-1", "command": "show version", "output_format": "json"})
        );
        assert_eq!(canonical.spelled, ["device", "format"]);
    }

    #[test]
    fn two_spellings_conflict_even_when_they_agree() {
        let properties = ["router_name", "command"];
        for arguments in [
            json!({"router": "a", "router_name": "a"}),
            json!({"router_name": "a", "device": "b"}),
            json!({"router": "a", "device": "a"}),
        ] {
            let result = rewritten("execute_junos_command", &properties, arguments);
            assert_eq!(result.expect_err("two spellings"), Code::ConflictingArguments);
        }
    }

    #[test]
    fn a_null_spelling_does_not_conflict() {
        let arguments = json!({"router": null, "router_name": "a"});
        assert!(rewritten("execute_junos_command", &["router_name"], arguments).is_ok());
    }

    #[test]
    fn a_batch_takes_the_words_of_single_calls() {
        let canonical = rewritten(
            "execute_junos_command_batch",
            &["router_names", "commands", "command_timeout"],
            json!({"router": "a", "command": "show version", "timeout": 9}),
        )
        .expect("no conflict");
        assert_eq!(
            Value::Object(canonical.arguments),
            json!({"router_names": "a", "commands": "show version", "command_timeout": 9})
        );
    }

    #[test]
    fn an_advertised_name_is_never_rewritten() {
        let canonical = rewritten("x", &["router_name", "device"], json!({"device": 1})).expect("no conflict");
        assert_eq!(canonical.arguments["device"], 1);
    }

    #[test]
    fn only_a_true_commit_is_a_no_op() {
        let properties = ["router_name", "config_text"];
        let tool = "load_and_commit_config";
        let kept = rewritten(tool, &properties, json!({"commit": true, "config": "x"})).expect("a no-op");
        assert_eq!(Value::Object(kept.arguments), json!({"config_text": "x"}));
        let refused = rewritten(tool, &properties, json!({"commit": false}));
        assert_eq!(refused.expect_err("a contradiction"), Code::InvalidArgument);
    }
}
