//! Why the host key of a router is not accepted, and what to do about it.

use std::path::PathBuf;

/// Why a router's host key was not accepted. Nothing has been sent to the router but the key exchange.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum HostKeyFault {
    #[error("no host key is on file for {name}; it shows {key_type} {fingerprint}")]
    Unknown {
        name: String,
        key_type: String,
        fingerprint: String,
    },
    #[error("the host key of {name} is not the one on file; it shows {key_type} {fingerprint}, on file: {known}")]
    Mismatch {
        name: String,
        key_type: String,
        fingerprint: String,
        known: String,
    },
    #[error("the host key of {name} is revoked: {key_type} {fingerprint}")]
    Revoked {
        name: String,
        key_type: String,
        fingerprint: String,
    },
    #[error("there is no known_hosts file at {}", path.display())]
    Missing { path: PathBuf },
    #[error("the known_hosts file {} cannot be used: {reason}", path.display())]
    Unusable { path: PathBuf, reason: String },
}

impl HostKeyFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "host_key_unknown",
            Self::Mismatch { .. } => "host_key_mismatch",
            Self::Revoked { .. } => "host_key_revoked",
            Self::Missing { .. } | Self::Unusable { .. } => "known_hosts_missing",
        }
    }

    /// Of the key that the host showed.
    pub(super) fn fingerprint(&self) -> Option<&str> {
        match self {
            Self::Unknown { fingerprint, .. }
            | Self::Mismatch { fingerprint, .. }
            | Self::Revoked { fingerprint, .. } => Some(fingerprint),
            Self::Missing { .. } | Self::Unusable { .. } => None,
        }
    }

    pub(super) fn hint(&self) -> String {
        let text = match self {
            Self::Unknown { .. } => {
                "compare the fingerprint with the router's console, then add its key: rust-junosmcp known-hosts scan"
            }
            Self::Mismatch { .. } => {
                "somebody may be in between, or the router was replaced; compare the fingerprint with its console before changing known_hosts"
            }
            Self::Revoked { .. } => "this key must not be trusted any more; give the router a new host key",
            Self::Missing { .. } => {
                "add the routers' keys with rust-junosmcp known-hosts scan, or name the file with --known-hosts-file"
            }
            Self::Unusable { .. } => "make the file readable for this user",
        };
        text.to_owned()
    }
}
