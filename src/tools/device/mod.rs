//! Toolset `device`: what routers say.

mod execute_junos_command;
mod execute_junos_command_batch;
mod execute_junos_pfe_command;
mod gather_device_facts;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![
        gather_device_facts::spec(),
        execute_junos_command::spec(),
        execute_junos_command_batch::spec(),
        execute_junos_pfe_command::spec(),
    ]
}
