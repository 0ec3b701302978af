//! From a prompt as data to its message: only what can be said with the tools and arguments at hand.

use std::collections::HashMap;

use super::Text;
use crate::{server::instructions::is_told, tools::Spec};

/// What the arguments stand for.
pub(super) type Values = HashMap<&'static str, String>;

/// The message of a prompt for a caller who is offered these tools.
pub(super) fn message<'a>(prompt: &Text, values: &Values, offered: impl Iterator<Item = &'a Spec> + Clone) -> String {
    let told = |sentences: &[&str]| {
        let told = sentences.iter().filter(|sentence| is_told(sentence, offered.clone()));
        told.filter_map(|sentence| filled(sentence, values))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let steps = prompt
        .steps
        .iter()
        .filter(|step| is_told(step[0], offered.clone()) && filled(step[0], values).is_some());
    let steps = steps
        .enumerate()
        .map(|(index, step)| format!("{}. {}", index + 1, told(step)));
    let steps: Vec<String> = steps.collect();
    format!(
        "{}\n\n{}\n\n{}",
        told(prompt.opening),
        steps.join("\n"),
        told(prompt.closing)
    )
}

/// A sentence with its values, in one pass so that a value is never read as a place; none when a value is missing.
fn filled(sentence: &str, values: &Values) -> Option<String> {
    let mut text = String::new();
    let mut rest = sentence;
    while let Some((before, place)) = rest.split_once('{') {
        let (name, after) = place.split_once('}')?;
        text.push_str(before);
        text.push_str(values.get(name)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}
