//! What a token may do, as an operator writes it: names that do not exist and scopes that grow are told before anything is written.

use anyhow::bail;

use super::super::environment::Parsed;
use crate::{
    inventory::{Inventory, Router, near_names},
    tokens::{Row, Scopes},
    tools::{self, Spec},
};

/// The scopes of routers and tools, once everything in them is known.
pub(super) fn judged(routers: &[String], tools: &[String]) -> anyhow::Result<Scopes> {
    for list in [routers, tools] {
        if list.len() > 1 && list.iter().any(|entry| entry == "*") {
            bail!("scope cannot combine '*' with other entries: {}", list.join(","));
        }
    }
    let registry = tools::registry();
    let judged = tools::with_vocabulary(&registry, |known| Scopes::new(tools, routers, known));
    let Ok((scopes, ignored)) = judged else {
        bail!("a scope has more than 256 entries");
    };
    if let Some(entry) = ignored.first() {
        let what = if entry.contains(':') { "scope" } else { "tool" };
        match near_names(entry, registry.iter().map(|spec| spec.name)).first() {
            Some(near) => bail!("unknown {what} '{entry}', did you mean '{near}'"),
            None => bail!("unknown {what} '{entry}'"),
        }
    }
    Ok(scopes)
}

/// Says which router entries match no device of the inventory, where one was named.
pub(super) fn warn_of_strangers(parsed: &Parsed, routers: &[String]) {
    if !parsed.is_typed("device_mapping") {
        return;
    }
    let Ok(inventory) = Inventory::read(&parsed.line.options.device_mapping) else {
        eprintln!("rust-junosmcp: warning: the inventory cannot be read, so routers are not compared with it");
        return;
    };
    for entry in strangers(&inventory, routers) {
        eprintln!("rust-junosmcp: warning: '{entry}' matches no device of the inventory");
    }
}

/// The tags of a router as scopes compare them.
pub(super) fn tags(router: &Router) -> Vec<String> {
    router.tags().map(str::to_owned).collect()
}

/// The router entries that match no device.
pub(super) fn strangers<'a>(inventory: &Inventory, routers: &'a [String]) -> Vec<&'a String> {
    let matches = |entry: &String| {
        let alone = Scopes::routers(std::slice::from_ref(entry));
        inventory
            .routers()
            .any(|router| alone.reaches(&router.name, &tags(router)))
    };
    routers.iter().filter(|entry| !matches(entry)).collect()
}

/// Whether a token may do more as it is than as it was.
pub(super) fn widens(before: &Row, after: &Row, registry: &[Spec]) -> bool {
    let scopes = |row: &Row| {
        tools::with_vocabulary(registry, |known| Scopes::new(&row.tools, &row.routers, known))
            .map(|(scopes, _)| scopes)
            .unwrap_or_default()
    };
    let (old, new) = (scopes(before), scopes(after));
    let more_tools = registry
        .iter()
        .any(|spec| new.grants(spec.scoped()) > old.grants(spec.scoped()));
    let covered = |entry: &String| {
        // A pattern is covered by itself and by *, a name also by a pattern: whether one pattern covers another is not asked.
        let is_name = !entry.contains(['*', '?']) && !entry.starts_with("tag:");
        old.reaches_all() || before.routers.contains(entry) || is_name && old.reaches(entry, &[])
    };
    more_tools || !after.routers.iter().all(covered)
}
