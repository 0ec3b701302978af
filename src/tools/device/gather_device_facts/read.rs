//! Facts out of replies. A fact that a reply does not hold stays absent.

use chrono::{DateTime, SecondsFormat};

use super::{Member, RouteEngine};
use crate::devices::{Node, personality};

/// Host name, model and version, of the first engine that tells them.
#[derive(Debug, Default)]
pub(super) struct Software {
    pub(super) hostname: Option<String>,
    pub(super) model: Option<String>,
    pub(super) version: Option<String>,
    pub(super) nodes: Vec<Member>,
}

impl Software {
    /// From `software-information`, of one engine or of several.
    pub(super) fn read(reply: &Node) -> Self {
        let parts: Vec<Member> = engines(reply)
            .into_iter()
            .filter_map(|(name, part)| {
                let software = part.at("software-information")?;
                Some(Member {
                    re_name: name.unwrap_or_default().to_owned(),
                    hostname: owned(software.value("host-name")),
                    model: owned(software.value("product-model")),
                    version: version(software),
                })
            })
            .collect();
        let first = |fact: fn(&Member) -> &Option<String>| parts.iter().find_map(|part| fact(part).clone());
        Self {
            hostname: first(|part| &part.hostname),
            model: first(|part| &part.model),
            version: first(|part| &part.version),
            nodes: parts.iter().filter(|part| !part.re_name.is_empty()).cloned().collect(),
        }
    }

    /// From `system-information`, which smaller login classes may ask for.
    pub(super) fn read_system(reply: &Node) -> Self {
        let value = |name: &str| owned(reply.value(&format!("system-information/{name}")));
        Self {
            hostname: value("host-name"),
            model: value("hardware-model"),
            version: value("os-version"),
            nodes: Vec::new(),
        }
    }

    /// Whether the engines bear names such as `node0`.
    pub(super) fn has_engines_named(&self, stem: &str) -> bool {
        self.nodes.iter().any(|node| {
            let number = node.re_name.strip_prefix(stem);
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }

    /// Engines that run different versions, as a warning.
    pub(super) fn version_mismatch(&self) -> Option<String> {
        let versions: Vec<&str> = self.nodes.iter().filter_map(|node| node.version.as_deref()).collect();
        let differ = versions.windows(2).any(|pair| pair[0] != pair[1]);
        let named = self
            .nodes
            .iter()
            .filter_map(|node| Some(format!("{} {}", node.re_name, node.version.as_deref()?)));
        differ.then(|| {
            format!(
                "the engines run different versions: {}",
                named.collect::<Vec<_>>().join(", ")
            )
        })
    }

    /// The family of the router.
    pub(super) fn personality(&self, engine_model: Option<&str>) -> &'static str {
        personality(self.model.as_deref().unwrap_or_default(), engine_model)
    }
}

/// The parts of a reply by routing engine; a reply of one engine is one part without a name.
fn engines(reply: &Node) -> Vec<(Option<&str>, &Node)> {
    let items = reply.descendants("multi-routing-engine-item");
    if items.is_empty() {
        return vec![(None, reply)];
    }
    items.into_iter().map(|item| (item.value("re-name"), item)).collect()
}

/// The version, which old releases tell only in the comment of their packages.
fn version(software: &Node) -> Option<String> {
    if let Some(version) = software.value("junos-version") {
        return Some(version.to_owned());
    }
    let packages: Vec<&Node> = software.all("package-information").collect();
    let junos = packages.iter().filter(|package| package.value("name") == Some("junos"));
    junos.chain(packages.iter()).find_map(|package| {
        let (_, rest) = package.value("comment")?.split_once('[')?;
        let (version, _) = rest.split_once(']')?;
        Some(version.to_owned())
    })
}

/// The serial number out of `system-information`.
pub(super) fn system_serial(reply: &Node) -> Option<String> {
    owned(reply.value("system-information/serial-number"))
}

/// The chassis.
#[derive(Debug, Default)]
pub(super) struct Chassis {
    pub(super) serial_number: Option<String>,
}

impl Chassis {
    /// From `chassis-inventory`: the chassis' own number, else that of the board that carries it.
    pub(super) fn read(reply: &Node) -> Self {
        let chassis: Vec<&Node> = reply.descendants("chassis");
        let own = chassis.iter().find_map(|chassis| chassis.value("serial-number"));
        let board = |name: &str| {
            let modules = chassis.iter().flat_map(|chassis| chassis.all("chassis-module"));
            let mut named = modules.filter(|module| module.value("name") == Some(name));
            named.find_map(|module| module.value("serial-number"))
        };
        Self {
            serial_number: owned(own.or_else(|| board("Backplane")).or_else(|| board("Midplane"))),
        }
    }
}

/// The routing engines.
#[derive(Debug, Default)]
pub(super) struct Engines(pub(super) Vec<RouteEngine>);

impl Engines {
    /// From `route-engine-information`, of one node or of several.
    pub(super) fn read(reply: &Node) -> Self {
        let mut found = Vec::new();
        for (name, part) in engines(reply) {
            for (index, engine) in part.descendants("route-engine").into_iter().enumerate() {
                found.push(route_engine(name, index, engine));
            }
        }
        Self(found)
    }

    /// The slot of the master; an engine that is alone needs no title.
    pub(super) fn master(&self) -> Option<u32> {
        let named = self
            .0
            .iter()
            .find(|engine| engine.mastership_state.as_deref() == Some("master"));
        match (named, self.0.as_slice()) {
            (Some(master), _) => Some(master.slot),
            (None, [only]) => Some(only.slot),
            _ => None,
        }
    }

