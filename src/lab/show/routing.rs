//! `show route` and `show route summary`.

use super::live::Live;
use super::routes::{Destination, NextHop, Route, routes, wanted};
use super::timing::age;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;

/// Seconds after boot at which routes are learned.
const LEARNED_AFTER: i64 = 130;
/// Width of the column of prefixes.
const COLUMN: usize = 19;
/// Protocols in the order of the summary.
const PROTOCOLS: [&str; 5] = ["Direct", "Local", "OSPF", "BGP", "Static"];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "route"],
        rpc: "get-route-information",
        parameters: &[
            Parameter::Flag("active-path"),
            Parameter::Flag("all"),
            Parameter::Flag("brief"),
            Parameter::Flag("detail"),
            Parameter::Flag("exact"),
            Parameter::Flag("extensive"),
            Parameter::Flag("terse"),
            Parameter::Keyed("protocol", "protocol"),
            Parameter::Keyed("table", "table"),
            Parameter::Free("destination"),
        ],
        families: &[],
        wrapped: false,
        answer: route,
        text: route_text,
    },
    Command {
        words: &["show", "route", "summary"],
        rpc: "get-route-summary-information",
        parameters: &[Parameter::Keyed("table", "table")],
        families: &[],
        wrapped: false,
        answer: summary,
        text: summary_text,
    },
];

/// Destinations grouped by table, in order.
fn by_table(destinations: Vec<Destination>) -> Vec<(String, Vec<Destination>)> {
    let mut tables: Vec<(String, Vec<Destination>)> = Vec::new();
    for destination in destinations {
        match tables.last_mut() {
            Some((table, group)) if *table == destination.table => group.push(destination),
            _ => tables.push((destination.table.clone(), vec![destination])),
        }
    }
    tables
}

fn tables(live: &Live, arguments: &Arguments) -> Vec<(String, Vec<Destination>)> {
    let mut tables = by_table(routes(live));
    if let Some(wanted) = arguments.value("table") {
        tables.retain(|(table, _)| table == wanted || table.strip_suffix(".0") == Some(wanted));
    }
    tables
}

fn counts(destinations: &[Destination]) -> [(&'static str, usize); 5] {
    let total: usize = destinations.iter().map(|destination| destination.routes.len()).sum();
    [
        ("destination-count", destinations.len()),
        ("total-route-count", total),
        ("active-route-count", destinations.len()),
        ("holddown-route-count", 0),
        ("hidden-route-count", 0),
    ]
}

fn table_element(table: &str, destinations: &[Destination]) -> Element {
    let counts = counts(destinations).map(|(name, count)| Element::leaf(name, count));
    Element::new("route-table")
        .with_leaf("table-name", table)
        .with_all(counts)
}

fn route(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let asked = arguments.value("destination");
    let live = view.routing()?;
    let mut element = view.root("route-information", "junos-routing");
    for (table, destinations) in tables(&live, arguments) {
        let chosen = choose(&destinations, asked, arguments);
        if chosen.is_empty() {
            continue;
        }
        let entries = chosen.into_iter().map(|destination| {
            let routes = destination.routes.iter().enumerate();
            let asked_for = arguments.value("protocol");
            let shown =
                routes.filter(|(_, route)| asked_for.is_none_or(|asked| asked.eq_ignore_ascii_case(route.protocol)));
            Element::new("rt")
                .attribute("junos:style", "brief")
                .with_leaf("rt-destination", &destination.prefix)
                .with_all(shown.map(|(position, route)| route_element(view, route, position == 0)))
        });
        element.push(table_element(&table, &destinations).with_all(entries));
    }
    Ok(element)
}

/// The destinations that are asked for; for a host only the longest match.
fn choose<'a>(destinations: &'a [Destination], asked: Option<&str>, arguments: &Arguments) -> Vec<&'a Destination> {
    let protocol = arguments.value("protocol");
    let speaks = |destination: &&Destination| {
        let mut routes = destination.routes.iter();
        protocol.is_none_or(|asked| routes.any(|route| asked.eq_ignore_ascii_case(route.protocol)))
    };
    let mut chosen: Vec<&Destination> = destinations
        .iter()
        .filter(|destination| wanted(&destination.prefix, asked, arguments.has("exact")))
        .filter(speaks)
        .collect();
    if asked.is_some_and(|asked| !asked.contains('/')) {
        let length = |destination: &&Destination| -> u8 {
            let length = destination
                .prefix
                .rsplit_once('/')
                .and_then(|(_, length)| length.parse().ok());
            length.unwrap_or(0)
        };
        let longest = chosen.iter().map(length).max();
        chosen.retain(|destination| Some(length(destination)) == longest);
    }
    chosen
}

