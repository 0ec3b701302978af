//! One look at a router: how far a contact comes, and which model and release answer.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{
    Devices, Node, Reply,
    fault::{DialFault, ExchangeFault, Fault, LeaseFault},
    lease::{Lease, lease_fresh},
    rpc::Rpc,
};
use crate::{inventory::Entry, work::Work};

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// `ok`, or how far it came: `dns`, `tcp`, `host_key`, `auth`, `netconf`; `timeout` wherever time ran out.
    pub(crate) status: &'static str,
    /// From the first packet to the answer, or to the failure.
    pub(crate) took: Duration,
    /// Model, where the router tells it to this login.
    pub(crate) model: Option<String>,
    /// Junos release, likewise.
    pub(crate) version: Option<String>,
    /// Of the host key that the router showed, trusted or not.
    pub(crate) fingerprint: Option<String>,
    /// Why it is not `ok`.
    pub(crate) fault: Option<Fault>,
}

impl Devices {
    /// Connects to a router anew and asks for its release; nothing else is asked, nothing is changed.
    pub(crate) async fn probe(&self, entry: &Arc<Entry>, work: &Work) -> Probe {
        let started = Instant::now();
        let mut probe = Probe::default();
        match self.look(entry, work, &mut probe).await {
            Ok(()) => probe.status = "ok",
            Err((status, fault)) => {
                probe.status = status;
                probe.fault = Some(fault);
            }
        }
        probe.took = started.elapsed();
        probe
    }

    async fn look(&self, entry: &Arc<Entry>, work: &Work, probe: &mut Probe) -> Result<(), (&'static str, Fault)> {
        let name = entry.name.as_str();
        let device = self.device(entry);
        loop {
            let mut lease = lease_fresh(name, device.pool(), &self.0, work).await.map_err(|fault| {
                probe.fingerprint = shown_key(&fault);
                (stage_of(&fault), Fault::from_lease(name, &fault))
            })?;
            probe.fingerprint = Some(lease.fingerprint().to_owned());
            let fault = match lease.exchange(&Rpc::software_information(), work).await {
                Ok(reply) => {
                    read(&reply, probe);
                    leave(lease).await;
                    return Ok(());
                }
                Err(fault) => fault,
            };
            if matches!(fault, ExchangeFault::SubsystemRefused) && lease.try_next_entrance() {
                continue;
            }
            let stage = match fault {
                ExchangeFault::Timeout { .. } => "timeout",
                _ => "netconf",
            };
            return Err((stage, Fault::from_exchange(name, &fault)));
        }
    }
}

/// Ends the session and its connection, which is nobody else's.
async fn leave(mut lease: Lease) {
    lease.end().await;
    lease.goodbye().await;
}

fn stage_of(fault: &LeaseFault) -> &'static str {
    match fault {
        LeaseFault::Dial(dial) => dial.stage(),
        LeaseFault::SessionLimit => "netconf",
        LeaseFault::Timeout { .. } | LeaseFault::Cancelled | LeaseFault::ShuttingDown => "timeout",
    }
}

fn shown_key(fault: &LeaseFault) -> Option<String> {
    match fault {
        LeaseFault::Dial(dial) => match &**dial {
            DialFault::HostKey(fault) => fault.fingerprint().map(str::to_owned),
            _ => None,
        },
        _ => None,
    }
}

/// Takes model and release from the first engine that tells them; a login that may not ask sees neither.
fn read(reply: &Reply, probe: &mut Probe) {
    let Some(tree) = reply.tree() else { return };
    for software in tree.descendants("software-information") {
        let value = |name: &str| software.value(name).map(str::to_owned);
        probe.model = probe.model.take().or_else(|| value("product-model"));
        let version = || value("junos-version").or_else(|| package_version(software));
        probe.version = probe.version.take().or_else(version);
    }
}

/// Releases before 14 name themselves only in brackets, in the comment on their packages.
fn package_version(software: &Node) -> Option<String> {
    software.all("package-information").find_map(|package| {
        let (_, rest) = package.value("comment")?.split_once('[')?;
        let (version, _) = rest.split_once(']')?;
        Some(version.to_owned())
    })
}
