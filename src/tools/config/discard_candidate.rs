//! `discard_candidate`: a stuck candidate is emptied, and what was in it is shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::change;
use crate::{
    tools::{call::Call, failure::Failure, outcome::Structured, spec::Effect, spec::Spec},
    workflows::transaction::{self, Cleanup, Holder},
};

/// Discard uncommitted changes in the shared candidate of a Junos device (rollback 0), throwing edits away. The running
/// configuration is not touched. Shows what is lost.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Args {
    /// Router name, as listed by get_router_list.
    #[schemars(length(min = 1, max = 128))]
    router_name: String,
    /// Discard although others are editing. Their work is lost: ask them first.
    #[serde(default)]
    force: bool,
}

/// What was thrown away.
#[derive(Serialize, JsonSchema)]
struct Output {
    /// The router.
    router_name: String,
    /// Whether the candidate is clean now.
    success: bool,
    /// `discarded`, or `clean` if there was nothing.
    outcome: &'static str,
    /// What the candidate held, in Junos' own form.
    discarded_diff: Option<String>,
    /// Who was editing meanwhile.
    holders: Option<Vec<Holder>>,
    /// What the router warns of.
    warnings: Option<Vec<String>>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("discard_candidate", "Discard uncommitted changes", Effect::Write, run)
        .destructive()
        .idempotent()
        .timed()
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Failure> {
    let router = call.device(&args.router_name)?;
    let context = router.change("")?;
    let discarded = transaction::discard(context, args.force, router.work().clone())
        .await
        .map_err(|fault| change::failed(&call, router.name(), fault))?;
    let name = router.name();
    let diff = discarded.diff.map(|diff| change::presented(&call, diff));
    let sentence = match diff {
        Some(_) => format!("Discarded on {name}: the candidate equals the active configuration again."),
        None => format!("Clean on {name}: there was nothing to discard."),
    };
    let output = Output {
        router_name: name.to_owned(),
        success: true,
        outcome: if diff.is_some() { "discarded" } else { "clean" },
        discarded_diff: diff.clone(),
        holders: (!discarded.holders.is_empty()).then_some(discarded.holders),
        warnings: change::warnings(&call, &discarded.warnings, Cleanup::Done),
    };
    Ok(change::with_diff(output, sentence, diff.as_deref()))
}
