//! The files a start depends on: the inventory, the keys it names and the host keys.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    findings::{Findings, Section},
    modes::Exposure,
};
use crate::inventory::{Auth, Entry, FileFault, Inventory, KeySource, SecretRef};

/// Reads the inventory and says what keeps it from being used.
pub(super) fn open_inventory(path: &Path, lenient: bool, findings: &mut Findings) -> Option<Inventory> {
    let shown = path.display();
    match Inventory::read(path) {
        Ok(inventory) => {
            judge_mode(path, lenient, findings);
            Some(inventory)
        }
        Err(fault) => {
            match fault {
                FileFault::NotFound => findings.refuse_with_hint(
                    18,
                    format!("inventory file '{shown}' not found"),
                    "create it from devices-template.json, pass -f PATH, or try --lab",
                ),
                FileFault::Unreadable(reason) => {
                    findings.refuse(19, format!("inventory file '{shown}' cannot be read: {reason}"));
                }
                FileFault::Invalid(reason) => findings.refuse(20, format!("inventory file '{shown}': {reason}")),
            }
            None
        }
    }
}

fn judge_mode(path: &Path, lenient: bool, findings: &mut Findings) {
    let Some(exposure) = Exposure::of(path) else { return };
    let (shown, mode) = (path.display(), exposure.mode());
    if exposure.is_read && holds_inline_secrets(path) {
        let text =
            format!("inventory file '{shown}' holds inline passwords and is readable by group or others (mode {mode})");
        if lenient {
            findings.warn(9, format!("--insecure-file-modes hides: {text}"));
        } else {
            findings.refuse_with_hint(
                21,
                text,
                format!("chmod 600 {shown}, or use password_env / password_file"),
            );
        }
    } else if exposure.is_read {
        findings.note(
            Section::Files,
            format!("inventory file '{shown}' is readable by group or others (mode {mode})"),
        );
    }
    if exposure.is_written {
        findings.mistake(format!("inventory file '{shown}' is writable by others (mode {mode})"));
    }
}

/// Whether a secret stands in the file itself; entries that cannot be used count too.
fn holds_inline_secrets(path: &Path) -> bool {
    std::fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).ok())
        .is_some_and(|document: Value| holds_secret(&document))
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| {
            let is_secret = matches!(key.as_str(), "password" | "passphrase") && value.is_string();
            is_secret || holds_secret(value)
        }),
        Value::Array(items) => items.iter().any(holds_secret),
        _ => false,
    }
}

/// Judges the files that routers of the inventory name.
pub(super) fn judge_secrets(inventory: &Inventory, findings: &mut Findings) {
    let mut files = BTreeSet::new();
    for entry in inventory.routers().filter_map(|router| router.entry.as_deref()) {
        collect(entry, &mut files);
    }
    for (what, path) in files {
        if let Some(exposure) = Exposure::of(&path).filter(|exposure| exposure.is_read) {
            let (shown, mode) = (path.display(), exposure.mode());
            findings.mistake(format!("{what} '{shown}' is readable by group or others (mode {mode})"));
        }
    }
}

fn collect(entry: &Entry, files: &mut BTreeSet<(&'static str, PathBuf)>) {
    let mut secret = |secret: &SecretRef| {
        if let SecretRef::File(path, _) = secret {
            files.insert(("secret file", path.clone()));
        }
    };
    match &entry.auth {
        Auth::Password(password) => secret(password),
        Auth::Key { key, passphrase } => {
            passphrase.iter().for_each(secret);
            if let KeySource::File(path) = key {
                files.insert(("private key file", path.clone()));
            }
        }
        Auth::Agent { .. } => {}
    }
}

/// Judges the file of host keys; with trust on first use the first key makes it.
pub(super) fn judge_known_hosts(path: &Path, accept_new: bool, findings: &mut Findings) {
    let shown = path.display();
    if !path.exists() {
        if !accept_new {
            findings.warn(
                13,
                format!(
                    "no known_hosts file at '{shown}': connects fail with known_hosts_missing until keys are pinned"
                ),
            );
        }
        return;
    }
    if let Some(exposure) = Exposure::of(path).filter(|exposure| exposure.is_written) {
        let mode = exposure.mode();
        findings.mistake(format!(
            "known_hosts file '{shown}' is writable by others (mode {mode})"
        ));
    }
}
