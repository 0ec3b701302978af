//! `show system storage`.

use super::tree::{Arguments, Command, Parameter};
use super::{ShowError, View};
use crate::lab::element::Element;
use crate::lab::profile::FileSystem;

/// Bytes of a block in this report.
const BLOCK: u64 = 512;

pub(super) const COMMANDS: &[Command] = &[
    CORE_DUMPS,
    Command {
        words: &["show", "system", "storage"],
        rpc: "get-system-storage",
        parameters: &[
            Parameter::Flag("detail"),
            Parameter::Flag("no-forwarding"),
            Parameter::Flag("all-members"),
        ],
        families: &[],
        wrapped: true,
        answer,
        text,
    },
];

const CORE_DUMPS: Command = Command {
    words: &["show", "system", "core-dumps"],
    rpc: "get-system-core-dumps",
    parameters: &[Parameter::Flag("no-forwarding")],
    families: &[],
    wrapped: true,
    answer: core_dumps,
    text: |element| format!("{}\n", element.text()),
};

/// A simulated router never dumps core.
fn core_dumps(_view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let places = ["/var/crash/*core*", "/var/tmp/*core*"].map(|place| format!("{place}: No such file or directory"));
    Ok(Element::output(places.join("\n")))
}

fn answer(view: &View, _arguments: &Arguments) -> Result<Element, ShowError> {
    let systems = view.profile().storage.iter().enumerate();
    let rows = systems.map(|(number, system)| {
        let used = view.used_bytes.and_then(|used| used.get(number));
        row(system, used.map_or(system.used, |used| used.div_ceil(BLOCK)))
    });
    Ok(Element::new("system-storage-information")
        .attribute("junos:style", "brief")
        .with_all(rows))
}

fn row(system: &FileSystem, used: u64) -> Element {
    let available = system.blocks.saturating_sub(used);
    let percent = used * 100 / system.blocks.max(1);
    let sized = |name, blocks: u64| Element::lined(name, blocks).attribute("junos:format", human(blocks * BLOCK));
    Element::new("filesystem")
        .with(Element::lined("filesystem-name", system.device))
        .with(sized("total-blocks", system.blocks))
        .with(sized("used-blocks", used))
        .with(sized("available-blocks", available))
        .with(Element::lined("used-percent", format!("{percent:>3}")))
        .with(Element::lined("mounted-on", system.mounted_on))
}

/// `13G`, `940M`, `24K`, `512B`; below ten of a unit with one decimal.
fn human(bytes: u64) -> String {
    let units = [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)];
    for (unit, size) in units {
        if bytes >= 10 * size {
            return format!("{}{unit}", bytes / size);
        }
        if bytes >= size {
            return format!("{}.{}{unit}", bytes / size, bytes % size * 10 / size);
        }
    }
    format!("{bytes}B")
}

fn text(element: &Element) -> String {
    let mut text = "Filesystem              Size       Used      Avail  Capacity   Mounted on\n".to_owned();
    for system in element.all("filesystem") {
        let size = |name: &str| {
            system
                .at(&[name])
                .and_then(|leaf| leaf.attribute_value("junos:format"))
                .unwrap_or("-")
        };
        text.push_str(&format!(
            "{:<22} {:>5} {:>10} {:>10} {:>8}%  {}\n",
            system.value("filesystem-name"),
            size("total-blocks"),
            size("used-blocks"),
            size("available-blocks"),
            system.value("used-percent").trim(),
            system.value("mounted-on"),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::noon;
    use super::*;
    use crate::lab::network::Network;

    #[test]
    fn what_is_in_use_is_no_longer_free() {
        let network = Network::generate(1, 1);
        let fresh = View::new(&network, 0, noon());
        let free = |view: &View| -> u64 {
            let element = answer(view, &Arguments::default()).expect("an answer");
            let row = element.all("filesystem").next().expect("a row");
            row.value("available-blocks").parse().expect("a number")
        };
        let before = fresh.profile().storage[0].used * BLOCK;
        let grown = View {
            used_bytes: Some(&[before + (1 << 30), 0, 0]),
            ..fresh.clone()
        };
        assert_eq!(free(&fresh) - free(&grown), (1 << 30) / BLOCK);
    }
}
