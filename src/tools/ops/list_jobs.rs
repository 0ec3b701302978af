//! `list_jobs`: which jobs there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::visible::{is_visible, moment};
use crate::{
    jobs::{Kind, Record, State},
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec},
    },
};

/// List long-running jobs: upgrades, signature updates, support bundles and commits, newest first. Commits are listed if they
/// outlived their call or ended unknown.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Only jobs in these states.
    #[schemars(length(min = 1, max = 6))]
    state: Option<Vec<State>>,
    /// Only jobs of this kind.
    kind: Option<Kind>,
    /// Only jobs on this router.
    #[schemars(length(min = 1, max = 128))]
    router_name: Option<String>,
    /// Most jobs in the answer.
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 200))]
    limit: usize,
    /// The next_cursor of the answer before.
    #[schemars(length(max = 64))]
    cursor: Option<String>,
}

fn fifty() -> usize {
    50
}

#[derive(Serialize, JsonSchema)]
struct Output {
    jobs: Vec<Job>,
    /// How many there are in all.
    total: usize,
    /// For the rest.
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Job {
    job_id: String,
    kind: Kind,
    router_name: String,
    state: State,
    phase: Option<String>,
    started_at: String,
    finished_at: Option<String>,
    error_code: Option<String>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("list_jobs", "List jobs", Effect::Read, run)
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let wanted = |record: &Record| {
        record.listed
            && is_visible(&call, record)
            && args.state.as_ref().is_none_or(|states| states.contains(&record.state))
            && args.kind.is_none_or(|kind| kind == record.kind)
            && args.router_name.as_ref().is_none_or(|name| *name == record.router_name)
    };
    let jobs: Vec<Record> = call.services().jobs.all().await.into_iter().filter(wanted).collect();
    let total = jobs.len();
    // The cursor is the last job that was seen: jobs that begin meanwhile stand before it.
    let start = match &args.cursor {
        None => 0,
        Some(cursor) => jobs
            .iter()
            .position(|job| job.job_id == *cursor)
            .map(|at| at + 1)
            .ok_or_else(|| {
                Failure::new(Code::InvalidArgument, "argument 'cursor' is not one of this list")
                    .hint("leave cursor out to begin again, with the same other arguments throughout")
            })?,
    };
    let page: Vec<Job> = jobs.into_iter().skip(start).take(args.limit).map(row).collect();
    let is_last = start + page.len() >= total;
    Ok(Output {
        next_cursor: page.last().filter(|_| !is_last).map(|job| job.job_id.clone()),
        jobs: page,
        total,
    }
    .into())
}

fn row(record: Record) -> Job {
    Job {
        error_code: record.error_code().map(str::to_owned),
        job_id: record.job_id,
        kind: record.kind,
        router_name: record.router_name,
        state: record.state,
        phase: record.phase,
        started_at: moment(record.started_at),
        finished_at: record.finished_at.map(moment),
    }
}
