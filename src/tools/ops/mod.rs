//! Toolset `ops`: stored outputs, jobs and the state of this server.

mod cancel_job;
mod get_job;
mod list_jobs;
mod read_output;
mod server_status;
mod visible;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![
        read_output::spec(),
        get_job::spec(),
        list_jobs::spec(),
        cancel_job::spec(),
        server_status::spec(),
    ]
}
