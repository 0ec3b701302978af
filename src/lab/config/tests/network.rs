//! The configurations that the lab's own routers start with.

use super::super::{check, compare};
use super::tree;
use crate::lab::config::{Encoder, LoadAction, LoadFormat, LoadReport, Severity, Tree};
use crate::lab::network::Network;
use crate::lab::profile::Profile;

fn every_profile() -> Network {
    let routers = Profile::all()
        .into_iter()
        .flat_map(|profile| (0..3).map(move |_| profile));
    let named = routers
        .enumerate()
        .map(|(at, profile)| (format!("router{at}"), profile));
    Network::new(3, named.collect())
}

#[test]
fn every_router_starts_with_statements_that_are_known_and_pass_the_checks() {
    let network = every_profile();
    for index in 0..network.sites().len() {
        let lines = network.default_configuration(index);
        let mut tree = Tree::empty();
        let encoder = Encoder { seed: 3 };
        let report = tree.load_strictly(LoadAction::Set, LoadFormat::Set, &lines, &encoder);
        assert_eq!(report, LoadReport::default());
        let objections: Vec<_> = check(&tree)
            .into_iter()
            .filter(|found| found.severity == Severity::Error)
            .collect();
        assert_eq!(objections, [], "{lines}");
    }
}

#[test]
fn every_router_reads_back_from_every_form() {
    let network = every_profile();
    for index in 0..network.sites().len() {
        let before = tree(&network.default_configuration(index));
        for (format, payload) in [
            (LoadFormat::Set, before.set_lines(&[])),
            (LoadFormat::Text, before.text(&[])),
            (LoadFormat::Xml, before.xml(&[])),
            (LoadFormat::Json, before.json(&[])),
        ] {
            let mut after = before.clone();
            let payload = payload.expect("there is a configuration");
            let report = after.load(LoadAction::Override, format, &payload, &Encoder { seed: 3 });
            assert_eq!(report, LoadReport::default());
            assert_eq!(compare(&before, &after), "");
            assert_eq!(before, after);
        }
    }
}
