//! `ping` and `traceroute`: the way to an address, router by router, as their tables have it.

use std::net::Ipv4Addr;

use super::live::{Live, contains};
use super::routes::{NextHop, routes};
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View, arp};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["ping"],
        rpc: "ping",
        parameters: &[
            Parameter::Free("host"),
            Parameter::Keyed("count", "count"),
            Parameter::Keyed("interface", "interface"),
            Parameter::Keyed("routing-instance", "routing-instance"),
            Parameter::Keyed("size", "size"),
            Parameter::Keyed("source", "source"),
            Parameter::Keyed("ttl", "ttl"),
            Parameter::Keyed("wait", "wait"),
            Parameter::Flag("do-not-fragment"),
            Parameter::Flag("no-resolve"),
            Parameter::Flag("rapid"),
        ],
        families: &[],
        wrapped: false,
        answer: ping,
        text: ping_text,
    },
    Command {
        words: &["traceroute"],
        rpc: "traceroute",
        parameters: &[
            Parameter::Free("host"),
            Parameter::Keyed("routing-instance", "routing-instance"),
            Parameter::Keyed("source", "source"),
            Parameter::Keyed("ttl", "ttl"),
            Parameter::Keyed("wait", "wait"),
            Parameter::Flag("no-resolve"),
        ],
        families: &[],
        wrapped: false,
        answer: traceroute,
        text: traceroute_text,
    },
];

/// Echo requests when no number is given: a real ping goes on for ever, which nobody waits for.
const DEFAULT_COUNT: u32 = 5;
/// Most echo requests of one ping, so that a reply stays small.
const MOST_REQUESTS: u32 = 1000;
/// Routers a packet may cross, as the default of Junos' traceroute.
const MOST_HOPS: usize = 30;
/// Bytes in an echo request.
const DEFAULT_SIZE: &str = "56";

/// Where a packet is sent: the address as shown, and the one that routers look for.
struct Target {
    shown: String,
    routed: Ipv4Addr,
}

fn target(view: &View, arguments: &Arguments) -> Result<Target, ShowError> {
    let host = arguments.value("host").ok_or(ShowError::Missing { argument: "host" })?;
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok(Target {
            shown: host.to_owned(),
            routed: address,
        });
    }
    let known = view.network.sites().iter().find(|site| {
        let intent = view.network.intent(site.index);
        let mut units = intent.interfaces.iter().flat_map(|interface| &interface.units);
        site.name == host || units.any(|unit| unit.inet6.iter().any(|(own, _)| own.to_string() == host))
    });
    match known {
        Some(site) => Ok(Target {
            shown: match host.contains(':') {
                true => host.to_owned(),
                false => site.loopback.to_string(),
            },
            routed: site.loopback,
        }),
        None => Err(ShowError::Plain(format!(
            "ping: cannot resolve {host}: Host name lookup failure"
        ))),
    }
}

/// The addresses that answer on the way, the target's own last; `None` when packets do not arrive.
fn way(view: &View, target: Ipv4Addr) -> Option<Vec<Ipv4Addr>> {
    let mut hops = Vec::new();
    let mut router = view.router;
    while hops.len() < MOST_HOPS {
        let live = Live::new(view.network, router);
        if live.owns(target) {
            // The last router answers with the address that was asked for, not with that of its link.
            hops.pop();
            hops.push(target);
            return Some(hops);
        }
        let hop = next_hop(&live, target)?;
        let gateway = match &hop.to {
            Some(gateway) => gateway.parse().ok()?,
            None => target,
        };
        let physical = hop.via.as_deref()?.split('.').next()?.to_owned();
        let far = view.network.site(router).port(&physical).map(|port| port.peer);
        match far.filter(|far| live.of(*far).owns(gateway)) {
            Some(far) => {
                hops.push(gateway);
                router = far;
            }
            // Outside the network: hosts on a connected subnet, and what a provider leads to.
            None => {
                let at = View { router, ..view.clone() };
                let ours = view.network.sites().iter().any(|site| site.loopback == target);
                // A provider knows no way to what belongs to this network.
                if !arp::answers(&at, gateway) || (ours && gateway != target) {
                    return None;
                }
                hops.push(gateway);
                hops.retain(|hop| *hop != target);
                hops.push(target);
                return Some(hops);
            }
        }
    }
    None
}

