//! The host keys that a router shows, looked at without logging in to it.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex},
    time::Duration,
};

use russh::{
    Preferred, client,
    keys::{Algorithm, HashAlg, PublicKey, PublicKeyOrCertificate},
};
use tokio::time::timeout;

use super::{
    Devices, Shared,
    connect::{Leg, Patience, explain, open},
    fault::{DialFault, Fault},
    handshake::broken,
    hops,
    host_key::KINDS,
    line::Line,
    proxy_command::Complaint,
    route::Route,
};
use crate::inventory::Entry;

/// One key that a router showed.
#[derive(Clone, Debug)]
pub(crate) struct ShownKey(pub(super) PublicKey);

impl ShownKey {
    /// The type as OpenSSH names it.
    pub(crate) fn kind(&self) -> String {
        self.0.algorithm().to_string()
    }

    /// The fingerprint as OpenSSH writes it.
    pub(crate) fn fingerprint(&self) -> String {
        self.0.fingerprint(HashAlg::Sha256).to_string()
    }
}

/// The keys of one router.
#[derive(Clone, Debug)]
pub(crate) struct ShownKeys {
    pub(super) host: String,
    pub(super) port: u16,
    /// One of each type that the router has.
    pub(crate) keys: Vec<ShownKey>,
}

impl Devices {
    /// Connects to a router once for each kind of host key; jump hosts on the way are logged in to as ever.
    pub(crate) async fn scan_host_keys(&self, entry: &Entry) -> Result<ShownKeys, Fault> {
        let fault = |fault: DialFault| Fault::from_dial(&entry.name, &fault);
        let shared = &self.0;
        let route = Arc::new(Route::of(entry, &shared.ssh_configs).map_err(fault)?);
        let hop = hops::reach(shared, &route).await.map_err(fault)?;
        let _place = match &hop {
            Some(hop) => Some(hop.turn().await),
            None => None,
        };
        let leg = Leg {
            start: &route.start,
            before: hop.as_ref(),
            point: &route.target,
        };
        let limit = entry.connect_timeout.unwrap_or(shared.settings.connect_timeout);
        let mut keys = Vec::new();
        for kind in KINDS {
            keys.extend(patiently(shared, &leg, kind, limit).await.map_err(fault)?.map(ShownKey));
        }
        if keys.is_empty() {
            return Err(fault(DialFault::Handshake {
                reason: "it has no host key of a type that is known here".to_owned(),
            }));
        }
        Ok(ShownKeys {
            host: route.target.host.clone(),
            port: route.target.port,
            keys,
        })
    }
}

async fn patiently(
    shared: &Shared,
    leg: &Leg<'_>,
    kind: &'static [Algorithm],
    limit: Duration,
) -> Result<Option<PublicKey>, DialFault> {
    let mut patience = Patience::new(limit);
    loop {
        let complaint = Complaint::default();
        let result = timeout(patience.left(), look(shared, leg, kind, &complaint)).await;
        let fault = match result {
            Ok(Ok(key)) => return Ok(key),
            Ok(Err(fault)) => explain(fault, &complaint).await,
            Err(_) => DialFault::Timeout {
                seconds: limit.as_secs(),
                stage: "waiting for its host key",
            },
        };
        if !patience.once_more(&fault).await {
            return Err(fault);
        }
    }
}

/// The key of one kind, if the router has one.
async fn look(
    shared: &Shared,
    leg: &Leg<'_>,
    kind: &'static [Algorithm],
    complaint: &Complaint,
) -> Result<Option<PublicKey>, DialFault> {
    let (line, _hold) = Line::new(open(shared, leg, complaint).await?);
    let config = client::Config {
        preferred: Preferred {
            key: Cow::Borrowed(kind),
            ..Preferred::default()
        },
        ..client::Config::default()
    };
    let shown = Arc::new(Mutex::new(None));
    let looker = Looker(Arc::clone(&shown));
    let result = client::connect_stream(Arc::new(config), line, looker).await;
    let shown = shown.lock().expect("no code panics while it holds the lock").take();
    match (shown, result) {
        (Some(key), _) => Ok(Some(key)),
        (None, Err(russh::Error::NoCommonAlgo { .. })) => Ok(None),
        (None, Err(error)) => Err(broken(&error)),
        (None, Ok(_)) => Err(DialFault::Handshake {
            reason: "it showed no host key".to_owned(),
        }),
    }
}

/// Notes the key and goes.
struct Looker(Arc<Mutex<Option<PublicKey>>>);

impl client::Handler for Looker {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        if let PublicKeyOrCertificate::PublicKey { key, .. } = shown {
            *self.0.lock().expect("no code panics while it holds the lock") = Some(key.clone());
        }
        Ok(false)
    }
}
