//! Which jobs a caller may know of, and how they are shown.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::{
    jobs::Record,
    tools::{call::Call, code::Code, failure::Failure},
};

/// Whether the caller may know of a job.
pub(super) fn is_visible(call: &Call, record: &Record) -> bool {
    call.caller().sees_job(call.inventory(), record)
}

/// The job, if the caller may know of it.
pub(super) async fn job(call: &Call, job_id: &str) -> Result<Record, Failure> {
    let record = call.services().jobs.record(job_id).await;
    record.filter(|record| is_visible(call, record)).ok_or_else(not_found)
}

pub(super) fn not_found() -> Failure {
    Failure::new(
        Code::JobNotFound,
        "no job of this id: it never was, was too long ago, or belongs to somebody else",
    )
    .hint("list_jobs shows the jobs there are; they are kept for 7 days")
}

pub(super) fn moment(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
