//! `rollback_config`: back to an earlier commit, after showing what that means.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    approval,
    change::{self, Changed},
};
use crate::{
    junos::{Minutes, RollbackNumber},
    tools::{asking::Stop, call::Call, code::Code, failure::Failure, outcome::Structured, spec::Effect, spec::Spec},
    workflows::transaction::{self, CandidateMode, Change, Goal, Source},
};

/// Roll back a Junos device to an earlier commit (0 to 49), undoing configuration changes, or preview the diff first. Commits
/// only when commit is true.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// Rollback number: 1 is the commit before the running one.
    version: RollbackNumber,
    /// Commit it; without, only the diff is shown.
    #[serde(default)]
    commit: bool,
    /// Why, for the router's commit log. Default: Rollback N via MCP.
    #[schemars(length(max = 512))]
    commit_comment: Option<String>,
    /// Minutes after which the router goes forward again by itself unless confirm_commit is called.
    confirm_timeout_mins: Option<Minutes>,
    /// shared locks the candidate of everybody; exclusive opens it for this change alone; private works in a copy of its own, which cannot be confirmed.
    #[serde(default)]
    candidate_mode: CandidateMode,
    /// Commit on both routing engines.
    #[serde(default)]
    synchronize: bool,
}

pub(super) fn spec() -> Spec {
    Spec::structured("rollback_config", "Roll back to an earlier commit", Effect::Write, run)
        .destructive()
        .asks()
        .timed()
        .confirmed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Changed>, Stop> {
    let router = call.device(&args.router_name)?;
    let version = args.version.get();
    let confirm = args.confirm_timeout_mins;
    call.notes().request(|request| {
        request.version = Some(version);
        request.confirm_minutes = confirm.map(Minutes::get);
        request.dry_run = Some(!args.commit);
    });
    if version == 0 && args.commit {
        return Err(Failure::new(
            Code::InvalidArgument,
            "version 0 is the running configuration: there is nothing to commit",
        )
        .hint("to throw uncommitted changes away use discard_candidate; to go back give 1 or more")
        .into());
    }
    for (given, name) in [
        (confirm.is_some(), "confirm_timeout_mins"),
        (args.synchronize, "synchronize"),
    ] {
        if given && !args.commit {
            let message = format!("argument '{name}' has no effect without commit");
            return Err(Failure::new(Code::InvalidArgument, message)
                .hint(format!("give commit:true to apply the rollback, or leave {name} out"))
                .into());
        }
    }
    let goal = if args.commit {
        Goal::Commit { confirm }
    } else {
        Goal::Preview
    };
    let mut change = Change {
        source: Source::Rollback(args.version),
        goal,
        mode: args.candidate_mode,
        synchronize: args.synchronize,
        expected: None,
    };
    let comment = args
        .commit_comment
        .unwrap_or_else(|| format!("Rollback {version} via MCP"));
    let context = router.change(&comment)?;
    if args.commit {
        approval::of_change(&call, &router, &context, &mut change).await?;
    }
    let report = transaction::change(context, change, router.work().clone())
        .await
        .map_err(|fault| change::failed(&call, router.name(), fault))?;
    let (mut changed, sentence) = change::changed(&call, router.name(), report);
    changed.version = Some(version);
    changed.committed = Some(changed.is_committed());
    Ok(change::reply(&call, changed, sentence))
}
