//! The documents that are generated from the registry: fresh, or the test fails and says how to refresh them.

#![cfg(test)]

use std::{fmt::Write as _, fs, path::Path};

use serde_json::Value;

use super::{Spec, registry};

const HEAD: &str =
    "# Tools\n\nGenerated from the registry: `UPDATE_DOCS=1 cargo test --lib catalogue` writes this page anew.\n";
const START: &str = "<!-- tools: generated -->\n";
const END: &str = "<!-- end of tools -->\n";

fn page() -> String {
    let mut page = HEAD.to_owned();
    for spec in registry() {
        let effect = spec.effect.as_str();
        write!(
            page,
            "\n## {}\n\n{} ({}, {effect})\n\n{}\n",
            spec.name, spec.title, spec.toolset, spec.about
        )
        .expect("memory");
        let arguments = arguments(&spec);
        if !arguments.is_empty() {
            page.push_str("\n| argument | type | meaning |\n|---|---|---|\n");
            page.push_str(&arguments);
        }
    }
    page
}

fn arguments(spec: &Spec) -> String {
    let required: Vec<&str> = spec
        .input
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = spec
        .input
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    properties.fold(String::new(), |mut rows, (name, property)| {
        let mark = if required.contains(&name.as_str()) {
            " (required)"
        } else {
            ""
        };
        let meaning = property["description"].as_str().unwrap_or_default().replace('|', "\\|");
        writeln!(rows, "| `{name}`{mark} | {} | {meaning} |", kind(property)).expect("memory");
        rows
    })
}

/// A property's type with its choices, bounds and default.
fn kind(property: &Value) -> String {
    let mut kind = match property["enum"].as_array() {
        Some(choices) => choices.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        None => property["type"].as_str().unwrap_or_default().to_owned(),
    };
    if let (Some(low), Some(high)) = (property["minimum"].as_i64(), property["maximum"].as_i64()) {
        kind.push_str(&format!(" {low} to {high}"));
    }
    match &property["default"] {
        Value::Null => {}
        default => kind.push_str(&format!(", default {default}")),
    }
    kind
}

/// One row per toolset.
fn table() -> String {
    let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
    for spec in registry() {
        let name = format!("`{}`", spec.name);
        match rows.last_mut() {
            Some((toolset, names)) if *toolset == spec.toolset => names.push(name),
            _ => rows.push((spec.toolset, vec![name])),
        }
    }
    let mut table = "| toolset | tools |\n|---|---|\n".to_owned();
    for (toolset, names) in rows {
        writeln!(table, "| {toolset} | {} |", names.join(", ")).expect("memory");
    }
    table
}

#[test]
fn the_documents_say_what_the_registry_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("the README");
    let (before, rest) = readme.split_once(START).expect("the start of the table");
    let (_, after) = rest.split_once(END).expect("the end of the table");
    let fresh = [
        ("docs/tools.md", page()),
        ("README.md", format!("{before}{START}{}{END}{after}", table())),
    ];
    for (path, wanted) in fresh {
        let path = root.join(path);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &wanted).expect("written");
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "{} is stale: run UPDATE_DOCS=1 cargo test --lib catalogue",
            path.display()
        );
    }
}
