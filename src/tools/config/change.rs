//! What the tools that change a configuration have in common: their payload, their result, their failures.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    jobs::JobView,
    junos::{DeviceMessage, DeviceText},
    output::Caps,
    tools::{call::Call, code::Code, failure::Failure, outcome::Structured, router::readable},
    workflows::transaction::{ChangeFault, Cleanup, Committed, HistoryEntry, Outcome, Report, Source},
};

/// The largest payload; a larger change is a file transfer.
const MAX_CONFIG: usize = 1024 * 1024;

/// The form of a configuration payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::tools) enum Format {
    #[default]
    Set,
    Text,
    Xml,
    Json,
}

impl Format {
    fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Text => "text",
            Self::Xml => "xml",
            Self::Json => "json",
        }
    }
}

/// The commit that a new commit confirmed along the way.
#[derive(Serialize, JsonSchema)]
struct Previous {
    /// Who made it.
    by: String,
    /// When, as the router prints it.
    at: String,
}

/// What a change came to.
#[derive(Default, Serialize, JsonSchema)]
pub(in crate::tools) struct Changed {
    /// The router.
    router_name: String,
    /// Whether the call did what it was asked to.
    success: bool,
    /// `committed`, `no_changes`, `valid` or `preview`.
    pub(in crate::tools) outcome: &'static str,
    /// The rollback number, where one was asked for.
    pub(in crate::tools) version: Option<u8>,
    /// Whether a commit was made, where committing is a choice.
    pub(in crate::tools) committed: Option<bool>,
    /// The difference in Junos' own form.
    pub(in crate::tools) diff: Option<String>,
    /// Whether the difference is cut.
    pub(in crate::tools) truncated: Option<bool>,
    /// The rest of the difference, for read_output.
    pub(in crate::tools) output_id: Option<String>,
    /// Whether only a check was made.
    checked_only: Option<bool>,
    /// Whether the candidate did not differ.
    no_changes: Option<bool>,
    /// Whether the router goes back by itself unless the commit is confirmed.
    confirmed: Option<bool>,
    /// Minutes after which it goes back.
    rollback_in_minutes: Option<u16>,
    /// When it goes back.
    pub(in crate::tools) rollback_at: Option<String>,
    /// What to do next.
    message: Option<String>,
    /// The pending commit of somebody that this commit confirmed.
    confirmed_previous: Option<Previous>,
    /// The id in the router's commit log.
    pub(in crate::tools) commit_id: Option<String>,
    /// How the outcome is known: `reply` or `commit_history`.
    resolved_by: Option<&'static str>,
    /// `unproven` when the router could not be seen to be left as it was.
    cleanup: Option<&'static str>,
    /// What the router or this server warns of.
    pub(in crate::tools) warnings: Option<Vec<String>>,
    #[serde(skip)]
    job: Option<JobView>,
}

impl Changed {
    /// Whether a commit was made.
    pub(in crate::tools) fn is_committed(&self) -> bool {
        self.outcome == "committed"
    }

    /// The difference as it may be read.
    pub(super) fn diff(&self) -> Option<&str> {
        self.diff.as_deref()
    }

    /// Adds a warning of ours.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.get_or_insert_default().push(warning);
    }
}

/// A payload that may be sent, noted in the audit record.
pub(in crate::tools) fn source(call: &Call, text: String, format: Format) -> Result<Source, Failure> {
    call.notes().request(|request| {
        request.config_format = Some(format.as_str());
        request.config_bytes = Some(text.len());
        request.config_lines = Some(text.lines().count());
        request.config_sha256 = Some(Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect());
    });
    if text.trim().is_empty() {
        return Err(refused("it is empty"));
    }
    if text.len() > MAX_CONFIG {
        return Err(refused("it is larger than 1 MiB"));
    }
    let source = match format {
        Format::Set => Source::set(text),
        Format::Text => Source::text(text),
        Format::Xml => Source::xml(&text),
        Format::Json => Source::json(text),
    };
    source.map_err(|reason| refused(&reason))
}

fn refused(reason: &str) -> Failure {
    Failure::new(Code::InvalidArgument, format!("config_text cannot be loaded: {reason}"))
        .hint("nothing was sent; set format takes lines such as 'set …' and 'delete …', one statement each")
}

/// The result of a change: a sentence and the difference for people, the facts for programs.
pub(in crate::tools) fn changed(call: &Call, router: &str, report: Report) -> (Changed, String) {
    let mut changed = Changed {
        router_name: router.to_owned(),
        success: true,
        outcome: word(&report.outcome),
        warnings: warnings(call, &report.warnings, report.cleanup),
        cleanup: (report.cleanup == Cleanup::Unproven).then_some("unproven"),
        job: report.job,
        ..Changed::default()
    };
    if report.private_by_demand {
        let warning = "the router lets its configuration be edited in private mode only: a private copy was used";
        changed.warnings.get_or_insert_default().push(warning.to_owned());
    }
    if report.changed {
        let diff = call.present(report.diff, call.caps());
        changed.truncated = diff.truncated.then_some(true);
        changed.output_id = diff.output_id;
        changed.diff = Some(diff.text);
    }
    let sentence = match report.outcome {
        Outcome::NoChanges => {
            format!("No changes on {router}: the candidate equals the active configuration; nothing was committed.")
        }
        Outcome::Previewed => {
            changed.no_changes = (!report.changed).then_some(true);
            format!(
                "Preview on {router}: {}nothing was committed, the candidate is as before.",
                no_difference(report.changed)
            )
        }
        Outcome::Valid => {
            changed.checked_only = Some(true);
            changed.no_changes = (!report.changed).then_some(true);
            format!(
                "Valid on {router}: the check passed; {}nothing was committed, the candidate is as before.",
                no_difference(report.changed)
            )
        }
        Outcome::Committed(committed) => describe(call, router, &mut changed, &committed, report.confirmed_previous),
    };
    (changed, sentence)
}

