//! `show chassis environment`.

use super::columns::line;
use super::tree::{Arguments, Command};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "chassis", "environment"],
    rpc: "get-environment-information",
    parameters: &[],
    families: &[],
    wrapped: true,
    answer,
    text,
}];

fn answer(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    // Temperatures wander by the hour.
    let mut dice = view.dice(&["environment", &(view.now.timestamp() / 3_600).to_string()]);
    let temperatures = ["Routing Engine 0", "Routing Engine 0 CPU", "FPC 0"].map(|name| {
        let celsius = 31 + dice.below(14);
        let degrees = format!("{celsius} degrees C / {} degrees F", celsius * 9 / 5 + 32);
        Element::new("environment-item")
            .with_leaf("name", name)
            .with_leaf("class", "Temp")
            .with_leaf("status", "OK")
            .with(Element::leaf("temperature", degrees).attribute("junos:celsius", celsius))
    });
    let item = |name: &str, class: &str, comment: &str| {
        let element = Element::new("environment-item")
            .with_leaf("name", name)
            .with_leaf("class", class)
            .with_leaf("status", "OK");
        if comment.is_empty() {
            element
        } else {
            element.with_leaf("comment", comment)
        }
    };
    Ok(view
        .root("environment-information", "junos-chassis")
        .with_all(temperatures)
        .with(item("Fan 1", "Fans", "Spinning at normal speed"))
        .with(item("Fan 2", "Fans", "Spinning at normal speed"))
        .with(item("Power Supply 0", "Power", "")))
}

fn text(element: &Element) -> String {
    let widths = [6, 27, 12];
    let mut text = line(&widths, &["Class", "Item", "Status", "Measurement"]);
    let mut last = "";
    for item in element.all("environment-item") {
        let class = item.value("class");
        let shown = if class == last { "" } else { class };
        let measured = [item.value("temperature"), item.value("comment")].concat();
        text.push_str(&line(
            &widths,
            &[shown, item.value("name"), item.value("status"), &measured],
        ));
        last = class;
    }
    text
}
