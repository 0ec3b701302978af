//! Renderings become changes: all are judged before any router is touched, then one router follows another.

use std::time::Duration;

use super::{
    render::Rendering,
    rows::{Row, Status},
};
use crate::{
    junos::Minutes,
    tools::{
        asking::Stop,
        call::Call,
        config::{
            approval::{self, Intended},
            change,
        },
        failure::Failure,
        router::Router,
    },
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

/// What is to be done on one router.
struct Judged<'a> {
    router: &'a Router,
    rendering: Rendering,
    context: Context,
    change: Change,
    /// Why it is left alone.
    refused: Option<Failure>,
}

/// Checks or commits on every router; a failure is a row.
pub(super) async fn all(
    call: &Call,
    plan: &Plan<'_>,
    routers: &[Router],
    renderings: Vec<Rendering>,
) -> Result<Vec<Row>, Stop> {
    let mut judged = Vec::new();
    for (router, rendering) in routers.iter().zip(renderings) {
        judged.push(admitted(call, plan, router, rendering)?);
    }
    if !plan.dry_run {
        approved(call, &mut judged).await?;
    }
    let mut rows = Vec::new();
    let mut stopped = false;
    for one in judged {
        let mut row = Row::new(Some(one.router.name()), &one.rendering, Status::Skipped);
        if !stopped {
            changed(call, plan, one, &mut row).await;
            stopped = plan.stop_on_error && row.status == Status::Failed || call.work().cancellation().is_cancelled();
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Has the changes confirmed where that is wanted; what cannot be found out about a router keeps it from being changed.
async fn approved(call: &Call, judged: &mut [Judged<'_>]) -> Result<(), Stop> {
    let intended = judged.iter_mut().map(|one| Intended {
        router: one.router,
        context: &one.context,
        change: &mut one.change,
    });
    let refusals = approval::of_changes(call, intended.collect()).await?;
    for (one, refused) in judged.iter_mut().zip(refusals) {
        one.refused = refused;
    }
    Ok(())
}

/// What is sent to a router, once nothing that can be known beforehand speaks against it.
fn admitted<'a>(call: &Call, plan: &Plan<'_>, router: &'a Router, rendering: Rendering) -> Result<Judged<'a>, Failure> {
    let source = change::source(call, rendering.text.clone(), rendering.format)?;
    let context = router.change(plan.comment)?;
    let change = change_of(plan, source);
    transaction::judge(&context, &change).map_err(|fault| change::failed(call, router.name(), fault))?;
    Ok(Judged {
        router,
        rendering,
        context,
        change,
        refused: None,
    })
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
        expected: None,
    }
}

async fn changed(call: &Call, plan: &Plan<'_>, judged: Judged<'_>, row: &mut Row) {
    let Judged {
        router,
        context,
        change,
        refused,
        ..
    } = judged;
    if let Some(failure) = refused {
        row.failed(call, &failure);
        return;
    }
    let settings = &call.services().settings;
    let most = plan
        .timeout
        .or_else(|| router.command_timeout())
        .unwrap_or(settings.command_timeout);
    let work = call.work().narrowed(most);
    match transaction::change(context, change, work).await {
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
