//! Reads set lines into the part of a configuration that operational state follows.

use std::net::Ipv4Addr;

use super::intent::{BgpPeer, Intent, Interface, OspfInterface, Policy, StaticRoute, Unit, Zone};

impl Intent {
    /// Reads set lines; what is deactivated is as if it were absent, and what is not understood is left aside.
    pub(crate) fn from_set(text: &str) -> Self {
        let lines: Vec<Vec<String>> = text.lines().map(words).collect();
        let inactive: Vec<&[String]> = lines
            .iter()
            .filter_map(|line| line.strip_prefix(&["deactivate".to_owned()][..]))
            .collect();
        let mut intent = Self::default();
        for line in &lines {
            let Some(statement) = line.strip_prefix(&["set".to_owned()][..]) else {
                continue;
            };
            if inactive.iter().any(|path| statement.starts_with(path)) {
                continue;
            }
            let statement: Vec<&str> = statement.iter().map(String::as_str).collect();
            intent.take(&statement);
        }
        intent
    }

    fn take(&mut self, statement: &[&str]) {
        match statement {
            ["system", rest @ ..] => self.take_system(rest),
            ["interfaces", name, rest @ ..] => self.take_interface(name, rest),
            ["routing-options", rest @ ..] => self.take_routing_options("", rest),
            ["routing-instances", name, rest @ ..] => self.take_instance(name, rest),
            ["protocols", "bgp", "group", group, rest @ ..] => self.take_bgp(group, rest),
            ["protocols", "ospf", "area", area, "interface", interface, rest @ ..] => {
                self.take_ospf(area, interface, rest)
            }
            ["vlans", name, rest @ ..] => {
                let vlan = entry(
                    &mut self.vlans,
                    |(known, _)| known == name,
                    || ((*name).to_owned(), None),
                );
                if let ["vlan-id", tag] = rest {
                    vlan.1 = tag.parse().ok();
                }
            }
            ["protocols", "lldp", "disable"] => self.lldp_disabled = true,
            ["protocols", "lldp", "interface", name, rest @ ..] => {
                let entry = entry(
                    &mut self.lldp,
                    |(known, _)| known == name,
                    || ((*name).to_owned(), true),
                );
                entry.1 &= !rest.starts_with(&["disable"]);
            }
            ["security", "zones", "security-zone", name, rest @ ..] => self.take_zone(name, rest),
            [
                "security",
                "policies",
                "from-zone",
                from,
                "to-zone",
                to,
                "policy",
                name,
                rest @ ..,
            ] => {
                self.take_policy([from, to, name], rest);
            }
            _ => {}
        }
    }

    fn take_system(&mut self, statement: &[&str]) {
        match statement {
            ["host-name", name] => self.host_name = Some((*name).to_owned()),
            ["ntp", "server" | "peer", server, ..] if !self.time_servers.iter().any(|known| known == server) => {
                self.time_servers.push((*server).to_owned());
            }
            ["management-instance"] => self.management_instance = true,
            ["login", "user", name, rest @ ..] => {
                let new = || ((*name).to_owned(), String::new());
                let user = entry(&mut self.users, |(known, _)| known == name, new);
                if let ["class", class] = rest {
                    user.1 = (*class).to_owned();
                }
            }
            _ => {}
        }
    }

    fn take_interface(&mut self, name: &str, statement: &[&str]) {
        let new = || Interface {
            name: name.to_owned(),
            ..Interface::default()
        };
        let interface = entry(&mut self.interfaces, |known| known.name == name, new);
        match statement {
            ["description", text] => interface.description = Some((*text).to_owned()),
            ["disable"] => interface.disabled = true,
            ["mtu", mtu] => interface.mtu = mtu.parse().ok(),
            ["vlan-tagging" | "flexible-vlan-tagging"] => interface.tagged = true,
            ["unit", number, rest @ ..] => {
                let Ok(number) = number.parse() else { return };
                let new = || Unit {
                    number,
                    ..Unit::default()
                };
                let unit = entry(&mut interface.units, |known| known.number == number, new);
                unit.take(rest);
            }
            _ => {}
        }
    }

