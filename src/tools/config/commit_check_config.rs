//! `commit_check_config`: a change, checked and put away again.

use schemars::JsonSchema;
use serde::Deserialize;

use super::change::{self, Changed, Format};
use crate::{
    tools::{call::Call, failure::Failure, outcome::Structured, spec::Effect, spec::Spec},
    workflows::transaction::{self, CandidateMode, Change, Goal},
};

/// Check a configuration change on a Junos device without committing it: load, diff, commit check, discard. Never activates
/// anything.
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
    /// shared locks the candidate of everybody; exclusive opens it for this change alone; private works in a copy of its own.
    #[serde(default)]
    candidate_mode: CandidateMode,
    /// Check on both routing engines.
    #[serde(default)]
    synchronize: bool,
}

pub(super) fn spec() -> Spec {
    Spec::structured(
        "commit_check_config",
        "Check a change without committing",
        Effect::Write,
        run,
    )
    .idempotent()
    .timed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Changed>, Failure> {
    let router = call.device(&args.router_name)?;
    let change = Change {
        source: change::source(&call, args.config_text, args.config_format)?,
        goal: Goal::Check,
        mode: args.candidate_mode,
        synchronize: args.synchronize,
        expected: None,
    };
    let context = router.change("")?;
    let report = transaction::change(context, change, router.work().clone())
        .await
        .map_err(|fault| change::failed(&call, router.name(), fault))?;
    let (changed, sentence) = change::changed(&call, router.name(), report);
    Ok(change::reply(&call, changed, sentence))
}
