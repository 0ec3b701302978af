//! BGP: which sessions are up, and what arrives over them.

use std::net::Ipv4Addr;

use super::live::{Live, Reached, is_management, on_port, prefix};
use crate::lab::network::{BgpPeer, Role, transit, transit_as, transit_prefixes};

/// How many routers hand on what they learned: beyond them a network only repeats itself.
const RELAYED: usize = 2;

/// How far a BGP session has come.
pub(super) enum Session {
    /// Up, with a router of the network or with a provider outside it.
    Established(Far),
    /// Nobody answers, or the two ends do not agree.
    Active,
    /// There is no way to the address.
    Idle,
}

/// A prefix a peer announces.
pub(super) struct Announcement {
    pub(super) prefix: String,
    pub(super) path: Vec<u32>,
}

/// The other end of an established session.
pub(super) enum Far {
    Router(usize),
    Provider(u32),
}

impl Live<'_> {
    /// Our autonomous system towards a peer.
    pub(super) fn local_as(&self, peer: &BgpPeer) -> u32 {
        peer.local_as.or(self.intent.autonomous_system).unwrap_or(0)
    }

    /// The peer's autonomous system as we expect it.
    pub(super) fn peer_as(&self, peer: &BgpPeer) -> u32 {
        let own = peer.internal.then(|| self.local_as(peer));
        peer.peer_as.or(own).unwrap_or(0)
    }

    /// The state of a BGP session.
    pub(super) fn bgp(&self, peer: &BgpPeer) -> Session {
        let Ok(address) = peer.address.parse::<Ipv4Addr>() else {
            return Session::Active;
        };
        if let Some((ours, unit_name)) = self.address_towards(address) {
            return self.direct_session(peer, address, ours, &unit_name);
        }
        let Some(local) = self.loopback_source(peer) else {
            return Session::Idle;
        };
        let owns = |reached: &Reached| self.of(reached.router).loopbacks().contains(&address);
        match self.reached().iter().find(|reached| owns(reached)) {
            Some(reached) if self.agrees(reached.router, peer, local) => {
                Session::Established(Far::Router(reached.router))
            }
            Some(_) => Session::Active,
            None => Session::Idle,
        }
    }

    fn direct_session(&self, peer: &BgpPeer, address: Ipv4Addr, ours: Ipv4Addr, unit_name: &str) -> Session {
        let site = self.network.site(self.index);
        let physical = unit_name.split('.').next().unwrap_or(unit_name);
        let [_, provider_address] = transit(self.index);
        let provider = transit_as(self.index);
        let at_transit = site.role == Role::Edge && physical == site.transit_port() && address == provider_address;
        if at_transit && self.peer_as(peer) == provider {
            return Session::Established(Far::Provider(provider));
        }
        let far = site.port(physical).map(|port| (port.peer, self.of(port.peer)));
        match far {
            Some((router, far)) if far.owns(address) && self.agrees(router, peer, ours) => {
                Session::Established(Far::Router(router))
            }
            _ => Session::Active,
        }
    }

    /// Whether the far router has a neighbor at `ours` that matches what we have at `peer`.
    fn agrees(&self, router: usize, peer: &BgpPeer, ours: Ipv4Addr) -> bool {
        let far = self.of(router);
        let ours = ours.to_string();
        let mut entries = far.intent.bgp_peers().filter(|entry| entry.address == ours);
        entries.any(|entry| {
            far.peer_as(entry) == self.local_as(peer)
                && self.peer_as(peer) == far.local_as(entry)
                && entry.keyed == peer.keyed
        })
    }

    fn loopback_source(&self, peer: &BgpPeer) -> Option<Ipv4Addr> {
        let local = peer.local_address.as_ref()?.parse().ok()?;
        self.loopbacks().contains(&local).then_some(local)
    }

    /// What the other end of a session announces to us: prefixes, each with the autonomous systems on the way.
    pub(super) fn announced(&self, peer: &BgpPeer, far: &Far) -> Vec<Announcement> {
        let own = self.local_as(peer);
        let mut announcements = self.announced_by(peer, far, RELAYED);
        announcements.retain(|announcement| !announcement.path.contains(&own));
        announcements
    }

    /// How many prefixes we announce over an established session.
    pub(super) fn advertised(&self, peer: &BgpPeer, far: &Far) -> usize {
        let to = match far {
            Far::Router(router) => *router,
            Far::Provider(_) => usize::MAX,
        };
        self.announces(to, peer.internal, RELAYED).len()
    }

    fn announced_by(&self, peer: &BgpPeer, far: &Far, depth: usize) -> Vec<Announcement> {
        let mut announcements = match far {
            Far::Provider(provider) => transit_prefixes(*provider).into_iter().map(Announcement::new).collect(),
            Far::Router(router) => self.of(*router).announces(self.index, peer.internal, depth),
        };
        if !peer.internal {
            let number = self.peer_as(peer);
            announcements
                .iter_mut()
                .for_each(|announcement| announcement.path.insert(0, number));
        }
        announcements
    }

    /// What this router announces to router `to`: its own subnets, and the shortest way to what others announced to it;
    /// what came from inside the system does not go on inside it.
    fn announces(&self, to: usize, internal: bool, depth: usize) -> Vec<Announcement> {
        let site = self.network.site(self.index);
        let linked = |name: &str| {
            site.ports.iter().any(|port| on_port(name, port)) || name.starts_with(&format!("{}.", site.transit_port()))
        };
        let units = self.units_up();
        let own = units.iter().filter(|(name, _)| !linked(name) && !is_management(name));
        let mut known: Vec<Announcement> = own
            .flat_map(|(_, unit)| {
                unit.inet
                    .iter()
                    .map(|(own, length)| Announcement::new(prefix(*own, *length)))
            })
            .collect();
        if depth == 0 {
            return known;
        }
        for peer in self.intent.bgp_peers().filter(|peer| !(peer.internal && internal)) {
            let far = match self.bgp(peer) {
                Session::Established(Far::Router(router)) if router == to => continue,
                Session::Established(far) => far,
                Session::Active | Session::Idle => continue,
            };
            for learned in self.announced_by(peer, &far, depth - 1) {
                match known.iter_mut().find(|known| known.prefix == learned.prefix) {
                    Some(known) if known.path.len() <= learned.path.len() => {}
                    Some(known) => *known = learned,
                    None => known.push(learned),
                }
            }
        }
        known
    }
}

impl Announcement {
    fn new(prefix: String) -> Self {
        Self {
            prefix,
            path: Vec::new(),
        }
    }
}
