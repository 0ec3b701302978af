//! The routers that words on a command line choose.

use std::sync::Arc;

use anyhow::bail;

use crate::inventory::{Entry, Inventory, SelectFault};

/// The entries of the chosen routers; one that does not exist or cannot be used is an error.
pub(super) fn entries(inventory: &Inventory, selectors: &[String]) -> anyhow::Result<Vec<Arc<Entry>>> {
    let names = match inventory.select(selectors, |_| true) {
        Ok(names) => names,
        Err(SelectFault::Nothing(selector)) => bail!("no router matches '{selector}'"),
    };
    let mut entries = Vec::new();
    for name in names {
        let Some(router) = inventory.get(&name) else {
            bail!("unknown router '{name}'");
        };
        match &router.entry {
            Some(entry) => entries.push(Arc::clone(entry)),
            None => {
                let reason = router.problem().map(|problem| problem.text).unwrap_or_default();
                bail!("router '{name}' is disabled: {reason}");
            }
        }
    }
    Ok(entries)
}
