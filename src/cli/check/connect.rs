//! `check --connect`: how far a contact with each router comes.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{assemble::Assembled, block_on, selection},
    devices::{Devices, Probe},
    inventory::Entry,
    work::Work,
};

/// Routers contacted at one time.
const AT_ONCE: usize = 32;

/// Time for the answer of a router that has let us in.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// Time that connections get to end in good order.
const FAREWELL: Duration = Duration::from_secs(3);

/// What came of contacting one router.
#[derive(Debug)]
pub(super) struct Contact {
    name: String,
    probe: Probe,
}

/// Contacts the chosen routers; in the order of the selectors.
pub(super) fn contact(assembled: Assembled, selectors: &[String]) -> anyhow::Result<Vec<Contact>> {
    let Some(inventory) = &assembled.inventory else {
        bail!("--connect needs an inventory; a lab in memory is not contacted");
    };
    let entries = selection::entries(inventory, selectors)?;
    block_on(async {
        let devices = Devices::new(assembled.devices);
        let contacts = futures::stream::iter(entries)
            .map(|entry| look(&devices, entry))
            .buffered(AT_ONCE)
            .collect()
            .await;
        devices.shut_down(FAREWELL).await;
        contacts
    })
}

async fn look(devices: &Devices, entry: Arc<Entry>) -> Contact {
    // The way to the router may take several connections, each of which has its own time.
    let time = devices.connect_timeout(&entry) * 4 + ANSWER_TIME;
    let work = Work::new(time, CancellationToken::new());
    Contact {
        probe: devices.probe(&entry, &work).await,
        name: entry.name.clone(),
    }
}

impl Contact {
    /// Whether the router answered.
    pub(super) fn is_good(&self) -> bool {
        self.probe.fault.is_none()
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let probe = &self.probe;
        json!({
            "router": self.name,
            "status": probe.status,
            "ms": milliseconds(probe),
            "model": probe.model,
            "version": probe.version,
            "host_key": probe.fingerprint,
            "code": probe.fault.as_ref().map(|fault| fault.code),
            "error": probe.fault.as_ref().map(|fault| &fault.message),
            "hint": probe.fault.as_ref().map(|fault| &fault.hint),
        })
    }
}

fn milliseconds(probe: &Probe) -> u64 {
    u64::try_from(probe.took.as_millis()).unwrap_or(u64::MAX)
}

/// For people: one line each, and why a router did not answer below it.
pub(super) fn table(contacts: &[Contact]) -> Vec<String> {
    let width = contacts
        .iter()
        .map(|contact| contact.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut lines = Vec::new();
    for Contact { name, probe } in contacts {
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        lines.push(format!(
            "  {name:width$}  {:8}  {:>6} ms  {}  {}  {}",
            probe.status,
            milliseconds(probe),
            dash(&probe.model),
            dash(&probe.version),
            dash(&probe.fingerprint),
        ));
        if let Some(fault) = &probe.fault {
            lines.push(format!("    {} [code={}]", fault.message, fault.code));
            lines.push(format!("    hint: {}", fault.hint));
        }
    }
    lines
}
