//! `show chassis environment`.

use super::columns::line;
use super::tree::{Arguments, Command};
use super::{ShowError, View};
use crate::lab::element::Element;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "chassis", "environment"],
        rpc: "get-environment-information",
        parameters: &[],
        families: &[],
        wrapped: true,
        answer,
        text,
    },
    Command {
        words: &["show", "chassis", "temperature-thresholds"],
        rpc: "get-temperature-threshold-information",
        parameters: &[],
        families: &[],
        wrapped: true,
        answer: thresholds,
        text: thresholds_text,
    },
];

/// What has a temperature.
const SENSORS: [&str; 3] = ["Routing Engine 0", "Routing Engine 0 CPU", "FPC 0"];

/// Degrees at which fans speed up, and at which the yellow and the red alarm are raised.
const THRESHOLDS: [(&str, u64); 4] = [
    ("fan-normal-speed", 54),
    ("fan-high-speed", 65),
    ("yellow-alarm", 75),
    ("red-alarm", 90),
];

fn thresholds(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let sensors = SENSORS.map(|name| {
        let degrees = THRESHOLDS
            .map(|(threshold, celsius)| Element::leaf(threshold, celsius).attribute("junos:celsius", celsius));
        Element::new("temperature-threshold")
            .with_leaf("name", name)
            .with_all(degrees)
    });
    Ok(view
        .root("temperature-threshold-information", "junos-chassis")
        .with_all(sensors))
}

fn thresholds_text(element: &Element) -> String {
    let widths = [30, 12, 12, 14, 12];
    let mut text = line(
        &widths,
        &[
            "Item (degrees C)",
            "Fan normal",
            "Fan high",
            "Yellow alarm",
            "Red alarm",
        ],
    );
    for sensor in element.all("temperature-threshold") {
        let mut cells = vec![sensor.value("name")];
        cells.extend(THRESHOLDS.map(|(name, _)| sensor.value(name)));
        text.push_str(&line(&widths, &cells));
    }
    text
}

fn answer(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    // Temperatures wander by the hour.
    let mut dice = view.dice(&["environment", &(view.now.timestamp() / 3_600).to_string()]);
    let temperatures = SENSORS.map(|name| {
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