fn route_element(view: &View, route: &Route, active: bool) -> Element {
    let mut element = Element::new("rt-entry").with_leaf("active-tag", if active { "*" } else { " " });
    if active {
        element = element
            .with(Element::flag("current-active"))
            .with(Element::flag("last-active"));
    }
    element.push(Element::leaf("protocol-name", route.protocol));
    element.push(Element::leaf("preference", route.preference));
    if let Some(metric) = route.metric {
        element.push(Element::leaf("metric", metric));
    }
    let seconds = (view.uptime() - LEARNED_AFTER).max(0);
    element.push(Element::leaf("age", age(seconds)).attribute("junos:seconds", seconds));
    if let Some(path) = &route.as_path {
        element = element
            .with_leaf("local-preference", 100)
            .with_leaf("learned-from", route.peer.clone().unwrap_or_default())
            .with_leaf("as-path", path);
    }
    let dropped = route
        .next_hops
        .iter()
        .find(|hop| hop.via.is_none())
        .and_then(|hop| hop.kind);
    element = match dropped {
        Some(kind) => element.with_leaf("nh-type", kind),
        None => element,
    };
    let gateways = route.next_hops.iter().filter(|hop| hop.via.is_some());
    element.with_all(gateways.map(next_hop))
}

fn next_hop(hop: &NextHop) -> Element {
    let mut element = Element::new("nh").with(Element::flag("selected-next-hop"));
    let via = hop.via.clone().unwrap_or_default();
    if let Some(to) = &hop.to {
        element.push(Element::leaf("to", to));
    }
    if hop.kind == Some("Local") {
        return element.with_leaf("nh-local-interface", via);
    }
    element.with_leaf("via", via)
}

fn heading(table: &Element) -> String {
    let value = |name| table.value(name);
    format!(
        "\n{}: {} destinations, {} routes ({} active, {} holddown, {} hidden)\n",
        value("table-name"),
        value("destination-count"),
        value("total-route-count"),
        value("active-route-count"),
        value("holddown-route-count"),
        value("hidden-route-count"),
    )
}

fn route_text(element: &Element) -> String {
    let mut text = String::new();
    for table in element.all("route-table") {
        text.push_str(&heading(table));
        text.push_str("+ = Active Route, - = Last Active, * = Both\n\n");
        for destination in table.all("rt") {
            let mut name = destination.value("rt-destination");
            for entry in destination.all("rt-entry") {
                // A prefix that does not fit its column stands on a line of its own.
                if name.len() >= COLUMN {
                    text.push_str(&format!("{name}\n"));
                    name = "";
                }
                text.push_str(&format!("{name:<COLUMN$}{}\n", entry_text(entry)));
                name = "";
            }
        }
    }
    text
}

fn entry_text(entry: &Element) -> String {
    let value = |name| entry.value(name);
    let mut text = format!(
        "{}[{}/{}] {}",
        value("active-tag"),
        value("protocol-name"),
        value("preference"),
        value("age")
    );
    if entry.has("metric") {
        text.push_str(&format!(", metric {}", value("metric")));
    }
    if entry.has("as-path") {
        text.push_str(&format!(
            ", localpref {}, from {}",
            value("local-preference"),
            value("learned-from")
        ));
        text.push_str(&format!("\n{:22}AS path: {}", "", value("as-path")));
    }
    if entry.has("nh-type") {
        text.push_str(&format!("\n{:23}{}", "", value("nh-type")));
    }
    for hop in entry.all("nh") {
        let way = match (hop.value("to"), hop.value("nh-local-interface")) {
            ("", "") => format!("via {}", hop.value("via")),
            ("", local) => format!("   Local via {local}"),
            (to, _) => format!("to {to} via {}", hop.value("via")),
        };
        text.push_str(&format!("\n{:20}>  {way}", ""));
    }
    text
}

fn summary(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = view.routing()?;
    let mut element = view.root("route-summary-information", "junos-routing");
    if let Some(number) = live.intent.autonomous_system {
        element.push(Element::leaf("as-number", number));
    }
    element.push(Element::leaf("router-id", live.router_id()));
    for (table, destinations) in tables(&live, arguments) {
        let protocols = PROTOCOLS.iter().filter_map(|protocol| {
            let speaks = |route: &&Route| route.protocol == *protocol;
            let routes = destinations
                .iter()
                .flat_map(|destination| &destination.routes)
                .filter(speaks)
                .count();
            let active = destinations
                .iter()
                .filter_map(|destination| destination.routes.first())
                .filter(speaks)
                .count();
            (routes > 0).then(|| {
                Element::new("protocols")
                    .with_leaf("protocol-name", protocol)
                    .with_leaf("protocol-route-count", routes)
                    .with_leaf("active-route-count", active)
            })
        });
        element.push(table_element(&table, &destinations).with_all(protocols));
    }
    Ok(element)
}

fn summary_text(element: &Element) -> String {
    let mut text = String::new();
    if element.has("as-number") {
        text.push_str(&format!("Autonomous system number: {}\n", element.value("as-number")));
    }
    text.push_str(&format!("Router ID: {}\n", element.value("router-id")));
    for table in element.all("route-table") {
        text.push_str(&heading(table));
        for protocol in table.all("protocols") {
            let value = |name| protocol.value(name);
            text.push_str(&format!(
                "{:>20}: {:>6} routes, {:>6} active\n",
                value("protocol-name"),
                value("protocol-route-count"),
                value("active-route-count"),
            ));
        }
    }
    text
}
