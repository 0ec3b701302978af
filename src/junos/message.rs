//! One error or warning out of a router's reply, as data.

/// How much a message weighs: a warning never fails a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Said along with a success.
    Warning,
    /// The request, or a part of it, failed.
    Error,
}

/// One `rpc-error`, `xnm:error` or `xnm:warning` as read from a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceMessage {
    /// Warning or error.
    pub(crate) severity: Severity,
    /// What the router said.
    pub(crate) message: String,
    /// The configuration path it concerns, such as `[edit system]`.
    pub(crate) path: Option<String>,
    /// The statement or word that was wrong.
    pub(crate) bad_element: Option<String>,
    /// The process that complained.
    pub(crate) source_daemon: Option<String>,
    /// The routing engine or node it came from.
    pub(crate) re_name: Option<String>,
    /// NETCONF's kind of error, such as `protocol`.
    pub(crate) error_type: Option<String>,
    /// NETCONF's tag, such as `operation-failed`.
    pub(crate) error_tag: Option<String>,
}

impl DeviceMessage {
    /// An error that is known by its text alone.
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message.into())
    }

    /// A warning that is known by its text alone.
    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message.into())
    }

    fn new(severity: Severity, message: String) -> Self {
        Self {
            severity,
            message,
            path: None,
            bad_element: None,
            source_daemon: None,
            re_name: None,
            error_type: None,
            error_tag: None,
        }
    }
}
