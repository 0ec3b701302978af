//! Everything a process is started with.

use std::{path::PathBuf, time::Duration};

use super::OAuthSettings;
use crate::{
    audit::AuditSettings, clock::Clock, devices::DeviceSettings, inventory::InventorySource, output::OutputSettings,
    tools::ToolSettings, transfer::TransferSettings,
};

/// Everything a process is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the routers come from.
    pub inventory: InventorySource,
    /// How routers are reached.
    pub devices: DeviceSettings,
    /// Which tools are offered, and what bounds them.
    pub tools: ToolSettings,
    /// How much of an output is shown, and how long the rest is kept.
    pub output: OutputSettings,
    /// Where audit records go.
    pub audit: AuditSettings,
    /// The file of tokens; without one no caller is asked for a token.
    pub tokens: Option<PathBuf>,
    /// The issuer of signed tokens that are accepted besides.
    pub oauth: Option<OAuthSettings>,
    /// Whether results are shown to the model with their secrets.
    pub show_secrets: bool,
    /// The program that renders templates: this one.
    pub renderer: PathBuf,
    /// How often files are looked at for changes; none looks never.
    pub watch: Option<Duration>,
    /// Options in force that make the process less guarded, for the audit record of its start.
    pub weakened: Vec<&'static str>,
    /// Time that running work gets once the process is asked to end.
    pub drain: Duration,
    /// Where files wait for routers, and how fast they are copied.
    pub transfer: TransferSettings,
    /// Where state that outlives the process is kept.
    pub state_dir: Option<PathBuf>,
    /// The wall clock.
    pub clock: Clock,
}

impl Settings {
    /// The defaults, with the routers of `inventory`.
    pub fn new(inventory: InventorySource) -> Self {
        Self {
            inventory,
            devices: DeviceSettings::default(),
            tools: ToolSettings::default(),
            output: OutputSettings::default(),
            audit: AuditSettings::default(),
            tokens: None,
            oauth: None,
            show_secrets: false,
            renderer: PathBuf::from("/proc/self/exe"),
            watch: None,
            weakened: Vec::new(),
            drain: Duration::from_secs(30),
            transfer: TransferSettings::default(),
            state_dir: None,
            clock: Clock::system(),
        }
    }
}
