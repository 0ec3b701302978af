//! What can be said of the way to a router without going it.

use super::{
    route::{Route, Start},
    ssh_config::SshConfigs,
};
use crate::inventory::Entry;

/// Judges the `ssh_config` files of entries; each is read once.
#[derive(Default)]
pub(crate) struct Preflight(SshConfigs);

/// Where a router really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its address or name, as host keys are looked up by.
    pub(crate) host: String,
    /// Its SSH port.
    pub(crate) port: u16,
    /// Whether a jump host or a proxy command lies before it.
    pub(crate) is_behind: bool,
}

impl Preflight {
    /// Where the router of an entry is; the text says which file and line is wrong.
    pub(crate) fn place(&self, entry: &Entry) -> Result<Place, String> {
        let route = Route::of(entry, &self.0).map_err(|fault| fault.to_string())?;
        Ok(Place {
            is_behind: !route.hops.is_empty() || route.start != Start::Direct,
            host: route.target.host,
            port: route.target.port,
        })
    }
}
