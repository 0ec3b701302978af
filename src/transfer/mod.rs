//! Files on their way between this machine and routers: the directory where they wait, their digests, the pace of a copy.

mod digests;
mod metered;
mod name;
mod partial;
mod staging;

pub(crate) use metered::{Metered, Pace};
pub(crate) use name::FileName;
pub(crate) use partial::Partial;
pub use staging::{Place, TransferSettings};
pub(crate) use staging::{Staged, Staging, StagingFault, Waiting};
