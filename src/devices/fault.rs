//! Why a contact with a router failed, in the words that reach the caller.

use std::sync::Arc;

use super::{host_key_fault::HostKeyFault, reply::Unreadable, ssh_config::ConfigFault};
use crate::junos::DeviceMessage;

/// A failed contact with one router.
///
/// `code` is a word of the closed list of failure codes; the message names the router.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// The stable word for this kind of failure.
    pub(crate) code: &'static str,
    /// One sentence that names the router.
    pub(crate) message: String,
    /// What to do next.
    pub(crate) hint: String,
    /// The router's own errors, where it sent any.
    pub(crate) errors: Vec<DeviceMessage>,
}

/// How far a connection attempt came before it failed.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum DialFault {
    #[error("the name '{host}' does not resolve: {reason}")]
    Resolve { host: String, reason: String },
    #[error("{reason}")]
    Connect { reason: String, retryable: bool },
    #[error("no answer within {seconds} s while {stage}")]
    Timeout { seconds: u64, stage: &'static str },
    #[error(transparent)]
    HostKey(#[from] HostKeyFault),
    #[error("the login of '{user}' was refused with {tried}; offered are: {offered}")]
    Login {
        user: String,
        tried: String,
        offered: String,
    },
    #[error("{reason}")]
    Credential {
        code: &'static str,
        reason: String,
        hint: String,
    },
    #[error("the SSH handshake failed: {reason}")]
    Handshake { reason: String },
    #[error("jump host {hop}: {cause}")]
    Jump { hop: String, cause: Arc<DialFault> },
    #[error(transparent)]
    Config(#[from] ConfigFault),
}

impl DialFault {
    /// How far the attempt came, as `check --connect` names it.
    pub(super) fn stage(&self) -> &'static str {
        match self {
            Self::Resolve { .. } => "dns",
            Self::Connect { .. } | Self::Handshake { .. } | Self::Config(_) => "tcp",
            Self::Timeout { .. } => "timeout",
            Self::HostKey(_) => "host_key",
            Self::Login { .. } | Self::Credential { .. } => "auth",
            Self::Jump { cause, .. } => cause.stage(),
        }
    }

    /// Whether the same attempt may succeed a moment later: somebody refused or reset the connection.
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Connect { retryable, .. } => *retryable,
            Self::Jump { cause, .. } => cause.is_retryable(),
            _ => false,
        }
    }

    /// Whether a server has judged a login and refused it.
    pub(super) fn is_refused_login(&self) -> bool {
        match self {
            Self::Login { .. } => true,
            Self::Jump { cause, .. } => cause.is_refused_login(),
            _ => false,
        }
    }

    /// A failure on the way through a jump host.
    pub(super) fn at_hop(self, hop: &str) -> Self {
        match self {
            Self::Jump { .. } => self,
            cause => Self::Jump {
                hop: hop.to_owned(),
                cause: Arc::new(cause),
            },
        }
    }
}

/// Why an exchange on an open session brought no reply.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum ExchangeFault {
    #[error("no complete reply before the deadline")]
    Timeout { hello_pending: bool },
    #[error("nobody waits for the reply any more")]
    Cancelled,
    #[error("the router closed the session before its reply was complete")]
    Closed { reply_begun: bool, hello_pending: bool },
    #[error("the router refuses the NETCONF subsystem")]
    SubsystemRefused,
    #[error("the router's hello is of no use: {0}")]
    Hello(String),
    #[error("the reply cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    #[error("the reply is out of step: {0}")]
    OutOfStep(String),
    #[error("the reply is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

