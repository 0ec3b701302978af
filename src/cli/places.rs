//! Where files are when nobody says so.

use std::path::{Path, PathBuf};

use crate::settings::StagingPlace;

const SYSTEM_KNOWN_HOSTS: &str = "/etc/jmcp/known_hosts";
const SYSTEM_STATE: &str = "/var/lib/jmcp/state";
const SYSTEM_STAGING: &str = "/var/lib/jmcp/staging";

/// The known_hosts file: that of the host if there is one, else the user's own.
pub(super) fn known_hosts() -> PathBuf {
    let system = Path::new(SYSTEM_KNOWN_HOSTS);
    match variable("HOME") {
        Some(home) if !system.exists() => home.join(".ssh/known_hosts"),
        _ => system.to_owned(),
    }
}

/// The directory for state: that of the host if we may write there, else the user's own.
pub(super) fn state() -> PathBuf {
    let system = PathBuf::from(SYSTEM_STATE);
    if is_writable(&system) {
        return system;
    }
    user_state().map_or(system, |user| user.join("jmcp"))
}

/// The staging directory: that of the host if there is one, else the user's own, which is made when it is first needed.
pub(super) fn staging() -> Option<StagingPlace> {
    let system = Path::new(SYSTEM_STAGING);
    if system.exists() {
        return Some(StagingPlace {
            directory: system.to_owned(),
            is_made: false,
        });
    }
    Some(StagingPlace {
        directory: user_state()?.join("jmcp/staging"),
        is_made: true,
    })
}

/// The user's directory for state of programs.
fn user_state() -> Option<PathBuf> {
    variable("XDG_STATE_HOME").or_else(|| variable("HOME").map(|home| home.join(".local/state")))
}

/// Whether this process may write to a directory, or make it.
pub(super) fn is_writable(directory: &Path) -> bool {
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    directory.is_dir() && rustix::fs::access(directory, access).is_ok()
}

/// The nearest directory on the way to this one that exists.
pub(super) fn nearest_existing(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|ancestor| ancestor.exists())
}

/// A path of which clients that run elsewhere can make sense.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// This binary, as it can be started again. On Linux an upgraded file does not change what is started.
pub(super) fn this_program() -> PathBuf {
    if cfg!(target_os = "linux") {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("rust-junosmcp"))
}
