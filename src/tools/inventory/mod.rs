//! Toolset `inventory`: which routers there are.

mod add_device;
mod get_router_list;
mod reload_devices;

use super::spec::Spec;

/// The tools in the order in which clients list them.
pub(super) fn tools() -> Vec<Spec> {
    vec![get_router_list::spec(), add_device::spec(), reload_devices::spec()]
}
