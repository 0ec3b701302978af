//! `show chassis hardware`, `routing-engine` and `cluster status`.

use super::timing::{long_span, stamp};
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::profile::{Family, Wrapper};

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "chassis", "hardware"],
        rpc: "get-chassis-inventory",
        parameters: &[
            Parameter::Flag("detail"),
            Parameter::Flag("extensive"),
            Parameter::Flag("models"),
        ],
        families: &[],
        wrapped: true,
        answer: hardware,
        text: hardware_text,
    },
    Command {
        words: &["show", "chassis", "routing-engine"],
        rpc: "get-route-engine-information",
        parameters: &[],
        families: &[],
        wrapped: true,
        answer: routing_engine,
        text: routing_engine_text,
    },
    Command {
        words: &["show", "chassis", "fpc"],
        rpc: "get-fpc-information",
        parameters: &[Parameter::Flag("detail"), Parameter::Free("fpc-slot")],
        families: &[],
        wrapped: true,
        answer: fpc,
        text: fpc_text,
    },
    Command {
        words: &["show", "chassis", "cluster", "status"],
        rpc: "get-chassis-cluster-status",
        parameters: &[],
        families: &[Family::Srx],
        wrapped: false,
        answer: cluster_status,
        text: cluster_text,
    },
];

fn module(name: &str, serial: Option<String>, description: &str) -> Element {
    let mut element = Element::new("chassis-module").with_leaf("name", name);
    if let Some(serial) = serial {
        element = element.with_leaf("serial-number", serial);
    }
    if description.is_empty() {
        return element;
    }
    element.with_leaf("description", description)
}

fn hardware(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let profile = view.profile();
    let serial = |part: &str| format!("LAB{}", view.dice(&[part]).hex(9));
    let card = match profile.family {
        Family::Srx => "Virtual FPC",
        Family::Mx => "Virtual MPC",
        Family::Ex => "48 port switch",
    };
    let second = matches!(profile.wrapper, Wrapper::InvokeOn(engines) if engines.len() > 1);
    let port_card = Element::new("chassis-sub-module")
        .with_leaf("name", "PIC 0")
        .with_leaf("description", format!("{}x GE", profile.ports));
    let chassis = Element::new("chassis")
        .attribute("junos:style", "inventory")
        .with_leaf("name", "Chassis")
        .with_leaf("serial-number", &view.site().serial)
        .with_leaf("description", profile.model.to_uppercase())
        .with(module("Midplane", None, ""))
        .with(module(
            "Routing Engine 0",
            Some(serial("routing engine")),
            profile.engine,
        ))
        .with_all(second.then(|| module("Routing Engine 1", Some(serial("routing engine 1")), profile.engine)))
        .with(module("FPC 0", Some(serial("fpc")), card).with(port_card))
        .with(module("Power Supply 0", None, ""));
    Ok(view.root("chassis-inventory", "junos-chassis").with(chassis))
}

fn hardware_text(element: &Element) -> String {
    let mut text =
        "Hardware inventory:\nItem             Version  Part number  Serial number     Description\n".to_owned();
    let mut add = |depth: usize, item: &Element| {
        let name = format!("{}{}", " ".repeat(depth), item.value("name"));
        let cells = [
            name.as_str(),
            "",
            "",
            item.value("serial-number"),
            item.value("description"),
        ];
        text.push_str(&super::columns::line(&[16, 8, 12, 17], &cells));
    };
    for chassis in element.all("chassis") {
        add(0, chassis);
        for module in chassis.all("chassis-module") {
            add(0, module);
            module.all("chassis-sub-module").for_each(|part| add(2, part));
        }
    }
    text
}

/// Memory of the engine in MiB.
const MEMORY: u64 = 4_096;

fn routing_engine(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let engines = match view.profile().wrapper {
        // Two engines of one chassis are two rows of one reply.
        Wrapper::InvokeOn(engines) => 0..engines.len(),
        Wrapper::Always(_) | Wrapper::Never => view.member..view.member + 1,
    };
    Ok(view
        .root("route-engine-information", "junos-chassis")
        .with_all(engines.map(|slot| engine(view, slot))))
}

