//! `lab run`: simulated routers that any SSH client can reach, until a signal ends them.

mod faults;

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::{
    commands::LabRun,
    output,
    signals::{Asked, Signals},
};
use crate::lab::{CallHome, Lab, LabSettings, RouterHandle};

/// The names of the files beside `devices.json`.
const KEY_FILE: &str = "id_ed25519";
pub(super) const KNOWN_HOSTS_FILE: &str = "known_hosts";

/// Runs the lab.
pub(super) async fn run(request: &LabRun) -> anyhow::Result<()> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let settings = LabSettings {
        seed: request.seed,
        profile: request.profile.clone(),
        listen: Some(request.listen),
        keep_files: request.keep_files,
        call_home: request.call_home.clone().map(|to| CallHome {
            to,
            secret: request.call_home_secret.clone(),
        }),
        ..LabSettings::new(usize::try_from(request.routers)?)
    };
    let lab = Lab::start(settings).await.map_err(|error| match error.kind() {
        // No address was tried.
        io::ErrorKind::InvalidInput => anyhow::Error::new(error),
        _ => anyhow::Error::new(error).context(format!("cannot bind {}", request.listen)),
    })?;
    if let Some(file) = &request.faults {
        faults::arm(&lab, file).with_context(|| format!("cannot use the faults in '{}'", file.display()))?;
    }
    if let Some(directory) = &request.write_inventory {
        write_inventory(&lab, directory).with_context(|| format!("cannot write to '{}'", directory.display()))?;
    }
    output::write(&announcement(&lab, request)?)?;
    // There is nothing to read anew here.
    while signals.next().await == Asked::Reload {}
    lab.stop().await;
    Ok(())
}

fn announcement(lab: &Lab, request: &LabRun) -> anyhow::Result<String> {
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
    let routers = lab.routers().len();
    match &request.write_inventory {
        Some(directory) => text.push_str(&format!(
            "ready: {routers} routers, inventory in '{}'\n",
            directory.display()
        )),
        None => text.push_str(&format!("ready: {routers} routers\n")),
    }
    Ok(text)
}

fn place(router: &RouterHandle) -> anyhow::Result<(String, u16)> {
    let address = router.address().context("a router does not listen")?;
    Ok((address.ip().to_string(), address.port()))
}

/// Writes what is needed to use the lab: inventory, key, host keys.
pub(super) fn write_inventory(lab: &Lab, directory: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    let mut devices = Map::new();
    let mut known_hosts = String::new();
    for router in lab.routers() {
        let (host, port) = place(router)?;
        known_hosts.push_str(&router.host_key_line(&host, port));
        known_hosts.push('\n');
        devices.insert(router.name().to_owned(), device(router, host, port));
    }
    if let Some(router) = lab.routers().first() {
        write_private(&directory.join(KEY_FILE), &router.private_key_openssh())?;
    }
    write_private(&directory.join(KNOWN_HOSTS_FILE), &known_hosts)?;
    let document = serde_json::to_string_pretty(&Value::Object(devices))?;
    write_private(&directory.join("devices.json"), &format!("{document}\n"))
}

fn device(router: &RouterHandle, host: String, port: u16) -> Value {
    json!({
        "ip": host,
        "port": port,
        "username": router.username(),
        "auth": { "type": "ssh_key", "private_key_path": KEY_FILE },
        "description": "simulated router",
    })
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    // A key that lay there before may have had another mode; the new file gets ours.
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
