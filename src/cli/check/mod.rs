//! `check`: judges everything that can be judged without contacting a router.

mod report;
mod rules;

use std::path::Path;

use super::{
    assemble::{self, Assembled},
    commands::Check,
    environment::Parsed,
    findings::{Findings, Section},
    output, places,
};
use crate::{
    inventory::{Inventory, Kind},
    settings::KnownHosts,
};
use report::{Item, Report};

/// Prints the report; says whether it is good.
pub(super) fn run(parsed: &Parsed, request: &Check, mut findings: Findings) -> anyhow::Result<bool> {
    let assembled = assemble::assemble(parsed, &mut findings);
    let report = report(parsed, &assembled, &findings);
    if request.json {
        output::document(&report.to_json())?;
    } else {
        output::write(&report.to_text())?;
    }
    Ok(report.errors() == 0 && !(request.strict && report.warnings() > 0))
}

fn report(parsed: &Parsed, assembled: &Assembled, findings: &Findings) -> Report {
    let mut report = Report::default();
    report.add_findings(findings);
    let options = &parsed.line.options;
    match &assembled.inventory {
        Some(inventory) => {
            describe_inventory(inventory, &options.device_mapping, &mut report);
            rules::describe(inventory, &mut report);
            if let Some(path) = &assembled.known_hosts {
                describe_known_hosts(inventory, path, options.ssh_accept_new_host_keys, &mut report);
            }
        }
        None if assembled.known_hosts.is_none() => {
            let routers = assemble::lab_routers(parsed).unwrap_or_default();
            report.summarise(Section::Inventory, format!("{routers} simulated routers, in memory"));
            report.summarise(Section::KnownHosts, "in memory");
        }
        None => {}
    }
    describe_state(&assembled.state_dir, &mut report);
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

fn describe_known_hosts(inventory: &Inventory, path: &Path, accept_new: bool, report: &mut Report) {
    report.summarise(Section::KnownHosts, format!("'{}'", path.display()));
    if !path.exists() {
        return;
    }
    let entries: Vec<_> = inventory
        .routers()
        .filter_map(|router| router.entry.as_deref())
        .collect();
    let hosts = entries.iter().map(|entry| (entry.host.as_str(), entry.port));
    let unpinned = match KnownHosts::File(path.to_owned()).unpinned(hosts) {
        Ok(unpinned) => unpinned,
        Err(fault) => return report.add(Section::KnownHosts, Item::error(fault.to_string())),
    };
    for entry in entries {
        if unpinned.contains(&(entry.host.as_str(), entry.port)) {
            let text = format!(
                "no host key is on file for router '{}' ({} port {})",
                entry.name, entry.host, entry.port
            );
            let item = if accept_new {
                Item::note(text)
            } else {
                Item::warning(text)
            };
            report.add(Section::KnownHosts, item);
        }
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
