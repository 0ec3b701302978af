//! The second place of the tour: routers on the loopback interface whose clock runs fast, and a server with their inventory.

use std::ffi::OsString;

use anyhow::Context as _;
use tempfile::TempDir;

use super::{ROUTERS, client::Client};
use crate::{
    Clock,
    cli::lab_run,
    lab::{Lab, LabSettings},
};

/// So many times as fast: a minute takes a second.
pub(super) const SPEED: u32 = 60;

/// Routers, the files to reach them with, and a server that uses them.
pub(super) struct Network {
    pub(super) client: Client,
    lab: Lab,
    _files: TempDir,
}

impl Network {
    /// Starts routers and server.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let settings = LabSettings {
            clock: Clock::system().scaled(SPEED.into()),
            ..LabSettings::new(ROUTERS).on_loopback()
        };
        let lab = Lab::start(settings).await.context("cannot start routers")?;
        let files = TempDir::new().context("cannot make a temporary directory")?;
        lab_run::write_inventory(&lab, files.path()).context("cannot write the inventory")?;
        let mut arguments: Vec<OsString> = Vec::new();
        for (option, name) in [
            ("--device-mapping", "devices.json"),
            ("--known-hosts-file", lab_run::KNOWN_HOSTS_FILE),
            ("--state-dir", "state"),
        ] {
            arguments.extend([option.into(), files.path().join(name).into()]);
        }
        let mut client = Client::start(&arguments)?;
        client.greet().await?;
        Ok(Self {
            client,
            lab,
            _files: files,
        })
    }

    /// A colleague edits a router and leaves it at that; gives what is uncommitted now.
    pub(super) fn edit(&self, router: &str, user: &str, line: &str) -> anyhow::Result<String> {
        let router = self.lab.router(router).context("there is no such router")?;
        router.edit_as(user, line)?;
        Ok(router.uncommitted())
    }

    /// Ends the server, then the routers.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        self.client.end().await?;
        self.lab.stop().await;
        Ok(())
    }
}
