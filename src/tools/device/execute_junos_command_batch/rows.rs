//! The rows of a batch and how the outcomes of commands become rows.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{output::Presented, tools::failure::Failure};

/// The result of a batch.
#[derive(Serialize, JsonSchema)]
pub(super) struct Output {
    /// Counts over all routers.
    pub(super) summary: Summary,
    /// One row per router, in the order of the request.
    pub(super) results: Vec<Row>,
}

/// Counts over all routers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Summary {
    pub(super) total_routers: usize,
    pub(super) successful: usize,
    pub(super) failed: usize,
    /// Seconds from the start of the batch to its end.
    pub(super) total_duration: f64,
    /// The command, where the call gave a single one.
    pub(super) command: Option<String>,
}

/// How a router or a command fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Success,
    Failed,
}

/// One router.
#[derive(Serialize, JsonSchema)]
pub(super) struct Row {
    pub(super) router_name: String,
    pub(super) status: Status,
    /// One entry per command that was tried or left out.
    pub(super) commands: Option<Vec<CommandRow>>,
    /// Why the router was not worked on.
    pub(super) error: Option<String>,
    /// Output of the single command, or why it failed.
    pub(super) output: Option<String>,
    /// Seconds the single command took.
    pub(super) execution_duration: Option<f64>,
    pub(super) start_time: Option<String>,
    pub(super) end_time: Option<String>,
    pub(super) warnings: Option<Vec<String>>,
    pub(super) truncated: Option<bool>,
    /// Where the whole output can be read on with read_output.
    pub(super) output_id: Option<String>,
}

/// One command on one router.
#[derive(Clone, Serialize, JsonSchema)]
pub(super) struct CommandRow {
    pub(super) command: String,
    pub(super) status: Status,
    pub(super) output: Option<String>,
    pub(super) error: Option<String>,
    /// Seconds from sending the command to the end of its reply.
    pub(super) execution_duration: Option<f64>,
    pub(super) warnings: Option<Vec<String>>,
    pub(super) truncated: Option<bool>,
    /// Where the whole output can be read on with read_output.
    pub(super) output_id: Option<String>,
}

/// What became of one router.
pub(super) struct Visit {
    pub(super) router_name: String,
    /// Why the router was not worked on at all.
    pub(super) error: Option<Failure>,
    pub(super) commands: Vec<CommandRow>,
    pub(super) started: DateTime<Utc>,
    pub(super) ended: DateTime<Utc>,
}

impl CommandRow {
    /// A command that was answered.
    pub(super) fn answered(command: &str, presented: Presented, warnings: Vec<String>, took: Duration) -> Self {
        Self {
            command: command.to_owned(),
            status: Status::Success,
            output: Some(presented.text),
            error: None,
            execution_duration: Some(seconds(took)),
            warnings: (!warnings.is_empty()).then_some(warnings),
            truncated: presented.truncated.then_some(true),
            output_id: presented.output_id,
        }
    }

    /// A command that failed, or was left out.
    pub(super) fn failed(command: &str, error: String) -> Self {
        Self {
            command: command.to_owned(),
            status: Status::Failed,
            output: None,
            error: Some(error),
            execution_duration: None,
            warnings: None,
            truncated: None,
            output_id: None,
        }
    }
}

impl Visit {
    fn status(&self) -> Status {
        let all = self.commands.iter().all(|command| command.status == Status::Success);
        if self.error.is_none() && all {
            Status::Success
        } else {
            Status::Failed
        }
    }

    fn row(self) -> Row {
        Row {
            status: self.status(),
            error: self.error.as_ref().map(Failure::row),
            commands: Some(self.commands),
            ..Row::named(self.router_name)
        }
    }

    /// The row without a list of commands.
    fn flat_row(self) -> Row {
        let status = self.status();
        let [start, end] = [self.started, self.ended].map(|time| time.to_rfc3339_opts(SecondsFormat::Millis, true));
        let command = self.commands.into_iter().next();
        let error = self.error.as_ref().map(Failure::row);
        let took = command.as_ref().and_then(|command| command.execution_duration);
        let elapsed = (self.ended - self.started).to_std().unwrap_or_default();
        let words = command
            .as_ref()
            .and_then(|command| command.output.clone().or(command.error.clone()));
        Row {
            status,
            output: error.or(words),
            execution_duration: Some(took.unwrap_or(seconds(elapsed))),
            start_time: Some(start),
            end_time: Some(end),
            warnings: command.as_ref().and_then(|command| command.warnings.clone()),
            truncated: command.as_ref().and_then(|command| command.truncated),
            output_id: command.and_then(|command| command.output_id),
            ..Row::named(self.router_name)
        }
    }
}

impl Row {
    fn named(router_name: String) -> Self {
        Self {
            router_name,
            status: Status::Failed,
            commands: None,
            error: None,
            output: None,
            execution_duration: None,
            start_time: None,
            end_time: None,
            warnings: None,
            truncated: None,
            output_id: None,
        }
    }
}

impl Output {
    /// The result of a batch; `flat` holds the single command where the call gave one.
    pub(super) fn of(visits: Vec<Visit>, flat: Option<String>, took: Duration) -> Self {
        let total = visits.len();
        let successful = visits.iter().filter(|visit| visit.status() == Status::Success).count();
        let is_flat = flat.is_some();
        Self {
            summary: Summary {
                total_routers: total,
                successful,
                failed: total - successful,
                total_duration: seconds(took),
                command: flat,
            },
            results: visits
                .into_iter()
                .map(|visit| if is_flat { visit.flat_row() } else { visit.row() })
                .collect(),
        }
    }
}

/// Seconds with three decimals.
pub(super) fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
