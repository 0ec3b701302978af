//! Which tools are offered: names that do not exist, and selections that leave nothing.

use super::findings::Findings;
use crate::{
    inventory::near_names,
    settings::ToolSettings,
    tools::{self, Spec},
};

/// Judges the selection of tools.
pub(super) fn judge(settings: &ToolSettings, findings: &mut Findings) {
    let registry = tools::registry();
    for fault in tools::selection_faults(&registry, settings) {
        // Only a fault about one name quotes it.
        match fault.split('\'').nth(1) {
            None => findings.refuse(11, fault),
            Some(name) => match meant(name, &registry) {
                Some(meant) => findings.refuse_with_hint(10, fault.clone(), format!("did you mean '{meant}'")),
                None => findings.refuse(10, fault),
            },
        }
    }
}

/// The name of a tool or a toolset that is nearest to the given one.
fn meant(name: &str, registry: &[Spec]) -> Option<String> {
    let mut toolsets: Vec<&str> = registry.iter().map(|spec| spec.toolset).collect();
    toolsets.dedup();
    let names = registry.iter().map(|spec| spec.name).chain(toolsets);
    near_names(name, names).into_iter().next()
}
