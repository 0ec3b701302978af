//! Toolset `config`: what routers are configured to do.

mod get_junos_config;
mod junos_config_diff;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![get_junos_config::spec(), junos_config_diff::spec()]
}
