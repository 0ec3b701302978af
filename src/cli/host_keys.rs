//! `known-hosts scan`: the keys that routers show, into the file of trusted keys.

use std::{fs, io, path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use futures::StreamExt as _;

use super::{
    ROUTERS_FAILED, block_on, commands::Scan, environment::Parsed, files, findings::Findings, output, places, refuse,
    selection,
};
use crate::{
    devices::{Devices, Fault, Pinning, ShownKeys, Verdict, key_lines, pin},
    inventory::{Entry, Inventory},
    whole_file,
};

/// Routers looked at at one time.
const AT_ONCE: usize = 32;

/// Time that connections get to end in good order.
const FAREWELL: Duration = Duration::from_secs(3);

/// The mode of a file that did not exist.
const FILE_MODE: u32 = 0o644;

/// What one router showed.
type Shown = (Arc<Entry>, Result<ShownKeys, Fault>);

/// Looks at the chosen routers, says what they show, and writes it down as asked.
pub(super) fn scan(parsed: &Parsed, request: &Scan, mut findings: Findings) -> anyhow::Result<ExitCode> {
    let options = &parsed.line.options;
    let inventory = request.inventory.as_ref().unwrap_or(&options.device_mapping);
    let inventory = files::open_inventory(inventory, options.insecure_file_modes, &mut findings);
    let Some(inventory) = inventory.filter(|_| findings.permit_start()) else {
        return Ok(refuse(&findings));
    };
    let entries = chosen(&inventory, &request.routers)?;
    if request.expect.is_some() && entries.len() != 1 {
        bail!("--expect is for one router, and {} are chosen", entries.len());
    }
    let given = request.known_hosts.clone().or_else(|| options.known_hosts_file.clone());
    let path = given.unwrap_or_else(places::known_hosts);
    let settings = options.devices(Some(path.clone()));
    let shown: Vec<Shown> = block_on(async {
        let devices = Devices::new(settings);
        let shown = futures::stream::iter(entries)
            .map(|entry| look(&devices, entry))
            .buffered(AT_ONCE)
            .collect()
            .await;
        devices.shut_down(FAREWELL).await;
        shown
    })?;
    let is_good = if request.print {
        print(shown, request.expect.as_deref())?
    } else {
        write(&path, shown, request)?
    };
    Ok(ExitCode::from(if is_good { 0 } else { ROUTERS_FAILED }))
}

fn chosen(inventory: &Inventory, selectors: &[String]) -> anyhow::Result<Vec<Arc<Entry>>> {
    if !selectors.is_empty() {
        return selection::entries(inventory, selectors);
    }
    Ok(inventory.routers().filter_map(|router| router.entry.clone()).collect())
}

async fn look(devices: &Devices, entry: Arc<Entry>) -> Shown {
    let shown = devices.scan_host_keys(&entry).await;
    (entry, shown)
}

fn print(shown: Vec<Shown>, expected: Option<&str>) -> anyhow::Result<bool> {
    let mut text = String::new();
    let mut is_good = true;
    for (entry, shown) in shown {
        let Some(shown) = expect(&entry, shown, expected) else {
            is_good = false;
            continue;
        };
        text.push_str(&key_lines(&shown));
        for key in &shown.keys {
            eprintln!("{}: {} {}", entry.name, key.kind(), key.fingerprint());
        }
    }
    output::write(&text)?;
    Ok(is_good)
}

fn write(path: &Path, shown: Vec<Shown>, request: &Scan) -> anyhow::Result<bool> {
    let pinning = if request.replace {
        Pinning::Replace
    } else {
        Pinning::Append
    };
    // Links are resolved, so that the file itself is replaced and not the link to it.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let cannot = || format!("cannot write '{}'", path.display());
    let _lock = lock(&path).with_context(cannot)?;
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot read '{}'", path.display())),
    };
    let mut text = before.clone();
    let mut is_good = true;
    for (entry, shown) in shown {
        let Some(shown) = expect(&entry, shown, request.expect.as_deref()) else {
            is_good = false;
            continue;
        };
        let verdicts = pin(&mut text, &shown, pinning);
        for (key, verdict) in shown.keys.iter().zip(verdicts) {
            is_good &= matches!(verdict, Verdict::Added | Verdict::Known);
            eprintln!(
                "{}: {} {} {}",
                entry.name,
                key.kind(),
                key.fingerprint(),
                verdict.as_str()
            );
        }
    }
    if text != before {
        whole_file::replace(&path, text.as_bytes(), FILE_MODE).with_context(cannot)?;
    }
    Ok(is_good)
}

/// The keys to trust of what a router showed: with an expected fingerprint that one only.
fn expect(entry: &Entry, shown: Result<ShownKeys, Fault>, expected: Option<&str>) -> Option<ShownKeys> {
    let mut shown = match shown {
        Ok(shown) => shown,
        Err(fault) => {
            eprintln!("{}: {}", entry.name, fault.message);
            eprintln!("{}: hint: {}", entry.name, fault.hint);
            return None;
        }
    };
    let Some(expected) = expected else { return Some(shown) };
    let refused: Vec<String> = shown
        .keys
        .iter()
        .map(|key| format!("{} {}", key.kind(), key.fingerprint()))
        .collect();
    shown.keys.retain(|key| key.fingerprint() == expected);
    if shown.keys.is_empty() {
        eprintln!(
            "{}: shows no key with {expected}, but {}",
            entry.name,
            refused.join(", ")
        );
        return None;
    }
    Some(shown)
}

/// Keeps others who pin keys from writing to the file meanwhile.
fn lock(path: &Path) -> io::Result<Option<fs::File>> {
    match fs::File::open(path) {
        Ok(file) => {
            file.lock()?;
            Ok(Some(file))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
