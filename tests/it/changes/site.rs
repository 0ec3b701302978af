//! A router over TCP in the test's process, and the files with which servers reach it.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use rust_junosmcp::lab::{Event, Fault, Injected, Lab, LabSettings, RouterHandle};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::Server;

/// The router.
pub(super) const ROUTER: &str = "edge1";

/// Nothing that is waited for takes that long.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// One router and the directory of whoever runs servers for it.
pub(super) struct Site {
    lab: Lab,
    files: TempDir,
}

impl Site {
    pub(super) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// As [`Site::start`], with other settings of the lab.
    pub(super) async fn with(change: impl FnOnce(&mut LabSettings)) -> Self {
        let mut settings = LabSettings::new(1).on_loopback();
        settings.names = vec![ROUTER.to_owned()];
        change(&mut settings);
        let lab = Lab::start(settings).await.expect("a lab on the loopback interface");
        let site = Self {
            lab,
            files: TempDir::new().expect("a temporary directory"),
        };
        site.write_files();
        site
    }

    fn write_files(&self) {
        let router = self.router();
        let address = router.address().expect("it listens");
        let (host, port) = (address.ip().to_string(), address.port());
        let devices = json!({ ROUTER: {
            "ip": host, "port": port, "username": router.username(),
            "auth": { "type": "password", "password": router.password() },
        }});
        let known_host = format!("{}\n", router.host_key_line(&host, port));
        for (name, text) in [("devices.json", devices.to_string()), ("known_hosts", known_host)] {
            fs::write(self.path(name), text).expect("a file");
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).expect("a mode");
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    pub(super) fn router(&self) -> &RouterHandle {
        &self.lab.routers()[0]
    }

    /// A server that has been greeted.
    pub(super) async fn server(&self) -> Server {
        self.server_with(&[]).await
    }

    /// A server with more options.
    pub(super) async fn server_with(&self, options: &[&str]) -> Server {
        let mut server = Server::start(self, options);
        server.greet().await;
        server
    }

    /// Arms a fault.
    pub(super) fn fault(&self, fault: Fault) -> Injected {
        self.router().inject(fault)
    }

    /// Waits for something to happen at the router after the event of that number.
    pub(super) async fn event(&self, after: u64, wanted: impl Fn(&Event) -> bool) -> Event {
        let event = self.router().wait_for_after(after, wanted);
        tokio::time::timeout(PATIENCE, event).await.expect("it happens in time")
    }

    /// The log texts of all commits that carry a call id, newest first.
    pub(super) fn commits(&self) -> Vec<String> {
        let logs = self.router().commits().into_iter().filter_map(|commit| commit.log);
        logs.filter(|log| log.contains("[mcp:")).collect()
    }

    /// How many commits carry this call's id.
    pub(super) fn commits_of(&self, call_id: &str) -> usize {
        let mark = format!("[mcp:{call_id}]");
        self.commits().iter().filter(|log| log.contains(&mark)).count()
    }

    /// Nothing is left behind: a new server's change goes through.
    pub(super) async fn assert_free(&self) {
        assert_eq!(self.router().locked_by(), None);
        assert_eq!(self.router().uncommitted(), "");
        let mut server = self.server().await;
        let answer = server.call("load_and_commit_config", change("next")).await;
        assert_eq!(answer["structuredContent"]["outcome"], "committed", "{answer}");
        assert_eq!(server.end().await.code, Some(0));
    }
}

/// A change that sets the location.
pub(super) fn change(location: &str) -> Value {
    json!({ "router_name": ROUTER, "config_text": format!("set snmp location {location}") })
}