    /// The model of the first engine that tells one.
    pub(super) fn first_model(&self) -> Option<&str> {
        self.0.iter().find_map(|engine| engine.model.as_deref())
    }
}

fn route_engine(name: Option<&str>, index: usize, engine: &Node) -> RouteEngine {
    let text = |field: &str| owned(engine.value(field));
    let sizes = ["memory-dram-size", "memory-installed-size", "memory-system-total"];
    RouteEngine {
        re_name: owned(name),
        slot: number(engine.value("slot"))
            .and_then(|slot| slot.try_into().ok())
            .unwrap_or(index as u32),
        mastership_state: text("mastership-state"),
        status: text("status"),
        model: text("model"),
        start_time: engine.at("start-time").and_then(time),
        up_time: text("up-time"),
        last_reboot_reason: text("last-reboot-reason"),
        memory_total_mb: sizes.iter().find_map(|size| number(engine.value(size))),
        cpu_idle_percent: number(engine.value("cpu-idle")),
    }
}

/// Since when the router runs.
#[derive(Debug, Default)]
pub(super) struct Uptime {
    pub(super) booted_at: Option<String>,
    pub(super) seconds: Option<u64>,
}

impl Uptime {
    /// From `system-uptime-information`, of the first engine that tells it.
    pub(super) fn read(reply: &Node) -> Self {
        let parts = engines(reply);
        let booted = parts
            .iter()
            .find_map(|(_, part)| part.at("system-uptime-information/system-booted-time"));
        let Some(booted) = booted else { return Self::default() };
        let length = booted.at("time-length").and_then(|length| length.attribute("seconds"));
        Self {
            booted_at: booted.at("date-time").and_then(time),
            seconds: length.and_then(|seconds| seconds.parse().ok()),
        }
    }
}

/// The configured domain name.
pub(super) fn domain(reply: &Node) -> Option<String> {
    owned(reply.descendants("domain-name").first().map(|domain| domain.text()))
}

/// A host name and the domain that may be part of it.
pub(super) fn split_host(hostname: Option<&str>) -> (Option<&str>, Option<String>) {
    match hostname.and_then(|name| name.split_once('.')) {
        Some((host, domain)) => (Some(host), Some(domain.to_owned())),
        None => (hostname, None),
    }
}

/// A moment in the form of all our results, from the seconds that Junos adds to its own form.
fn time(element: &Node) -> Option<String> {
    let seconds = element.attribute("seconds")?.parse().ok()?;
    Some(DateTime::from_timestamp(seconds, 0)?.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// The number a text begins with, such as `4096 MB`.
fn number(text: Option<&str>) -> Option<u64> {
    let text = text?;
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(xml: &str) -> Node {
        Node::parse(xml)
    }

    #[test]
    fn an_old_release_tells_its_version_in_brackets() {
        let software = Software::read(&tree(
            "<software-information><host-name>r1</host-name><product-model>mx240</product-model>\
             <package-information><name>junos</name><comment>Base OS [12.3R9.4]</comment></package-information>\
             </software-information>",
        ));
        assert_eq!(software.version.as_deref(), Some("12.3R9.4"));
        assert_eq!(software.personality(None), "MX");
        assert!(software.nodes.is_empty());
    }

    fn item(name: &str, inner: &str) -> String {
        format!("<multi-routing-engine-item><re-name>\n{name}\n</re-name>{inner}</multi-routing-engine-item>")
    }

    #[test]
    fn names_of_engines_tell_clusters_from_dual_engines() {
        let software = |name: &str, version: &str| {
            let inner =
                format!("<software-information><junos-version>{version}</junos-version></software-information>");
            item(name, &inner)
        };
        let read = |one: &str, other: &str| {
            Software::read(&tree(&format!(
                "<multi-routing-engine-results>{one}{other}</multi-routing-engine-results>"
            )))
        };
        let cluster = read(&software("node0", "24.4R1"), &software("node1", "24.4R2"));
        assert!(cluster.has_engines_named("node") && cluster.version_mismatch().is_some());
        let dual = read(&software("re0", "24.4R1"), &software("re1", "24.4R1"));
        assert!(!dual.has_engines_named("node") && dual.version_mismatch().is_none());
        assert_eq!(dual.nodes.len(), 2);
    }

    #[test]
    fn a_lone_engine_is_master_and_sizes_lose_their_unit() {
        let engines = Engines::read(&tree(
            "<route-engine-information><route-engine><status>OK</status><memory-dram-size>4096 MB</memory-dram-size>\
             <start-time seconds=\"1395839720\">then</start-time></route-engine></route-engine-information>",
        ));
        assert_eq!(engines.master(), Some(0));
        assert_eq!(engines.0[0].memory_total_mb, Some(4096));
        assert_eq!(engines.0[0].start_time.as_deref(), Some("2014-03-26T13:15:20Z"));
    }

    #[test]
    fn two_engines_without_mastership_have_no_master() {
        let engine = |slot: u8, state: &str| {
            format!("<route-engine><slot>{slot}</slot><mastership-state>{state}</mastership-state></route-engine>")
        };
        let both = |one: &str, other: &str| {
            let xml = format!(
                "<route-engine-information>{}{}</route-engine-information>",
                engine(0, one),
                engine(1, other)
            );
            Engines::read(&tree(&xml)).master()
        };
        assert_eq!(both("backup", "master"), Some(1));
        assert_eq!(both("disabled", "disabled"), None);
    }

    #[test]
    fn the_serial_number_may_be_that_of_a_board() {
        let chassis = Chassis::read(&tree(
            "<chassis-inventory><chassis><name>Chassis</name><chassis-module><name>Midplane</name>\
             <serial-number>AB12</serial-number></chassis-module></chassis></chassis-inventory>",
        ));
        assert_eq!(chassis.serial_number.as_deref(), Some("AB12"));
    }
}
