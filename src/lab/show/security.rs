//! `show security zones`, `policies` and `flow session summary`.

use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::network::Policy;
use crate::lab::profile::Family;

const FIREWALLS: &[Family] = &[Family::Srx];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "security", "zones"],
        rpc: "get-zones-information",
        parameters: &[
            Parameter::Flag("detail"),
            Parameter::Flag("terse"),
            Parameter::Free("get-zones-named-information"),
        ],
        families: FIREWALLS,
        wrapped: true,
        answer: zones,
        text: zones_text,
    },
    Command {
        words: &["show", "security", "policies"],
        rpc: "get-firewall-policies",
        parameters: &[
            Parameter::Flag("detail"),
            Parameter::Keyed("from-zone", "from-zone"),
            Parameter::Keyed("to-zone", "to-zone"),
            Parameter::Keyed("policy-name", "policy-name"),
        ],
        families: FIREWALLS,
        wrapped: true,
        answer: policies,
        text: policies_text,
    },
    Command {
        words: &["show", "security", "flow", "session"],
        rpc: "get-flow-session-information",
        parameters: &[Parameter::Flag("summary")],
        families: FIREWALLS,
        wrapped: true,
        answer: sessions,
        text: sessions_text,
    },
];

fn zones(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let intent = view.intent();
    let wanted = arguments.value("get-zones-named-information");
    let zones = intent
        .zones
        .iter()
        .filter(|zone| wanted.is_none_or(|wanted| wanted == zone.name));
    let elements = zones.map(|zone| {
        let mut element = Element::new("zones-security")
            .with(Element::lined("zones-security-zonename", &zone.name))
            .with(Element::lined("zones-security-send-reset", "Off"))
            .with(Element::lined("zones-security-policy-configurable", "Yes"));
        if let Some(screen) = &zone.screen {
            element.push(Element::lined("zones-security-screen", screen));
        }
        let names = zone
            .interfaces
            .iter()
            .map(|name| Element::lined("zones-security-interface-name", name));
        element
            .with(Element::lined("zones-security-interfaces-bound", zone.interfaces.len()))
            .with(Element::new("zones-security-interfaces").with_all(names))
    });
    Ok(view.root("zones-information", "junos-zones").with_all(elements))
}

fn zones_text(element: &Element) -> String {
    let mut text = String::new();
    for zone in element.all("zones-security") {
        let value = |name| zone.value(name);
        text.push_str(&format!("\nSecurity zone: {}\n", value("zones-security-zonename")));
        text.push_str(&format!(
            "  Send reset for non-SYN session TCP packets: {}\n",
            value("zones-security-send-reset")
        ));
        text.push_str(&format!(
            "  Policy configurable: {}\n",
            value("zones-security-policy-configurable")
        ));
        if zone.has("zones-security-screen") {
            text.push_str(&format!("  Screen: {}\n", value("zones-security-screen")));
        }
        text.push_str(&format!(
            "  Interfaces bound: {}\n  Interfaces:\n",
            value("zones-security-interfaces-bound")
        ));
        let interfaces = zone
            .at(&["zones-security-interfaces"])
            .map(Element::children)
            .unwrap_or_default();
        interfaces
            .iter()
            .for_each(|name| text.push_str(&format!("    {}\n", name.text())));
    }
    text
}

fn policies(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let intent = view.intent();
    let asked = |name: &str, value: &str| arguments.value(name).is_none_or(|wanted| wanted == value);
    let mut contexts: Vec<Vec<(usize, &Policy)>> = Vec::new();
    for (number, policy) in intent.policies.iter().enumerate() {
        let zones = (&policy.from_zone, &policy.to_zone);
        if !asked("from-zone", zones.0) || !asked("to-zone", zones.1) || !asked("policy-name", &policy.name) {
            continue;
        }
        let same = |context: &&mut Vec<(usize, &Policy)>| (&context[0].1.from_zone, &context[0].1.to_zone) == zones;
        match contexts.iter_mut().find(same) {
            Some(context) => context.push((number, policy)),
            None => contexts.push(vec![(number, policy)]),
        }
    }
    let elements = contexts.iter().map(|context| {
        let information = Element::new("context-information")
            .with(Element::lined("source-zone-name", &context[0].1.from_zone))
            .with(Element::lined("destination-zone-name", &context[0].1.to_zone));
        let policies = context.iter().enumerate().map(|(position, (number, policy))| {
            Element::new("policies").with(policy_element(policy, number + 4, position + 1))
        });
        Element::new("security-context").with(information).with_all(policies)
    });
    Ok(view
        .root("security-policies", "junos-policies")
        .attribute("junos:style", "brief")
        .with_all(elements))
}