    fn take_routing_options(&mut self, instance: &str, statement: &[&str]) {
        match statement {
            ["router-id", id] if instance.is_empty() => self.router_id = id.parse().ok(),
            ["autonomous-system", number, ..] if instance.is_empty() => self.autonomous_system = number.parse().ok(),
            ["static", "route", prefix, rest @ ..] => {
                let new = || StaticRoute {
                    instance: instance.to_owned(),
                    prefix: (*prefix).to_owned(),
                    preference: 5,
                    ..StaticRoute::default()
                };
                let same = |known: &StaticRoute| known.instance == instance && known.prefix == *prefix;
                let route = entry(&mut self.static_routes, same, new);
                match rest {
                    ["next-hop", hop] => route.next_hops.push((*hop).to_owned()),
                    ["qualified-next-hop", hop, ..] if !route.next_hops.iter().any(|known| known == hop) => {
                        route.next_hops.push((*hop).to_owned());
                    }
                    [action @ ("discard" | "reject")] => route.dropped = Some((*action).to_owned()),
                    ["preference", value] => route.preference = value.parse().unwrap_or(5),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn take_instance(&mut self, name: &str, statement: &[&str]) {
        let new = || (name.to_owned(), String::new());
        let instance = entry(&mut self.instances, |(known, _)| known == name, new);
        match statement {
            ["instance-type", kind] => instance.1 = (*kind).to_owned(),
            ["interface", logical, ..] => self.instance_interfaces.push((name.to_owned(), (*logical).to_owned())),
            ["routing-options", rest @ ..] => self.take_routing_options(name, rest),
            _ => {}
        }
    }

    /// Lines of a group precede those of its neighbors, so that a neighbor starts with what the group says.
    fn take_bgp(&mut self, group: &str, statement: &[&str]) {
        let position = self
            .bgp
            .iter()
            .position(|known| known.group == group && known.address.is_empty());
        let template = position.unwrap_or_else(|| {
            self.bgp.push(BgpPeer {
                group: group.to_owned(),
                ..BgpPeer::default()
            });
            self.bgp.len() - 1
        });
        let ["neighbor", address, rest @ ..] = statement else {
            self.bgp[template].take(statement);
            return;
        };
        let inherited = self.bgp[template].clone();
        let new = || BgpPeer {
            address: (*address).to_owned(),
            description: None,
            ..inherited
        };
        let same = |known: &BgpPeer| known.group == group && known.address == *address;
        entry(&mut self.bgp, same, new).take(rest);
    }

    fn take_ospf(&mut self, area: &str, interface: &str, statement: &[&str]) {
        let new = || OspfInterface {
            area: dotted(area),
            interface: interface.to_owned(),
            ..OspfInterface::default()
        };
        let entry = entry(&mut self.ospf, |known| known.interface == interface, new);
        match statement {
            ["passive", ..] => entry.passive = true,
            ["disable"] => entry.disabled = true,
            _ => {}
        }
    }

    fn take_zone(&mut self, name: &str, statement: &[&str]) {
        let new = || Zone {
            name: name.to_owned(),
            ..Zone::default()
        };
        let zone = entry(&mut self.zones, |known| known.name == name, new);
        match statement {
            ["screen", screen] => zone.screen = Some((*screen).to_owned()),
            ["interfaces", interface, ..] if !zone.interfaces.iter().any(|known| known == interface) => {
                zone.interfaces.push((*interface).to_owned());
            }
            _ => {}
        }
    }

    fn take_policy(&mut self, [from, to, name]: [&str; 3], statement: &[&str]) {
        let new = || Policy {
            from_zone: from.to_owned(),
            to_zone: to.to_owned(),
            name: name.to_owned(),
            action: "deny".to_owned(),
            ..Policy::default()
        };
        let same = |known: &Policy| known.from_zone == from && known.to_zone == to && known.name == name;
        let policy = entry(&mut self.policies, same, new);
        match statement {
            ["match", "source-address", value] => policy.sources.push((*value).to_owned()),
            ["match", "destination-address", value] => policy.destinations.push((*value).to_owned()),
            ["match", "application", value] => policy.applications.push((*value).to_owned()),
            ["then", action @ ("permit" | "deny" | "reject"), ..] => policy.action = (*action).to_owned(),
            _ => {}
        }
    }
}

impl Unit {
    fn take(&mut self, statement: &[&str]) {
        match statement {
            ["description", text] => self.description = Some((*text).to_owned()),
            ["disable"] => self.disabled = true,
            ["vlan-id", vlan] => self.vlan = vlan.parse().ok(),
            ["family", family, rest @ ..] => {
                entry(&mut self.families, |known| known == family, || (*family).to_owned());
                match rest {
                    ["address", address, ..] => self.take_address(family, address),
                    ["vlan", "members", vlan] => self.switched.push((*vlan).to_owned()),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn take_address(&mut self, family: &str, address: &str) {
        let Some((host, length)) = address.split_once('/') else {
            return;
        };
        let Ok(length) = length.parse() else { return };
        match family {
            "inet" => add_parsed(&mut self.inet, host, length),
            "inet6" => add_parsed(&mut self.inet6, host, length),
            _ => {}
        }
    }
}

impl BgpPeer {
    fn take(&mut self, statement: &[&str]) {
        match statement {
            ["type", kind] => self.internal = *kind == "internal",
            ["description", text] => self.description = Some((*text).to_owned()),
            ["peer-as", number] => self.peer_as = number.parse().ok(),
            ["local-as", number, ..] => self.local_as = number.parse().ok(),
            ["local-address", address] => self.local_address = Some((*address).to_owned()),
            ["authentication-key", _] => self.keyed = true,
            ["import", policy] => self.import.push((*policy).to_owned()),
            ["export", policy] => self.export.push((*policy).to_owned()),
            _ => {}
        }
    }
}

/// The entry that `same` finds, made by `new` when there is none.
fn entry<T>(entries: &mut Vec<T>, same: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let position = entries.iter().position(same).unwrap_or_else(|| {
        entries.push(new());
        entries.len() - 1
    });
    &mut entries[position]
}

fn add_parsed<A: std::str::FromStr + Copy + PartialEq>(addresses: &mut Vec<(A, u8)>, host: &str, length: u8) {
    if let Ok(address) = host.parse()
        && !addresses.contains(&(address, length))
    {
        addresses.push((address, length));
    }
}

/// An OSPF area as Junos shows it: `0` is `0.0.0.0`.
fn dotted(area: &str) -> String {
    area.parse::<u32>()
        .map_or_else(|_| area.to_owned(), |number| Ipv4Addr::from(number).to_string())
}

/// The words of a set line; quotes keep blanks together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let (mut quoted, mut escaped) = (false, false);
    for character in line.chars() {
        if escaped {
            word.get_or_insert_default().push(character);
            escaped = false;
        } else if character == '\\' && quoted {
            escaped = true;
        } else if character == '"' {
            word.get_or_insert_default();
            quoted = !quoted;
        } else if character.is_whitespace() && !quoted {
            words.extend(word.take());
        } else {
            word.get_or_insert_default().push(character);
        }
    }
    words.extend(word);
    words
}
