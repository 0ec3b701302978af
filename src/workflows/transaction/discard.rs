//! Emptying a shared candidate of uncommitted changes, whoever wrote them, after saying what and whose they are.

use super::{
    ChangeFault, Context, Holder,
    candidate::read_holders,
    change::{candidate_diff, step, still_wanted},
    holders,
};
use crate::{
    devices::{Fault, Rpc, Sole},
    junos::{DeviceMessage, DeviceText},
    work::Work,
};

/// What was thrown away.
#[derive(Debug)]
pub(crate) struct Discarded {
    /// The difference that the candidate held; nothing if it was clean.
    pub(crate) diff: Option<DeviceText>,
    /// Who was editing meanwhile.
    pub(crate) holders: Vec<Holder>,
    /// What the router warned of.
    pub(crate) warnings: Vec<DeviceMessage>,
}

pub(super) async fn run(context: Context, force: bool, work: Work) -> Result<Discarded, ChangeFault> {
    let holder = format!("{} (call {})", context.author.tool, context.author.call_id);
    let _turn = context.device.exclusive(Sole::Change, &holder, &work).await?;
    let mut lease = context.device.lease(&work).await?;
    step(&context, &work, "comparing");
    let diff = candidate_diff(&context, &mut lease, &work).await?;
    let holders = read_holders(&mut lease, &work).await;
    if diff.is_blank() {
        return Ok(Discarded {
            diff: None,
            holders,
            warnings: Vec::new(),
        });
    }
    if let Some(fault) = in_the_way(&context, &holders, force) {
        return Err(ChangeFault {
            diff: Some(diff),
            holders,
            ..fault
        });
    }
    still_wanted(&context, &work)?;
    step(&context, &work, "discarding");
    // No lock: a dirty candidate refuses it, and what is discarded here is exactly what was shown.
    let reply = lease.ask(&Rpc::load_rollback(0), &work).await?;
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    let warnings = reply.warnings().cloned().collect();
    let router = context.device.name();
    if errors.iter().any(|error| error.message.contains("locked by")) {
        let hint = "wait until the holder has finished; nobody's lock is ever removed";
        let fault = ChangeFault::refused(router, "config_locked", "the configuration is locked", errors, hint);
        return Err(ChangeFault {
            diff: Some(diff),
            holders,
            ..fault
        });
    }
    if !errors.is_empty() {
        return Err(ChangeFault {
            diff: Some(diff),
            ..ChangeFault::from(Fault::rejected(router, errors, true))
        });
    }
    if !candidate_diff(&context, &mut lease, &work).await?.is_blank() {
        return Err(ChangeFault {
            diff: Some(diff),
            holders,
            ..ChangeFault::new(
                "device_error",
                format!(
                    "router '{router}': the candidate still holds changes after discarding; somebody goes on editing"
                ),
                "ask who is editing; junos_config_diff with database candidate shows what is there now",
            )
        });
    }
    Ok(Discarded {
        diff: Some(diff),
        holders,
        warnings,
    })
}

/// Somebody's live work is not thrown away unasked, and a lock never.
fn in_the_way(context: &Context, editing: &[Holder], force: bool) -> Option<ChangeFault> {
    let router = context.device.name();
    let names = holders::in_words(editing);
    if editing.iter().any(|holder| holder.exclusive) {
        let message = format!("router '{router}': the configuration is locked; editing: {names}");
        return Some(ChangeFault::new(
            "config_locked",
            message,
            "wait until the holder has finished; nobody's lock is ever removed",
        ));
    }
    if force || editing.is_empty() {
        return None;
    }
    let message = format!("router '{router}': others are editing the candidate: {names}");
    Some(ChangeFault::new(
        "candidate_in_use",
        message,
        "ask them first; force discards their work as well",
    ))
}