/// The next hop of the best route to an address in the default table, unless it is dropped.
fn next_hop(live: &Live, target: Ipv4Addr) -> Option<NextHop> {
    let covering = routes(live).into_iter().filter_map(|destination| {
        let (network, length) = destination.prefix.split_once('/')?;
        let (network, length) = (network.parse::<Ipv4Addr>().ok()?, length.parse::<u8>().ok()?);
        let covers = destination.table == "inet.0" && contains(network, length, target);
        covers.then_some((length, destination))
    });
    let (_, best) = covering.max_by_key(|(length, _)| *length)?;
    let hop = best.routes.first()?.next_hops.first()?.clone();
    hop.kind.is_none().then_some(hop)
}

/// Microseconds that an answer takes, by how far it comes.
fn round_trip(view: &View, target: &Target, hops: usize, number: u64) -> u64 {
    let mut dice = view.dice(&["round trip", &target.shown, &number.to_string()]);
    280 * hops as u64 + dice.below(200)
}

fn ping(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let target = target(view, arguments)?;
    let count = arguments.value("count").and_then(|count| count.parse().ok());
    let count = count.unwrap_or(DEFAULT_COUNT).clamp(1, MOST_REQUESTS);
    let way = way(view, target.routed);
    let hops = way.as_ref().map_or(0, Vec::len);
    let size = arguments.value("size").unwrap_or(DEFAULT_SIZE);
    let mut element = view
        .root("ping-results", "junos-probe-tests")
        .with_leaf("target-host", arguments.value("host").unwrap_or_default())
        .with_leaf("target-ip", &target.shown)
        .with_leaf("packet-size", size);
    let mut times = Vec::new();
    for number in 0..count {
        let mut result = Element::new("probe-result").with_leaf("probe-index", number + 1);
        if way.is_some() {
            let time = round_trip(view, &target, hops, number.into());
            times.push(time);
            result = result
                .with(Element::flag("probe-success"))
                .with_leaf("sequence-number", number)
                .with_leaf("ip-address", &target.shown)
                .with_leaf("time-to-live", 65 - hops)
                .with_leaf("response-size", size.parse::<u64>().unwrap_or(56) + 8)
                .with_leaf("rtt", time);
        } else {
            result.push(Element::flag("probe-failure"));
        }
        element.push(result);
    }
    let mut summary = Element::new("probe-results-summary")
        .with_leaf("probes-sent", count)
        .with_leaf("responses-received", times.len())
        .with_leaf("packet-loss", if times.is_empty() { 100 } else { 0 });
    if let (Some(least), Some(most)) = (times.iter().min(), times.iter().max()) {
        let average = times.iter().sum::<u64>() / times.len() as u64;
        let spread = times.iter().map(|time| time.abs_diff(average).pow(2)).sum::<u64>() / times.len() as u64;
        summary = summary
            .with_leaf("rtt-minimum", least)
            .with_leaf("rtt-maximum", most)
            .with_leaf("rtt-average", average)
            .with_leaf("rtt-stddev", spread.isqrt());
    }
    element.push(summary);
    let verdict = if times.is_empty() {
        "ping-failure"
    } else {
        "ping-success"
    };
    Ok(element.with(match times.is_empty() {
        true => Element::leaf(verdict, "no response"),
        false => Element::flag(verdict),
    }))
}

/// Microseconds as milliseconds with three digits.
fn milliseconds(microseconds: &str) -> String {
    let number: u64 = microseconds.parse().unwrap_or_default();
    format!("{}.{:03}", number / 1000, number % 1000)
}

fn ping_text(element: &Element) -> String {
    let value = |name| element.value(name);
    let mut text = format!(
        "PING {} ({}): {} data bytes\n",
        value("target-host"),
        value("target-ip"),
        value("packet-size")
    );
    for probe in element.all("probe-result").filter(|probe| probe.has("probe-success")) {
        text.push_str(&format!(
            "{} bytes from {}: icmp_seq={} ttl={} time={} ms\n",
            probe.value("response-size"),
            probe.value("ip-address"),
            probe.value("sequence-number"),
            probe.value("time-to-live"),
            milliseconds(probe.value("rtt")),
        ));
    }
    for summary in element.all("probe-results-summary") {
        text.push_str(&format!(
            "\n--- {} ping statistics ---\n{} packets transmitted, {} packets received, {}% packet loss\n",
            value("target-host"),
            summary.value("probes-sent"),
            summary.value("responses-received"),
            summary.value("packet-loss"),
        ));
        if summary.has("rtt-minimum") {
            let times = ["rtt-minimum", "rtt-average", "rtt-maximum", "rtt-stddev"];
            let times = times.map(|name| milliseconds(summary.value(name))).join("/");
            text.push_str(&format!("round-trip min/avg/max/stddev = {times} ms\n"));
        }
    }
    text
}

