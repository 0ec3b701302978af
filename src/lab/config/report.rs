//! What a load or a check has to say.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The operation went on.
    Warning,
    /// The operation failed, at least in part.
    Error,
}

/// One finding about a configuration, with the fields of an `rpc-error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// `error-type` and `error-tag`, where Junos sends them.
    pub(crate) kind: Option<(&'static str, &'static str)>,
    /// The daemon that objects.
    pub(crate) source_daemon: Option<&'static str>,
    /// The place, as `[edit …]`.
    pub(crate) path: Option<String>,
    /// The word or statement that is wrong.
    pub(crate) bad_element: Option<String>,
    /// Junos' text.
    pub(crate) message: String,
    /// Line of the payload, counted from 1.
    pub(crate) line: Option<usize>,
}

impl ConfigError {
    /// An error with nothing but a text.
    pub(crate) fn error(message: impl Into<String>) -> ConfigError {
        ConfigError {
            severity: Severity::Error,
            kind: None,
            source_daemon: None,
            path: None,
            bad_element: None,
            message: message.into(),
            line: None,
        }
    }

    /// A warning with nothing but a text.
    pub(crate) fn warning(message: impl Into<String>) -> ConfigError {
        ConfigError {
            severity: Severity::Warning,
            ..ConfigError::error(message)
        }
    }

    /// An error of the parser.
    pub(super) fn parser(message: impl Into<String>, bad_element: Option<String>, line: Option<usize>) -> ConfigError {
        let kind = Some(("protocol", "operation-failed"));
        ConfigError {
            kind,
            bad_element,
            line,
            ..ConfigError::error(message)
        }
    }

    /// An objection of a daemon at commit time.
    pub(super) fn daemon(
        daemon: &'static str,
        path: String,
        bad_element: &str,
        message: impl Into<String>,
    ) -> ConfigError {
        ConfigError {
            kind: Some(("protocol", "operation-failed")),
            source_daemon: Some(daemon),
            path: Some(path),
            bad_element: Some(bad_element.to_owned()),
            ..ConfigError::error(message)
        }
    }
}

/// What a load did not like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadReport {
    /// Reasons why the load failed, in the order of the payload.
    pub(crate) errors: Vec<ConfigError>,
    /// Remarks about a load that went on.
    pub(crate) warnings: Vec<ConfigError>,
}