fn engine(view: &View, slot: usize) -> Element {
    let family = view.profile().family;
    let part = match slot {
        0 => "routing engine".to_owned(),
        other => format!("routing engine {other}"),
    };
    let state = if slot == 0 { "master" } else { "backup" };
    // The load changes by the minute, so that two reads within one agree.
    let mut dice = view.dice(&["engine", &part, &(view.now.timestamp() / 60).to_string()]);
    let used = 35 + dice.below(20);
    let (user, system, interrupt) = (1 + dice.below(9), 1 + dice.below(6), dice.below(2));
    let load = |dice: &mut super::Dice| format!("0.{:02}", 4 + dice.below(60));
    let mut engine = Element::new("route-engine");
    if family == Family::Srx {
        engine = engine
            .with_leaf("status", "Testing")
            .with_leaf("memory-system-total", MEMORY)
            .with_leaf("memory-system-total-used", MEMORY * used / 100)
            .with_leaf("memory-system-total-util", used);
    } else {
        let celsius = 32 + dice.below(8);
        let degrees = format!("{celsius} degrees C / {} degrees F", celsius * 9 / 5 + 32);
        engine = engine
            .with_leaf("slot", slot)
            .with_leaf("mastership-state", state)
            .with_leaf("mastership-priority", format!("{state} (default)"))
            .with_leaf("status", "OK")
            .with(Element::leaf("temperature", degrees).attribute("junos:celsius", celsius))
            .with_leaf("memory-dram-size", format!("{MEMORY} MB"))
            .with_leaf("memory-buffer-utilization", used);
    }
    engine
        .with_leaf("cpu-user", user)
        .with_leaf("cpu-background", 0)
        .with_leaf("cpu-system", system)
        .with_leaf("cpu-interrupt", interrupt)
        .with_leaf("cpu-idle", 100 - user - system - interrupt)
        .with_leaf("model", view.profile().engine)
        .with_leaf("serial-number", format!("LAB{}", view.dice(&[&part]).hex(9)))
        .with(Element::leaf("start-time", stamp(view.boot_time)).attribute("junos:seconds", view.boot_time.timestamp()))
        .with(Element::leaf("up-time", long_span(view.uptime())).attribute("junos:seconds", view.uptime()))
        .with_leaf("last-reboot-reason", "Router rebooted after a normal shutdown.")
        .with_leaf("load-average-one", load(&mut dice))
        .with_leaf("load-average-five", load(&mut dice))
        .with_leaf("load-average-fifteen", load(&mut dice))
}

fn fpc(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let mut dice = view.dice(&["fpc", &(view.now.timestamp() / 60).to_string()]);
    let (used, interrupt) = (2 + dice.below(9), dice.below(2));
    let slot = Element::new("fpc")
        .with_leaf("slot", 0)
        .with_leaf("state", "Online")
        .with(Element::leaf("temperature", "Testing").attribute("junos:celsius", 0))
        .with_leaf("cpu-total", used)
        .with_leaf("cpu-interrupt", interrupt)
        .with_leaf("memory-dram-size", 512)
        .with_leaf("memory-heap-utilization", 20 + dice.below(20))
        .with_leaf("memory-buffer-utilization", 10 + dice.below(20));
    let wanted = arguments.value("fpc-slot").is_none_or(|wanted| wanted == "0");
    Ok(view
        .root("fpc-information", "junos-chassis")
        .attribute("junos:style", "brief")
        .with_all(wanted.then_some(slot)))
}

fn fpc_text(element: &Element) -> String {
    let widths = [4, 12, 9, 10, 12, 10, 8, 8];
    let headings = [
        "Slot",
        "State",
        "Temp (C)",
        "CPU total",
        "CPU interr.",
        "DRAM (MB)",
        "Heap",
        "Buffer",
    ];
    let mut text = super::columns::line(&widths, &headings);
    for fpc in element.all("fpc") {
        let names = [
            "slot",
            "state",
            "temperature",
            "cpu-total",
            "cpu-interrupt",
            "memory-dram-size",
            "memory-heap-utilization",
            "memory-buffer-utilization",
        ];
        text.push_str(&super::columns::line(&widths, &names.map(|name| fpc.value(name))));
    }
    text
}

