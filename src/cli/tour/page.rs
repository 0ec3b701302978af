//! How a tour looks: questions, answers indented and shortened, colours on a terminal.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use serde_json::Value;

use super::{client::Answer, step::Question};
use crate::cli::output;

/// A longer line is cut: the reader has a terminal, not a book.
const WIDTH: usize = 140;

/// Prints on stdout.
#[derive(Clone, Copy)]
pub(super) struct Page {
    has_colours: bool,
}

/// A way to print a text.
#[derive(Clone, Copy)]
enum Tone {
    Heading,
    Question,
    Faint,
    Good,
    Bad,
}

impl Page {
    pub(super) fn new() -> Self {
        let allowed = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            has_colours: allowed && io::stdout().is_terminal(),
        }
    }

    /// The title of a chapter.
    pub(super) fn chapter(&self, number: usize, title: &str) -> io::Result<()> {
        output::write(&format!(
            "\n{}\n",
            self.toned(Tone::Heading, &format!("{number}. {title}"))
        ))
    }

    /// A remark between the steps, or before an answer that takes a while.
    pub(super) fn remark(&self, text: &str) -> io::Result<()> {
        output::write(&format!("    {}\n", self.toned(Tone::Faint, text)))
    }

    /// What is asked.
    pub(super) fn question(&self, title: &str, question: &Question) -> io::Result<()> {
        let asked: Vec<String> = words(question)
            .lines()
            .map(|line| self.toned(Tone::Question, line))
            .collect();
        output::write(&format!("\n  {title}\n  > {}\n", asked.join("\n    ")))
    }

    /// What was answered.
    pub(super) fn answer(&self, answer: &Answer, lines: usize) -> io::Result<()> {
        let text = legible(answer);
        let mut printed = String::new();
        for line in text.lines().take(lines) {
            printed.push_str(&format!("    {}\n", cut(line)));
        }
        let left = text.lines().count().saturating_sub(lines);
        let more = (left > 0).then(|| format!("{left} more lines"));
        let took = (!answer.took.is_zero()).then(|| milliseconds(answer.took));
        let facts: Vec<String> = more.into_iter().chain(took).collect();
        output::write(&printed)?;
        match facts.is_empty() {
            true => Ok(()),
            false => self.remark(&format!("({})", facts.join(", "))),
        }
    }

    /// That a step did not go as told.
    pub(super) fn surprise(&self, reason: &str) -> io::Result<()> {
        output::write(&format!(
            "    {}\n",
            self.toned(Tone::Bad, &format!("not as expected: {reason}"))
        ))
    }

    /// How it all went.
    pub(super) fn end(&self, steps: usize, surprises: usize) -> io::Result<()> {
        let text = match surprises {
            0 => self.toned(Tone::Good, &format!("{steps} steps, all as expected")),
            _ => self.toned(Tone::Bad, &format!("{steps} steps, {surprises} not as expected")),
        };
        output::write(&format!("\n{text}\n"))
    }

    fn toned(&self, tone: Tone, text: &str) -> String {
        if !self.has_colours {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Heading => "1",
            Tone::Question => "36",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Bad => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

fn words(question: &Question) -> String {
    match question {
        Question::Hello => "initialize".to_owned(),
        Question::Tools => "tools/list".to_owned(),
        Question::Call(call) | Question::Until(call, _) => format!("{} {}", call.tool, call.arguments),
        Question::Colleague { router, user, line } => format!("{user}@{router}# {line}"),
    }
}

/// The answer as a person reads it: a text as it is, a structure over several lines.
fn legible(answer: &Answer) -> String {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap_or_default();
    if let Some(error) = &answer.error {
        return pretty(error);
    }
    if let Some(tools) = answer.result["tools"].as_array() {
        let names = tools.iter().filter_map(|tool| tool["name"].as_str());
        return names.collect::<Vec<_>>().join("\n");
    }
    if answer.result.get("content").is_none() {
        return pretty(&answer.result);
    }
    let text = answer.text();
    match serde_json::from_str::<Value>(&text) {
        Ok(value) if value.is_object() => pretty(&value),
        _ => text,
    }
}

fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let kept: String = line.chars().take(WIDTH).collect();
    format!("{kept}…")
}

fn milliseconds(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1000.0)
}
