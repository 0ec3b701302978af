//! `--lab`: simulated routers inside this process, with inventory, keys and host keys in memory.

use std::{io, sync::Arc};

use crate::{
    lab::{Lab, LabSettings, RouterHandle},
    settings::{DeviceSettings, Dial, InventorySource, KnownHosts, MemoryRouter, OpenPipe},
};

/// Port of NETCONF over SSH, and the one on which files are copied then.
const NETCONF: u16 = 830;
const SSH: u16 = 22;

/// Addresses that one network has.
const ADDRESSES: usize = 250;

/// Starts a lab and makes it reachable: through `devices` by pipe, and as an inventory.
pub(super) async fn start(routers: usize, devices: &mut DeviceSettings) -> io::Result<(Lab, InventorySource)> {
    let lab = Lab::start(LabSettings::new(routers)).await?;
    let mut known_hosts = String::new();
    let mut inventory = Vec::with_capacity(routers);
    for (index, router) in lab.routers().iter().enumerate() {
        let host = address(index);
        for port in [NETCONF, SSH] {
            known_hosts.push_str(&router.host_key_line(&host, port));
            known_hosts.push('\n');
            devices.dials.insert((host.clone(), port), dial(router));
        }
        inventory.push(MemoryRouter {
            name: router.name().to_owned(),
            host,
            port: NETCONF,
            username: router.username().to_owned(),
            private_key: router.private_key_openssh().into(),
            tags: vec!["lab".to_owned()],
            description: Some("simulated router".to_owned()),
        });
    }
    devices.known_hosts = KnownHosts::Memory(known_hosts);
    Ok((lab, InventorySource::Memory(inventory)))
}

fn dial(router: &RouterHandle) -> Dial {
    let router = router.clone();
    let open: OpenPipe = Arc::new(move || router.connect());
    Dial::Pipe(open)
}

/// An address of the network set aside for tests of network devices, so that it names no router that exists.
fn address(index: usize) -> String {
    format!("198.18.{}.{}", index / ADDRESSES, index % ADDRESSES + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_routers_have_addresses_of_their_own() {
        let addresses: std::collections::HashSet<String> = (0..1000).map(address).collect();
        assert_eq!(addresses.len(), 1000);
        assert!(
            addresses
                .iter()
                .all(|address| address.parse::<std::net::Ipv4Addr>().is_ok())
        );
        assert!(addresses.contains("198.18.0.1") && addresses.contains("198.18.3.250"));
    }
}
