//! Names that a template uses and nobody supplied, found before anything is rendered.

use std::{collections::BTreeSet, sync::LazyLock};

use minijinja::{Environment, Template};
use regex::Regex;
use serde_json::{Map, Value};

use super::wire::{Answer, Request};

/// Most names in an answer.
const SHOWN: usize = 10;

/// `{{ … }}` and `{% … %}`; what is between quotes in them is taken out first.
static CODE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}").expect("a regular expression"));
static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?s)"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"#).expect("a regular expression"));
static INLINE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(if|else)\b").expect("a regular expression"));

/// The answer to a template that cannot be rendered with what it was given.
pub(super) fn missing(environment: &Environment<'_>, template: &Template<'_, '_>, request: &Request) -> Option<Answer> {
    if let Some(line) = one_armed(&request.template) {
        return Some(Answer::Undefined {
            line: Some(line),
            text: "an inline 'if' without 'else' may give nothing at all; add else".to_owned(),
        });
    }
    let globals: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    let guarded = Guarded::new(&request.template);
    let mut names: Vec<String> = template
        .undeclared_variables(true)
        .into_iter()
        .filter(|name| !globals.contains(root(name)) && !is_supplied(&request.variables, name) && !guarded.holds(name))
        .collect();
    if names.is_empty() {
        return None;
    }
    names.sort_unstable();
    names.truncate(SHOWN);
    let line = line_of(&request.template, &names[0]);
    let text = format!("'{}' not among the variables", names.join("', '"));
    Some(Answer::Undefined { line, text })
}

fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Whether a name with dots leads to something. What is no map may have members of its own, such as `loop.index`.
fn is_supplied(variables: &Map<String, Value>, name: &str) -> bool {
    let mut parts = name.split('.');
    let mut value = parts.next().and_then(|part| variables.get(part));
    for part in parts {
        match value {
            Some(Value::Object(members)) => match members.get(part) {
                Some(member) => value = Some(member),
                // Methods of maps look like members.
                None => return matches!(part, "items" | "keys" | "values" | "get"),
            },
            Some(_) => return true,
            None => return false,
        }
    }
    value.is_some()
}

fn line_of(template: &str, name: &str) -> Option<usize> {
    let at = template.find(root(name))?;
    Some(1 + template[..at].matches('\n').count())
}

/// Names that the template itself asks about before it uses them.
struct Guarded(BTreeSet<String>);

impl Guarded {
    fn new(template: &str) -> Self {
        static ASKED: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"([A-Za-z_][A-Za-z0-9_.]*)\s*(?:\|\s*(?:default|d)\b|is\s+(?:not\s+)?(?:un)?defined\b)")
                .expect("a regular expression")
        });
        let names = ASKED.captures_iter(template).map(|found| found[1].to_owned());
        Self(names.collect())
    }

    /// Whether the name, or what it begins with, is asked about.
    fn holds(&self, name: &str) -> bool {
        let begins = |asked: &String| {
            let rest = name.strip_prefix(asked.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.0.iter().any(begins)
    }
}

/// The line of an `a if b` without `else`, which prints nothing where `b` is false.
fn one_armed(template: &str) -> Option<usize> {
    for code in CODE.find_iter(template) {
        let text = code.as_str();
        let inner = QUOTED.replace_all(text, "''");
        let statement = inner
            .trim_start_matches("{%")
            .trim_start_matches(['-', '+', ' ', '\n', '\t']);
        let first = statement.split_whitespace().next().unwrap_or_default();
        // In these statements `if` is a word of its own.
        let own = matches!(first, "if" | "elif" | "for" | "else");
        if text.starts_with("{#") || text.starts_with("{%") && own {
            continue;
        }
        let words = INLINE.find_iter(&inner).map(|found| found.as_str());
        let open = words.fold(0_usize, |open, word| match word {
            "if" => open + 1,
            _ => open.saturating_sub(1),
        });
        if open > 0 {
            return Some(1 + template[..code.start()].matches('\n').count());
        }
    }
    None
}
