//! From a tool as a value to a tool as clients see it.

use rmcp::model::{MetaObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::tools::{Effect, Spec};

/// Most characters of text results that a client should pass on: as much as a caller may ask for.
const LARGEST_TEXT: u64 = 500_000;

/// The definition of a tool; under `read_only` free-form commands are confined to those that read.
pub(super) fn tool(spec: &Spec, read_only: bool) -> Tool {
    let mut tool = Tool::new(spec.name, spec.about.clone(), spec.input.clone())
        .with_title(spec.title)
        .with_annotations(annotations(spec, read_only));
    tool.output_schema = spec.output.clone();
    tool.meta = meta(spec);
    tool
}

/// Advice for clients; what is allowed is decided by the pipeline.
fn annotations(spec: &Spec, read_only: bool) -> ToolAnnotations {
    let confined = read_only && spec.effect == Effect::Operate;
    ToolAnnotations::with_title(spec.title)
        .read_only(spec.effect == Effect::Read || confined)
        .destructive(spec.destructive && !confined)
        .idempotent(spec.idempotent)
        .open_world(spec.open_world)
}

fn meta(spec: &Spec) -> Option<MetaObject> {
    let mut meta = MetaObject::new();
    let mut say = |name: &str, value: Value| {
        meta.insert(format!("anthropic/{name}"), value);
    };
    if spec.asks {
        say("requiresUserInteraction", json!(true));
    }
    if spec.output.is_none() {
        say("maxResultSizeChars", json!(LARGEST_TEXT));
    }
    if spec.always_loaded {
        say("alwaysLoad", json!(true));
    }
    (!meta.is_empty()).then_some(meta)
}
