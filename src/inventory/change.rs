//! What one reading of the inventory says that the one before did not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use super::{Entry, Inventory, Router};
use crate::blocklist::{List, RuleList, Source};

/// Where a rule stands, and the rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NamedRule {
    /// The router whose own it is; none for the rules of all routers.
    pub(crate) router: Option<String>,
    /// The key of its list.
    list: &'static str,
    action: String,
    pattern: String,
}

impl NamedRule {
    fn is_deny(&self) -> bool {
        self.action == "deny"
    }

    /// The same rule for all routers.
    fn of_all(&self) -> Self {
        Self {
            router: None,
            ..self.clone()
        }
    }

    /// The rule without the name of its router.
    pub(crate) fn anonymous(&self) -> String {
        format!("{} {} '{}'", self.list, self.action, self.pattern)
    }
}

impl fmt::Display for NamedRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.router {
            None => write!(formatter, "defaults: {}", self.anonymous()),
            Some(router) => write!(formatter, "router '{router}': {}", self.anonymous()),
        }
    }
}

/// Two readings of the inventory and what is between them.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) previous: Arc<Inventory>,
    pub(crate) current: Arc<Inventory>,
    /// Names that were not there, sorted as the other two.
    pub(crate) added: Vec<String>,
    /// Names that are not there any more.
    pub(crate) removed: Vec<String>,
    /// Names of which any key differs, rules and secrets included.
    pub(crate) changed: Vec<String>,
    pub(crate) rules_added: BTreeSet<NamedRule>,
    pub(crate) rules_removed: BTreeSet<NamedRule>,
}

impl Change {
    pub(super) fn between(previous: Arc<Inventory>, current: Arc<Inventory>) -> Self {
        let names = |from: &Inventory, wanted: &dyn Fn(&Router) -> bool| {
            let routers = from.routers().filter(|router| wanted(router));
            let mut names: Vec<String> = routers.map(|router| router.name.clone()).collect();
            names.sort_unstable();
            names
        };
        let (before, after) = (rules(&previous), rules(&current));
        Self {
            added: names(&current, &|router| previous.get(&router.name).is_none()),
            removed: names(&previous, &|router| current.get(&router.name).is_none()),
            changed: names(&current, &|router| {
                let before = previous.get(&router.name);
                before.is_some_and(|before| before.digest != router.digest)
            }),
            rules_added: after.difference(&before).cloned().collect(),
            rules_removed: before.difference(&after).cloned().collect(),
            previous,
            current,
        }
    }

    /// Whether both say the same.
    pub(crate) fn is_empty(&self) -> bool {
        let names = [&self.added, &self.removed, &self.changed];
        names.iter().all(|names| names.is_empty()) && !self.changes_rules()
    }

    /// Whether any rule came or went.
    pub(crate) fn changes_rules(&self) -> bool {
        !(self.rules_added.is_empty() && self.rules_removed.is_empty())
    }

    /// The entries as they were of routers that are gone or changed.
    pub(crate) fn retired(&self) -> impl Iterator<Item = &Entry> {
        let names = self.removed.iter().chain(&self.changed);
        names.filter_map(|name| self.previous.get(name)?.entry.as_deref())
    }

    /// The routers that cannot be used, with the reasons.
    pub(crate) fn disabled(&self) -> BTreeMap<String, String> {
        let routers = self.current.routers();
        let disabled = routers.filter_map(|router| Some((router.name.clone(), router.problem()?.text)));
        disabled.collect()
    }

    /// Rules that forbade something to a router which is still there and are in force for it no more.
    pub(super) fn weakened(&self) -> Vec<NamedRule> {
        let after = rules(&self.current);
        let in_force = |rule: &NamedRule| after.contains(rule) || after.contains(&rule.of_all());
        let concerns = |rule: &NamedRule| match &rule.router {
            None => true,
            Some(name) => self.current.get(name).is_some(),
        };
        let removed = self.rules_removed.iter();
        let weakened = removed.filter(|rule| rule.is_deny() && concerns(rule) && !in_force(rule));
        weakened.cloned().collect()
    }
}

