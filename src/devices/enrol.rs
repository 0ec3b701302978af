//! The host key of a router that is to be added: looked at without logging in, judged, tried, and written down.

use std::{sync::Arc, time::Duration};

use super::{
    DeviceSettings, Devices, KnownHosts, Probe,
    fault::{DialFault, Fault},
    host_key_fault::HostKeyFault,
    pinning::key_lines,
    scan::{ShownKey, ShownKeys},
};
use crate::{inventory::Entry, work::Work};

/// Time for a look at the keys of a router, all its kinds together.
const LOOK: Duration = Duration::from_secs(10);

/// Time that the connections of a trial get to end in good order.
const FAREWELL: Duration = Duration::from_secs(2);

/// The key of a router, and whether it is trusted.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    keys: ShownKeys,
    is_known: bool,
}

impl Found {
    /// Whether it is on file.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// The key that is trusted, or that would be.
    pub(crate) fn key(&self) -> &ShownKey {
        &self.keys.keys[0]
    }

    /// The same router by the one of its keys that has this fingerprint.
    pub(crate) fn vouched_by(mut self, fingerprint: &str) -> Option<Self> {
        self.keys.keys.retain(|key| key.fingerprint() == fingerprint);
        (!self.keys.keys.is_empty()).then_some(self)
    }
}

impl Devices {
    /// Looks at the keys of a router; one that is revoked or contradicts the file is a fault.
    pub(crate) async fn look_at_key(&self, entry: &Entry) -> Result<Found, Fault> {
        let fault = |fault: DialFault| Fault::from_dial(&entry.name, &fault);
        let looking = tokio::time::timeout(LOOK, self.scan_host_keys(entry));
        let mut keys = looking.await.map_err(|_| {
            fault(DialFault::Timeout {
                seconds: LOOK.as_secs(),
                stage: "waiting for its host key",
            })
        })??;
        let host_keys = &self.0.greeting.host_keys;
        let on_file = match host_keys.on_file(&keys.host, keys.port) {
            // No file yet is a file without keys: the first one creates it.
            Err(HostKeyFault::Missing { .. }) => {
                return Ok(Found { keys, is_known: false });
            }
            on_file => on_file.map_err(|key| fault(DialFault::HostKey(key)))?,
        };
        let verdicts: Vec<_> = keys.keys.iter().map(|key| on_file.verdict(&key.0)).collect();
        if let Some(revoked) = verdicts
            .iter()
            .find_map(|verdict| verdict.clone().err().filter(|fault| fault.code() == "host_key_revoked"))
        {
            return Err(fault(DialFault::HostKey(revoked)));
        }
        if let Some(known) = verdicts.iter().position(Result::is_ok) {
            keys.keys.swap(0, known);
            keys.keys.truncate(1);
            return Ok(Found { keys, is_known: true });
        }
        let mismatch = verdicts
            .into_iter()
            .find_map(|verdict| verdict.err().filter(|fault| fault.code() == "host_key_mismatch"));
        match mismatch {
            Some(mismatch) => Err(fault(DialFault::HostKey(mismatch))),
            None => Ok(Found { keys, is_known: false }),
        }
    }

    /// Logs in once, trusting this key and no other, and asks for the release. Nothing is kept of it.
    pub(crate) async fn try_with(&self, entry: &Arc<Entry>, found: &Found, work: &Work) -> Probe {
        let mut only = found.keys.clone();
        only.keys.truncate(1);
        let trial = Devices::new(DeviceSettings {
            known_hosts: KnownHosts::Memory(key_lines(&only)),
            accept_new: false,
            ..self.0.settings.clone()
        });
        let probe = trial.probe(entry, work).await;
        trial.shut_down(FAREWELL).await;
        probe
    }

    /// Writes the key down as trusted. Blocks the thread for as long as the disk takes.
    pub(crate) fn trust(&self, router: &str, found: &Found) -> Result<(), Fault> {
        let (host, port) = (&found.keys.host, found.keys.port);
        let written = self.0.greeting.host_keys.enrol(host, port, &found.key().0);
        written.map_err(|key| Fault::from_dial(router, &DialFault::HostKey(key)))
    }

    /// Whether a key is trusted when it is first seen.
    pub(crate) fn accepts_new(&self) -> bool {
        self.0.settings.accept_new
    }
}