fn policy_element(policy: &Policy, identifier: usize, sequence: usize) -> Element {
    let list = |outer: &'static str, inner: &'static str, leaf: &'static str, names: &[String]| {
        Element::new(outer).with_all(
            names
                .iter()
                .map(|name| Element::new(inner).with(Element::lined(leaf, name))),
        )
    };
    Element::new("policy-information")
        .with(Element::lined("policy-name", &policy.name))
        .with(Element::lined("policy-state", "enabled"))
        .with(Element::lined("policy-identifier", identifier))
        .with(Element::lined("scope-policy-identifier", 0))
        .with(Element::lined("policy-sequence-number", sequence))
        .with(list(
            "source-addresses",
            "source-address",
            "address-name",
            &policy.sources,
        ))
        .with(list(
            "destination-addresses",
            "destination-address",
            "address-name",
            &policy.destinations,
        ))
        .with(list(
            "applications",
            "application",
            "application-name",
            &policy.applications,
        ))
        .with(Element::new("policy-action").with(Element::lined("action-type", &policy.action)))
}

fn policies_text(element: &Element) -> String {
    let mut text = String::new();
    for context in element.all("security-context") {
        let zone = |name| context.at(&["context-information", name]).map_or("", Element::text);
        text.push_str(&format!(
            "From zone: {}, To zone: {}\n",
            zone("source-zone-name"),
            zone("destination-zone-name")
        ));
        for policy in context
            .all("policies")
            .filter_map(|policy| policy.at(&["policy-information"]))
        {
            let value = |name| policy.value(name);
            let names = |outer: &str| {
                let entries = policy.at(&[outer]).map(Element::children).unwrap_or_default();
                let names: Vec<&str> = entries
                    .iter()
                    .filter_map(|entry| entry.children().first())
                    .map(Element::text)
                    .collect();
                names.join(", ")
            };
            text.push_str(&format!(
                "  Policy: {}, State: {}, Index: {}, Scope Policy: {}, Sequence number: {}\n",
                value("policy-name"),
                value("policy-state"),
                value("policy-identifier"),
                value("scope-policy-identifier"),
                value("policy-sequence-number"),
            ));
            text.push_str(&format!("    Source addresses: {}\n", names("source-addresses")));
            text.push_str(&format!(
                "    Destination addresses: {}\n",
                names("destination-addresses")
            ));
            text.push_str(&format!("    Applications: {}\n", names("applications")));
            let action = policy.at(&["policy-action", "action-type"]).map_or("", Element::text);
            text.push_str(&format!("    Action: {action}\n"));
        }
    }
    text
}

/// Sessions an engine of this size holds at most.
const MOST_SESSIONS: u64 = 524_288;

fn sessions(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let active = view
        .dice(&["sessions", &(view.now.timestamp() / 60).to_string()])
        .below(400);
    let summary = view
        .root("flow-session-summary-information", "junos-flow")
        .with(Element::lined("active-unicast-sessions", active))
        .with(Element::lined("active-multicast-sessions", 0))
        .with(Element::lined("active-services-offload-sessions", 0))
        .with(Element::lined("failed-sessions", 0))
        .with(Element::lined("active-sessions", active))
        .with(Element::lined("active-session-valid", active))
        .with(Element::lined("active-session-pending", 0))
        .with(Element::lined("active-session-invalidated", 0))
        .with(Element::lined("max-sessions", MOST_SESSIONS));
    let information = view.root("flow-session-information", "junos-flow").with(summary);
    Ok(view.root("security-flow-information", "junos-flow").with(information))
}

fn sessions_text(element: &Element) -> String {
    let summary = element.at(&["flow-session-information", "flow-session-summary-information"]);
    let Some(summary) = summary else { return String::new() };
    let rows = [
        ("Unicast-sessions", "active-unicast-sessions"),
        ("Multicast-sessions", "active-multicast-sessions"),
        ("Services-offload-sessions", "active-services-offload-sessions"),
        ("Failed-sessions", "failed-sessions"),
        ("Sessions-in-use", "active-sessions"),
        ("  Valid sessions", "active-session-valid"),
        ("  Pending sessions", "active-session-pending"),
        ("  Invalidated sessions", "active-session-invalidated"),
        ("Maximum-sessions", "max-sessions"),
    ];
    rows.map(|(label, name)| format!("{label}: {}\n", summary.value(name)))
        .concat()
}
