//! `show route instance`.

use super::columns::line;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "route", "instance"],
    rpc: "get-instance-information",
    parameters: &[
        Parameter::Flag("brief"),
        Parameter::Flag("detail"),
        Parameter::Flag("summary"),
        Parameter::Free("instance-name"),
    ],
    families: &[],
    wrapped: false,
    answer,
    text,
}];

fn answer(view: &View, arguments: &Arguments) -> Result<Element, ShowError> {
    let live = view.routing()?;
    let mut instances = vec![("master".to_owned(), "forwarding".to_owned())];
    instances.extend(live.intent.instances.iter().cloned());
    instances.retain(|(name, _)| arguments.value("instance-name").is_none_or(|wanted| wanted == name));
    let elements = instances.into_iter().map(|(name, kind)| {
        let own = if name == "master" { "" } else { name.as_str() };
        let kind = if kind.is_empty() { "forwarding" } else { &kind };
        let units = live.units_up();
        let interfaces = units.iter().filter(|(unit, _)| live.instance_of(unit) == own);
        let mut element = Element::new("instance-core")
            .with_leaf("instance-name", &name)
            .with_leaf("instance-type", kind);
        if arguments.has("detail") {
            element.push(Element::leaf("instance-state", "Active"));
            for (unit, _) in interfaces {
                element.push(Element::new("instance-interface").with_leaf("interface-name", unit));
            }
        }
        let table = if own.is_empty() {
            "inet.0".to_owned()
        } else {
            format!("{own}.inet.0")
        };
        element.with(Element::new("instance-rib").with_leaf("irib-name", table))
    });
    Ok(view.root("instance-information", "junos-routing").with_all(elements))
}

fn text(element: &Element) -> String {
    let widths = [20, 20];
    let mut text = line(&widths, &["Instance", "Type", "Primary RIB"]);
    for instance in element.all("instance-core") {
        let table = instance.at(&["instance-rib", "irib-name"]).map_or("", Element::text);
        text.push_str(&line(
            &widths,
            &[instance.value("instance-name"), instance.value("instance-type"), table],
        ));
        for interface in instance.all("instance-interface") {
            text.push_str(&format!("  {}\n", interface.value("interface-name")));
        }
    }
    text
}
