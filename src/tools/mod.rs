//! What a model may ask: one folder per toolset, one file per tool.

mod arguments;
mod asking;
mod call;
mod caller;
mod catalogue;
mod code;
mod compat;
mod config;
mod device;
mod failure;
mod files;
mod inventory;
mod long;
mod ops;
mod outcome;
mod router;
mod schema;
mod select;
mod services;
mod spec;
mod template;

use std::sync::LazyLock;

use serde_json::Value;

use crate::tokens;

pub(crate) use arguments::checked;
pub use asking::ConfirmPolicy;
pub(crate) use asking::{Action, Answer, Answers, Dialogue, Digest, Nonce, Offer, PATIENCE, Question, Register, Stop};
pub(crate) use call::{Call, CallHead};
pub use caller::Caller;
pub(crate) use caller::{Arrival, Certificate, Era};
pub(crate) use code::Code;
pub(crate) use compat::canonical;
pub(crate) use failure::{Concealed, Failure};
pub(crate) use outcome::{Body, Outcome, Text};
pub(crate) use schema::Object;
pub use services::ToolSettings;
pub(crate) use services::{Admission, ProcessFacts, Services};
pub(crate) use spec::{Effect, Spec};
#[cfg(test)]
pub(crate) use {asking::Plan, outcome::Structured, router::Router};

/// The tools that look after the server itself; they stay offered unless excluded by name.
const ALWAYS: &str = "ops";

/// Every tool there is, in the order in which clients list them.
pub(crate) fn registry() -> Vec<Spec> {
    REGISTRY.clone()
}

/// Made once: the schemas are a good part of what a start costs, and several parts of the program ask for them.
static REGISTRY: LazyLock<Vec<Spec>> = LazyLock::new(|| {
    let toolsets: [(&'static str, Vec<Spec>); 6] = [
        ("inventory", inventory::tools()),
        ("device", device::tools()),
        ("config", config::tools()),
        ("template", template::tools()),
        ("files", files::tools()),
        ("ops", ops::tools()),
    ];
    toolsets
        .into_iter()
        .flat_map(|(toolset, specs)| specs.into_iter().map(move |spec| spec.of_toolset(toolset)))
        .collect()
});

/// The tools that a process offers under its settings. What `read_only` hides stays here: calling it says why.
pub(crate) fn offered(registry: Vec<Spec>, settings: &ToolSettings) -> Vec<Spec> {
    registry
        .into_iter()
        .filter(|spec| {
            let named = settings.tools.iter().any(|name| name == spec.name);
            let everything = settings.toolsets.is_empty() && settings.tools.is_empty();
            let in_toolset = settings.toolsets.iter().any(|name| name == spec.toolset);
            let excluded = settings.exclude_tools.iter().any(|name| name == spec.name);
            !excluded && (everything || named || in_toolset || spec.toolset == ALWAYS)
        })
        .collect()
}

/// The words that scopes of tokens may use, of a registry.
pub(crate) fn with_vocabulary<T>(registry: &[Spec], read: impl FnOnce(tokens::Vocabulary<'_>) -> T) -> T {
    let names: Vec<&str> = registry.iter().map(|spec| spec.name).collect();
    read(tokens::Vocabulary {
        tools: &names,
        toolsets: &TOOLSETS,
        effects: &["read", "operate", "write", "destroy"],
    })
}

/// Every toolset that settings may name, whether or not it has tools yet.
const TOOLSETS: [&str; 8] = [
    "inventory",
    "device",
    "config",
    "template",
    "files",
    "upgrade",
    "srx",
    "ops",
];

/// What is wrong with the choice of tools in the settings, in the operator's words.
pub(crate) fn selection_faults(registry: &[Spec], settings: &ToolSettings) -> Vec<String> {
    let unknown_toolsets = settings
        .toolsets
        .iter()
        .filter(|name| !TOOLSETS.contains(&name.as_str()));
    let mut faults: Vec<String> = unknown_toolsets
        .map(|name| format!("unknown toolset '{name}' in --toolsets"))
        .collect();
    for (flag, names) in [
        ("--tools", &settings.tools),
        ("--exclude-tools", &settings.exclude_tools),
    ] {
        let unknown = names
            .iter()
            .filter(|name| registry.iter().all(|spec| spec.name != name.as_str()));
        faults.extend(unknown.map(|name| format!("unknown tool '{name}' in {flag}")));
    }
    let offered = offered(registry.to_vec(), settings);
    if faults.is_empty()
        && !offered
            .iter()
            .any(|spec| !(settings.read_only && spec.effect.changes()))
    {
        faults.push("--toolsets, --tools, --exclude-tools and --read-only leave no tool enabled".to_owned());
    }
    faults
}

/// Whether an argument, at any depth, holds the mark that stands for a redacted secret.
pub(crate) fn holds_marker(value: &Value) -> bool {
    match value {
        Value::String(text) => crate::secrets::has_marker(text),
        Value::Array(items) => items.iter().any(holds_marker),
        Value::Object(members) => members.values().any(holds_marker),
        _ => false,
    }
}
