//! What `check` found, as text and as JSON.

use serde_json::{Value, json};

use super::connect::{self, Contact};
use crate::cli::findings::{Findings, Section};

/// The sections in print order, with their names.
const SECTIONS: [(Section, &str); 7] = [
    (Section::Settings, "settings"),
    (Section::Inventory, "inventory"),
    (Section::Blocklist, "blocklist"),
    (Section::Tokens, "tokens"),
    (Section::KnownHosts, "known_hosts"),
    (Section::Tls, "tls"),
    (Section::Files, "files"),
];

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    Error,
    Warning,
    Note,
}

/// One finding.
#[derive(Clone, Debug)]
pub(super) struct Item {
    weight: Weight,
    code: Option<String>,
    text: String,
    hint: Option<String>,
}

impl Item {
    /// Something that must be repaired.
    pub(super) fn error(text: impl Into<String>) -> Self {
        Self::new(Weight::Error, text)
    }

    /// Something that should be looked at.
    pub(super) fn warning(text: impl Into<String>) -> Self {
        Self::new(Weight::Warning, text)
    }

    /// Something that is good to know.
    pub(super) fn note(text: impl Into<String>) -> Self {
        Self::new(Weight::Note, text)
    }

    fn new(weight: Weight, text: impl Into<String>) -> Self {
        Self {
            weight,
            code: None,
            text: text.into(),
            hint: None,
        }
    }

    fn with_code(mut self, letter: char, number: u8) -> Self {
        self.code = Some(format!("{letter}{number:02}"));
        self
    }
}

/// Everything found.
#[derive(Debug, Default)]
pub(super) struct Report {
    summaries: Vec<(Section, String)>,
    items: Vec<(Section, Item)>,
    contacts: Vec<Contact>,
}

impl Report {
    /// Adds what is already known about a start.
    pub(super) fn add_findings(&mut self, findings: &Findings) {
        for refusal in findings.refusals() {
            let mut item = Item::error(refusal.text.clone()).with_code('R', refusal.number);
            item.hint.clone_from(&refusal.hint);
            self.add(refusal.section(), item);
        }
        for warning in findings.warnings() {
            let text = warning.text.clone();
            let item = if warning.is_mistake {
                Item::error(text)
            } else {
                Item::warning(text)
            };
            let item = match warning.number {
                Some(number) => item.with_code('W', number),
                None => item,
            };
            self.add(warning.section, item);
        }
    }

    /// Adds a finding.
    pub(super) fn add(&mut self, section: Section, item: Item) {
        self.items.push((section, item));
    }

    /// Says in a few words what a section is about.
    pub(super) fn summarise(&mut self, section: Section, text: impl Into<String>) {
        self.summaries.push((section, text.into()));
    }

    /// Adds what came of contacting routers.
    pub(super) fn contacted(&mut self, contacts: Vec<Contact>) {
        self.contacts = contacts;
    }

    /// How many errors there are.
    pub(super) fn errors(&self) -> usize {
        self.count(Weight::Error)
    }

    /// How many warnings there are.
    pub(super) fn warnings(&self) -> usize {
        self.count(Weight::Warning)
    }

    fn count(&self, weight: Weight) -> usize {
        self.items.iter().filter(|(_, item)| item.weight == weight).count()
    }

    fn summary(&self, section: Section) -> Option<&str> {
        let found = self.summaries.iter().find(|(other, _)| *other == section)?;
        Some(&found.1)
    }

    fn items(&self, section: Section) -> impl Iterator<Item = &Item> {
        self.items
            .iter()
            .filter(move |(other, _)| *other == section)
            .map(|(_, item)| item)
    }

    /// The report for people; its last line is fixed, for scripts.
    pub(super) fn to_text(&self) -> String {
        let mut lines = Vec::new();
        for (section, name) in SECTIONS {
            match self.summary(section) {
                Some(summary) => lines.push(format!("{name}: {summary}")),
                None => lines.push(format!("{name}:")),
            }
            let before = lines.len();
            for item in self.items(section) {
                let code = item.code.as_ref().map_or_else(String::new, |code| format!(" [{code}]"));
                lines.push(format!("  {}: {}{code}", item.weight.as_str(), item.text));
                lines.extend(item.hint.iter().map(|hint| format!("    hint: {hint}")));
            }
            if lines.len() == before {
                lines.push("  ok".to_owned());
            }
        }
        if !self.contacts.is_empty() {
            lines.push("connect:".to_owned());
            lines.extend(connect::table(&self.contacts));
        }
        lines.push(format!(
            "result: {} errors, {} warnings\n",
            self.errors(),
            self.warnings()
        ));
        lines.join("\n")
    }

    /// The report for programs.
    pub(super) fn to_json(&self) -> Value {
        let sections = SECTIONS.map(|(section, name)| {
            let items: Vec<Value> = self.items(section).map(Item::to_json).collect();
            json!({ "name": name, "summary": self.summary(section), "findings": items })
        });
        let mut document = json!({ "sections": sections, "errors": self.errors(), "warnings": self.warnings() });
        if !self.contacts.is_empty() {
            document["connect"] = self.contacts.iter().map(Contact::to_json).collect();
        }
        document
    }
}

impl Weight {
    fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Item {
    fn to_json(&self) -> Value {
        json!({
            "severity": self.weight.as_str(),
            "code": self.code,
            "text": self.text,
            "hint": self.hint,
        })
    }
}