/// Why no session could be had.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum LeaseFault {
    #[error("no session was free before the deadline")]
    Timeout { stage: &'static str },
    #[error("nobody waits for the session any more")]
    Cancelled,
    #[error(transparent)]
    Dial(#[from] Arc<DialFault>),
    #[error("the router refuses further sessions")]
    SessionLimit,
    #[error("the server is shutting down")]
    ShuttingDown,
}

impl Fault {
    fn new(code: &'static str, message: String, hint: &str) -> Self {
        Self {
            code,
            message,
            hint: hint.to_owned(),
            errors: Vec::new(),
        }
    }

    pub(super) fn from_lease(router: &str, fault: &LeaseFault) -> Self {
        match fault {
            LeaseFault::Timeout { stage } => Self::new(
                "outer_timeout",
                format!("router '{router}': the call's time ran out while {stage}; nothing was sent"),
                "raise timeout, or try again when the router answers faster",
            ),
            LeaseFault::Cancelled => Self::cancelled(router),
            LeaseFault::Dial(dial) => Self::from_dial(router, dial),
            LeaseFault::SessionLimit => Self::new(
                "session_limit",
                format!("router '{router}' refuses further sessions"),
                "try again when other sessions on the router have ended, or lower --router-sessions",
            ),
            LeaseFault::ShuttingDown => Self::new(
                "cancelled",
                format!("router '{router}': the server is shutting down; nothing was sent"),
                "try again when the server is back",
            ),
        }
    }

    pub(super) fn from_dial(router: &str, fault: &DialFault) -> Self {
        let text = format!("router '{router}': connect failed: {fault}");
        match fault {
            DialFault::Jump { cause, .. } => Self::new("jump_host_failed", text, &jump_hint(cause)),
            DialFault::Config(config) => Self::new(
                "router_disabled",
                format!("router '{router}' is disabled: {config}"),
                "correct the ssh_config file; it is read again at the next call",
            ),
            DialFault::Resolve { .. } | DialFault::Connect { .. } | DialFault::Handshake { .. } => Self::new(
                "connect_failed",
                text,
                "check that the router is up, that its address and port are right, and that NETCONF over SSH is configured",
            ),
            DialFault::Timeout { .. } => Self::new(
                "connect_timeout",
                text,
                "the router or a firewall on the way does not answer; check reachability, then try again",
            ),
            DialFault::Login { .. } => Self::new(
                "auth_failed",
                text,
                "the login was tried once and is not repeated; check the user name and the password or key in the inventory",
            ),
            DialFault::Credential { code, hint, .. } => Self::new(code, text, hint),
            DialFault::HostKey(host_key) => Self::new(host_key.code(), text, &host_key.hint()),
        }
    }

    pub(super) fn from_exchange(router: &str, fault: &ExchangeFault) -> Self {
        match fault {
            ExchangeFault::Timeout { hello_pending: true } => Self::new(
                "connect_timeout",
                format!("router '{router}': the SSH session opened, but the router did not say hello in time"),
                "the router's management process may be busy; try again, or check it on the router's console",
            ),
            ExchangeFault::Timeout { .. } => Self::new(
                "outer_timeout",
                format!("router '{router}': no complete reply before the deadline; the router may still be working"),
                "raise timeout, or ask for less; the session was dropped",
            ),
            ExchangeFault::Cancelled => Self::cancelled(router),
            ExchangeFault::Closed { .. } => Self::new(
                "session_lost",
                format!("router '{router}': {fault}"),
                "a command that only reads can be repeated; otherwise look at the router first",
            ),
            ExchangeFault::SubsystemRefused | ExchangeFault::Hello(_) => Self::new(
                "connect_failed",
                format!("router '{router}': connect failed: {fault}"),
                "check 'set system services netconf ssh' on the router and that the user's class may use NETCONF",
            ),
            ExchangeFault::Unreadable(_) | ExchangeFault::OutOfStep(_) => Self::new(
                "reply_malformed",
                format!("router '{router}': {fault}"),
                "the session was dropped; try again, and try another output format if it persists",
            ),
            ExchangeFault::TooLarge { .. } => Self::new(
                "reply_too_large",
                format!("router '{router}': {fault}"),
                "the session was dropped; ask for less, with a narrower command or config_path",
            ),
        }
    }

    fn cancelled(router: &str) -> Self {
        Self::new(
            "cancelled",
            format!("router '{router}': the call was cancelled before it ended"),
            "nothing is waiting on the router for this call any more",
        )
    }

    /// The router's own refusal of what was sent; all its errors are kept.
    pub(crate) fn rejected(router: &str, errors: Vec<DeviceMessage>, own_rpc: bool) -> Self {
        let words = errors.iter().map(said).collect::<Vec<_>>().join("; ");
        let (code, hint) = judge(&errors, own_rpc);
        Self {
            code,
            message: format!("router '{router}': {words}"),
            hint: hint.to_owned(),
            errors,
        }
    }

    /// A refusal that the router expressed as plain text.
    pub(super) fn said(router: &str, text: String, own_rpc: bool) -> Self {
        Self::rejected(router, vec![DeviceMessage::error(text)], own_rpc)
    }
}

/// What to do about a jump host.
fn jump_hint(cause: &DialFault) -> String {
    let hint = match cause {
        DialFault::Login { .. } => {
            "correct User or IdentityFile of the jump host in the ssh_config; its login was tried once and is not repeated for a minute"
        }
        DialFault::Credential { hint, .. } => hint,
        DialFault::HostKey(HostKeyFault::Unknown { .. }) => {
            "compare the fingerprint with the jump host's own, then add its key to the known_hosts file, for instance with ssh-keyscan"
        }
        DialFault::HostKey(host_key) => return host_key.hint(),
        DialFault::Resolve { .. } | DialFault::Connect { .. } | DialFault::Handshake { .. } => {
            "check that the jump host is up and that it allows forwarding (AllowTcpForwarding) to the router's port"
        }
        _ => "the jump host or a firewall before it does not answer; check that it can be reached from here",
    };
    hint.to_owned()
}

/// The router's words with the place they are about.
fn said(message: &DeviceMessage) -> String {
    let mut text = message.message.clone();
    if let Some(element) = message
        .bad_element
        .as_deref()
        .filter(|element| !text.contains(*element))
    {
        text.push_str(&format!(" ({element})"));
    }
    if let Some(path) = &message.path {
        text = format!("{path}: {text}");
    }
    if let Some(engine) = &message.re_name {
        text = format!("{engine}: {text}");
    }
    text
}

fn judge(errors: &[DeviceMessage], own_rpc: bool) -> (&'static str, &'static str) {
    let any = |words: &[&str]| {
        errors.iter().any(|error| {
            let message = error.message.to_ascii_lowercase();
            words.iter().any(|word| message.contains(word))
        })
    };
    if any(&["permission denied"]) {
        return (
            "permission_denied",
            "the login class of the user does not allow this; ask for a class that does",
        );
    }
    let unsupported = errors
        .iter()
        .any(|error| error.error_tag.as_deref() == Some("operation-not-supported"));
    let unknown = any(&[
        "syntax error",
        "unknown command",
        "is ambiguous",
        "missing argument",
        "invalid command",
    ]);
    if unsupported || unknown {
        // A word that was typed wrong is a matter of its own; an operation that there is not, was not typed.
        return if own_rpc || unsupported {
            ("rpc_unsupported", "this Junos release does not know the request")
        } else {
            (
                "syntax_error",
                "correct the command; the router names the word it did not understand",
            )
        };
    }
    ("device_error", "the router refused this; its words say why")
}
