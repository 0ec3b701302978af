//! From options to settings: everything that can be judged before anything runs.

use std::{net::SocketAddr, path::PathBuf};

use super::{auditing, environment::Parsed, files, findings::Findings, http, options::Options, places, policy};
use crate::{
    inventory::Inventory,
    server::HttpSettings,
    settings::{AuditSettings, DeviceSettings, StagingPlace, ToolSettings, TransferSettings},
};

/// What a start would use, and what is wrong with it.
pub(super) struct Assembled {
    /// How routers are reached; a lab adds its own ways and keys.
    pub(super) devices: DeviceSettings,
    /// Which tools are offered.
    pub(super) tools: ToolSettings,
    /// Where records of calls go.
    pub(super) audit: AuditSettings,
    /// The file of host keys; none with a lab.
    pub(super) known_hosts: Option<PathBuf>,
    /// The routers, when the file of the inventory can be used.
    pub(super) inventory: Option<Inventory>,
    /// How HTTP is spoken; none on stdio.
    pub(super) http: Option<HttpSettings>,
    /// Where state is kept.
    pub(super) state_dir: PathBuf,
    /// How files are copied.
    pub(super) transfer: TransferSettings,
}

/// Judges all options together; what was found goes to `findings`. Sockets at these addresses were opened for this process.
pub(super) fn assemble(parsed: &Parsed, inherited: &[SocketAddr], findings: &mut Findings) -> Assembled {
    let options = &parsed.line.options;
    if contradicts_lab(parsed) {
        findings.refuse(7, "--lab and --device-mapping are mutually exclusive");
    }
    if options.inventory_readonly && options.allow_password_auth_add {
        findings.refuse(
            6,
            "--inventory-readonly and --allow-password-auth-add are mutually exclusive",
        );
    }
    warn_of_choices(options, findings);
    let tools = options.tools();
    policy::judge(&tools, findings);
    let audit = auditing::settings(&options.audit, options.insecure_file_modes, findings);
    let known_hosts = match lab_routers(parsed) {
        Some(_) => None,
        None => Some(options.known_hosts_file.clone().unwrap_or_else(places::known_hosts)),
    };
    let inventory = if known_hosts.is_some() {
        open_inventory(options, findings)
    } else {
        None
    };
    if let Some(path) = &known_hosts {
        files::judge_known_hosts(path, options.ssh_accept_new_host_keys, findings);
    }
    Assembled {
        http: http::judge(parsed, inherited, findings),
        devices: options.devices(known_hosts.clone()),
        tools,
        audit,
        transfer: transfer(options, known_hosts.is_some()),
        known_hosts,
        inventory,
        state_dir: options.state_dir.clone().unwrap_or_else(places::state),
    }
}

/// How files are copied. Beside simulated routers no place is chosen: nothing is written that nobody asked for.
fn transfer(options: &Options, has_routers: bool) -> TransferSettings {
    let named = options.staging_dir.clone().map(|directory| StagingPlace {
        directory,
        is_made: false,
    });
    TransferSettings {
        place: named.or_else(|| places::staging().filter(|_| has_routers)),
        bytes_per_second: options.max_transfer_bytes_per_second,
    }
}

/// How many routers are simulated, if they are: what was typed wins over what a variable says.
pub(super) fn lab_routers(parsed: &Parsed) -> Option<usize> {
    let typed_inventory = parsed.is_typed("device_mapping") && !parsed.is_typed("lab");
    let routers = parsed.line.options.lab.filter(|_| !typed_inventory)?;
    usize::try_from(routers).ok()
}

fn contradicts_lab(parsed: &Parsed) -> bool {
    let both_typed = parsed.is_typed("lab") && parsed.is_typed("device_mapping");
    let both_set = parsed.is_from_environment("lab") && parsed.is_from_environment("device_mapping");
    both_typed || both_set
}

fn warn_of_choices(options: &Options, findings: &mut Findings) {
    if options.show_secrets {
        findings.warn(6, "--show-secrets: the model sees the secrets of configurations");
    }
    if options.ssh_accept_new_host_keys {
        findings.warn(
            7,
            "--ssh-accept-new-host-keys: a host key is trusted when it is first seen, whoever shows it",
        );
    }
}

fn open_inventory(options: &Options, findings: &mut Findings) -> Option<Inventory> {
    let inventory = files::open_inventory(&options.device_mapping, options.insecure_file_modes, findings)?;
    files::judge_secrets(&inventory, findings);
    if !inventory.routers().any(|router| router.problem().is_none()) {
        findings.warn(10, "no enabled router in the inventory");
    }
    Some(inventory)
}
