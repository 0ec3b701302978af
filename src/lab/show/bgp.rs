//! `show bgp summary` and `show bgp neighbor`.

use super::live::Live;
use super::routes::{Destination, routes};
use super::sessions::{Far, Session};
use super::timing::age;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::network::BgpPeer;

/// Seconds after boot at which sessions are up.
const SESSION_DELAY: i64 = 125;
/// Seconds between keepalives, a third of the default hold time of 90 seconds.
const KEEPALIVE: u64 = 30;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "bgp", "summary"],
        rpc: "get-bgp-summary-information",
        parameters: &[
            Parameter::Keyed("group", "group"),
            Parameter::Keyed("instance", "instance"),
        ],
        families: &[],
        wrapped: false,
        answer: summary,
        text: summary_text,
    },
    Command {
        words: &["show", "bgp", "neighbor"],
        rpc: "get-bgp-neighbor-information",
        parameters: &[
            Parameter::Keyed("instance", "instance"),
            Parameter::Free("neighbor-address"),
        ],
        families: &[],
        wrapped: false,
        answer: neighbor,
        text: neighbor_text,
    },
];

/// A peer with what the session and the routing table say about it.
struct Peer<'a> {
    configured: &'a BgpPeer,
    session: Session,
    received: usize,
    active: usize,
}

impl Peer<'_> {
    fn state(&self) -> &'static str {
        match self.session {
            Session::Established(_) => "Established",
            Session::Active => "Active",
            Session::Idle => "Idle",
        }
    }

    /// The router id of the other end, once it is known.
    fn id(&self, live: &Live) -> Option<String> {
        match self.session {
            Session::Established(Far::Router(router)) => Some(live.of(router).router_id().to_string()),
            Session::Established(Far::Provider(_)) => Some(self.configured.address.clone()),
            Session::Active | Session::Idle => None,
        }
    }

    fn up(&self) -> bool {
        matches!(self.session, Session::Established(_))
    }

    /// Messages in one direction: a keepalive now and then.
    fn messages(&self, view: &View, direction: &str) -> u64 {
        let lost = view.dice(&[&self.configured.address, direction]).below(9);
        if self.up() {
            view.uptime() as u64 / KEEPALIVE + lost
        } else {
            0
        }
    }
}

/// The peers a question is about: all neighbors are in the default instance.
fn peers<'a>(live: &'a Live, destinations: &[Destination], arguments: &Arguments) -> Vec<Peer<'a>> {
    let named = |name| arguments.value(name).filter(|value| !value.is_empty());
    if named("instance").is_some_and(|instance| instance != "master") {
        return Vec::new();
    }
    let peer = |configured: &'a BgpPeer| {
        let from = |peer: &Option<String>| peer.as_deref() == Some(configured.address.as_str());
        let all = destinations.iter().flat_map(|destination| &destination.routes);
        let best = destinations.iter().filter_map(|destination| destination.routes.first());
        Peer {
            configured,
            session: live.bgp(configured),
            received: all.filter(|route| from(&route.peer)).count(),
            active: best.filter(|route| from(&route.peer)).count(),
        }
    };
    let wanted = |configured: &&BgpPeer| named("group").is_none_or(|group| group == configured.group);
    live.intent.bgp_peers().filter(wanted).map(peer).collect()
}

fn summary(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = view.routing()?;
    let destinations = routes(&live);
    let peers = peers(&live, &destinations, arguments);
    if peers.is_empty() {
        return Ok(Element::output("BGP is not running"));
    }
    let mut groups: Vec<&str> = peers.iter().map(|peer| peer.configured.group.as_str()).collect();
    groups.dedup();
    let rib = |count: fn(&Peer) -> usize| peers.iter().map(count).sum::<usize>();
    let (received, active) = (rib(|peer| peer.received), rib(|peer| peer.active));
    Ok(view
        .root("bgp-information", "junos-routing")
        .with_leaf("bgp-thread-mode", "BGP I/O")
        .with_leaf("group-count", groups.len())
        .with_leaf("peer-count", peers.len())
        .with_leaf("down-peer-count", peers.iter().filter(|peer| !peer.up()).count())
        .with(
            Element::new("bgp-rib")
                .attribute("junos:style", "brief")
                .with_leaf("name", "inet.0")
                .with_leaf("total-prefix-count", received)
                .with_leaf("received-prefix-count", received)
                .with_leaf("accepted-prefix-count", received)
                .with_leaf("active-prefix-count", active)
                .with_leaf("suppressed-prefix-count", 0)
                .with_leaf("history-prefix-count", 0)
                .with_leaf("damped-prefix-count", 0)
                .with_leaf("pending-prefix-count", 0),
        )
        .with_all(peers.iter().map(|peer| summary_peer(view, &live, peer))))
}

