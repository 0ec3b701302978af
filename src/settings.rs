//! Settings of one running process, assembled from the structs that the modules declare.

pub use crate::{
    app::Settings,
    audit::{AuditFormat, AuditSettings},
    devices::{DeviceSettings, Dial, KnownHosts, OpenPipe},
    inventory::{InventorySource, MemoryRouter},
    output::OutputSettings,
    tools::ToolSettings,
};
