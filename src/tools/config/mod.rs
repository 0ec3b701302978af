//! Toolset `config`: what routers are configured to do.

pub(super) mod approval;
pub(super) mod change;
mod commit_check_config;
mod confirm_commit;
mod discard_candidate;
mod get_junos_config;
mod junos_config_diff;
mod load_and_commit_config;
mod rollback_config;
mod verify;

pub(super) use change::{Changed, Format};

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![
        get_junos_config::spec(),
        junos_config_diff::spec(),
        load_and_commit_config::spec(),
        commit_check_config::spec(),
        confirm_commit::spec(),
        rollback_config::spec(),
        discard_candidate::spec(),
    ]
}
