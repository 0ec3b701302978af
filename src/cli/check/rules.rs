//! Rules that do less than they seem to.

use super::report::{Item, Report};
use crate::{
    blocklist::{List, RuleList, RuleText, Rules, Source},
    cli::findings::Section,
    inventory::Inventory,
};

/// Counts the rules and adds notes about those that may surprise.
pub(super) fn describe(inventory: &Inventory, report: &mut Report) {
    let defaults = inventory.defaults();
    let own = inventory
        .routers()
        .filter_map(|router| router.entry.as_deref())
        .filter(|entry| {
            [List::Commands, List::Config, List::PfeCommands]
                .iter()
                .any(|list| has_own(&entry.rules, *list))
        })
        .count();
    let count = defaults.commands.len() + defaults.config.len() + defaults.pfe_commands.len();
    report.summarise(
        Section::Blocklist,
        format!("{count} default rules, {own} routers with rules of their own"),
    );
    note_defaults(defaults, report);
    for entry in inventory.routers().filter_map(|router| router.entry.as_deref()) {
        for list in [List::Commands, List::Config, List::PfeCommands] {
            let place = format!("device '{}': blocklist.{}", entry.name, list.as_str());
            for text in note_own(&entry.rules, list) {
                report.add(Section::Blocklist, Item::note(format!("{place}: {text}")));
            }
        }
    }
}

fn has_own(rules: &Rules, list: List) -> bool {
    rules.list(list).iter().any(|rule| rule.source == Source::Device)
}

fn note_defaults(defaults: &RuleList, report: &mut Report) {
    // Compiled once when the file was read; a file whose defaults do not compile is refused.
    let Ok(rules) = Rules::compile(defaults, &RuleList::default()) else {
        return;
    };
    for (list, texts) in [
        (List::Commands, &defaults.commands),
        (List::Config, &defaults.config),
        (List::PfeCommands, &defaults.pfe_commands),
    ] {
        for (index, text) in texts.iter().enumerate() {
            let place = format!("_blocklist_defaults.{}[{index}]", list.as_str());
            for note in notes(&rules, list, text, &texts[..index]) {
                report.add(Section::Blocklist, Item::note(format!("{place}: {note}")));
            }
        }
    }
}

/// The notes on the rules of one router itself.
fn note_own(rules: &Rules, list: List) -> Vec<String> {
    let mut seen: Vec<RuleText> = Vec::new();
    let mut found = Vec::new();
    for rule in rules.list(list).iter().filter(|rule| rule.source == Source::Device) {
        let action = if rule.deny { "deny" } else { "allow" };
        let text = RuleText {
            action: action.to_owned(),
            pattern: rule.text.to_string(),
        };
        // One rule with braces was compiled to several with one text.
        if rule.text.contains('{') && seen.last().is_some_and(|last| is_same(last, &text)) {
            continue;
        }
        found.extend(notes(rules, list, &text, &seen));
        seen.push(text);
    }
    found
}

fn notes(rules: &Rules, list: List, rule: &RuleText, before: &[RuleText]) -> Vec<String> {
    let RuleText { action, pattern } = rule;
    let mut notes = Vec::new();
    if action == "deny" && list != List::Config && !pattern.trim_end().ends_with('*') {
        notes.push(format!(
            "deny rule '{pattern}' does not end in '*': the same words with more after them are allowed"
        ));
    }
    if before.iter().any(|other| is_same(other, rule)) {
        notes.push(format!("{action} rule '{pattern}' stands here twice"));
    } else if can_never_win(rules, list, rule) {
        notes.push(format!(
            "{action} rule '{pattern}' can never win: another rule decides everything it matches"
        ));
    }
    notes
}

fn is_same(one: &RuleText, other: &RuleText) -> bool {
    one.action == other.action && one.pattern == other.pattern
}

/// Whether another rule takes everything from this one. Found for a rule without wildcards, which matches one line as written,
/// and for an allow rule with the pattern of a deny rule beside it; other cases would need sets of lines to be compared.
fn can_never_win(rules: &Rules, list: List, rule: &RuleText) -> bool {
    let is_allow = rule.action == "allow";
    if !rule.pattern.contains(['*', '?', '[', '{', '\\', '|']) {
        let verdict = rules.explain(list, &rule.pattern);
        return verdict.pattern.as_ref() != Some(&rule.pattern) || (is_allow && verdict.denied);
    }
    let source = |deny: bool| {
        let same = rules
            .list(list)
            .iter()
            .filter(|other| other.deny == deny && *other.text == rule.pattern);
        same.map(|other| other.source).max()
    };
    is_allow && source(true).is_some_and(|denied| Some(denied) >= source(false))
}
