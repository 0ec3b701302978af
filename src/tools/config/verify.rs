//! `verify` on `load_and_commit_config`: checks as arguments, and what came of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::change::{self, Changed};
use crate::{
    jobs::Kind,
    junos::{Command, Minutes},
    output::Caps,
    tools::{
        call::Call,
        code::Code,
        failure::Failure,
        long::{self, Running, Waited},
        outcome::Structured,
        router::Router,
    },
    workflows::{
        guarded::{self, Broken, Check, Checked, Guard, Guarded, KeptBy, MOST_CHECKS, Reader},
        transaction::{Change, Context, Outcome},
    },
};

// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Subject {
    Session,
    Ping,
    Bgp,
    Ospf,
    Interfaces,
    Command,
}

// A check as it is asked for; it is described to clients where the list of them is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// session: a new login; ping: host answers; bgp, ospf: not fewer neighbors up; interfaces: names are up; command: match is in its output.
    check: Subject,
    /// To ping.
    #[schemars(length(max = 253))]
    host: Option<String>,
    /// Of interfaces.
    #[schemars(length(max = 32), inner(length(max = 64)))]
    names: Option<Vec<String>>,
    /// It must only read.
    #[schemars(length(max = 16384))]
    command: Option<String>,
    /// A regular expression.
    #[serde(rename = "match")]
    #[schemars(length(max = 1024))]
    pattern: Option<String>,
}

/// What a commit came to: its result, or the job that goes on.
#[derive(Default, Serialize, JsonSchema)]
pub(super) struct Verified {
    #[serde(flatten)]
    changed: Option<Changed>,
    /// What kept a verified commit: `verify`, or `other` when somebody else confirmed it before.
    confirmed_by: Option<&'static str>,
    /// The checks, the session first.
    verify: Option<Vec<Checked>>,
    #[serde(flatten)]
    running: Option<Running>,
    #[serde(skip)]
    sentence: String,
}

impl From<Changed> for Verified {
    fn from(changed: Changed) -> Self {
        Self {
            changed: Some(changed),
            ..Self::default()
        }
    }
}

/// The checks that a call asks for, validated.
pub(super) fn checks(router: &Router, asked: Vec<Asked>) -> Result<Vec<Check>, Failure> {
    if asked.is_empty() || asked.len() > MOST_CHECKS {
        return Err(unfit("verify", "give 1 to 16 checks"));
    }
    let checks = asked.into_iter().enumerate();
    checks
        .map(|(index, asked)| check(router, &format!("verify[{index}]"), asked))
        .collect()
}

fn check(router: &Router, path: &str, asked: Asked) -> Result<Check, Failure> {
    let Asked {
        check,
        host,
        names,
        command,
        pattern,
    } = asked;
    let made = match (check, host, names, command, pattern) {
        (Subject::Session, None, None, None, None) => Ok(Check::Session),
        (Subject::Bgp, None, None, None, None) => Ok(Check::Bgp),
        (Subject::Ospf, None, None, None, None) => Ok(Check::Ospf),
        (Subject::Ping, Some(host), None, None, None) => Check::ping(host),
        (Subject::Interfaces, None, Some(names), None, None) => Check::interfaces(names),
        (Subject::Command, None, None, Some(command), Some(pattern)) => {
            let permitted = router.permit(&Command::parse(&command, None)?)?;
            Check::command(permitted, &pattern)
        }
        (Subject::Session | Subject::Bgp | Subject::Ospf, ..) => Err("this check takes nothing else"),
        (Subject::Ping, ..) => Err("ping takes host and nothing else"),
        (Subject::Interfaces, ..) => Err("interfaces takes names and nothing else"),
        (Subject::Command, ..) => Err("command takes command and match and nothing else"),
    };
    made.map_err(|reason| unfit(path, reason))
}

fn unfit(path: &str, reason: &str) -> Failure {
    Failure::new(Code::InvalidArgument, format!("argument '{path}': {reason}"))
        .hint("nothing was sent")
        .detail("argument", path)
}

/// `verify` needs a router that goes back by itself.
pub(super) fn minutes(confirm: Option<Minutes>) -> Result<Minutes, Failure> {
    confirm.ok_or_else(|| {
        unfit("verify", "it needs confirm_timeout_mins").hint(
            "nothing was sent; give the minutes after which the router goes back by itself, of which the last half is not \
             measured in",
        )
    })
}

/// Commits, measures and keeps the change as a job, and waits for it as long as the call may take.
pub(super) async fn run(
    call: Call,
    router: &Router,
    context: Context,
    change: Change,
    minutes: Minutes,
    checks: Vec<Check>,
) -> Result<Structured<Verified>, Failure> {
    let (name, id) = (router.name().to_owned(), call.id().to_owned());
    let look = format!(
        "look for '{id}' in 'show system commit' of router '{name}': unless it was confirmed the router goes back by itself \
         {} min after the commit; confirm_commit keeps it",
        minutes.get()
    );
    let job = long::reserve(&call, Kind::Commit, router, look)?;
    let reading = call.clone();
    let whole = Caps {
        max_bytes: Some(usize::MAX),
        ..Caps::default()
    };
    let reader = Reader::new(move |text| reading.present(text, &whole).text);
    let guard = Guard::new(minutes, checks, reader);
    let (doing, own, work) = (call.clone(), job.clone(), router.work().clone());
    let wait = work.remaining();
    let commit = async move {
        match guarded::run(own, context, change, guard, work).await {
            Ok(guarded) => Ok(kept(&doing, &name, guarded)),
            Err(broken) => Err(failed(&doing, &name, broken)),
        }
    };
    match long::run(&call, job, wait, commit).await {
        Waited::Ended(Ok(verified)) => {
            let sentence = verified.sentence.clone();
            let diff = verified.changed.as_ref().and_then(Changed::diff).map(str::to_owned);
            Ok(change::with_diff(verified, sentence, diff.as_deref()))
        }
        Waited::Ended(Err(failure)) => Err(failure),
        Waited::Running(running) => {
            let sentence = running.sentence();
            let verified = Verified {
                running: Some(running),
                ..Verified::default()
            };
            Ok(Structured::with_text(verified, sentence))
        }
    }
}

fn kept(call: &Call, router: &str, guarded: Guarded) -> Verified {
    let is_committed = matches!(guarded.report.outcome, Outcome::Committed(_));
    let (mut changed, mut sentence) = change::changed(call, router, guarded.report);
    let confirmed_by = guarded.kept.map(|kept| match kept {
        KeptBy::Verify => {
            sentence = format!("Committed on {router} and kept: all checks hold.");
            "verify"
        }
        KeptBy::Other(next) => {
            let who = match next {
                Some(entry) => format!("the commit of {} at {}", entry.user, entry.at),
                None => "a check".to_owned(),
            };
            let warning = format!("{who} confirmed it before the checks of this call did");
            sentence = format!("Committed on {router} and kept; all checks hold, and {warning}.");
            changed.warn(warning);
            "other"
        }
    });
    Verified {
        changed: Some(changed),
        confirmed_by,
        verify: is_committed.then_some(guarded.checked),
        sentence,
        ..Verified::default()
    }
}

fn failed(call: &Call, router: &str, broken: Broken) -> Failure {
    let outcome = broken.fault.outcome;
    let failure = change::failed(call, router, broken.fault);
    if let Some(known @ ("rolled_back" | "committed")) = outcome {
        call.notes().result(|result| result.commit = Some(known));
    }
    if broken.checked.is_empty() {
        return failure;
    }
    failure
        .known("verify", json!(broken.checked))
        .known("commit_id", call.id())
}
