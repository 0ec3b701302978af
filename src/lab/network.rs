//! A synthetic network: names, cables and a configuration for each router, all derived from a seed.

mod configuration;
mod dice;
mod intent;
mod plan;
mod reader;

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, Utc};

pub(crate) use dice::Dice;
pub(crate) use intent::{BgpPeer, Intent, Interface, Policy, Unit};
pub(crate) use plan::{Role, transit, transit_as, transit_prefixes};

use super::profile::Profile;

/// The user every router knows from the start, class `super-user`.
pub(crate) const ADMINISTRATOR: &str = "admin";

/// Routers, the cables between them, and what each of them has been told to do.
#[derive(Debug)]
pub(crate) struct Network {
    seed: u64,
    sites: Vec<Site>,
}

/// One router's place in the network.
#[derive(Debug)]
pub(crate) struct Site {
    /// Number of the router, in the order of the names.
    pub(crate) index: usize,
    /// The inventory name, and the host name until somebody changes it.
    pub(crate) name: String,
    /// What the router is for.
    pub(crate) role: Role,
    /// What kind of router it is.
    pub(crate) profile: &'static Profile,
    /// Loopback address and router id of the default configuration.
    pub(crate) loopback: Ipv4Addr,
    /// Autonomous system of the default configuration.
    pub(crate) autonomous_system: u32,
    /// Chassis serial number.
    pub(crate) serial: String,
    /// Cabled ports, in port order.
    pub(crate) ports: Vec<Port>,
    base_mac: u64,
    running: AtomicBool,
    intent: RwLock<Option<Arc<Intent>>>,
    happenings: Mutex<Vec<Happening>>,
}

/// Something that befell a router and that its log does not tell yet.
#[derive(Debug)]
pub(crate) struct Happening {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// The daemon that saw it, with its process id.
    pub(crate) daemon: String,
    /// What it says.
    pub(crate) text: String,
}

/// Happenings kept for a router that nobody looks at: its log is short as well.
const HAPPENINGS: usize = 256;

/// A port with a cable to another router of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    /// Interface name.
    pub(crate) name: String,
    /// Address in the default configuration.
    pub(crate) address: Ipv4Addr,
    /// Number of the router at the other end.
    pub(crate) peer: usize,
    /// Interface name at the other end.
    pub(crate) peer_port: String,
    /// The other end's address in the default configuration.
    pub(crate) peer_address: Ipv4Addr,
}

impl Network {
    /// A network of standard routers with believable names: `edge-1`, …, `core-1`, ….
    pub(crate) fn generate(seed: u64, count: usize) -> Self {
        let routers = plan::default_names(count)
            .into_iter()
            .map(|name| (name, Profile::standard()));
        Self::new(seed, routers.collect())
    }

    /// A network of these routers: the last of every nine are cores.
    pub(crate) fn new(seed: u64, routers: Vec<(String, &'static Profile)>) -> Self {
        let count = routers.len();
        let mut sites: Vec<Site> = routers
            .into_iter()
            .enumerate()
            .map(|(index, (name, profile))| Site::new(seed, index, name, plan::role(index, count), profile))
            .collect();
        for (number, cable) in plan::cables(count).into_iter().enumerate() {
            connect(&mut sites, number, cable);
        }
        Self { seed, sites }
    }

    /// What the network was grown from.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// All routers.
    pub(crate) fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The router with this number; it must be one of the network's.
    pub(crate) fn site(&self, index: usize) -> &Site {
        &self.sites[index]
    }

    /// The configuration router `index` starts with, in set form.
    pub(crate) fn default_configuration(&self, index: usize) -> String {
        configuration::default_configuration(self, self.site(index))
    }

    /// Makes these set lines, with groups expanded, what router `index` does from now on: call it after every commit,
    /// and at start when the configuration differs from the default.
    pub(crate) fn activate_lines(&self, index: usize, lines: &str) {
        let intent = Arc::new(Intent::from_set(lines));
        let slot = &self.site(index).intent;
        *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(intent);
    }

    /// Notes what befell router `index`.
    pub(crate) fn befalls(&self, index: usize, happening: Happening) {
        let mut happenings = self
            .site(index)
            .happenings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if happenings.len() < HAPPENINGS {
            happenings.push(happening);
        }
    }

    /// What befell router `index` since the last call.
    pub(crate) fn happenings(&self, index: usize) -> Vec<Happening> {
        let mut happenings = self
            .site(index)
            .happenings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut happenings)
    }

