//! `confirm_commit`: a confirmed commit is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{approval, change};
use crate::{
    tools::{asking::Stop, call::Call, code::Code, failure::Failure, outcome::Structured, spec::Effect, spec::Spec},
    workflows::transaction::{self, Cleanup, HistoryEntry, Wanted},
};

/// Confirm a pending confirmed commit on a Junos device to keep the change, so that it is not rolled back automatically.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// The commit_id of the commit to keep, as load_and_commit_config gave it; refused if another one is pending.
    #[schemars(length(max = 64))]
    commit_id: Option<String>,
    /// Why, for the router's commit log.
    #[serde(default = "comment")]
    #[schemars(length(max = 512))]
    commit_comment: String,
}

/// A kept commit.
#[derive(Serialize, JsonSchema)]
struct Output {
    /// The router.
    router_name: String,
    /// Whether the commit was kept.
    success: bool,
    /// `confirmed`.
    outcome: &'static str,
    /// `commit`, or `commit_check` when others have uncommitted work that a commit would have activated.
    confirmed_by: &'static str,
    /// The commit that was pending.
    commit: HistoryEntry,
    /// `unproven` when the router could not be seen to be left as it was.
    cleanup: Option<&'static str>,
    /// What the router or this server warns of.
    warnings: Option<Vec<String>>,
}

fn comment() -> String {
    "Confirmed via MCP".to_owned()
}

pub(super) fn spec() -> Spec {
    Spec::structured("confirm_commit", "Confirm a confirmed commit", Effect::Write, run)
        .asks()
        .timed()
        .confirmed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Stop> {
    let router = call.device(&args.router_name)?;
    if args.commit_id.as_deref().is_some_and(|id| !is_call_id(id)) {
        return Err(Failure::new(
            Code::InvalidArgument,
            "commit_id must be 'c-' and 12 hexadecimal digits",
        )
        .hint("take it from the result of load_and_commit_config, or leave it out")
        .into());
    }
    let context = router.change(&args.commit_comment)?;
    let mut wanted = Wanted::from(args.commit_id);
    if call.ladder()?.is_needed() {
        let pending = transaction::pending(&context, &wanted, router.work())
            .await
            .map_err(|fault| change::failed(&call, router.name(), fault))?;
        approval::of_confirmation(&call, &router, &pending).await?;
        wanted = Wanted::Exactly(Box::new(pending));
    }
    let kept = transaction::confirm(context, wanted, router.work().clone())
        .await
        .map_err(|fault| change::failed(&call, router.name(), fault))?;
    let sentence = format!(
        "Confirmed on {}: the commit of {} at {} is kept.",
        router.name(),
        kept.commit.user,
        kept.commit.at
    );
    call.notes().result(|result| result.commit = Some("committed"));
    let output = Output {
        router_name: router.name().to_owned(),
        success: true,
        outcome: "confirmed",
        confirmed_by: kept.by.as_str(),
        commit: kept.commit,
        cleanup: (kept.cleanup == Cleanup::Unproven).then_some("unproven"),
        warnings: change::warnings(&call, &kept.warnings, kept.cleanup),
    };
    if let Some(job) = kept.job {
        job.answered(Some(call.finished(&output)), None);
    }
    Ok(change::with_diff(output, sentence, None))
}

fn is_call_id(text: &str) -> bool {
    text.strip_prefix("c-")
        .is_some_and(|digits| digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
