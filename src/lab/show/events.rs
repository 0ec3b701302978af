//! What a commit anywhere in the network changes at a router, in the words of its daemons: the lines its log gets.

use std::collections::BTreeMap;

use super::live::Live;
use super::sessions::Session;
use crate::lab::network::{Dice, Network};

/// What is up at one router: a key, and the daemon with its words for the end and for the beginning.
#[derive(Debug)]
pub(crate) struct Condition(BTreeMap<String, Words>);

#[derive(Debug)]
struct Words {
    daemon: &'static str,
    down: String,
    up: String,
}

/// The condition of router `index` now.
pub(crate) fn condition(network: &Network, index: usize) -> Condition {
    let live = Live::new(network, index);
    let mut up = BTreeMap::new();
    for (number, port) in network.site(index).ports.iter().enumerate() {
        if live.carrier(&port.name) {
            let words = |state: &str, admin: &str| {
                format!(
                    "SNMP_TRAP_LINK_{state}: ifIndex {}, ifAdminStatus {admin}, ifOperStatus {}, ifName {}",
                    501 + 8 * number,
                    if state == "UP" { "up(1)" } else { "down(2)" },
                    port.name
                )
            };
            let words = Words {
                daemon: "mib2d",
                down: words("DOWN", "up(1)"),
                up: words("UP", "up(1)"),
            };
            up.insert(format!("0 {}", port.name), words);
        }
    }
    for port in live.lldp() {
        let words = |state: &str| {
            format!(
                "LLDP_NEIGHBOR_{}: A neighbor has {} for interface {}.",
                state.to_uppercase(),
                if state == "up" { "come up" } else { "gone down" },
                port.name
            )
        };
        let words = Words {
            daemon: "l2cpd",
            down: words("down"),
            up: words("up"),
        };
        up.insert(format!("1 {}", port.name), words);
    }
    for adjacency in live.ospf() {
        let place = format!("OSPF neighbor {} ({})", adjacency.address, adjacency.interface);
        let words = Words {
            daemon: "rpd",
            down: format!("RPD_OSPF_NBRDOWN: {place} state changed from Full to Down"),
            up: format!("RPD_OSPF_NBRUP: {place} state changed to Full"),
        };
        up.insert(format!("2 {}", adjacency.interface), words);
    }
    for peer in live.intent.bgp_peers() {
        if let Session::Established(_) = live.bgp(peer) {
            let kind = if peer.internal { "Internal" } else { "External" };
            let words = |from: &str, to: &str, event: &str| {
                format!(
                    "RPD_BGP_NEIGHBOR_STATE_CHANGED: BGP peer {} ({kind} AS {}) changed state from {from} to {to} (event {event})",
                    peer.address,
                    live.peer_as(peer)
                )
            };
            let words = Words {
                daemon: "rpd",
                down: words("Established", "Idle", "Stop"),
                up: words("OpenConfirm", "Established", "RecvKeepAlive"),
            };
            up.insert(format!("3 {}", peer.address), words);
        }
    }
    Condition(up)
}

impl Condition {
    /// The lines, as daemon and text, that lead from this condition to a later one of the same router.
    pub(crate) fn changes(&self, later: &Self, site: &str) -> Vec<(String, String)> {
        let ended = self.0.iter().filter(|(key, _)| !later.0.contains_key(*key));
        let begun = later.0.iter().filter(|(key, _)| !self.0.contains_key(*key));
        let process = |daemon: &str| {
            let number = 1_000 + Dice::new(0, &[site, daemon]).below(30_000);
            format!("{daemon}[{number}]")
        };
        ended
            .map(|(_, words)| (process(words.daemon), words.down.clone()))
            .chain(begun.map(|(_, words)| (process(words.daemon), words.up.clone())))
            .collect()
    }
}