    /// What router `index` has been told to do; its default configuration is read at the first question.
    pub(crate) fn intent(&self, index: usize) -> Arc<Intent> {
        let slot = &self.site(index).intent;
        if let Some(intent) = &*slot.read().unwrap_or_else(PoisonError::into_inner) {
            return Arc::clone(intent);
        }
        let intent = Arc::new(Intent::from_set(&self.default_configuration(index)));
        let mut slot = slot.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slot.get_or_insert(intent))
    }

    /// Says whether router `index` is running; the neighbours of one that is not lose their links to it.
    pub(crate) fn set_running(&self, index: usize, running: bool) {
        self.site(index).running.store(running, Ordering::Relaxed);
    }
}

/// Plugs a cable into the next free port at both ends.
fn connect(sites: &mut [Site], number: usize, cable: plan::Cable) {
    let [first, second] = plan::cable(number);
    let port_a = sites[cable.a].profile.port(sites[cable.a].ports.len());
    let port_b = sites[cable.b].profile.port(sites[cable.b].ports.len());
    sites[cable.a].ports.push(Port {
        name: port_a.clone(),
        address: first,
        peer: cable.b,
        peer_port: port_b.clone(),
        peer_address: second,
    });
    sites[cable.b].ports.push(Port {
        name: port_b,
        address: second,
        peer: cable.a,
        peer_port: port_a,
        peer_address: first,
    });
}

impl Site {
    fn new(seed: u64, index: usize, name: String, role: Role, profile: &'static Profile) -> Self {
        let mut dice = Dice::new(seed, &[&name, "hardware"]);
        Self {
            index,
            role,
            profile,
            loopback: plan::loopback(index),
            autonomous_system: plan::autonomous_system(index, role),
            serial: format!("LAB{}", dice.hex(9)),
            ports: Vec::new(),
            // 02 as first byte: locally administered, so no vendor's.
            base_mac: 0x02_4a_00_00_00_00 | (dice.below(256) << 24) | ((index as u64 & 0xffff) << 8),
            running: AtomicBool::new(true),
            intent: RwLock::new(None),
            happenings: Mutex::new(Vec::new()),
            name,
        }
    }

    /// Whether the router is running.
    pub(crate) fn running(&self) -> bool {
        self.running.load(Ordering::Relaxed)
    }

    /// The hardware address with this number; 0 is the chassis' own.
    pub(crate) fn mac(&self, number: u64) -> String {
        let bytes = (self.base_mac + number).to_be_bytes();
        bytes[2..]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .join(":")
    }

