//! What a lab writes for its clients: inventory, key, host keys, and OpenSSH's own settings.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use serde_json::{Map, Value, json};

use super::place;
use crate::lab::{Lab, RouterHandle};

/// The names of the files beside `devices.json`.
pub(super) const KEY_FILE: &str = "id_ed25519";
pub(in crate::cli) const KNOWN_HOSTS_FILE: &str = "known_hosts";
pub(super) const SSH_CONFIG_FILE: &str = "ssh_config";

/// Writes what is needed to use the lab.
pub(in crate::cli) fn write_inventory(lab: &Lab, directory: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    fs::set_permissions(directory, fs::Permissions::from_mode(0o700))?;
    let mut devices = Map::new();
    let mut known_hosts = String::new();
    for router in lab.routers() {
        let (host, port) = place(router)?;
        known_hosts.push_str(&router.host_key_line(&host, port));
        known_hosts.push('\n');
        devices.insert(router.name().to_owned(), device(router, host, port, lab));
    }
    if let Some(jump) = lab.jump_host() {
        known_hosts.push_str(jump.host_key_line());
        known_hosts.push('\n');
    }
    if let Some(router) = lab.routers().first() {
        write_private(&directory.join(KEY_FILE), &router.private_key_openssh())?;
    }
    write_private(&directory.join(KNOWN_HOSTS_FILE), &known_hosts)?;
    // OpenSSH looks for relative paths elsewhere.
    let absolute = fs::canonicalize(directory)?;
    write_private(&directory.join(SSH_CONFIG_FILE), &ssh_config(lab, &absolute)?)?;
    let document = serde_json::to_string_pretty(&Value::Object(devices))?;
    write_private(&directory.join("devices.json"), &format!("{document}\n"))
}

fn device(router: &RouterHandle, host: String, port: u16, lab: &Lab) -> Value {
    let mut device = json!({
        "ip": host,
        "port": port,
        "username": router.username(),
        "auth": { "type": "ssh_key", "private_key_path": KEY_FILE },
        "description": "simulated router",
    });
    if lab.jump_host().is_some() {
        device["ssh_config"] = SSH_CONFIG_FILE.into();
    }
    device
}

/// Every router under its name; through the jump host where there is one.
fn ssh_config(lab: &Lab, directory: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut host = |name: &str, ip: &str, port: u16, jump: Option<&str>| {
        text.push_str(&format!("Host {name}\n    HostName {ip}\n    Port {port}\n"));
        if let Some(jump) = jump {
            text.push_str(&format!("    ProxyJump {jump}\n"));
        }
    };
    let jump = lab.jump_host();
    if let Some(jump) = jump {
        let address = jump.address();
        host(jump.name(), &address.ip().to_string(), address.port(), None);
    }
    for router in lab.routers() {
        let (ip, port) = place(router)?;
        host(router.name(), &ip, port, jump.map(|jump| jump.name()));
    }
    if let (Some(jump), Some(router)) = (jump, lab.routers().first()) {
        // The inventory names routers by their address.
        let (ip, _) = place(router)?;
        text.push_str(&format!("Host {ip}\n    ProxyJump {}\n", jump.name()));
    }
    let user = lab.routers().first().map_or("", |router| router.username());
    let path = |file: &str| directory.join(file).display().to_string();
    text.push_str(&format!(
        "Host *\n    User {user}\n    IdentityFile \"{}\"\n    IdentitiesOnly yes\n    UserKnownHostsFile \"{}\"\n    \
         StrictHostKeyChecking yes\n",
        path(KEY_FILE),
        path(KNOWN_HOSTS_FILE)
    ));
    Ok(text)
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