fn summary_peer(view: &View, live: &Live, peer: &Peer) -> Element {
    let seconds = (view.uptime() - SESSION_DELAY).max(0);
    let short = if peer.up() { "Establ" } else { peer.state() };
    let mut element = Element::new("bgp-peer")
        .attribute("junos:style", "terse")
        .with_leaf("peer-address", &peer.configured.address)
        .with_leaf("peer-as", live.peer_as(peer.configured))
        .with_leaf("input-messages", peer.messages(view, "input"))
        .with_leaf("output-messages", peer.messages(view, "output"))
        .with_leaf("route-queue-count", 0)
        .with_leaf("flap-count", 0)
        .with(Element::leaf("elapsed-time", age(seconds)).attribute("junos:seconds", seconds));
    if let Some(description) = &peer.configured.description {
        element.push(Element::leaf("description", description));
    }
    element.push(Element::leaf("peer-state", peer.state()).attribute("junos:format", short));
    if peer.up() {
        element.push(rib_of(peer).attribute("junos:style", "terse"));
    }
    element
}

fn rib_of(peer: &Peer) -> Element {
    Element::new("bgp-rib")
        .with_leaf("name", "inet.0")
        .with_leaf("active-prefix-count", peer.active)
        .with_leaf("received-prefix-count", peer.received)
        .with_leaf("accepted-prefix-count", peer.received)
        .with_leaf("suppressed-prefix-count", 0)
}

fn rib_text(rib: &Element) -> String {
    let counts = [
        "active-prefix-count",
        "received-prefix-count",
        "accepted-prefix-count",
        "suppressed-prefix-count",
    ];
    counts.map(|name| rib.value(name)).join("/")
}

fn summary_text(element: &Element) -> String {
    if element.name() == "output" {
        return format!("{}\n", element.text());
    }
    let value = |name| element.value(name);
    let mut text = format!(
        "Threading mode: {}\nGroups: {} Peers: {} Down peers: {}\n",
        value("bgp-thread-mode"),
        value("group-count"),
        value("peer-count"),
        value("down-peer-count"),
    );
    text.push_str("Table          Tot Paths  Act Paths Suppressed    History Damp State    Pending\n");
    for rib in element.all("bgp-rib") {
        let names = [
            "total-prefix-count",
            "active-prefix-count",
            "suppressed-prefix-count",
            "history-prefix-count",
            "damped-prefix-count",
            "pending-prefix-count",
        ];
        let counts: String = names.map(|name| format!("{:>11}", rib.value(name))).concat();
        text.push_str(&format!("{}\n             {counts}\n", rib.value("name")));
    }
    text.push_str("Peer                     AS      InPkt     OutPkt    OutQ   Flaps Last Up/Dwn State|#Active/Received/Accepted/Damped...\n");
    for peer in element.all("bgp-peer") {
        let value = |name| peer.value(name);
        let state = peer
            .at(&["peer-state"])
            .and_then(|state| state.attribute_value("junos:format"))
            .unwrap_or_default();
        text.push_str(&format!(
            "{:<16} {:>10} {:>10} {:>10} {:>7} {:>7} {:>11} {state}\n",
            value("peer-address"),
            value("peer-as"),
            value("input-messages"),
            value("output-messages"),
            value("route-queue-count"),
            value("flap-count"),
            value("elapsed-time"),
        ));
        for rib in peer.all("bgp-rib") {
            text.push_str(&format!("  {}: {}\n", rib.value("name"), rib_text(rib)));
        }
    }
    text
}

fn neighbor(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = view.routing()?;
    let destinations = routes(&live);
    let wanted = arguments
        .value("neighbor-address")
        .filter(|address| !address.is_empty());
    let peers = peers(&live, &destinations, arguments);
    if peers.is_empty() {
        return Ok(Element::output("BGP is not running"));
    }
    let chosen = peers
        .iter()
        .filter(|peer| wanted.is_none_or(|wanted| wanted == peer.configured.address));
    let elements = chosen.map(|peer| detailed_peer(view, &live, peer));
    Ok(view.root("bgp-information", "junos-routing").with_all(elements))
}

