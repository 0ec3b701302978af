//! What `lab run` says: where the routers are, what they cost, how to reach them.

use std::{fs, time::Duration};

use super::{files, place};
use crate::{cli::commands::LabRun, lab::Lab};

/// What the routers cost.
pub(super) struct Figures {
    /// From nothing to every router listening.
    pub(super) start: Duration,
    /// Resident memory of the process before there was a router, where it can be known.
    pub(super) before: Option<u64>,
    /// And after.
    pub(super) after: Option<u64>,
}

/// Resident memory of this process; known on Linux.
pub(super) fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// The routers a line each, then the line that begins with `ready`, then advice.
pub(super) fn text(lab: &Lab, request: &LabRun, figures: &Figures) -> anyhow::Result<String> {
    let mut text = String::new();
    for router in lab.routers() {
        let (host, port) = place(router)?;
        let user = router.username();
        text.push_str(&format!(
            "{} {host}:{port} user={user} password={}\n",
            router.name(),
            router.password()
        ));
    }
    let count = lab.routers().len();
    match &request.write_inventory {
        Some(directory) => text.push_str(&format!(
            "ready: {count} routers, inventory in '{}'\n",
            directory.display()
        )),
        None => text.push_str(&format!("ready: {count} routers\n")),
    }
    text.push_str(&figures.line());
    if let Some(path) = &request.control {
        text.push_str(&format!("control: {}\n", path.display()));
    }
    text.push_str(&advice(lab, request)?);
    Ok(text)
}

impl Figures {
    fn line(&self) -> String {
        let start = self.start.as_millis();
        match (self.before, self.after) {
            (Some(before), Some(after)) => format!(
                "started in {start} ms; {} MiB resident, {} KiB of it for the routers\n",
                after.div_ceil(1 << 20),
                after.saturating_sub(before) / 1024
            ),
            _ => format!("started in {start} ms\n"),
        }
    }
}

fn advice(lab: &Lab, request: &LabRun) -> anyhow::Result<String> {
    let Some(router) = lab.routers().first() else {
        return Ok(String::new());
    };
    let (host, port) = place(router)?;
    let user = router.username();
    let Some(directory) = &request.write_inventory else {
        return Ok(format!(
            "connect: ssh -p {port} {user}@{host}\nkeys and an inventory: --write-inventory DIR\n"
        ));
    };
    let directory = directory.display();
    let name = router.name();
    let (key, known_hosts, ssh_config) = (files::KEY_FILE, files::KNOWN_HOSTS_FILE, files::SSH_CONFIG_FILE);
    Ok(format!(
        "connect: ssh -F {directory}/{ssh_config} {name}\n\
         netconf: ssh -F {directory}/{ssh_config} -s {name} netconf\n\
         PyEZ:    Device(host=\"{host}\", port={port}, user=\"{user}\", ssh_private_key_file=\"{directory}/{key}\")\n\
         server:  rust-junosmcp -f {directory}/devices.json --known-hosts-file {directory}/{known_hosts}\n"
    ))
}
