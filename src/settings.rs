//! Settings of one running process, assembled from the structs that the modules declare.

pub use crate::{
    app::{KeySource, OAuthPolicy, OAuthSettings, Settings},
    audit::{AuditFault, AuditFormat, AuditSettings, FileFault as AuditFileFault, Transform as AuditTransform},
    devices::{DeviceSettings, Dial, KnownHosts, OpenPipe},
    inventory::{InventorySource, MemoryRouter},
    output::OutputSettings,
    tools::{ConfirmPolicy, ToolSettings},
    transfer::{Place as StagingPlace, TransferSettings},
};
