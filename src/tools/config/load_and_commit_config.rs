//! `load_and_commit_config`: a change, committed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    approval,
    change::{self, Format},
    verify::{self, Asked, Verified},
};
use crate::{
    junos::Minutes,
    tools::{asking::Stop, call::Call, outcome::Structured, spec::Effect, spec::Spec},
    workflows::transaction::{self, CandidateMode, Change, Goal},
};

/// Change the configuration of a Junos device: load a change as set commands, text, XML or JSON and commit it. With
/// confirm_timeout_mins the router rolls back by itself unless confirm_commit is called in time; with verify it is kept only
/// if all checks hold. commit_check_config shows the diff without committing. Refuses over others' uncommitted work.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// The change: set commands one per line, curly text, XML, or JSON.
    #[schemars(length(min = 1, max = 1_048_576))]
    config_text: String,
    /// Form of config_text.
    #[serde(default)]
    config_format: Format,
    /// For the router's commit log.
    #[serde(default = "comment")]
    #[schemars(length(max = 512))]
    commit_comment: String,
    /// Minutes until the router goes back by itself.
    confirm_timeout_mins: Option<Minutes>,
    /// A private one cannot be confirmed.
    #[serde(default)]
    candidate_mode: CandidateMode,
    /// Commit on both routing engines.
    #[serde(default)]
    synchronize: bool,
    /// What must hold to keep the commit; needs confirm_timeout_mins.
    #[schemars(length(max = 16))]
    verify: Option<Vec<Asked>>,
}

fn comment() -> String {
    "Configuration loaded via MCP".to_owned()
}

pub(super) fn spec() -> Spec {
    Spec::structured("load_and_commit_config", "Load and commit a change", Effect::Write, run)
        .destructive()
        .asks()
        .timed()
        .confirmed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Verified>, Stop> {
    let router = call.device(&args.router_name)?;
    let confirm = args.confirm_timeout_mins;
    call.notes()
        .request(|request| request.confirm_minutes = confirm.map(Minutes::get));
    let mut change = Change {
        source: change::source(&call, args.config_text, args.config_format)?,
        goal: Goal::Commit { confirm },
        mode: args.candidate_mode,
        synchronize: args.synchronize,
        expected: None,
    };
    let checks = match args.verify {
        Some(asked) => Some((verify::minutes(confirm)?, verify::checks(&router, asked)?)),
        None => None,
    };
    let context = router.change(&args.commit_comment)?;
    approval::of_change(&call, &router, &context, &mut change).await?;
    if let Some((minutes, checks)) = checks {
        return Ok(verify::run(call, &router, context, change, minutes, checks).await?);
    }
    let report = transaction::change(context, change, router.work().clone())
        .await
        .map_err(|fault| change::failed(&call, router.name(), fault))?;
    let (changed, sentence) = change::changed(&call, router.name(), report);
    Ok(change::reply(&call, changed, sentence).map(Verified::from))
}
