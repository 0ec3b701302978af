//! What a configuration asks a router to do, as far as its operational state depends on it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The part of an active configuration that operational state follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intent {
    /// `system host-name`.
    pub(crate) host_name: Option<String>,
    /// `system login user`: name and class.
    pub(crate) users: Vec<(String, String)>,
    /// `system management-instance`.
    pub(crate) management_instance: bool,
    /// Configured interfaces in configuration order.
    pub(crate) interfaces: Vec<Interface>,
    /// `routing-options router-id`.
    pub(crate) router_id: Option<Ipv4Addr>,
    /// `routing-options autonomous-system`.
    pub(crate) autonomous_system: Option<u32>,
    /// Static routes of all instances.
    pub(crate) static_routes: Vec<StaticRoute>,
    /// BGP neighbors of the default instance.
    pub(crate) bgp: Vec<BgpPeer>,
    /// OSPF interfaces of the default instance.
    pub(crate) ospf: Vec<OspfInterface>,
    /// `protocols lldp interface`: name (or `all`) and whether it is enabled.
    pub(crate) lldp: Vec<(String, bool)>,
    /// Routing instances: name and type, empty when none is given.
    pub(crate) instances: Vec<(String, String)>,
    /// Interfaces of routing instances: instance and interface.
    pub(crate) instance_interfaces: Vec<(String, String)>,
    /// Security zones.
    pub(crate) zones: Vec<Zone>,
    /// Security policies in configuration order.
    pub(crate) policies: Vec<Policy>,
    /// `system ntp server` and `peer`, in configuration order.
    pub(crate) time_servers: Vec<String>,
    /// `vlans`: name and tag.
    pub(crate) vlans: Vec<(String, Option<u32>)>,
    pub(super) lldp_disabled: bool,
}

/// One configured interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) disabled: bool,
    pub(crate) mtu: Option<u32>,
    pub(crate) tagged: bool,
    pub(crate) units: Vec<Unit>,
}

/// One logical interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) number: u32,
    pub(crate) description: Option<String>,
    pub(crate) disabled: bool,
    pub(crate) vlan: Option<u32>,
    /// Address families in configuration order, `inet` first where it is configured.
    pub(crate) families: Vec<String>,
    /// IPv4 addresses with prefix lengths.
    pub(crate) inet: Vec<(Ipv4Addr, u8)>,
    /// IPv6 addresses with prefix lengths.
    pub(crate) inet6: Vec<(Ipv6Addr, u8)>,
    /// VLANs it switches, by name or number.
    pub(crate) switched: Vec<String>,
}

/// One static route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StaticRoute {
    /// Routing instance, empty for the default one.
    pub(crate) instance: String,
    pub(crate) prefix: String,
    pub(crate) next_hops: Vec<String>,
    /// `discard` or `reject` instead of a next hop.
    pub(crate) dropped: Option<String>,
    pub(crate) preference: u32,
}

/// One BGP neighbor, with what its group and the protocol give it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BgpPeer {
    pub(crate) group: String,
    pub(crate) internal: bool,
    pub(crate) address: String,
    pub(crate) description: Option<String>,
    pub(crate) peer_as: Option<u32>,
    pub(crate) local_as: Option<u32>,
    pub(crate) local_address: Option<String>,
    pub(crate) keyed: bool,
    pub(crate) import: Vec<String>,
    pub(crate) export: Vec<String>,
}

/// One OSPF interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OspfInterface {
    pub(crate) area: String,
    pub(crate) interface: String,
    pub(crate) passive: bool,
    pub(crate) disabled: bool,
}

/// One security zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) screen: Option<String>,
    pub(crate) interfaces: Vec<String>,
}

/// One security policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) from_zone: String,
    pub(crate) to_zone: String,
    pub(crate) name: String,
    pub(crate) sources: Vec<String>,
    pub(crate) destinations: Vec<String>,
    pub(crate) applications: Vec<String>,
    /// `permit`, `deny` or `reject`.
    pub(crate) action: String,
}

impl Intent {
    /// The configured interface called `name`.
    pub(crate) fn interface(&self, name: &str) -> Option<&Interface> {
        self.interfaces.iter().find(|interface| interface.name == name)
    }

    /// The logical interface called `name`, such as `ge-0/0/0.0`.
    pub(crate) fn unit(&self, name: &str) -> Option<&Unit> {
        let (physical, number) = name.rsplit_once('.')?;
        let number: u32 = number.parse().ok()?;
        self.interface(physical)?
            .units
            .iter()
            .find(|unit| unit.number == number)
    }

    /// The routing instance a logical interface belongs to, empty for the default one.
    pub(crate) fn instance_of(&self, logical: &str) -> &str {
        self.instance_interfaces
            .iter()
            .find(|(_, interface)| interface == logical)
            .map_or("", |(instance, _)| instance)
    }

    /// Whether LLDP speaks on a physical interface.
    pub(crate) fn lldp_on(&self, name: &str) -> bool {
        let named = |wanted: &str| self.lldp.iter().find(|(interface, _)| interface == wanted);
        let entry = named(name).or_else(|| named("all"));
        !self.lldp_disabled && entry.is_some_and(|(_, enabled)| *enabled)
    }

    /// The OSPF entry of a logical interface, unless it is disabled there.
    pub(crate) fn ospf_on(&self, logical: &str) -> Option<&OspfInterface> {
        let plain = logical.strip_suffix(".0");
        let named = |entry: &&OspfInterface| entry.interface == logical || Some(entry.interface.as_str()) == plain;
        self.ospf.iter().find(named).filter(|entry| !entry.disabled)
    }

    /// The BGP neighbors, without the groups they belong to.
    pub(crate) fn bgp_peers(&self) -> impl Iterator<Item = &BgpPeer> {
        self.bgp.iter().filter(|peer| !peer.address.is_empty())
    }
}
