//! A router's default configuration: sections of a text asset, filled in for its place in the network.

use std::collections::HashMap;

use indexmap::IndexSet;

use super::dice::Dice;
use super::plan::{self, Role};
use super::{Network, Port, Site};
use crate::lab::profile::{Family, Hello};

const ASSET: &str = include_str!("routers.set");

/// Words for the braces of the asset.
type Words<'a> = HashMap<&'a str, String>;

/// The default configuration of a router in set form, without repeated lines.
pub(super) fn default_configuration(network: &Network, site: &Site) -> String {
    let words = words_of(network, site);
    let mut lines = IndexSet::new();
    for section in sections_of(site) {
        fill(section, &words, network, site, &mut lines);
    }
    for port in &site.ports {
        let mut words = words.clone();
        words.extend(port_words(network, port));
        for section in port_sections(network, site, port) {
            fill(section, &words, network, site, &mut lines);
        }
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

fn sections_of(site: &Site) -> Vec<&'static str> {
    let firewall = site.profile.family == Family::Srx;
    let switch = site.profile.family == Family::Ex;
    let old = site.profile.hello == Hello::First;
    let edge = site.role == Role::Edge;
    let chosen = [
        ("all", true),
        ("modern", !old),
        ("old", old),
        ("rfc", site.profile.rfc_compliant),
        ("edge", edge),
        ("servers", edge && !switch),
        ("uncabled-switch", edge && switch),
        ("switch", switch),
        ("core", !edge),
        ("srx", firewall),
        ("srx-edge", firewall && edge),
    ];
    chosen
        .into_iter()
        .filter(|(_, used)| *used)
        .map(|(name, _)| name)
        .collect()
}

fn port_sections(network: &Network, site: &Site, port: &Port) -> Vec<&'static str> {
    let mut sections = vec!["cable"];
    match (site.role, network.site(port.peer).role) {
        (Role::Core, Role::Edge) => sections.push("cable-core-edge"),
        (Role::Edge, Role::Core) => sections.push("cable-edge-core"),
        (Role::Core, Role::Core) => sections.push("cable-core-core"),
        (Role::Edge, Role::Edge) => {}
    }
    if site.profile.family == Family::Srx {
        sections.push("cable-srx");
    }
    sections
}

fn words_of(network: &Network, site: &Site) -> Words<'static> {
    let index = site.index;
    let mut dice = Dice::new(network.seed, &[&site.name, "place"]);
    let (management, gateway) = plan::management(index);
    let [transit_address, transit_peer] = plan::transit(index);
    let servers = plan::servers(index);
    HashMap::from([
        ("name", site.name.clone()),
        ("version", site.profile.version.to_owned()),
        ("number", format!("{:x}", index + 1)),
        ("loopback", site.loopback.to_string()),
        ("as", site.autonomous_system.to_string()),
        ("management", site.profile.management.to_owned()),
        ("management-address", management),
        ("management-gateway", gateway.to_owned()),
        ("hall", (1 + dice.below(4)).to_string()),
        ("row", (1 + dice.below(20)).to_string()),
        ("servers", servers.to_string()),
        (
            "servers-address",
            std::net::Ipv4Addr::from(u32::from(servers) + 1).to_string(),
        ),
        ("servers-port", site.servers_port()),
        ("access-port", site.access_port()),
        ("first-port", site.profile.port(0)),
        ("transit-port", site.transit_port()),
        ("transit-as", plan::transit_as(index).to_string()),
        ("transit-address", transit_address.to_string()),
        ("transit-peer", transit_peer.to_string()),
    ])
}

fn port_words(network: &Network, port: &Port) -> Words<'static> {
    let peer = network.site(port.peer);
    HashMap::from([
        ("port", port.name.clone()),
        ("address", port.address.to_string()),
        ("peer", peer.name.clone()),
        ("peer-port", port.peer_port.clone()),
        ("peer-address", port.peer_address.to_string()),
        ("peer-as", peer.autonomous_system.to_string()),
    ])
}

/// Appends the lines of one section with their braces filled in.
fn fill(section: &str, words: &Words, network: &Network, site: &Site, lines: &mut IndexSet<String>) {
    for template in section_lines(section) {
        let mut line = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some((before, tail)) = rest.split_once('{') {
            let (word, after) = tail.split_once('}').expect("every brace of the asset is closed");
            line.push_str(before);
            line.push_str(&value(word, words, network, site));
            rest = after;
        }
        line.push_str(rest);
        lines.insert(line);
    }
}

fn section_lines(section: &str) -> impl Iterator<Item = &'static str> {
    let heading = format!("[{section}]");
    ASSET
        .lines()
        .skip_while(move |line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.starts_with("set "))
}

/// What a word in braces stands for: a fact of the place, or a secret of a kind and a purpose.
fn value(word: &str, words: &Words, network: &Network, site: &Site) -> String {
    if let Some(value) = words.get(word) {
        return value.clone();
    }
    let (kind, purpose) = word
        .split_once(' ')
        .expect("a word of the asset that is no fact is a secret");
    let mut dice = Dice::new(network.seed, &[&site.name, kind, purpose]);
    match kind {
        "hash" => dice.password_hash(),
        "nine" => dice.reversible_secret(),
        "eight" => dice.master_secret(),
        "key" => dice.public_key(),
        _ => format!("{purpose}-{}", dice.word(10)),
    }
}
