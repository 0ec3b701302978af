//! Toolset `inventory`: which routers there are.

mod get_router_list;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![get_router_list::spec()]
}
