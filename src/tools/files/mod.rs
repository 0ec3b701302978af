//! Toolset `files`: files to and from routers.

mod copying;
mod fetch_file;
mod list_staged_files;
mod transfer_file;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![transfer_file::spec(), fetch_file::spec(), list_staged_files::spec()]
}
