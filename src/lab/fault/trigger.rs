//! The points at which a fault fires.

/// The point at which a fault fires.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trigger {
    /// The connection was accepted; nothing was written yet.
    Connect,
    /// The SSH identification was written; no keys were exchanged yet.
    KeyExchange,
    /// A login is judged.
    Auth,
    /// A login by that method is judged: `password`, `publickey` or `keyboard-interactive`.
    AuthBy(&'static str),
    /// A channel is asked for.
    Channel,
    /// The NETCONF subsystem is asked for.
    Subsystem,
    /// The NETCONF hello is about to be written.
    Hello,
    /// A request of that name arrived and has had no effect yet; `*` is any.
    Rpc(String),
    /// A request of that name has taken effect and its reply is about to be written; `*` is any.
    Reply(String),
    /// At once, when the fault is injected.
    Now,
    /// That many seconds after the fault was injected.
    After(u64),
    /// A transfer over SCP was asked for; nothing was written yet.
    ScpOpen,
    /// The header of a file is about to be read or written.
    ScpHeader,
    /// That byte of a file, counted from 0, was read or is about to be written.
    ScpByte(u64),
    /// A file arrived or was sent whole, and is about to be acknowledged.
    ScpAck,
    /// A checksum is about to be told.
    Checksum,
    /// A software package is about to be judged.
    Package,
    /// The router goes down and is to come back.
    Boot,
}

impl Trigger {
    /// Before the request of that name takes effect.
    pub fn rpc(name: &str) -> Self {
        Self::Rpc(name.to_owned())
    }

    /// After the request of that name took effect, before its reply.
    pub fn reply(name: &str) -> Self {
        Self::Reply(name.to_owned())
    }

    pub(super) fn covers(&self, point: &Trigger) -> bool {
        match (self, point) {
            (Self::Rpc(wanted), Self::Rpc(name)) | (Self::Reply(wanted), Self::Reply(name)) => {
                wanted == "*" || wanted == name
            }
            (one, other) => one == other,
        }
    }
}
