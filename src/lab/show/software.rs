//! `show version` and `show system information`.

use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::profile::Family;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        words: &["show", "version"],
        rpc: "get-software-information",
        parameters: &[
            Parameter::Flag("brief"),
            Parameter::Flag("detail"),
            Parameter::Flag("local"),
            Parameter::Flag("all-members"),
        ],
        families: &[],
        wrapped: true,
        answer: software,
        text: software_text,
    },
    Command {
        words: &["show", "system", "information"],
        rpc: "get-system-information",
        parameters: &[],
        families: &[],
        wrapped: false,
        answer: system_information,
        text: system_information_text,
    },
];

fn software(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let profile = view.profile();
    let mut element = Element::new("software-information")
        .with_leaf("host-name", view.host_name())
        .with_leaf("product-model", profile.model)
        .with_leaf("product-name", profile.product);
    if profile.junos_version {
        element.push(Element::leaf("os-name", profile.os_name));
        element.push(Element::leaf("junos-version", view.version));
    } else {
        element.push(package("junos", format!("JUNOS Software Release [{}]", view.version)));
        return Ok(element);
    }
    for (name, title) in packages(profile.family) {
        element.push(package(name, format!("{title} [{}]", build(view, name))));
    }
    Ok(element)
}

/// Packages and the titles before their builds.
fn packages(family: Family) -> &'static [(&'static str, &'static str)] {
    match family {
        Family::Srx => &[
            ("os-kernel", "JUNOS OS Kernel 64-bit"),
            ("os-libs", "JUNOS OS libs"),
            ("os-runtime", "JUNOS OS runtime"),
            ("junos-net-prd", "JUNOS network stack and utilities"),
            ("junos-modules", "JUNOS modules"),
            ("junos-libs", "JUNOS libs"),
            ("junos-srx-runtime", "JUNOS srx runtime"),
            ("junos-daemons", "JUNOS daemons"),
            ("junos-srx-daemons", "JUNOS srx daemons"),
        ],
        Family::Mx => &[
            ("os-kernel", "JUNOS OS Kernel 64-bit"),
            ("os-libs", "JUNOS OS libs"),
            ("junos-net-platform", "JUNOS network stack and utilities"),
            ("junos-modules-mx", "JUNOS mx modules"),
            ("junos-daemons-mx", "JUNOS mx daemons"),
            ("junos-routing", "JUNOS Routing Software Suite"),
        ],
        Family::Ex => &[
            ("os-kernel-ex", "JUNOS OS Kernel 32-bit"),
            ("junos-ex", "JUNOS EX Software Suite"),
            ("jpfe-ex43x", "JUNOS Packet Forwarding Engine Support"),
            ("jweb-ex", "JUNOS Web Management"),
        ],
    }
}

/// Kernel packages carry a build date, the others the release.
fn build(view: &View, package: &str) -> String {
    if !package.starts_with("os-") {
        return view.version.to_owned();
    }
    let mut dice = super::Dice::new(0, &[view.version, "build"]);
    let (month, day, serial) = (1 + dice.below(12), 1 + dice.below(28), dice.hex(7).to_lowercase());
    format!("2030{month:02}{day:02}.{serial}_builder_lab")
}

fn package(name: &str, comment: String) -> Element {
    Element::new("package-information")
        .with_leaf("name", name)
        .with_leaf("comment", comment)
}

fn software_text(element: &Element) -> String {
    let mut text = format!(
        "Hostname: {}\nModel: {}\n",
        element.value("host-name"),
        element.value("product-name")
    );
    if element.has("junos-version") {
        text.push_str(&format!("Junos: {}\n", element.value("junos-version")));
    }
    for package in element.all("package-information") {
        text.push_str(&format!("{}\n", package.value("comment")));
    }
    text
}

fn system_information(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let profile = view.profile();
    Ok(Element::new("system-information")
        .with_leaf("hardware-model", profile.model)
        .with_leaf("os-name", profile.os_name)
        .with_leaf("os-version", view.version)
        .with_leaf("serial-number", &view.site().serial)
        .with_leaf("host-name", view.host_name()))
}

fn system_information_text(element: &Element) -> String {
    let rows = [
        ("Model", "hardware-model"),
        ("Family", "os-name"),
        ("Junos", "os-version"),
        ("Hostname", "host-name"),
    ];
    rows.map(|(label, name)| format!("{label}: {}\n", element.value(name)))
        .concat()
}
