//! Renderings become changes: all are judged before any router is touched, then one router follows another.

use std::time::Duration;

use super::{
    render::Rendering,
    rows::{Row, Status},
};
use crate::{
    junos::Minutes,
    tools::{call::Call, config::change, failure::Failure, router::Router},
    workflows::transaction::{self, CandidateMode, Change, Context, Goal, Source},
};

/// What is to be done with the renderings.
pub(super) struct Plan<'a> {
    pub(super) dry_run: bool,
    pub(super) comment: &'a str,
    pub(super) stop_on_error: bool,
    pub(super) confirm: Option<Minutes>,
    pub(super) mode: CandidateMode,
    pub(super) synchronize: bool,
    pub(super) timeout: Option<Duration>,
}

/// Checks or commits on every router; a failure is a row.
pub(super) async fn all(
    call: &Call,
    plan: &Plan<'_>,
    routers: &[Router],
    renderings: Vec<Rendering>,
) -> Result<Vec<Row>, Failure> {
    let mut judged = Vec::new();
    for (router, rendering) in routers.iter().zip(renderings) {
        let (context, source) = admitted(call, plan, router, &rendering)?;
        judged.push((router, rendering, context, source));
    }
    let mut rows = Vec::new();
    let mut stopped = false;
    for (router, rendering, context, source) in judged {
        let mut row = Row::new(Some(router.name()), &rendering, Status::Skipped);
        if !stopped {
            changed(call, plan, router, context, source, &mut row).await;
            stopped = plan.stop_on_error && row.status == Status::Failed || call.work().cancellation().is_cancelled();
        }
        rows.push(row);
    }
    Ok(rows)
}

/// What is sent to a router, once nothing that can be known beforehand speaks against it.
fn admitted(
    call: &Call,
    plan: &Plan<'_>,
    router: &Router,
    rendering: &Rendering,
) -> Result<(Context, Source), Failure> {
    let source = change::source(call, rendering.text.clone(), rendering.format)?;
    let context = router.change(plan.comment)?;
    transaction::judge(&context, &change_of(plan, source.clone()))
        .map_err(|fault| change::failed(call, router.name(), fault))?;
    Ok((context, source))
}

fn change_of(plan: &Plan<'_>, source: Source) -> Change {
    Change {
        source,
        goal: if plan.dry_run {
            Goal::Check
        } else {
            Goal::Commit { confirm: plan.confirm }
        },
        mode: plan.mode,
        synchronize: plan.synchronize,
    }
}

async fn changed(call: &Call, plan: &Plan<'_>, router: &Router, context: Context, source: Source, row: &mut Row) {
    let settings = &call.services().settings;
    let most = plan
        .timeout
        .or_else(|| router.command_timeout())
        .unwrap_or(settings.command_timeout);
    let work = call.work().narrowed(most);
    match transaction::change(context, change_of(plan, source), work).await {
        Ok(report) => {
            let (changed, sentence) = change::changed(call, router.name(), report);
            row.done(change::concluded(call, changed), sentence);
            if row.status == Status::Committed {
                row.commit_comment = Some(plan.comment.to_owned());
            }
        }
        Err(fault) => row.failed(call, &change::failed(call, router.name(), fault)),
    }
}
