//! Rules and rulings as text and as JSON.

use serde_json::{Value, json};

use super::{Ruling, Verdict};
use crate::{
    blocklist::{Explanation, List, Rule},
    inventory::Entry,
};

/// The page for people.
pub(super) fn text(entry: &Entry, rulings: Option<&[Ruling]>) -> String {
    let mut page = format!("rules of router '{}', the strongest first\n", entry.name);
    for list in List::ALL {
        let rules = entry.rules.ranked(list);
        page.push_str(&format!(
            "{}:{}\n",
            list.as_str(),
            if rules.is_empty() { " none" } else { "" }
        ));
        for rule in rules {
            page.push_str(&format!("  {}\n", in_words(rule)));
        }
    }
    let Some(rulings) = rulings else { return page };
    for ruling in rulings {
        let label = ruling
            .line
            .map_or_else(|| "command".to_owned(), |line| format!("line {line}"));
        page.push_str(&format!("{label}: {}\n  {}\n", ruling.input, outcome(&ruling.verdict)));
    }
    if rulings.iter().any(|ruling| ruling.line.is_some()) {
        page.push_str(
            "note: what a load changes in the end is judged once more, on the router, before anything is committed\n",
        );
    }
    let passes = rulings.iter().all(|ruling| ruling.verdict.passes());
    page + &format!("verdict: {}\n", if passes { "allowed" } else { "denied" })
}

fn action(deny: bool) -> &'static str {
    if deny { "deny" } else { "allow" }
}

fn in_words(rule: &Rule) -> String {
    let rank = rule.full_rank();
    let rank = format!("[{}/{}]", rank.literals, rank.bytes);
    let head = format!(
        "{rank:<9} {:<5} {:<8} {}",
        action(rule.deny),
        rule.source.as_str(),
        rule.pattern
    );
    match rule.text.contains('{') {
        true => format!("{head}  (from {})", rule.text),
        false => head,
    }
}

fn outcome(verdict: &Verdict) -> String {
    let word = verdict.word();
    let Some(explanation) = verdict.decisive() else {
        let Verdict::Refused(failure) = verdict else {
            return word.to_owned();
        };
        return format!("{word}: {}", failure.row());
    };
    let (Some(pattern), Some(source)) = (&explanation.pattern, explanation.source) else {
        return format!("{word}: no rule matches");
    };
    let rank = explanation.rank.map_or_else(String::new, |(literals, bytes)| {
        let abbreviated = if explanation.abbreviated { ", abbreviated" } else { "" };
        format!(" [{literals}/{bytes}{abbreviated}]")
    });
    let (list, action) = (explanation.list.as_str(), action(explanation.denied));
    format!(
        "{word}: rule '{pattern}' ({action}, {}, {list}){rank}; judged: {}",
        source.as_str(),
        explanation.asked
    )
}

/// The document for programs.
pub(super) fn document(entry: &Entry, rulings: Option<&[Ruling]>) -> Value {
    let mut rules = json!({});
    for list in List::ALL {
        rules[list.as_str()] = entry.rules.ranked(list).into_iter().map(rule_document).collect();
    }
    let mut document = json!({ "router": entry.name, "rules": rules });
    if let Some(rulings) = rulings {
        document["allowed"] = rulings.iter().all(|ruling| ruling.verdict.passes()).into();
        document["rulings"] = rulings.iter().map(ruling_document).collect();
    }
    document
}

fn rule_document(rule: &Rule) -> Value {
    let rank = rule.full_rank();
    json!({
        "action": action(rule.deny),
        "pattern": &*rule.text,
        "expanded": &*rule.pattern,
        "source": rule.source.as_str(),
        "rank": [rank.literals, rank.bytes],
    })
}

fn ruling_document(ruling: &Ruling) -> Value {
    let mut document = json!({ "input": ruling.input, "verdict": ruling.verdict.word() });
    if let Some(line) = ruling.line {
        document["line"] = line.into();
    }
    match (&ruling.verdict, ruling.verdict.decisive()) {
        (Verdict::Refused(failure), _) => {
            document["code"] = failure.code().as_str().into();
            document["reason"] = failure.row().into();
        }
        (
            _,
            Some(Explanation {
                pattern: Some(pattern),
                source: Some(source),
                denied,
                list,
                rank,
                abbreviated,
                asked,
            }),
        ) => {
            document["judged"] = asked.as_str().into();
            document["rule"] = json!({
                "action": action(*denied),
                "pattern": pattern,
                "source": source.as_str(),
                "list": list.as_str(),
                "rank": rank.map(|(literals, bytes)| [literals, bytes]),
                "abbreviated": abbreviated,
            });
        }
        _ => {}
    }
    document
}
