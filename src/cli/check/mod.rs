//! `check`: judges everything that can be judged without contacting a router, then contacts those that it is told to.

mod access;
mod connect;
mod report;
mod rules;
mod rulings;

use std::{path::Path, process::ExitCode};

use super::{
    FAILED, ROUTERS_FAILED,
    assemble::{self, Assembled},
    commands::Check,
    environment::Parsed,
    findings::{Findings, Section},
    output, places,
};
use crate::{
    devices::{Place, Preflight},
    inventory::{Inventory, Kind},
    settings::{KnownHosts, StagingPlace},
};
use report::{Item, Report};

/// Prints the report; the exit code says how good it is.
pub(super) fn run(parsed: &Parsed, request: &Check, mut findings: Findings) -> anyhow::Result<ExitCode> {
    let assembled = assemble::assemble(parsed, &[], &mut findings);
    if let Some(router) = &request.rules {
        return rulings::print(router, request, &assembled, &findings);
    }
    let mut report = report(parsed, &assembled, &findings);
    let is_good = report.errors() == 0 && !(request.strict && report.warnings() > 0);
    let mut all_answer = true;
    if !request.connect.is_empty() && is_good {
        let contacts = connect::contact(assembled, &request.connect)?;
        all_answer = contacts.iter().all(connect::Contact::is_good);
        report.contacted(contacts);
    } else if !request.connect.is_empty() {
        eprintln!("rust-junosmcp: no router is contacted until what check finds is corrected");
    }
    if request.json {
        output::document(&report.to_json())?;
    } else {
        output::write(&report.to_text())?;
    }
    Ok(ExitCode::from(match (is_good, all_answer) {
        (false, _) => FAILED,
        (true, false) => ROUTERS_FAILED,
        (true, true) => 0,
    }))
}

fn report(parsed: &Parsed, assembled: &Assembled, findings: &Findings) -> Report {
    let mut report = Report::default();
    report.add_findings(findings);
    let options = &parsed.line.options;
    match &assembled.inventory {
        Some(inventory) => {
            describe_inventory(inventory, &options.device_mapping, &mut report);
            let places = places_of(inventory, &mut report);
            rules::describe(inventory, &mut report);
            if let Some(path) = &assembled.known_hosts {
                describe_known_hosts(&places, path, options.ssh_accept_new_host_keys, &mut report);
            }
        }
        None if assembled.known_hosts.is_none() => {
            let routers = assemble::lab_routers(parsed).unwrap_or_default();
            report.summarise(Section::Inventory, format!("{routers} simulated routers, in memory"));
            report.summarise(Section::KnownHosts, "in memory");
        }
        None => {}
    }
    access::describe(options, &mut report);
    describe_state(&assembled.state_dir, &mut report);
    if let Some(place) = &assembled.transfer.place {
        describe_staging(place, &mut report);
    }
    report
}

fn describe_inventory(inventory: &Inventory, path: &Path, report: &mut Report) {
    let all = inventory.routers().len();
    let disabled = inventory.routers().filter(|router| router.problem().is_some()).count();
    let summary = format!("'{}': {all} routers, {disabled} disabled", path.display());
    report.summarise(Section::Inventory, summary);
    for router in inventory.routers() {
        for problem in &router.problems {
            let text = format!("device '{}': {}", router.name, problem.text);
            let item = match problem.kind {
                Kind::Static => Item::error(text),
                // The server may run as another user, with other variables: what lies outside the file may be there for it.
                Kind::Environment => Item::warning(text),
            };
            report.add(Section::Inventory, item);
        }
    }
    for warning in inventory.warnings() {
        report.add(Section::Inventory, Item::warning(warning.clone()));
    }
}

/// Where the routers are that can be contacted, as their `ssh_config` files have it; those that cannot be used are errors.
fn places_of(inventory: &Inventory, report: &mut Report) -> Vec<(String, Place)> {
    let preflight = Preflight::default();
    let mut places = Vec::new();
    for router in inventory.routers().filter(|router| router.problem().is_none()) {
        let Some(entry) = &router.entry else { continue };
        match preflight.place(entry) {
            Ok(place) => places.push((router.name.clone(), place)),
            Err(text) => {
                let text = format!("device '{}': {text}", router.name);
                report.add(Section::Inventory, Item::error(text));
            }
        }
    }
    places
}

fn describe_known_hosts(places: &[(String, Place)], path: &Path, accept_new: bool, report: &mut Report) {
    report.summarise(Section::KnownHosts, format!("'{}'", path.display()));
    if !path.exists() {
        return;
    }
    let hosts = places.iter().map(|(_, place)| (place.host.as_str(), place.port));
    let unpinned = match KnownHosts::File(path.to_owned()).unpinned(hosts) {
        Ok(unpinned) => unpinned,
        Err(fault) => return report.add(Section::KnownHosts, Item::error(fault.to_string())),
    };
    for (name, Place { host, port, .. }) in places {
        if unpinned.contains(&(host.as_str(), *port)) {
            let text = format!("no host key is on file for router '{name}' ({host} port {port})");
            let item = if accept_new {
                Item::note(text)
            } else {
                Item::warning(text)
            };
            report.add(Section::KnownHosts, item);
        }
    }
}

fn describe_staging(place: &StagingPlace, report: &mut Report) {
    let directory = &place.directory;
    let usable = match place.is_made {
        true => places::nearest_existing(directory).is_some_and(places::is_writable),
        false => places::is_writable(directory),
    };
    report.summarise(Section::Files, format!("staged files in '{}'", directory.display()));
    if !usable {
        let text = format!("staging directory '{}' is missing or not writable", directory.display());
        report.add(Section::Files, Item::warning(text));
    }
}

fn describe_state(directory: &Path, report: &mut Report) {
    let usable = places::nearest_existing(directory).is_some_and(places::is_writable);
    report.summarise(Section::Files, format!("state in '{}'", directory.display()));
    if !usable {
        let text = format!("state directory '{}' is not writable", directory.display());
        report.add(Section::Files, Item::warning(text));
    }
}