/// Said where an empty difference could be taken for a missing one.
fn no_difference(changed: bool) -> &'static str {
    if changed {
        ""
    } else {
        "there is no difference to the active configuration; "
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::NoChanges => "no_changes",
        Outcome::Previewed => "preview",
        Outcome::Valid => "valid",
        Outcome::Committed(_) => "committed",
    }
}

fn describe(
    call: &Call,
    router: &str,
    changed: &mut Changed,
    committed: &Committed,
    previous: Option<HistoryEntry>,
) -> String {
    changed.commit_id = Some(call.id().to_owned());
    changed.resolved_by = Some(committed.resolved_by.as_str());
    call.notes().result(|result| result.commit = Some("committed"));
    let mut sentence = format!("Committed on {router}.");
    if let Some((minutes, at)) = committed.rollback {
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let message = format!(
            "the router goes back by itself in {} min, at {at}, unless confirm_commit is called before",
            minutes.get()
        );
        sentence = format!("Committed on {router}; {message}.");
        call.notes()
            .result(|result| result.rollback_deadline = Some(at.clone()));
        changed.confirmed = Some(true);
        changed.rollback_in_minutes = Some(minutes.get());
        changed.rollback_at = Some(at);
        changed.message = Some(message);
    }
    if let Some(previous) = previous {
        let warning = format!(
            "this commit also confirmed a pending commit of {} at {}",
            previous.user, previous.at
        );
        changed.warnings.get_or_insert_default().push(warning);
        changed.confirmed_previous = Some(Previous {
            by: previous.user,
            at: previous.at,
        });
    }
    sentence
}

/// What the router warned of, and a warning of ours when it could not be seen to be left as it was.
pub(in crate::tools) fn warnings(call: &Call, said: &[DeviceMessage], cleanup: Cleanup) -> Option<Vec<String>> {
    let mut warnings: Vec<String> = said
        .iter()
        .map(|message| call.said(message).trim_start_matches("warning: ").to_owned())
        .collect();
    if cleanup == Cleanup::Unproven {
        warnings.push(
            "candidate_cleanup_failed: the session could not be seen to end; the router discards and unlocks when it notices"
                .to_owned(),
        );
    }
    (!warnings.is_empty()).then_some(warnings)
}

/// A result with its sentence and its difference as text.
pub(in crate::tools) fn with_diff<T>(value: T, sentence: String, diff: Option<&str>) -> Structured<T> {
    let text = match diff {
        Some(diff) => format!("{sentence}\n\n{diff}"),
        None => sentence,
    };
    Structured::with_text(value, text)
}

/// The result of a change, which becomes the result of its job.
pub(in crate::tools) fn concluded(call: &Call, changed: Changed) -> Changed {
    if let Some(job) = &changed.job {
        job.answered(Some(call.finished(&changed)), None);
    }
    changed
}

/// The result of a change with its text.
pub(in crate::tools) fn reply(call: &Call, changed: Changed, sentence: String) -> Structured<Changed> {
    let changed = concluded(call, changed);
    let diff = changed.diff.clone();
    with_diff(changed, sentence, diff.as_deref())
}

/// A change that did not end as asked, with everything that is known about it.
pub(in crate::tools) fn failed(call: &Call, router: &str, fault: ChangeFault) -> Failure {
    // The excerpt of a denied line is redacted before it is cut, lest half a secret stay unrecognised.
    let message = match fault.denied {
        Some(denied) => readable(call, denied).message(call.spec().name, router),
        None => fault.message,
    };
    let job = fault.job;
    let mut failure = Failure::new(Code::from_word(fault.code), message)
        .hint(fault.hint)
        .errors(fault.errors)
        .known("router_name", router)
        .known("success", false);
    if let Some(outcome) = fault.outcome {
        failure = failure.known("outcome", outcome);
        if matches!(outcome, "rejected" | "unknown") {
            call.notes().result(|result| result.commit = Some(outcome));
        }
        if outcome == "unknown" {
            failure = failure.known("commit_id", call.id());
        }
        if let ("unknown", Some(job)) = (outcome, &job) {
            call.notes().result(|result| result.job_id = Some(job.id().to_owned()));
            failure = failure.known("job_id", job.id());
        }
    }
    if let Some(diff) = fault.diff {
        failure = failure.known("diff", presented(call, diff));
    }
    let cleanup = fault.cleanup.unwrap_or(Cleanup::Done);
    if let Some(warnings) = warnings(call, &fault.warnings, cleanup) {
        failure = failure.known("warnings", warnings);
    }
    if cleanup == Cleanup::Unproven {
        failure = failure.known("cleanup", "unproven");
    }
    if !fault.holders.is_empty() {
        failure = failure.detail("holders", json!(fault.holders));
    }
    if let Some(entry) = fault.entry {
        failure = failure.detail("commit", json!(entry));
    }
    if let Some(job) = job {
        let (known, error) = call.failed(&failure);
        job.answered(known, error);
    }
    failure
}

/// A difference as it may be read.
pub(in crate::tools) fn presented(call: &Call, diff: DeviceText) -> String {
    call.present(diff, &Caps::default()).text
}
