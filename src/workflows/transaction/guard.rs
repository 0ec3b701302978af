//! The operator's rules about configuration: the lines as given, and what the change really does.

use super::{ChangeFault, Context, Source};
use crate::{
    blocklist::Denied,
    devices::{Lease, Rpc},
    junos::{DeviceMessage, set_line},
    work::Work,
};

/// Statements that make a configuration more than its own lines.
const INHERITING: [&str; 3] = ["apply-groups", "apply-path", "interface-range"];

/// Judges the lines of a set payload before anything is sent.
pub(super) fn judge_payload(context: &Context, source: &Source) -> Result<(), ChangeFault> {
    let Source::Set(text) = source else { return Ok(()) };
    // A payload that cannot be read as lines was refused when the source was made.
    let lines = set_line::parse_payload(text).unwrap_or_default();
    context
        .rules
        .judge_payload(&lines)
        .map_err(|denied| refused(context, denied))
}

/// Judges what a load changed, in every format, by both configurations in set form: their own lines, and with everything
/// inherited where either inherits.
pub(super) async fn judge_effective(context: &Context, lease: &mut Lease, work: &Work) -> Result<(), ChangeFault> {
    if !context.rules.has_config_rules() {
        return Ok(());
    }
    let before = set_form(context, lease, "committed", false, work).await?;
    let after = set_form(context, lease, "candidate", false, work).await?;
    context
        .rules
        .judge_effective(&before, &after)
        .map_err(|denied| refused(context, denied))?;
    if !INHERITING
        .iter()
        .any(|word| before.contains(word) || after.contains(word))
    {
        return Ok(());
    }
    let before = set_form(context, lease, "committed", true, work).await?;
    let after = set_form(context, lease, "candidate", true, work).await?;
    context
        .rules
        .judge_effective(&before, &after)
        .map_err(|denied| refused(context, denied))
}

async fn set_form(
    context: &Context,
    lease: &mut Lease,
    database: &str,
    inherit: bool,
    work: &Work,
) -> Result<String, ChangeFault> {
    let router = context.device.name();
    let reply = lease.ask(&Rpc::configuration(database, "set", inherit), work).await?;
    let errors: Vec<DeviceMessage> = reply.errors().cloned().collect();
    if errors.is_empty() && reply.has_blocks() {
        return Ok(reply.plain_text());
    }
    let what = "what the change does cannot be compared with the operator's rules";
    let hint = "nothing was committed; the operator can take the config rules away from this router";
    Err(ChangeFault::refused(
        router,
        "blocklist_check_failed",
        what,
        errors,
        hint,
    ))
}

fn refused(context: &Context, denied: Denied) -> ChangeFault {
    let message = denied.message(context.author.tool, context.device.name());
    let hint = "this is operator policy; nothing was committed; leave the statement out or ask the operator";
    ChangeFault {
        denied: Some(denied),
        ..ChangeFault::new("blocked", message, hint)
    }
}