    /// The cabled port called `name`.
    pub(crate) fn port(&self, name: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.name == name)
    }

    /// The port to the transit provider of an edge: the one after the cabled ports.
    pub(crate) fn transit_port(&self) -> String {
        self.profile.port(self.ports.len())
    }

    /// A switch's port to the desks, after all others.
    pub(crate) fn access_port(&self) -> String {
        self.profile.port(self.ports.len() + 2)
    }

    /// The port to the servers behind an edge.
    pub(crate) fn servers_port(&self) -> String {
        self.profile.port(self.ports.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed() -> Network {
        let names = ["paris", "oslo", "rome", "bonn", "bern"].map(str::to_owned);
        Network::new(7, names.into_iter().zip(Profile::all()).collect())
    }

    #[test]
    fn three_routers_are_two_edges_and_a_core_in_a_triangle() {
        let network = Network::generate(1, 3);
        let names: Vec<&str> = network.sites().iter().map(|site| site.name.as_str()).collect();
        assert_eq!(names, ["edge-1", "edge-2", "core-1"]);
        assert!(network.sites().iter().all(|site| site.ports.len() == 2));
    }

    #[test]
    fn both_ends_of_a_cable_agree() {
        let network = Network::generate(1, 40);
        for site in network.sites() {
            for port in &site.ports {
                let other = network
                    .site(port.peer)
                    .port(&port.peer_port)
                    .expect("the far end exists");
                assert_eq!((other.peer, &other.peer_port), (site.index, &port.name));
                assert_eq!((other.address, other.peer_address), (port.peer_address, port.address));
            }
        }
    }

    #[test]
    fn default_configurations_have_a_readable_length_and_secrets() {
        for network in [
            Network::generate(1, 1),
            Network::generate(1, 3),
            Network::generate(1, 20),
            mixed(),
        ] {
            for site in network.sites() {
                let lines = network.default_configuration(site.index);
                let count = lines.lines().count();
                assert!((60..=260).contains(&count), "{} has {count} lines", site.name);
                assert!(["$6$", "$9$", "$8$"].iter().all(|form| lines.contains(form)));
                assert!(!lines.contains(['{', '}']), "an unfilled brace");
            }
        }
    }

    #[test]
    fn default_configurations_load_pass_their_checks_and_mean_the_same_as_trees() {
        for network in [Network::generate(1, 3), Network::generate(1, 20), mixed()] {
            for site in network.sites() {
                let lines = network.default_configuration(site.index);
                let tree = crate::lab::config::Tree::from_set(&lines).expect("every line is known");
                let faults = crate::lab::config::check(&tree);
                assert!(faults.is_empty(), "{}: {faults:?}", site.name);
                let printed = tree.inherited().set_lines(&[]).expect("lines");
                let (ours, theirs) = (Intent::from_set(&lines), Intent::from_set(&printed));
                assert_eq!(ours.interfaces.len(), theirs.interfaces.len());
                assert_eq!(ours.bgp_peers().count(), theirs.bgp_peers().count());
                for peer in ours.bgp_peers() {
                    assert!(theirs.bgp_peers().any(|other| other == peer), "{}", site.name);
                }
                assert_eq!(
                    (ours.ospf.len(), ours.policies.len()),
                    (theirs.ospf.len(), theirs.policies.len())
                );
            }
        }
    }

    #[test]
    fn equal_seeds_give_equal_networks_and_others_different_secrets() {
        let text = |seed| Network::generate(seed, 4).default_configuration(0);
        assert_eq!(text(5), text(5));
        assert_ne!(text(5), text(6));
        assert_eq!(
            Network::generate(5, 4).site(1).mac(3),
            Network::generate(5, 4).site(1).mac(3)
        );
    }

    #[test]
    fn a_thousand_routers_are_made_at_once_and_have_addresses_of_their_own() {
        let network = Network::generate(1, 1000);
        let loopbacks: std::collections::HashSet<_> = network.sites().iter().map(|site| site.loopback).collect();
        assert_eq!(loopbacks.len(), 1000);
        let links: std::collections::HashSet<_> = network
            .sites()
            .iter()
            .flat_map(|site| site.ports.iter().map(|port| port.address))
            .collect();
        assert_eq!(
            links.len(),
            network.sites().iter().map(|site| site.ports.len()).sum::<usize>()
        );
        assert!(links.is_disjoint(&loopbacks));
    }

    #[test]
    fn an_intent_leaves_out_what_is_deactivated() {
        let network = Network::generate(1, 3);
        let lines = network.default_configuration(0);
        assert!(network.intent(0).bgp_peers().count() == 2);
        network.activate_lines(0, &format!("{lines}deactivate protocols bgp group TRANSIT\n"));
        assert!(network.intent(0).bgp_peers().count() == 1);
        assert_eq!(
            network.intent(0).unit("ge-0/0/0.0").map(|unit| unit.inet.len()),
            Some(1)
        );
    }
}
