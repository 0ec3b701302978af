//! Toolset `ops`: stored outputs and the state of this server.

mod read_output;
mod server_status;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![read_output::spec(), server_status::spec()]
}
