//! The routing tables of a router: connected, static, OSPF and BGP routes.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::live::{Live, contains, prefix};
use super::sessions::Session;

/// One destination in one table, its routes best first.
pub(super) struct Destination {
    pub(super) table: String,
    pub(super) prefix: String,
    pub(super) routes: Vec<Route>,
}

/// One way to a destination.
#[derive(Clone, Default)]
pub(super) struct Route {
    pub(super) protocol: &'static str,
    pub(super) preference: u32,
    pub(super) metric: Option<u32>,
    /// Autonomous systems on the way, for BGP.
    pub(super) as_path: Option<String>,
    /// The BGP peer that announced it.
    pub(super) peer: Option<String>,
    pub(super) next_hops: Vec<NextHop>,
}

/// Where packets go.
#[derive(Clone, Default)]
pub(super) struct NextHop {
    pub(super) to: Option<String>,
    pub(super) via: Option<String>,
    /// `Local`, `Discard` or `Reject` instead of a gateway.
    pub(super) kind: Option<&'static str>,
}

struct Tables(Vec<Destination>);

/// All destinations, by table and prefix.
pub(super) fn routes(live: &Live) -> Vec<Destination> {
    let mut tables = Tables(Vec::new());
    connected(live, &mut tables);
    configured(live, &mut tables);
    ospf(live, &mut tables);
    bgp(live, &mut tables);
    let mut destinations = tables.0;
    destinations.sort_by_cached_key(|destination| (rank(&destination.table), numeric(&destination.prefix)));
    for destination in &mut destinations {
        let path_length = |route: &Route| route.as_path.as_ref().map_or(0, |path| path.split(' ').count());
        destination
            .routes
            .sort_by_key(|route| (route.preference, path_length(route)));
    }
    destinations
}

impl Tables {
    fn add(&mut self, table: &str, prefix: String, route: Route) {
        let same = |known: &&mut Destination| known.table == table && known.prefix == prefix;
        match self.0.iter_mut().find(same) {
            Some(destination) => destination.routes.push(route),
            None => self.0.push(Destination {
                table: table.to_owned(),
                prefix,
                routes: vec![route],
            }),
        }
    }
}

/// `inet.0`, or an instance's.
fn table(instance: &str, family: &str) -> String {
    if instance.is_empty() {
        format!("{family}.0")
    } else {
        format!("{instance}.{family}.0")
    }
}

fn via(name: &str, kind: Option<&'static str>) -> Vec<NextHop> {
    vec![NextHop {
        to: None,
        via: Some(name.to_owned()),
        kind,
    }]
}

fn connected(live: &Live, tables: &mut Tables) {
    for (name, unit) in live.units_up() {
        let instance = live.instance_of(&name);
        let direct = Route {
            protocol: "Direct",
            next_hops: via(&name, None),
            ..Route::default()
        };
        let local = Route {
            protocol: "Local",
            next_hops: via(&name, Some("Local")),
            ..Route::default()
        };
        for (address, length) in &unit.inet {
            tables.add(&table(instance, "inet"), prefix(*address, *length), direct.clone());
            if *length < 32 {
                tables.add(&table(instance, "inet"), format!("{address}/32"), local.clone());
            }
        }
        for (address, length) in &unit.inet6 {
            tables.add(&table(instance, "inet6"), prefix6(*address, *length), direct.clone());
            if *length < 128 {
                tables.add(&table(instance, "inet6"), format!("{address}/128"), local.clone());
            }
        }
    }
}

fn configured(live: &Live, tables: &mut Tables) {
    for route in &live.intent.static_routes {
        let mut next_hops: Vec<NextHop> = route.next_hops.iter().filter_map(|hop| gateway(live, hop)).collect();
        match route.dropped.as_deref() {
            Some("reject") => next_hops.push(dropped("Reject")),
            Some(_) => next_hops.push(dropped("Discard")),
            None => {}
        }
        // A static route whose gateway is on no connected subnet is not installed.
        if next_hops.is_empty() {
            continue;
        }
        let family = if route.prefix.contains(':') { "inet6" } else { "inet" };
        let static_route = Route {
            protocol: "Static",
            preference: route.preference,
            next_hops,
            ..Route::default()
        };
        tables.add(&table(&route.instance, family), route.prefix.clone(), static_route);
    }
}

