//! `show system license`.

use super::columns::line;
use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::profile::Family;

pub(super) const COMMANDS: &[Command] = &[Command {
    words: &["show", "system", "license"],
    rpc: "get-license-summary-information",
    parameters: &[Parameter::Flag("usage")],
    families: &[],
    wrapped: true,
    answer,
    text,
}];

/// Features, what they are, and how many of each are licensed and used.
fn features(family: Family) -> &'static [(&'static str, &'static str, u32, u32)] {
    match family {
        Family::Srx => &[
            ("idp-sig", "IDP signatures", 1, 0),
            ("appid-sig", "Application signatures", 1, 0),
            ("Virtual Appliance", "Virtual Appliance", 1, 1),
        ],
        Family::Mx => &[
            ("scale-l2tp", "L2TP sessions", 1_000, 0),
            ("VMX-BANDWIDTH", "Forwarding bandwidth", 20_000, 0),
        ],
        Family::Ex => &[("bgp", "Border Gateway Protocol", 1, 1)],
    }
}

fn answer(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let rows = features(view.profile().family)
        .iter()
        .map(|(name, description, licensed, used)| {
            Element::new("feature-summary")
                .with_leaf("name", name)
                .with_leaf("description", description)
                .with_leaf("licensed", licensed)
                .with_leaf("used-licensed", used)
                .with_leaf("needed", 0)
                .with_leaf("validity-type", "permanent")
        });
    let summary = Element::new("license-usage-summary")
        .attribute("junos:style", "summary")
        .with_all(rows);
    Ok(view.root("license-summary-information", "junos-license").with(summary))
}

fn text(element: &Element) -> String {
    let widths = [28, 9, 9, 9];
    let mut text = "License usage:\n".to_owned();
    text.push_str(&line(
        &widths,
        &["Feature name", "used", "installed", "needed", "Expiry"],
    ));
    let rows = element
        .at(&["license-usage-summary"])
        .map(Element::children)
        .unwrap_or_default();
    for row in rows {
        let cells = ["name", "used-licensed", "licensed", "needed", "validity-type"].map(|name| row.value(name));
        text.push_str(&line(&widths, &cells));
    }
    text
}
