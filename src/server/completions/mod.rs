//! Completions: words that fit what a person has typed so far. No router is contacted for them.

mod paths;

use std::collections::HashSet;

use rmcp::model::{ArgumentInfo, CompleteResult, CompletionInfo, Reference};

use super::{prompts, resources};
use crate::app::{App, Caller};
use paths::PATHS;

/// Forms of a configuration.
const FORMATS: [&str; 4] = ["text", "set", "xml", "json"];

/// The words for an argument of a prompt or of a resource. What is not known has none.
pub(super) async fn complete(
    app: &App,
    caller: &Caller,
    reference: &Reference,
    argument: &ArgumentInfo,
) -> CompleteResult {
    let (name, typed) = (argument.name.as_str(), argument.value.as_str());
    let values = match reference {
        Reference::Prompt(prompt) if prompts::takes(app.listed(caller), &prompt.name, name) => {
            words(app, caller, name, typed)
        }
        Reference::Resource(template) => match resources::place(app, caller, &template.uri, name) {
            Some(resources::Place::OutputId) => ranked(app.output_ids(caller), typed),
            Some(resources::Place::JobId) => ranked(app.job_ids(caller).await, typed),
            Some(resources::Place::Word) => words(app, caller, name, typed),
            None => Vec::new(),
        },
        _ => Vec::new(),
    };
    CompleteResult::new(page(values))
}

/// The words for an argument by its name, which means the same everywhere.
fn words(app: &App, caller: &Caller, name: &str, typed: &str) -> Vec<String> {
    match name {
        "router" | "router_name" => ranked(app.routers_of(caller), typed),
        "router_names" => last_of_several(app, caller, typed),
        "path" | "config_path" => ranked(PATHS.iter().copied(), typed),
        "format" => ranked(FORMATS, typed),
        _ => Vec::new(),
    }
}

/// The words for the part after the last comma, each with what stands before it: a client replaces the whole value.
fn last_of_several(app: &App, caller: &Caller, typed: &str) -> Vec<String> {
    let (before, last) = match typed.rfind(',') {
        Some(comma) => typed.split_at(comma + 1),
        None => ("", typed),
    };
    let blanks = &last[..last.len() - last.trim_start().len()];
    let named: HashSet<&str> = before.split(',').map(str::trim).collect();
    let tags = app.tags_of(caller).into_iter().map(|tag| format!("tag:{tag}"));
    let choices = app.routers_of(caller).into_iter().chain(tags);
    let choices = choices.filter(|choice| !named.contains(choice.as_str()));
    let ranked = ranked(choices, last.trim_start()).into_iter();
    ranked.map(|choice| format!("{before}{blanks}{choice}")).collect()
}

/// The choices that begin with what was typed, then those that hold it; upper case makes no difference.
fn ranked<T: Into<String>>(choices: impl IntoIterator<Item = T>, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let holding = choices.into_iter().map(Into::into).filter_map(|choice: String| {
        let at = choice.to_lowercase().find(&typed)?;
        Some((at > 0, choice))
    });
    let (first, second): (Vec<_>, Vec<_>) = holding.partition(|(later, _)| !later);
    first.into_iter().chain(second).map(|(_, choice)| choice).collect()
}

fn page(mut values: Vec<String>) -> CompletionInfo {
    let total = values.len();
    values.truncate(CompletionInfo::MAX_VALUES);
    let mut info = CompletionInfo::default();
    info.has_more = Some(values.len() < total);
    info.total = u32::try_from(total).ok();
    info.values = values;
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_the_typed_text_comes_before_what_holds_it() {
        let choices = ["core-edge", "Edge-1", "edge-2", "other"];
        assert_eq!(ranked(choices, "edge"), ["Edge-1", "edge-2", "core-edge"]);
        assert_eq!(ranked(choices, ""), choices);
        assert!(ranked(choices, "x").is_empty());
    }

    #[test]
    fn a_hundred_values_are_shown_and_the_rest_is_counted() {
        let info = page((0..120).map(|index| index.to_string()).collect());
        assert_eq!(
            (info.values.len(), info.total, info.has_more),
            (100, Some(120), Some(true))
        );
        let info = page(vec!["x".to_owned()]);
        assert_eq!((info.total, info.has_more), (Some(1), Some(false)));
    }

    #[test]
    fn the_paths_are_sorted_and_each_stands_once() {
        assert!(PATHS.is_sorted());
        assert_eq!(PATHS.iter().collect::<HashSet<_>>().len(), PATHS.len());
    }
}
