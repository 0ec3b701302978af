//! The operator's rules about configuration: the lines as given, and what the change really does.

use super::{ChangeFault, Context, Source};
use crate::{
    blocklist::{Denied, changes_mention},
    devices::{Lease, Rpc},
    junos::{DeviceMessage, set_line},
    work::Work,
};

/// The code of a change that could not be compared with the rules.
const UNJUDGED: &str = "blocklist_check_failed";

/// Statements that make a configuration more than its own lines.
const INHERITING: [&str; 3] = ["apply-groups", "apply-path", "interface-range"];

/// Words of statements whose change may change what others inherit.
const INHERITED: [&str; 5] = [
    "groups",
    "apply-groups",
    "apply-groups-except",
    "apply-path",
    "interface-range",
];

/// Judges the lines of a set payload before anything is sent.
pub(super) fn judge_payload(context: &Context, source: &Source) -> Result<(), ChangeFault> {
    let Source::Set(text) = source else { return Ok(()) };
    // Whoever made the source has read it already; what cannot be read here passes nobody.
    let lines = set_line::parse_payload(text)
        .map_err(|fault| ChangeFault::new("invalid_argument", fault.to_string(), "nothing was sent"))?;
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
    match judge_inherited(context, lease, work).await {
        // What nobody inherits from is judged by its own lines, also where a release does not print the inherited form.
        Err(fault) if fault.code == UNJUDGED && !changes_mention(&before, &after, &INHERITED) => Ok(()),
        verdict => verdict,
    }
}

async fn judge_inherited(context: &Context, lease: &mut Lease, work: &Work) -> Result<(), ChangeFault> {
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
    Err(ChangeFault::refused(router, UNJUDGED, what, errors, hint))
}

fn refused(context: &Context, denied: Denied) -> ChangeFault {
    let message = denied.message(context.author.tool, context.device.name());
    let hint = "this is operator policy; nothing was committed; leave the statement out or ask the operator";
    ChangeFault {
        denied: Some(denied),
        ..ChangeFault::new("blocked", message, hint)
    }
}