/// All rules of an inventory. Those of an entry that cannot be used forbid nothing, as nothing is done there.
fn rules(inventory: &Inventory) -> BTreeSet<NamedRule> {
    let mut rules: BTreeSet<NamedRule> = written(inventory.defaults()).collect();
    for router in inventory.routers() {
        let Some(entry) = &router.entry else { continue };
        for list in List::ALL {
            let own = entry
                .rules
                .list(list)
                .iter()
                .filter(|rule| rule.source == Source::Device);
            rules.extend(own.map(|rule| NamedRule {
                router: Some(router.name.clone()),
                list: list.as_str(),
                action: if rule.deny { "deny" } else { "allow" }.to_owned(),
                pattern: rule.text.to_string(),
            }));
        }
    }
    rules
}

fn written(defaults: &RuleList) -> impl Iterator<Item = NamedRule> {
    let lists = [
        (List::Commands, &defaults.commands),
        (List::Config, &defaults.config),
        (List::PfeCommands, &defaults.pfe_commands),
    ];
    lists.into_iter().flat_map(|(list, rules)| {
        rules.iter().map(move |rule| NamedRule {
            router: None,
            list: list.as_str(),
            action: rule.action.clone(),
            pattern: rule.pattern.clone(),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;

    fn inventory(value: &Value) -> Arc<Inventory> {
        Arc::new(Inventory::parse(value.to_string().as_bytes(), Path::new(".")).expect("an inventory"))
    }

    fn change(before: Value, after: Value) -> Change {
        Change::between(inventory(&before), inventory(&after))
    }

    fn router(more: Value) -> Value {
        let mut entry = json!({"ip": "192.0.2.1", "username": "lab", "auth": {"type": "password", "password": "x"}});
        for (key, value) in more.as_object().expect("members") {
            entry[key] = value.clone();
        }
        entry
    }

    fn deny(pattern: &str) -> Value {
        json!({"commands": [{"action": "deny", "pattern": pattern}]})
    }

    #[test]
    fn every_key_counts_and_their_order_does_not() {
        let before = json!({"a": router(json!({})), "b": router(json!({})), "gone": router(json!({}))});
        for difference in [
            json!({"site": "x"}),
            json!({"tags": ["core"]}),
            json!({"auth": {"type": "password", "password": "y"}}),
            json!({"blocklist": deny("request *")}),
        ] {
            let after = json!({"b": router(json!({})), "a": router(difference.clone()), "new": router(json!({}))});
            let change = change(before.clone(), after);
            let names = (change.added.clone(), change.removed.clone(), change.changed.clone());
            let name = |name: &str| vec![name.to_owned()];
            assert_eq!(names, (name("new"), name("gone"), name("a")), "{difference}");
            assert_eq!(change.changes_rules(), difference.get("blocklist").is_some());
        }
        let reordered =
            json!({"r": {"username": "lab", "auth": {"password": "x", "type": "password"}, "ip": "192.0.2.1"}});
        assert!(change(json!({"r": router(json!({}))}), reordered).is_empty());
    }

    #[test]
    fn a_rule_that_forbids_is_missed_where_the_router_is_still_there() {
        let with = |rules: Value| json!({"a": router(json!({"blocklist": rules}))});
        let weakened = |before, after| change(before, after).weakened().len();
        assert_eq!(weakened(with(deny("x")), with(json!({}))), 1);
        assert_eq!(weakened(with(deny("x")), with(deny("x"))), 0);
        assert_eq!(weakened(with(deny("x")), json!({"b": router(json!({}))})), 0);
        // What holds for all holds for this one, too.
        let for_all = json!({"_blocklist_defaults": deny("x"), "a": router(json!({}))});
        assert_eq!(weakened(with(deny("x")), for_all.clone()), 0);
        assert_eq!(weakened(for_all, with(deny("x"))), 1);
        let allow = json!({"commands": [{"action": "allow", "pattern": "x"}]});
        assert_eq!(weakened(with(allow), with(json!({}))), 0);
    }
}
