//! What is known of a job, as it is kept and shown.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Lines of its log that a job keeps, the latest.
const MOST_LINES: usize = 200;

/// Phases that a job keeps, the latest; no work has nearly as many.
const MOST_PHASES: usize = 100;

/// Which kind of work a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A new Junos release.
    #[allow(dead_code, reason = "used by the upgrade tool")]
    Upgrade,
    /// A new signature package.
    #[allow(dead_code, reason = "used by the signature tools")]
    Signature,
    /// A support bundle.
    #[allow(dead_code, reason = "used by the bundle tool")]
    Bundle,
    /// A commit.
    Commit,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It has a place and has not begun.
    Queued,
    /// It runs.
    Running,
    /// It did what it was asked to.
    Succeeded,
    /// It did not.
    Failed,
    /// It was stopped before the point of no return.
    Cancelled,
    /// The process ended first; what it did must be looked up on the router.
    Interrupted,
}

impl State {
    pub(super) const ALL: [Self; 6] = [
        Self::Queued,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Interrupted,
    ];

    /// The word for results.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Whether nothing more will come of the job.
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// When a phase began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PhaseTime {
    /// The phase.
    pub(crate) phase: String,
    /// When it began.
    #[schemars(with = "String")]
    pub(crate) at: DateTime<Utc>,
}

/// Everything that is known of a job. No secret stands in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// `j-` and 16 hexadecimal digits.
    pub(crate) job_id: String,
    /// The call that started it.
    pub(crate) call_id: String,
    pub(crate) kind: Kind,
    pub(crate) router_name: String,
    /// The name of who started it.
    pub(crate) caller: String,
    /// Whose it is: a name alone may be given to somebody else. Nobody's in records of versions that kept none.
    #[serde(default)]
    pub(crate) principal: String,
    pub(crate) state: State,
    /// What it is at, or was at last.
    pub(crate) phase: Option<String>,
    pub(crate) phases: Vec<PhaseTime>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) finished_at: Option<DateTime<Utc>>,
    /// The latest lines of its log.
    pub(crate) log: VecDeque<String>,
    /// What the tool gave back.
    pub(crate) result: Option<Value>,
    /// Why it did not do what it was asked to, as tools say it.
    pub(crate) error: Option<Value>,
    /// Whether it can still be stopped.
    pub(crate) cancellable: bool,
    /// Whether it is worth listing: a commit that was answered in its call is not.
    pub(crate) listed: bool,
    /// What to look at on the router if the process ends first.
    pub(crate) verify: String,
    /// The process that runs it.
    pub(crate) owner: String,
}

impl Record {
    pub(super) fn enter(&mut self, phase: &str, at: DateTime<Utc>) {
        self.phase = Some(phase.to_owned());
        if self.phases.len() == MOST_PHASES {
            self.phases.remove(0);
        }
        self.phases.push(PhaseTime {
            phase: phase.to_owned(),
            at,
        });
    }

    pub(super) fn write(&mut self, line: String) {
        if self.log.len() == MOST_LINES {
            self.log.pop_front();
        }
        self.log.push_back(line);
    }

    /// The process that ran it is gone, and nobody knows what came of it.
    pub(super) fn interrupt(&mut self, at: DateTime<Utc>) {
        let phase = self.phase.as_deref().unwrap_or("starting");
        self.error = Some(json!({
            "code": self.kind.unknown_code(),
            "message": format!(
                "router '{}': the process that ran this job ended while it was {phase}, before the outcome was known",
                self.router_name
            ),
            "hint": self.verify,
            "retryable": false,
        }));
        self.state = State::Interrupted;
        self.finished_at = Some(at);
        self.cancellable = false;
        self.listed = true;
    }

    /// The code of its error.
    pub(crate) fn error_code(&self) -> Option<&str> {
        self.error.as_ref()?["code"].as_str()
    }
}

impl Kind {
    /// The code that says that nobody knows what came of such a job.
    fn unknown_code(self) -> &'static str {
        match self {
            Self::Commit => "commit_unknown",
            Self::Upgrade | Self::Signature | Self::Bundle => "internal",
        }
    }
}