fn dropped(kind: &'static str) -> NextHop {
    NextHop {
        kind: Some(kind),
        ..NextHop::default()
    }
}

fn gateway(live: &Live, hop: &str) -> Option<NextHop> {
    let (_, interface) = live.address_towards(hop.parse().ok()?)?;
    Some(NextHop {
        to: Some(hop.to_owned()),
        via: Some(interface),
        kind: None,
    })
}

fn ospf(live: &Live, tables: &mut Tables) {
    let own: Vec<String> = live
        .units_up()
        .iter()
        .flat_map(|(_, unit)| unit.inet.iter().map(|(address, length)| prefix(*address, *length)))
        .collect();
    let mut known = own;
    for reached in live.reached() {
        let route = Route {
            protocol: "OSPF",
            preference: 10,
            metric: Some(reached.cost),
            next_hops: vec![NextHop {
                to: Some(reached.next_hop.to_string()),
                via: Some(reached.interface.clone()),
                kind: None,
            }],
            ..Route::default()
        };
        for prefix in live.ospf_prefixes(reached.router) {
            if !known.contains(&prefix) {
                tables.add("inet.0", prefix.clone(), route.clone());
                known.push(prefix);
            }
        }
    }
}

fn bgp(live: &Live, tables: &mut Tables) {
    for peer in live.intent.bgp_peers() {
        let Session::Established(far) = live.bgp(peer) else {
            continue;
        };
        let Some(hop) = gateway(live, &peer.address) else {
            continue;
        };
        for announcement in live.announced(peer, &far) {
            let path: String = announcement.path.iter().map(|number| format!("{number} ")).collect();
            let route = Route {
                protocol: "BGP",
                preference: 170,
                as_path: Some(path + "I"),
                peer: Some(peer.address.clone()),
                next_hops: vec![hop.clone()],
                ..Route::default()
            };
            tables.add("inet.0", announcement.prefix, route);
        }
    }
}

fn prefix6(address: Ipv6Addr, length: u8) -> String {
    let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
    format!("{}/{length}", Ipv6Addr::from(u128::from(address) & mask))
}

/// `inet.0` first, then the other IPv4 tables, then the IPv6 ones.
fn rank(table: &str) -> (u8, String) {
    let group = match table {
        "inet.0" => 0,
        "inet6.0" => 2,
        other if other.ends_with("inet6.0") => 3,
        _ => 1,
    };
    (group, table.to_owned())
}

fn numeric(prefix: &str) -> (u128, u8) {
    let (address, length) = prefix.split_once('/').unwrap_or((prefix, "32"));
    let number = address
        .parse::<Ipv4Addr>()
        .map(|address| u128::from(u32::from(address)))
        .or_else(|_| address.parse::<Ipv6Addr>().map(u128::from));
    (number.unwrap_or(0), length.parse().unwrap_or(0))
}

/// Whether a destination is asked for: any for none, those inside a prefix, or those that contain a host.
pub(super) fn wanted(prefix: &str, asked: Option<&str>, exact: bool) -> bool {
    let Some(asked) = asked else { return true };
    let (host, length) = asked
        .split_once('/')
        .map_or((asked, None), |(host, length)| (host, length.parse::<u8>().ok()));
    if exact {
        return prefix == asked;
    }
    let (own, own_length) = prefix.split_once('/').unwrap_or((prefix, "32"));
    let (Ok(host), Ok(own), Ok(own_length)) = (host.parse(), own.parse(), own_length.parse()) else {
        return prefix == asked;
    };
    match length {
        Some(length) => own_length >= length && contains(host, length, own),
        None => contains(own, own_length, host),
    }
}
