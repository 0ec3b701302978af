//! What the installation leaves on every disk; the contents are shared by all routers.

use super::HOME;

/// A folder, its owner and its mode.
pub(super) const FOLDERS: [(&str, &str, u32); 17] = [
    ("/", "root", 0o755),
    ("/config", "root", 0o750),
    ("/etc", "root", 0o755),
    ("/packages", "root", 0o755),
    ("/root", "root", 0o700),
    ("/tmp", "root", 0o1777),
    ("/var", "root", 0o755),
    ("/var/core", "root", 0o755),
    ("/var/crash", "root", 0o755),
    ("/var/db", "root", 0o755),
    ("/var/home", "root", 0o755),
    (HOME, crate::lab::identity::USER, 0o755),
    ("/var/log", "root", 0o755),
    ("/var/rundb", "root", 0o755),
    ("/var/sw", "root", 0o755),
    ("/var/sw/pkg", "root", 0o755),
    ("/var/tmp", "root", 0o1777),
];

/// A file, its mode and its content.
pub(super) const FILES: [(&str, u32, &str); 8] = [
    ("/config/license.conf", 0o600, "# no licence is installed\n"),
    ("/etc/hosts.junos", 0o644, "127.0.0.1 localhost re0\n::1 localhost\n"),
    ("/etc/resolv.conf", 0o644, "nameserver 192.0.2.53\n"),
    ("/var/log/messages", 0o644, ""),
    ("/var/log/interactive-commands", 0o644, ""),
    (
        "/var/log/chassisd",
        0o644,
        "lab: the chassis daemon found one slot, and it is full\n",
    ),
    (
        "/var/log/dcd",
        0o644,
        "lab: the interface daemon has nothing to report\n",
    ),
    (
        "/var/log/install",
        0o644,
        "lab: the system was installed from its image\n",
    ),
];

/// A symbolic link and where it leads.
pub(super) const LINKS: [(&str, &str); 1] = [("/packages/junos", "/var/sw/pkg")];