fn traceroute(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let target = target(view, arguments)?;
    let root = view
        .root("traceroute-results", "junos-probe-tests")
        .with_leaf("target-host", arguments.value("host").unwrap_or_default())
        .with_leaf("target-ip", &target.shown)
        .with_leaf("max-hop-index", MOST_HOPS)
        .with_leaf("packet-size", 52);
    let Some(way) = way(view, target.routed) else {
        return Ok(root.with_leaf("traceroute-failure", "no route to host"));
    };
    let hops = way.iter().enumerate().map(|(number, address)| {
        let probes = (0..3_u64).map(|probe| {
            let time = round_trip(view, &target, number + 1, probe + 3 * number as u64);
            Element::new("probe-result")
                .with_leaf("probe-index", probe + 1)
                .with(Element::flag("probe-success"))
                .with_leaf("ip-address", address)
                .with_leaf("rtt", time)
        });
        Element::new("hop").with_leaf("ttl-value", number + 1).with_all(probes)
    });
    Ok(root.with_all(hops).with(Element::flag("traceroute-success")))
}

fn traceroute_text(element: &Element) -> String {
    let value = |name| element.value(name);
    let mut text = format!(
        "traceroute to {} ({}), {} hops max, {} byte packets\n",
        value("target-host"),
        value("target-ip"),
        value("max-hop-index"),
        value("packet-size")
    );
    for hop in element.all("hop") {
        let probes: Vec<&Element> = hop.all("probe-result").collect();
        let address = probes.first().map_or("*", |probe| probe.value("ip-address"));
        let times: String = probes
            .iter()
            .map(|probe| format!("  {} ms", milliseconds(probe.value("rtt"))))
            .collect();
        text.push_str(&format!(
            "{:>2}  {address} ({address}){times}\n",
            hop.value("ttl-value")
        ));
    }
    if element.has("traceroute-failure") {
        text.push_str(&format!("traceroute: {}\n", value("traceroute-failure")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::command;
    use super::super::tests::{noon, text};
    use super::*;
    use crate::lab::network::Network;

    #[test]
    fn a_ping_follows_the_routes_and_fails_without_one() {
        let network = Network::generate(1, 3);
        let far = network.site(1).loopback;
        assert!(text(&network, 0, &format!("ping {far} count 3")).contains("3 packets received, 0% packet loss"));
        assert!(text(&network, 0, "ping edge-2 count 1").contains(&far.to_string()));
        let lines = network.default_configuration(1);
        network.activate_lines(1, &format!("{lines}set interfaces lo0 disable\n"));
        assert!(text(&network, 0, &format!("ping {far} count 2")).contains("0 packets received, 100% packet loss"));
        assert!(matches!(
            command(&View::new(&network, 0, noon()), "ping nowhere.example.net"),
            Err(ShowError::Plain(_))
        ));
    }

    #[test]
    fn a_traceroute_names_the_routers_on_the_way() {
        let network = Network::generate(1, 20);
        let first = Live::new(&network, 0);
        let farthest = first
            .reached()
            .into_iter()
            .max_by_key(|reached| reached.cost)
            .expect("neighbors");
        let shown = command(
            &View::new(&network, 0, noon()),
            &format!("traceroute {}", network.site(farthest.router).loopback),
        )
        .expect("an answer");
        let hops: Vec<&str> = shown
            .element
            .all("hop")
            .map(|hop| hop.at(&["probe-result", "ip-address"]).map_or("", Element::text))
            .collect();
        assert_eq!(hops.len() as u32, farthest.cost);
        assert_eq!(
            hops.last(),
            Some(&network.site(farthest.router).loopback.to_string().as_str())
        );
        assert!(hops.iter().all(|hop| shown.text.contains(hop)));
    }
}
