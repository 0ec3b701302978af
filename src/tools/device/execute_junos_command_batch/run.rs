//! Running a batch: routers in parallel, the commands of one router in order on one session.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};

use super::{
    Plan,
    rows::{CommandRow, Output, Visit},
};
use crate::{
    blocklist::Permitted,
    devices::Answer,
    output::Caps,
    tools::{call::Call, code::Code, failure::Failure, router::Router, select::Target},
    work::{Step, Work},
};

/// Largest result as JSON, however many routers it covers; beyond it rows only name the stored output.
const RESULT_BYTES: usize = 1_000_000;

/// What the row of a router takes beside its name and its commands.
const ROW_BYTES: usize = 200;

/// What the row of a command takes beside the command and its output: status, duration, the name of the stored output.
const COMMAND_BYTES: usize = 150;

/// Cap of an output that the result has no room for: it is stored, and its text is left out.
const NO_ROOM: usize = 1;

/// Visits every router and gives one row each, in the order of the request.
pub(super) async fn all(call: &Call, plan: Plan) -> Output {
    let started = Instant::now();
    let work = call.work().narrowed(plan.within);
    let bare = bare_bytes(&plan);
    let visitor = Arc::new(Visitor {
        call: call.clone(),
        commands: plan.commands,
        each: plan.each,
        caps: plan.caps,
        work: work.clone(),
        room: AtomicUsize::new(RESULT_BYTES.saturating_sub(bare)),
    });
    let total = plan.targets.len();
    let mut visits: Vec<Option<Visit>> = (0..total).map(|_| None).collect();
    let mut waiting = Vec::new();
    for (index, (target, permitted)) in plan.targets.into_iter().zip(plan.permitted).enumerate() {
        match target {
            Target::Usable(router) => waiting.push((index, router, permitted)),
            Target::Refused { name, failure } => visits[index] = Some(visitor.not_visited(name, failure)),
        }
    }
    let names: Vec<(usize, String)> = waiting
        .iter()
        .map(|(index, router, _)| (*index, router.name().to_owned()))
        .collect();
    let mut waiting = waiting.into_iter();
    let mut running = JoinSet::new();
    let mut done = total - names.len();
    report(&work, done, total);
    loop {
        // A router that is not yet being worked on when the time is over is not contacted any more.
        while running.len() < plan.concurrency && !work.remaining().is_zero() {
            let Some((index, router, permitted)) = waiting.next() else {
                break;
            };
            let visitor = Arc::clone(&visitor);
            running.spawn(async move { (index, visitor.visit(router, permitted).await) });
        }
        // Dropping the set, as a cancelled call does, ends the tasks; the sessions they held are not reused.
        let Some(finished) = running.join_next().await else {
            break;
        };
        match finished {
            Ok((index, visit)) => visits[index] = Some(visit),
            // A panic is a mistake of ours and ends the call as one.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
        done += 1;
        report(&work, done, total);
    }
    for (index, name) in names {
        if visits[index].is_none() {
            visits[index] = Some(visitor.not_visited(name, left_out()));
        }
    }
    let flat = plan.flat.then(|| visitor.commands.first().cloned()).flatten();
    Output::of(visits.into_iter().flatten().collect(), flat, started.elapsed())
}

/// What the result takes without any output.
fn bare_bytes(plan: &Plan) -> usize {
    let commands = plan.commands.iter().map(|command| json_bytes(command) + COMMAND_BYTES);
    let each = ROW_BYTES + commands.sum::<usize>();
    let rows = plan.targets.iter().map(|target| target.name().len() + each);
    rows.sum()
}

/// The length of a text as a JSON string.
fn json_bytes(text: &str) -> usize {
    serde_json::to_string(text).map_or(text.len(), |json| json.len())
}

fn report(work: &Work, done: usize, total: usize) {
    work.report(Step {
        done: done as u64,
        total: Some(total as u64),
        message: format!("{done} of {total} routers"),
    });
}

fn left_out() -> Failure {
    Failure::new(Code::OuterTimeout, "not run: batch timeout")
}

/// What all visits of one batch share.
struct Visitor {
    call: Call,
    commands: Vec<String>,
    each: Option<Duration>,
    caps: Caps,
    work: Work,
    room: AtomicUsize,
}

impl Visitor {
    /// Runs all commands on one router. The whole visit is one task, so that replies are read in parallel.
    async fn visit(&self, router: Router, permitted: Vec<Permitted>) -> Visit {
        let clock = self.call.services().clock;
        let settings = &self.call.services().settings;
        let each = self
            .each
            .or(router.command_timeout())
            .unwrap_or(settings.command_timeout);
        let started = clock.now();
        let mut commands = Vec::with_capacity(permitted.len());
        let mut unreached = None;
        let mut late = false;
        let outcome = router
            .run_all(&permitted, each, &self.work, |index, outcome| match outcome {
                _ if unreached.is_some() => {}
                Err(failure) if index == 0 && is_unreached(&failure) => unreached = Some(failure),
                outcome => commands.push(self.row(&self.commands[index], outcome, &mut late)),
            })
            .await;
        Visit {
            router_name: router.name().to_owned(),
            error: unreached.or(outcome.err()),
            commands,
            started,
            ended: clock.now(),
        }
    }

    fn row(&self, command: &str, outcome: Result<Answer, Failure>, late: &mut bool) -> CommandRow {
        match outcome {
            Ok(answer) => self.answered(command, answer),
            Err(failure) if failure.code() == Code::OuterTimeout && self.work.remaining().is_zero() => {
                // The batch ended during the first of these; the others never ran.
                let error = if *late {
                    "not run"
                } else {
                    "batch timeout [code=outer_timeout]"
                };
                *late = true;
                CommandRow::failed(command, error.to_owned())
            }
            Err(failure) => {
                let error = failure.redacted(&self.call.services().outputs).row();
                self.take(json_bytes(&error));
                CommandRow::failed(command, error)
            }
        }
    }

    fn answered(&self, command: &str, answer: Answer) -> CommandRow {
        let wanted = self.caps.max_bytes.unwrap_or(RESULT_BYTES);
        let reserved = self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(wanted));
        let caps = Caps {
            max_bytes: Some(if reserved.is_ok() { wanted } else { NO_ROOM }),
            ..self.caps.clone()
        };
        let mut warnings: Vec<String> = answer.warnings.iter().map(|warning| self.call.said(warning)).collect();
        let presented = self.call.present(answer.text, &caps);
        warnings.extend(presented.notes.iter().map(|note| format!("note: {note}")));
        if reserved.is_ok() {
            // What was set aside is settled by what the text takes in the result, its quotes and line ends escaped.
            let said: usize = warnings.iter().map(|warning| json_bytes(warning)).sum();
            self.room.fetch_add(wanted, Ordering::Relaxed);
            self.take(json_bytes(&presented.text) + said);
        }
        let stored = presented.output_id.is_some();
        let mut row = CommandRow::answered(command, presented, warnings, answer.duration);
        if reserved.is_err() && stored {
            row.output = None;
        }
        row
    }

    fn take(&self, bytes: usize) {
        let less = |room: usize| Some(room.saturating_sub(bytes));
        // It never fails: the closure always gives a number.
        let _ = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn not_visited(&self, name: String, failure: Failure) -> Visit {
        let now = self.call.services().clock.now();
        Visit {
            router_name: name,
            error: Some(failure),
            commands: Vec::new(),
            started: now,
            ended: now,
        }
    }
}

/// Whether the failure is about reaching the router rather than about the command.
fn is_unreached(failure: &Failure) -> bool {
    matches!(
        failure.code(),
        Code::ConnectTimeout
            | Code::ConnectFailed
            | Code::JumpHostFailed
            | Code::AuthFailed
            | Code::HostKeyUnknown
            | Code::HostKeyMismatch
            | Code::HostKeyRevoked
            | Code::KnownHostsMissing
            | Code::KeyFileMissing
            | Code::RouterDisabled
            | Code::SessionLimit
    )
}
