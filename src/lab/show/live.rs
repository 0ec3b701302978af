//! What the network does right now: which links carry, who is adjacent to whom, which sessions are up. Everything follows from
//! the active configurations at both ends.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::lab::network::{Intent, Network, Port, Role, Unit};
use crate::lab::profile::Family;

/// Routers a shortest-path search looks at before it gives up: enough for a neighborhood, cheap in a network of a thousand.
const SEARCHED: usize = 48;

/// The state of one router within its network.
pub(super) struct Live<'a> {
    pub(super) network: &'a Network,
    pub(super) index: usize,
    pub(super) intent: Arc<Intent>,
}

/// A router next door, as a routing protocol sees it.
pub(super) struct Adjacency {
    /// Our logical interface.
    pub(super) interface: String,
    /// Its address on the link.
    pub(super) address: Ipv4Addr,
    /// Its number in the network.
    pub(super) peer: usize,
    pub(super) router_id: Ipv4Addr,
}

/// A router that OSPF reaches.
pub(super) struct Reached {
    pub(super) router: usize,
    pub(super) cost: u32,
    pub(super) interface: String,
    pub(super) next_hop: Ipv4Addr,
}

impl<'a> Live<'a> {
    /// The state of router `index`.
    pub(super) fn new(network: &'a Network, index: usize) -> Self {
        Self {
            network,
            index,
            intent: network.intent(index),
        }
    }

    pub(super) fn of(&self, index: usize) -> Self {
        Self::new(self.network, index)
    }

    /// Whether an interface is enabled by its configuration.
    pub(super) fn enabled(&self, physical: &str) -> bool {
        self.intent
            .interface(physical)
            .is_none_or(|interface| !interface.disabled)
    }

    /// Whether a physical interface carries: enabled here, something on the cable, and enabled there.
    pub(super) fn carrier(&self, physical: &str) -> bool {
        let site = self.network.site(self.index);
        if !self.enabled(physical) {
            return false;
        }
        if let Some(port) = site.port(physical) {
            return self.network.site(port.peer).running() && self.of(port.peer).enabled(&port.peer_port);
        }
        let outside = site.role == Role::Edge && (physical == site.transit_port() || physical == site.servers_port());
        let desks = site.profile.family == Family::Ex && physical == site.access_port();
        let revenue = physical.starts_with("ge-") || physical.starts_with("xe-") || physical.starts_with("et-");
        outside || desks || !revenue
    }

    /// Whether a logical interface is configured, enabled and carries.
    pub(super) fn logical_up(&self, logical: &str) -> bool {
        let unit = self.intent.unit(logical).filter(|unit| !unit.disabled);
        unit.is_some()
            && logical
                .rsplit_once('.')
                .is_some_and(|(physical, _)| self.carrier(physical))
    }

    /// Logical interfaces that are up, with their names.
    pub(super) fn units_up(&self) -> Vec<(String, &Unit)> {
        let units = self.intent.interfaces.iter().flat_map(|interface| {
            let name = |unit: &Unit| format!("{}.{}", interface.name, unit.number);
            interface.units.iter().map(move |unit| (name(unit), unit))
        });
        units.filter(|(name, _)| self.logical_up(name)).collect()
    }

    /// The instance of a logical interface, empty for the default one: management ports have their own where that is
    /// configured.
    pub(super) fn instance_of(&self, logical: &str) -> &str {
        if self.intent.management_instance && is_management(logical) {
            return "mgmt_junos";
        }
        self.intent.instance_of(logical)
    }

