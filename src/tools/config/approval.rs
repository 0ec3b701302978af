//! A commit that has to be confirmed: what it would do is found out without doing it, shown, and afterwards held to.

use serde_json::{Value, json};

use super::change;
use crate::{
    tools::{
        asking::{Plan, Stop},
        call::Call,
        failure::Failure,
        router::Router,
    },
    workflows::transaction::{self, Change, Context, Goal, HistoryEntry, Report},
};

/// One router and the change that is to be made there.
pub(in crate::tools) struct Intended<'a> {
    pub(in crate::tools) router: &'a Router,
    pub(in crate::tools) context: &'a Context,
    pub(in crate::tools) change: &'a mut Change,
}

/// What a change would do, as the router says.
struct Preview<'a> {
    router: &'a Router,
    goal: Goal,
    outcome: Result<Report, Failure>,
}

/// Returns once the change may be made, which is then held to the difference that was shown. Ends the run where that has to be
/// confirmed first.
pub(in crate::tools) async fn of_change(
    call: &Call,
    router: &Router,
    context: &Context,
    change: &mut Change,
) -> Result<(), Stop> {
    let intended = Intended {
        router,
        context,
        change,
    };
    match of_changes(call, vec![intended]).await?.pop() {
        Some(Some(failure)) => Err(failure.into()),
        _ => Ok(()),
    }
}

/// The same for several routers under one confirmation: a router that cannot be asked is left alone, for the reason that is
/// given for it.
pub(in crate::tools) async fn of_changes(
    call: &Call,
    intended: Vec<Intended<'_>>,
) -> Result<Vec<Option<Failure>>, Stop> {
    let ladder = call.ladder()?;
    if !ladder.is_needed() {
        return Ok(intended.iter().map(|_| None).collect());
    }
    // What is refused anyway is not shown to anybody.
    for one in &intended {
        transaction::judge(one.context, one.change).map_err(|fault| change::failed(call, one.router.name(), fault))?;
    }
    let mut previews = Vec::new();
    for one in intended {
        let preview = Change {
            goal: Goal::Preview,
            ..one.change.clone()
        };
        let work = one.router.work().clone();
        let outcome = transaction::change(one.context.clone(), preview, work)
            .await
            .map_err(|fault| change::failed(call, one.router.name(), fault));
        if let Ok(report) = &outcome {
            one.change.expected = Some(report.diff.digest());
        }
        previews.push(Preview {
            router: one.router,
            goal: one.change.goal,
            outcome,
        });
    }
    if previews.iter().any(Preview::does_something) {
        ladder.confirm(plan(call, &previews))?;
    }
    Ok(previews.into_iter().map(|preview| preview.outcome.err()).collect())
}

/// Returns once a pending commit may be kept.
pub(super) async fn of_confirmation(call: &Call, router: &Router, pending: &HistoryEntry) -> Result<(), Stop> {
    let value = json!({"action": "confirm", "routers": [{"router_name": router.name(), "commit": pending}]});
    let words = format!(
        "Keep the pending commit on {}: by {} at {}{}",
        router.name(),
        pending.user,
        pending.at,
        pending
            .comment
            .as_deref()
            .map(|text| format!(" ({text})"))
            .unwrap_or_default()
    );
    call.ladder()?.confirm(Plan::new([router], value, words))
}

impl Preview<'_> {
    fn does_something(&self) -> bool {
        let report = self.outcome.as_ref();
        report.is_ok_and(|report| report.changed || report.confirmed_previous.is_some())
    }

    /// What tells this change from another: the difference itself, secrets included, which nobody is shown.
    fn essence(&self) -> Value {
        match &self.outcome {
            Ok(report) => json!([self.router.name(), report.diff.digest(), report.confirmed_previous]),
            Err(failure) => json!([self.router.name(), failure.code().as_str()]),
        }
    }

    fn minutes(&self) -> Option<u16> {
        match self.goal {
            Goal::Commit { confirm } => confirm.map(|minutes| minutes.get()),
            Goal::Preview | Goal::Check => None,
        }
    }
}

fn plan(call: &Call, previews: &[Preview<'_>]) -> Plan {
    let mut words = String::new();
    let mut routers = Vec::new();
    for preview in previews {
        let (value, said) = shown(call, preview);
        routers.push(value);
        words.push_str(&said);
        words.push('\n');
    }
    let value = json!({"action": "commit", "routers": routers});
    let essence = previews.iter().map(Preview::essence).collect();
    Plan::new(
        previews.iter().map(|preview| preview.router),
        value,
        words.trim_end().to_owned(),
    )
    .told_by(essence)
}

fn shown(call: &Call, preview: &Preview<'_>) -> (Value, String) {
    let name = preview.router.name();
    let report = match &preview.outcome {
        Ok(report) => report,
        Err(failure) => {
            let value = json!({"router_name": name, "error": {"code": failure.code().as_str()}});
            return (value, format!("{name}: left alone [code={}]", failure.code().as_str()));
        }
    };
    let diff = change::presented(call, report.diff.clone());
    let count = |sign: char| diff.lines().filter(|line| line.starts_with(sign)).count();
    let (added, removed) = (count('+'), count('-'));
    let mut warnings = change::warnings(call, &report.warnings, report.cleanup).unwrap_or_default();
    if let Some(pending) = &report.confirmed_previous {
        warnings.push(format!(
            "a confirmed commit of {} at {} is pending: this commit confirms it",
            pending.user, pending.at
        ));
    }
    let back = match preview.minutes() {
        Some(minutes) => format!("the router goes back by itself after {minutes} min unless the commit is confirmed"),
        None => "the router does not go back by itself".to_owned(),
    };
    let mut words = format!("Commit on {name}: +{added} -{removed} lines; {back}.");
    for warning in &warnings {
        words.push_str(&format!("\nwarning: {warning}"));
    }
    words.push_str(&format!("\n{}", diff.trim_end()));
    let mut value = json!({"router_name": name, "added": added, "removed": removed, "diff": diff});
    if let Some(minutes) = preview.minutes() {
        value["rollback_in_minutes"] = json!(minutes);
    }
    if !warnings.is_empty() {
        value["warnings"] = json!(warnings);
    }
    (value, words)
}