fn detailed_peer(view: &View, live: &Live, peer: &Peer) -> Element {
    let configured = peer.configured;
    let local = configured
        .address
        .parse()
        .ok()
        .and_then(|address| live.address_towards(address));
    let local = local.map_or_else(|| "Unspecified".to_owned(), |(address, _)| address.to_string());
    let with_port = |address: &str, port: u64| {
        if peer.up() {
            format!("{address}+{port}")
        } else {
            address.to_owned()
        }
    };
    let mut options = Element::new("bgp-option-information");
    if !configured.export.is_empty() {
        options.push(Element::leaf("export-policy", configured.export.join(" ")));
    }
    if !configured.import.is_empty() {
        options.push(Element::leaf("import-policy", configured.import.join(" ")));
    }
    let auth = if configured.keyed {
        "Preference AuthKey PeerAS"
    } else {
        "Preference PeerAS"
    };
    let options = options
        .with_leaf("bgp-options", auth)
        .with_leaf("holdtime", 90)
        .with_leaf("preference", 170);
    let mut element = Element::new("bgp-peer")
        .attribute("junos:style", "detail")
        .with_leaf("peer-address", with_port(&configured.address, 179))
        .with_leaf("peer-as", live.peer_as(configured))
        .with_leaf(
            "local-address",
            with_port(&local, 49_152 + view.dice(&[&configured.address]).below(9_000)),
        )
        .with_leaf("local-as", live.local_as(configured));
    if let Some(description) = &configured.description {
        element.push(Element::leaf("description", description));
    }
    element = element
        .with_leaf("peer-group", &configured.group)
        .with_leaf("peer-cfg-rti", "master")
        .with_leaf("peer-fwd-rti", "master")
        .with_leaf("peer-type", if configured.internal { "Internal" } else { "External" })
        .with_leaf("peer-state", peer.state())
        .with_leaf("peer-flags", if peer.up() { "Sync" } else { "" })
        .with_leaf("last-state", if peer.up() { "OpenConfirm" } else { "Connect" })
        .with_leaf("last-event", if peer.up() { "RecvKeepAlive" } else { "ConnectRetry" })
        .with_leaf("last-error", "None")
        .with(options)
        .with_leaf("flap-count", 0);
    if let (Session::Established(far), Some(id)) = (&peer.session, peer.id(live)) {
        element = element
            .with_leaf("peer-id", id)
            .with_leaf("local-id", live.router_id())
            .with_leaf("active-holdtime", 90)
            .with_leaf("keepalive-interval", KEEPALIVE)
            .with_leaf("peer-4byte-as-capability-advertised", live.peer_as(configured))
            .with(
                rib_of(peer)
                    .with_leaf("advertised-prefix-count", live.advertised(configured, far))
                    .with_leaf("bgp-rib-state", "BGP restart is complete")
                    .with_leaf("send-state", "in sync"),
            )
            .with_leaf("input-messages", peer.messages(view, "input"))
            .with_leaf("output-messages", peer.messages(view, "output"))
            .with_leaf("input-updates", peer.received)
            .with_leaf("output-updates", live.advertised(configured, far))
            .with(
                Element::new("bgp-output-queue")
                    .with_leaf("number", 1)
                    .with_leaf("count", 0)
                    .with_leaf("table-name", "inet.0"),
            );
    }
    element
}

fn neighbor_text(element: &Element) -> String {
    if element.name() == "output" {
        return format!("{}\n", element.text());
    }
    let mut text = String::new();
    for peer in element.all("bgp-peer") {
        let value = |name| peer.value(name);
        text.push_str(&format!(
            "Peer: {} AS {} Local: {} AS {}\n",
            value("peer-address"),
            value("peer-as"),
            value("local-address"),
            value("local-as"),
        ));
        if peer.has("description") {
            text.push_str(&format!("  Description: {}\n", value("description")));
        }
        text.push_str(&format!(
            "  Group: {}  Routing-Instance: {}\n",
            value("peer-group"),
            value("peer-cfg-rti")
        ));
        text.push_str(&format!(
            "  Type: {}    State: {}    Flags: <{}>\n",
            value("peer-type"),
            value("peer-state"),
            value("peer-flags")
        ));
        text.push_str(&format!(
            "  Last State: {}   Last Event: {}\n",
            value("last-state"),
            value("last-event")
        ));
        text.push_str(&format!("  Last Error: {}\n", value("last-error")));
        if let Some(options) = peer.at(&["bgp-option-information"]) {
            for (label, name) in [("Export", "export-policy"), ("Import", "import-policy")] {
                if options.has(name) {
                    text.push_str(&format!("  {label}: [ {} ]\n", options.value(name)));
                }
            }
            text.push_str(&format!("  Options: <{}>\n", options.value("bgp-options")));
            text.push_str(&format!(
                "  Holdtime: {} Preference: {}\n",
                options.value("holdtime"),
                options.value("preference")
            ));
        }
        text.push_str(&format!("  Number of flaps: {}\n", value("flap-count")));
        if peer.has("peer-id") {
            text.push_str(&format!(
                "  Peer ID: {:<15} Local ID: {:<15} Active Holdtime: {}\n",
                value("peer-id"),
                value("local-id"),
                value("active-holdtime")
            ));
        }
        for rib in peer.all("bgp-rib") {
            text.push_str(&format!("  Table {}\n", rib.value("name")));
            text.push_str(&format!(
                "    Active/received/accepted/suppressed prefixes: {}\n",
                rib_text(rib)
            ));
        }
        if peer.has("input-messages") {
            text.push_str(&format!("  Input messages:  Total {}\n", value("input-messages")));
            text.push_str(&format!("  Output messages: Total {}\n", value("output-messages")));
        }
        text.push('\n');
    }
    text
}