    /// Routers whose LLDP we hear: port and cable, when both ends speak.
    pub(super) fn lldp(&self) -> Vec<&'a Port> {
        let site = self.network.site(self.index);
        let hears = |port: &&Port| {
            let speaks = self.network.intent(port.peer).lldp_on(&port.peer_port);
            self.intent.lldp_on(&port.name) && self.carrier(&port.name) && speaks
        };
        site.ports.iter().filter(hears).collect()
    }

    /// OSPF neighbors in full adjacency.
    pub(super) fn ospf(&self) -> Vec<Adjacency> {
        let site = self.network.site(self.index);
        let mut adjacencies = Vec::new();
        for port in &site.ports {
            for (logical, unit) in self.units_up().iter().filter(|(name, _)| on_port(name, port)) {
                adjacencies.extend(self.ospf_at(port, logical, unit));
            }
        }
        adjacencies
    }

    fn ospf_at(&self, port: &Port, logical: &str, unit: &Unit) -> Option<Adjacency> {
        let ours = self.intent.ospf_on(logical).filter(|entry| !entry.passive)?;
        let far = self.of(port.peer);
        let far_logical = format!("{}.{}", port.peer_port, unit.number);
        let theirs = far.intent.ospf_on(&far_logical).filter(|entry| !entry.passive)?;
        let far_unit = far.intent.unit(&far_logical).filter(|unit| !unit.disabled)?;
        let address = shared_address(unit, far_unit)?;
        (ours.area == theirs.area && far.logical_up(&far_logical)).then(|| Adjacency {
            interface: logical.to_owned(),
            address,
            peer: port.peer,
            router_id: far.router_id(),
        })
    }

    /// The router id: configured, or the loopback's address.
    pub(super) fn router_id(&self) -> Ipv4Addr {
        let loopback = || {
            self.intent
                .unit("lo0.0")
                .and_then(|unit| unit.inet.first())
                .map(|(address, _)| *address)
        };
        self.intent
            .router_id
            .or_else(loopback)
            .unwrap_or(self.network.site(self.index).loopback)
    }

    /// Routers OSPF reaches, nearest first.
    pub(super) fn reached(&self) -> Vec<Reached> {
        let mut reached: Vec<Reached> = self
            .ospf()
            .into_iter()
            .map(|adjacency| Reached {
                router: adjacency.peer,
                cost: 1,
                interface: adjacency.interface,
                next_hop: adjacency.address,
            })
            .collect();
        let mut position = 0;
        while position < reached.len() && reached.len() < SEARCHED {
            let further: Vec<usize> = self
                .of(reached[position].router)
                .ospf()
                .iter()
                .map(|next| next.peer)
                .collect();
            for router in further {
                if router == self.index || reached.iter().any(|known| known.router == router) {
                    continue;
                }
                let via = &reached[position];
                let (cost, interface, next_hop) = (via.cost + 1, via.interface.clone(), via.next_hop);
                reached.push(Reached {
                    router,
                    cost,
                    interface,
                    next_hop,
                });
            }
            position += 1;
        }
        reached
    }

    /// Prefixes that OSPF announces for a router: the subnets of its OSPF interfaces.
    pub(super) fn ospf_prefixes(&self, router: usize) -> Vec<String> {
        let far = self.of(router);
        let units = far.units_up();
        let spoken = units.iter().filter(|(name, _)| far.intent.ospf_on(name).is_some());
        spoken
            .flat_map(|(_, unit)| unit.inet.iter().map(|(address, length)| prefix(*address, *length)))
            .collect()
    }

    pub(super) fn owns(&self, address: Ipv4Addr) -> bool {
        self.units_up()
            .iter()
            .any(|(_, unit)| unit.inet.iter().any(|(own, _)| *own == address))
    }

    pub(super) fn loopbacks(&self) -> Vec<Ipv4Addr> {
        let unit = self.intent.unit("lo0.0").filter(|_| self.logical_up("lo0.0"));
        unit.map(|unit| unit.inet.iter().map(|(address, _)| *address).collect())
            .unwrap_or_default()
    }

    /// Our address in the connected subnet of `address`, and the logical interface.
    pub(super) fn address_towards(&self, address: Ipv4Addr) -> Option<(Ipv4Addr, String)> {
        self.units_up().into_iter().find_map(|(name, unit)| {
            let own = unit
                .inet
                .iter()
                .find(|(own, length)| *own != address && contains(*own, *length, address))?;
            Some((own.0, name))
        })
    }
}

/// Whether a logical interface belongs to a port.
pub(super) fn on_port(logical: &str, port: &Port) -> bool {
    logical
        .rsplit_once('.')
        .is_some_and(|(physical, _)| physical == port.name)
}

/// Whether an interface is an out-of-band management port.
pub(super) fn is_management(name: &str) -> bool {
    ["fxp", "em", "me", "vme"].iter().any(|prefix| name.starts_with(prefix))
}

/// The far unit's address in a subnet both units are in.
fn shared_address(near: &Unit, far: &Unit) -> Option<Ipv4Addr> {
    let shares = |(theirs, their_length): &&(Ipv4Addr, u8)| {
        near.inet
            .iter()
            .any(|(ours, length)| length == their_length && ours != theirs && contains(*ours, *length, *theirs))
    };
    far.inet.iter().find(shares).map(|(address, _)| *address)
}

fn mask(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0)
}

/// Whether `address` lies in the subnet of `own`.
pub(super) fn contains(own: Ipv4Addr, length: u8, address: Ipv4Addr) -> bool {
    (u32::from(own) ^ u32::from(address)) & mask(length) == 0
}

/// The subnet of an address, `192.0.2.0/24`.
pub(super) fn prefix(address: Ipv4Addr, length: u8) -> String {
    format!("{}/{length}", Ipv4Addr::from(u32::from(address) & mask(length)))
}
