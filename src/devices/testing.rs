//! One lab router behind the device layer, over real SSH on an in-memory pipe; for unit tests.

pub(crate) mod jump_host;

use std::sync::Arc;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

use super::{Device, DeviceSettings, Devices, Dial, KnownHosts, OpenPipe};
use crate::{
    blocklist::Rules,
    inventory::{Auth, Entry, SecretRef},
    lab::{Lab, LabSettings, RouterHandle, What},
    work::Work,
};

pub(crate) const HOST: &str = "192.0.2.1";

/// The router and everything that talks to it.
pub(crate) struct Bench {
    lab: Lab,
    pub(crate) devices: Devices,
    pub(crate) entry: Arc<Entry>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _, _| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut LabSettings, &mut DeviceSettings, &mut Entry)) -> Self {
        let mut lab_settings = LabSettings::new(1);
        let mut settings = DeviceSettings::default();
        let mut entry = entry(HOST);
        change(&mut lab_settings, &mut settings, &mut entry);
        let lab = Lab::start(lab_settings).await.expect("a lab in memory");
        let router = lab.routers()[0].clone();
        if entry.username.is_empty() {
            entry.username = router.username().to_owned();
            entry.auth = Auth::Password(SecretRef::Inline(router.password().to_owned().into()));
        }
        if matches!(&settings.known_hosts, KnownHosts::Memory(text) if text.is_empty()) {
            settings.known_hosts = KnownHosts::Memory(router.host_key_line(HOST, 830));
        }
        let open: OpenPipe = Arc::new(move || router.connect());
        settings.dials.insert((HOST.to_owned(), 830), Dial::Pipe(open));
        Self {
            lab,
            devices: Devices::new(settings),
            entry: Arc::new(entry),
        }
    }

    pub(crate) fn lab(&self) -> &Lab {
        &self.lab
    }

    pub(crate) fn router(&self) -> &RouterHandle {
        &self.lab.routers()[0]
    }

    pub(crate) fn device(&self) -> Device {
        self.devices.device(&self.entry)
    }

    pub(crate) fn count(&self, wanted: impl Fn(&What) -> bool) -> usize {
        self.router().seen().iter().filter(|event| wanted(&event.what)).count()
    }
}

/// Work that takes at most so long and that nobody cancels.
pub(crate) fn work(seconds: u64) -> Work {
    Work::new(std::time::Duration::from_secs(seconds), CancellationToken::new())
}

/// An entry for an address, without a login.
pub(crate) fn entry(host: &str) -> Entry {
    Entry {
        name: "edge-1".to_owned(),
        host: host.to_owned(),
        port: 830,
        scp_port: 22,
        username: String::new(),
        auth: Auth::Password(SecretRef::Inline(SecretString::from(""))),
        ssh_config: None,
        tags: Vec::new(),
        description: None,
        rules: Arc::new(Rules::default()),
        read_only: false,
        connect_timeout: None,
        command_timeout: None,
        max_sessions: None,
        custom: serde_json::Map::new(),
    }
}
