//! One row for each router.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::render::Rendering;
use crate::tools::{
    call::Call,
    code::Code,
    config::{Changed, Format},
    failure::Failure,
    router::Router,
};

/// What became of one router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Rendered,
    Valid,
    Committed,
    NoChanges,
    Failed,
    Skipped,
}

/// Why a router failed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
struct RowError {
    code: String,
    message: String,
    hint: String,
}

/// The rendering for a router and what became of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Row {
    /// The router; absent when none was named.
    router_name: Option<String>,
    /// The same, for older readers.
    router: Option<String>,
    /// The configuration; absent when it is that of another row.
    rendered_template: Option<String>,
    /// The router whose rendering is the same.
    same_as: Option<String>,
    config_format: Format,
    pub(super) status: Status,
    /// One sentence on what was done.
    message: Option<String>,
    /// The difference in Junos' own form.
    diff: Option<String>,
    /// Whether the difference is cut.
    truncated: Option<bool>,
    /// The rest of the difference, for read_output.
    output_id: Option<String>,
    /// The id in the router's commit log.
    commit_id: Option<String>,
    pub(super) commit_comment: Option<String>,
    /// When the router goes back unless the commit is confirmed.
    rollback_at: Option<String>,
    warnings: Option<Vec<String>>,
    error: Option<RowError>,
    #[serde(skip)]
    code: Option<Code>,
}

impl Row {
    pub(super) fn new(router: Option<&str>, rendering: &Rendering, status: Status) -> Self {
        Self {
            router_name: router.map(str::to_owned),
            router: router.map(str::to_owned),
            rendered_template: Some(rendering.text.clone()),
            same_as: None,
            config_format: rendering.format,
            status,
            message: None,
            diff: None,
            truncated: None,
            output_id: None,
            commit_id: None,
            commit_comment: None,
            rollback_at: None,
            warnings: None,
            error: None,
            code: None,
        }
    }

    /// Whether the router was not brought to where it should be.
    pub(super) fn is_failed(&self) -> bool {
        matches!(self.status, Status::Failed | Status::Skipped)
    }

    /// Notes that the router was not brought to where it should be.
    pub(super) fn note_failure(&self, call: &Call) {
        if let Some(router) = &self.router_name {
            call.notes().router_failed(router);
        }
    }

    /// Whether a commit was made.
    pub(super) fn is_committed(&self) -> bool {
        self.status == Status::Committed
    }

    /// The change ended as asked.
    pub(super) fn done(&mut self, changed: Changed, sentence: String) {
        self.status = match changed.outcome {
            "committed" => Status::Committed,
            "no_changes" => Status::NoChanges,
            _ => Status::Valid,
        };
        self.message = Some(sentence);
        self.diff = changed.diff;
        self.truncated = changed.truncated;
        self.output_id = changed.output_id;
        self.commit_id = changed.commit_id;
        self.rollback_at = changed.rollback_at;
        self.warnings = changed.warnings;
    }

    /// It did not.
    pub(super) fn failed(&mut self, call: &Call, failure: &Failure) {
        self.status = Status::Failed;
        self.code = Some(failure.code());
        let (known, error) = call.failed(failure);
        let known = known.unwrap_or_default();
        self.error = error.and_then(|error| serde_json::from_value(error).ok());
        self.diff = known["diff"].as_str().map(str::to_owned);
        self.commit_id = known["commit_id"].as_str().map(str::to_owned);
    }
}

/// Rows of renderings that went nowhere.
pub(super) fn rendered(routers: &[Router], renderings: Vec<Rendering>) -> Vec<Row> {
    let names = routers.iter().map(|router| Some(router.name()));
    let names = names.chain(std::iter::repeat(None));
    renderings
        .iter()
        .zip(names)
        .map(|(rendering, name)| Row::new(name, rendering, Status::Rendered))
        .collect()
}

/// The same rows, each rendering given once.
pub(super) fn deduplicated(mut rows: Vec<Row>) -> Vec<Row> {
    for index in 1..rows.len() {
        let (before, rest) = rows.split_at_mut(index);
        let row = &mut rest[0];
        let same = before
            .iter()
            .find(|other| other.rendered_template == row.rendered_template);
        if let Some(other) = same {
            row.same_as.clone_from(&other.router_name);
            row.rendered_template = None;
        }
    }
    rows
}

/// The failure of the call, where every router failed.
pub(super) fn failure_of_all(rows: &[Row]) -> Option<Failure> {
    let all = rows
        .iter()
        .all(|row| matches!(row.status, Status::Failed | Status::Skipped));
    let first = rows.iter().find(|row| row.status == Status::Failed).filter(|_| all)?;
    let error = first.error.clone().unwrap_or_default();
    let code = first.code.unwrap_or(Code::DeviceError);
    Some(Failure::new(code, error.message).hint(error.hint))
}