fn routing_engine_text(element: &Element) -> String {
    let rows = [
        ("  Slot", "slot", ""),
        ("  Current state", "mastership-state", ""),
        ("  Status", "status", ""),
        ("  Temperature", "temperature", ""),
        ("  DRAM", "memory-dram-size", ""),
        ("  Memory utilization", "memory-buffer-utilization", " percent"),
        ("  Total memory", "memory-system-total", " MB"),
        ("  Memory used", "memory-system-total-used", " MB"),
        ("  Memory utilization", "memory-system-total-util", " percent"),
        ("  CPU user", "cpu-user", " percent"),
        ("  CPU background", "cpu-background", " percent"),
        ("  CPU kernel", "cpu-system", " percent"),
        ("  CPU interrupt", "cpu-interrupt", " percent"),
        ("  CPU idle", "cpu-idle", " percent"),
        ("  Model", "model", ""),
        ("  Serial ID", "serial-number", ""),
        ("  Start time", "start-time", ""),
        ("  Uptime", "up-time", ""),
        ("  Last reboot reason", "last-reboot-reason", ""),
        ("  Load average 1 minute", "load-average-one", ""),
        ("  Load average 5 minutes", "load-average-five", ""),
        ("  Load average 15 minutes", "load-average-fifteen", ""),
    ];
    let mut text = "Routing Engine status:\n".to_owned();
    for engine in element.all("route-engine") {
        for (label, name, unit) in rows {
            if engine.has(name) {
                text.push_str(&format!("{label:<33} {}{unit}\n", engine.value(name)));
            }
        }
    }
    text
}

const NAMESPACE: &str = "http://xml.juniper.net/xnm/1.1/xnm";

fn cluster_status(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let Wrapper::Always(nodes) = view.profile().wrapper else {
        let message = "error: Chassis cluster is not enabled";
        let element = Element::new("xnm:error")
            .attribute("xmlns", NAMESPACE)
            .attribute("xmlns:xnm", NAMESPACE)
            .with(Element::flag("parse"))
            .with_leaf("source-daemon", "jsrpd")
            .with_leaf("message", message);
        return Err(ShowError::Reply(Box::new(element), format!("{message}\n")));
    };
    let groups = [0, 1].map(|group| {
        let mut stats = Element::new("device-stats");
        for (node, (priority, status)) in nodes.iter().zip([(200, "primary"), (100, "secondary")]) {
            stats = stats
                .with_leaf("device-name", node)
                .with_leaf("device-priority", priority)
                .with_leaf("redundancy-group-status", status)
                .with_leaf("preempt", "no")
                .with_leaf("failover-mode", "no")
                .with_leaf("monitor-failures", "None");
        }
        Element::new("redundancy-group")
            .with_leaf("cluster-id", 1)
            .with_leaf("redundancy-group-id", group)
            .with_leaf("redundancy-group-failover-count", 1)
            .with(stats)
    });
    Ok(Element::new("chassis-cluster-status")
        .with_leaf("cluster-id", 1)
        .with_all(groups))
}

fn cluster_text(element: &Element) -> String {
    let widths = [6, 8, 14, 7, 7];
    let mut text = format!("Cluster ID: {}\n", element.value("cluster-id"));
    text.push_str(&super::columns::line(
        &widths,
        &["Node", "Priority", "Status", "Preempt", "Manual", "Monitor-failures"],
    ));
    for group in element.all("redundancy-group") {
        let value = |name| group.value(name);
        text.push_str(&format!(
            "\nRedundancy group: {} , Failover count: {}\n",
            value("redundancy-group-id"),
            value("redundancy-group-failover-count"),
        ));
        let cells: Vec<&str> = group
            .at(&["device-stats"])
            .map(Element::children)
            .unwrap_or_default()
            .iter()
            .map(Element::text)
            .collect();
        cells
            .chunks(6)
            .for_each(|row| text.push_str(&super::columns::line(&widths, row)));
    }
    text
}
