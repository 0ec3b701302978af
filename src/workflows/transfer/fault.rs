//! Why a file did not arrive.

use std::io;

use serde_json::{Map, Value};

use crate::{
    devices::{CopyFault, Fault},
    junos::DeviceMessage,
    transfer::StagingFault,
};

/// A copy that failed: nothing has the name of the file that has not all of its content.
#[derive(Debug)]
pub(crate) struct TransferFault {
    /// The stable word for this kind of failure.
    pub(crate) code: &'static str,
    /// One sentence that names the router.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: String,
    /// The router's own errors, where it sent any.
    pub(crate) errors: Vec<DeviceMessage>,
    /// Figures and names behind it.
    pub(crate) details: Map<String, Value>,
    /// A file of another name that may be left on the router.
    pub(crate) left: Option<String>,
}

impl TransferFault {
    pub(super) fn new(code: &'static str, message: impl Into<String>, hint: &str) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.to_owned(),
            errors: Vec::new(),
            details: Map::new(),
            left: None,
        }
    }

    pub(super) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// What the router answered cannot be read, or it refuses to answer.
    pub(super) fn probe(router: &str, phase: &'static str, why: &str) -> Self {
        let message = format!("router '{router}' does not tell {phase}: {why}");
        let hint = "look at the router with execute_junos_command; nothing was copied over an existing file";
        Self::new("device_probe_failed", message, hint).detail("phase", phase)
    }

    /// A copy over `scp` that failed.
    pub(super) fn of_copy(router: &str, fault: CopyFault) -> Self {
        let message = format!("router '{router}': {fault}");
        let new = |code, hint| Self::new(code, message.clone(), hint);
        match fault {
            CopyFault::Device(fault) => fault.into(),
            CopyFault::NoExec => new(
                "unsupported_auth",
                "the login class must allow scp: look for no-scp-server on the router",
            ),
            CopyFault::NoSpace { .. } => new("insufficient_disk", "free space on the router, then try again"),
            CopyFault::Refused { .. } | CopyFault::BadName | CopyFault::TooLarge { .. } | CopyFault::Protocol(_) => {
                new(
                    "scp_failed",
                    "the router's words say why; nothing has the name of the file",
                )
            }
            CopyFault::Source(error) if error.kind() == io::ErrorKind::UnexpectedEof => new(
                "verify_mismatch",
                "the file changed while it was sent: wait until it is whole, then try again",
            ),
            CopyFault::Source(_) => new("source_missing", "the file in the staging directory must stay readable"),
            CopyFault::Sink(error) if error.kind() == io::ErrorKind::StorageFull => new(
                "insufficient_local_disk",
                "free space where the staging directory lies, then try again",
            ),
            CopyFault::Sink(_) => new("scp_failed", "look at the staging directory of this server"),
        }
    }

    /// A file that should be in the staging directory.
    pub(super) fn of_source(fault: &StagingFault) -> Self {
        let hint = "list_staged_files names the files there are; the operator puts them there";
        Self::new("source_missing", fault.to_string(), hint)
    }

    /// A file that should get there.
    pub(super) fn of_target(fault: &StagingFault) -> Self {
        let hint = "the operator makes the staging directory writable; nothing was copied";
        let code = match fault {
            StagingFault::Busy(_) => "local_dest_exists_differs",
            _ => "insufficient_local_disk",
        };
        let hint = match fault {
            StagingFault::Busy(_) => "wait for the other copy; if there is none, the operator deletes that file",
            _ => hint,
        };
        Self::new(code, fault.to_string(), hint)
    }
}

impl From<Fault> for TransferFault {
    fn from(fault: Fault) -> Self {
        Self {
            errors: fault.errors,
            ..Self::new(fault.code, fault.message, &fault.hint)
        }
    }
}
