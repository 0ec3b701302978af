//! Who asks.

use super::spec::Spec;
use crate::audit;

/// The principal of a call, as the server verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Stdio,
}

impl Caller {
    /// The process that started this one: it has the full scope under the policy of the command line.
    pub fn stdio() -> Self {
        Self { kind: Kind::Stdio }
    }

    /// The name that outputs, jobs and commit logs carry.
    pub fn name(&self) -> &str {
        match self.kind {
            Kind::Stdio => "stdio",
        }
    }

    /// The transport that the call came by.
    pub(crate) fn transport(&self) -> &'static str {
        match self.kind {
            Kind::Stdio => "stdio",
        }
    }

    /// The caller as audit records name it.
    pub(crate) fn recorded(&self) -> audit::Caller {
        audit::Caller {
            kind: match self.kind {
                Kind::Stdio => "stdio",
            },
            name: self.name().to_owned(),
            transport: self.transport(),
            ..audit::Caller::default()
        }
    }

    /// Whether the caller may use a tool.
    pub(crate) fn may_use(&self, _: &Spec) -> bool {
        match self.kind {
            Kind::Stdio => true,
        }
    }

    /// Whether a router of this name and with these tags is in the caller's scope. Asked before whether it exists.
    pub(crate) fn reaches(&self, _name: &str, _tags: &[String]) -> bool {
        match self.kind {
            Kind::Stdio => true,
        }
    }

    /// Whether the caller may know of the jobs of others.
    pub(crate) fn sees_all_jobs(&self) -> bool {
        match self.kind {
            Kind::Stdio => true,
        }
    }

    /// Whether the caller's Operate tools accept only commands that read.
    pub(crate) fn is_confined(&self) -> bool {
        match self.kind {
            Kind::Stdio => false,
        }
    }
}
