//! The way of one call: audit, compatibility, schema, scope, the tool, output, reply.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures::FutureExt;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{App, Caller, Reply, Request, verdict};
use crate::{
    audit::{self, Denial, End, OpenRecord, RecordNotes},
    metrics::Ended,
    output::Caps,
    tools::{self, Call, CallHead, Code, Effect, Failure, Object, Outcome, Spec},
    work::Work,
};

/// Time for a call that sets none: its routers set theirs, and a batch its own.
const UNTIMED: Duration = Duration::from_secs(86_400);

/// What a call gets after its deadline to say how it ended, before it is ended from outside.
const SETTLING: Duration = Duration::from_secs(30);

/// The same for a change, whose outcome may have to be read back from the router's history before it is settled.
const SETTLING_CHANGE: Duration = Duration::from_secs(150);

/// No tool of this name is offered.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownTool(pub String);

/// How the work of a call ended, when it did not end by itself.
enum Cut {
    Panicked,
    Failed(Failure),
}

impl App {
    /// Runs one call from its arguments to its reply. Leaves exactly one audit record, whatever happens.
    pub async fn call(&self, request: Request) -> Result<Reply, UnknownTool> {
        let id = call_id();
        let request_id = request.caller.request_id();
        let span = tracing::info_span!("call", call_id = %id, request_id, tool = tracing::field::Empty);
        self.traced(request, id).instrument(span).await
    }

    /// Notes that a caller sent something that is no request at all.
    pub(crate) fn unreadable(&self, caller: &Caller, reason: &str) {
        let head = audit::CallHead {
            call_id: call_id(),
            request_id: caller.request_id().map(str::to_owned),
            caller: caller.recorded(),
            ..audit::CallHead::default()
        };
        self.audit.open(head).finish(&verdict::unreadable(reason));
    }

    async fn traced(&self, request: Request, id: String) -> Result<Reply, UnknownTool> {
        let started = Instant::now();
        let spec = self.offered.iter().find(|spec| spec.name == request.tool);
        let record = self.audit.open(head(&request, spec, &id));
        let notes = record.notes();
        notes.request(|facts| facts.arg_keys = request.arguments.keys().cloned().collect());
        let Some(spec) = spec else {
            let end = verdict::not_offered(&request.tool);
            self.services
                .metrics
                .calls
                .count_unknown(end.outcome.as_str(), end.denial.map(Denial::as_str));
            record.finish(&end);
            return Err(UnknownTool(request.tool));
        };
        tracing::Span::current().record("tool", spec.name);
        let _running = (
            self.calls.token(),
            self.services.metrics.calls.running(spec.effect.as_str()),
        );
        let guarded = AssertUnwindSafe(self.answered(spec, request, &id, &record)).catch_unwind();
        let answered = guarded.await.unwrap_or(Err(Cut::Panicked));
        let (mut reply, end) = match answered {
            Ok(reply) => (reply, End::ok()),
            Err(cut) => self.cut_short(cut, spec, &id),
        };
        reply.meta.insert("call_id".to_owned(), id.into());
        if self.stopping.is_cancelled() && reply.code == Some(Code::Cancelled) {
            self.abandoned.store(true, Ordering::Relaxed);
        }
        notes.result(|facts| {
            let size = reply.meta.get("bytes").and_then(Value::as_u64);
            facts.bytes = size.and_then(|bytes| bytes.try_into().ok());
            facts.truncated = reply.meta.get("truncated").and_then(Value::as_bool);
            facts.output_id = reply.output_id.clone();
        });
        self.count(spec, &reply, &end, &notes, started.elapsed());
        record.finish(&end);
        Ok(reply)
    }

    fn count(&self, spec: &Spec, reply: &Reply, end: &End, notes: &RecordNotes, duration: Duration) {
        let mut ended = Ended {
            tool: spec.name,
            outcome: end.outcome.as_str(),
            code: reply.code.map(Code::as_str),
            denial: end.denial.map(Denial::as_str),
            refused: reply.code.is_some_and(Code::is_refusal),
            output: None,
            commit: None,
            duration,
            at: self.services.clock.now(),
        };
        notes.result(|facts| {
            ended.output = facts.bytes.map(|bytes| (bytes, facts.truncated == Some(true)));
            let waits = facts.rollback_deadline.is_some();
            ended.commit = facts.commit.map(|outcome| (outcome, waits));
        });
        if let Some(routers) = &self.services.metrics.routers {
            let inventory = self.inventory();
            for (router, failed) in notes.routers() {
                let known = inventory.get(&router).map(|router| router.name.as_str());
                routers.called(known, if failed { "error" } else { ended.outcome });
            }
        }
        self.services.metrics.calls.count(&ended);
        self.services.metrics.recent.count(&ended);
    }

    /// Everything that may fail or panic.
    async fn answered(&self, spec: &Spec, request: Request, id: &str, record: &OpenRecord) -> Result<Reply, Cut> {
        let started = Instant::now();
        let Request {
            caller,
            arguments,
            cancel,
            progress,
            ..
        } = request;
        let refuse_hidden = self.is_read_only() && spec.effect.changes();
        if refuse_hidden {
            return Err(Cut::Failed(read_only(spec)));
        }
        let (arguments, spelled) = fitted(spec, arguments)?;
        if !caller.may_use(spec) {
            return Err(Cut::Failed(tool_scope_denied(&caller, spec)));
        }
        let _slot = self.admit()?;
        let ended = CancellationToken::new();
        // Whatever the call started and left behind learns that nobody waits for it any more.
        let _ended = ended.clone().drop_guard();
        self.announce(spec, &arguments, record).await?;
        let marked = arguments.values().any(tools::holds_marker);
        let (arguments, timeout, caps) = common(spec, arguments);
        let work = Work::new(timeout.unwrap_or(UNTIMED), ended.clone()).reporting_to(progress);
        let settling = if spec.effect.changes() {
            SETTLING_CHANGE
        } else {
            SETTLING
        };
        let deadline = work.deadline() + settling;
        let head = CallHead {
            id: id.to_owned(),
            caller,
            work,
            timeout,
            caps,
            spelled,
            marked,
            notes: record.notes(),
        };
        let call = Call::new(head, spec.clone(), Arc::clone(&self.services), self.inventory());
        let running = spec.run(call.clone(), arguments);
        let outcome = self.outcome(spec, running, &cancel, &ended, deadline).await;
        if let Some(time) = call.work().queued() {
            record.notes().queued(time);
        }
        Ok(Reply::success(outcome?, &call, started.elapsed()))
    }

    /// Waits for a tool until `cancel`, the end of the server or `deadline`.
    ///
    /// What only reads is dropped then. What changes a router learns by `ended` that nobody waits for it any more: it stops
    /// where it still can and settles, and its own outcome is told and recorded, for a commit that was sent may be made.
    async fn outcome(
        &self,
        spec: &Spec,
        mut running: impl Future<Output = Result<Outcome, Failure>> + Unpin,
        cancel: &CancellationToken,
        ended: &CancellationToken,
        deadline: Instant,
    ) -> Result<Outcome, Failure> {
        let unwanted = tokio::select! {
            // A call that has ended is not cancelled any more.
            biased;
            outcome = &mut running => return outcome,
            // Losing these waits is harmless: they hold nothing. Dropping the tool drops its sessions unhealed.
            () = cancel.cancelled() => cancelled("the call was cancelled before it ended"),
            () = self.stopping.cancelled() => cancelled("the server is shutting down"),
            () = tokio::time::sleep_until(deadline) => return Err(overdue(spec)),
        };
        if !spec.effect.changes() {
            return Err(unwanted);
        }
        ended.cancel();
        // A wait that is lost holds nothing here, either; what was sent goes on in a task of its own.
        tokio::time::timeout_at(deadline, running)
            .await
            .unwrap_or_else(|_| Err(overdue(spec)))
    }

    fn cut_short(&self, cut: Cut, spec: &Spec, id: &str) -> (Reply, End) {
        let (failure, end) = match cut {
            Cut::Failed(failure) => {
                let end = verdict::failed(&failure);
                (failure, end)
            }
            Cut::Panicked => {
                tracing::error!(
                    tool = spec.name,
                    "a tool panicked; its reply names this call as the incident"
                );
                let failure = Failure::new(Code::Internal, format!("internal error, incident {id}"))
                    .hint("repeating the call will probably fail again; report the incident to the operator");
                (failure, verdict::panicked())
            }
        };
        (Reply::failure(failure, spec.effect, &self.services.outputs), end)
    }

    /// Writes down what is about to change, and refuses what may change something while the operator's records cannot be written.
    async fn announce(&self, spec: &Spec, arguments: &Object, record: &OpenRecord) -> Result<(), Failure> {
        if spec.effect == Effect::Read {
            return Ok(());
        }
        let announced = match spec.effect.changes() {
            true => record.intends(&asked_routers(arguments)).await.is_ok(),
            false => self.audit.permits_changes(),
        };
        if announced {
            return Ok(());
        }
        Err(Failure::new(
            Code::AuditUnavailable,
            format!(
                "{} is refused: audit records cannot be written at the moment",
                spec.name
            ),
        )
        .hint("tools that only read work; the operator has to make room for the audit log"))
    }

    /// A place among the running calls.
    fn admit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        if self.closing.is_cancelled() {
            return Err(Failure::new(Code::Overloaded, "the server is shutting down")
                .hint("repeat the call when the server is back"));
        }
        Arc::clone(&self.slots).try_acquire_owned().map_err(|_| {
            self.http_metrics().limited("global_concurrency");
            let running = self.services.settings.calls;
            Failure::new(
                Code::Overloaded,
                format!("{running} calls are in progress, which is the limit"),
            )
            .hint("wait until some of them have ended, then repeat the call")
        })
    }
}

impl From<Failure> for Cut {
    fn from(failure: Failure) -> Self {
        Cut::Failed(failure)
    }
}

fn head(request: &Request, spec: Option<&Spec>, id: &str) -> audit::CallHead {
    audit::CallHead {
        call_id: id.to_owned(),
        request_id: request.caller.request_id().map(str::to_owned),
        rpc_id: request.rpc_id.clone(),
        tool: request.tool.clone(),
        toolset: spec.map(|spec| spec.toolset),
        effect: spec.map(|spec| spec.effect.as_str()),
        caller: request.caller.recorded(),
        asserted: request.asserted.clone(),
    }
}

/// The routers that the arguments name, as they name them.
fn asked_routers(arguments: &Object) -> Vec<String> {
    let one = arguments.get("router_name").into_iter();
    let many = arguments
        .get("router_names")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    one.chain(many).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Arguments under their canonical names that fit the schema, and the other spellings that were used.
fn fitted(spec: &Spec, arguments: Object) -> Result<(Object, Vec<&'static str>), Failure> {
    let none = Map::new();
    let properties = spec.input.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let canonical = tools::canonical(spec.name, properties, arguments)?;
    let arguments = tools::checked(spec.name, &spec.input, canonical.arguments)?;
    Ok((arguments, canonical.spelled))
}

/// Takes the arguments that the pipeline handles out of those of the tool.
fn common(spec: &Spec, mut arguments: Object) -> (Object, Option<Duration>, Caps) {
    let mut timeout = None;
    if let Some(timed) = spec.timed {
        let asked = arguments.remove("timeout").and_then(|seconds| seconds.as_u64());
        timeout = asked.or(timed.default).map(Duration::from_secs);
    }
    let mut caps = Caps::default();
    if spec.capped {
        let mut size = |name: &str| {
            arguments
                .remove(name)
                .and_then(|size| usize::try_from(size.as_u64()?).ok())
        };
        caps.max_bytes = size("max_bytes");
        caps.max_lines = size("max_lines");
        caps.tail = arguments.remove("tail").is_some_and(|tail| tail == Value::Bool(true));
    }
    (arguments, timeout, caps)
}

fn read_only(spec: &Spec) -> Failure {
    Failure::new(
        Code::ReadOnly,
        format!("{} is not available: this server is read-only", spec.name),
    )
    .hint("tools that read work; the operator decides whether this server may change anything")
}

fn tool_scope_denied(caller: &Caller, spec: &Spec) -> Failure {
    let text = format!("token '{}' is not authorized for tool '{}'", caller.name(), spec.name);
    Failure::new(Code::ToolScopeDenied, text).hint("the operator decides which tools a token may use")
}

fn cancelled(text: &str) -> Failure {
    Failure::new(Code::Cancelled, text).hint("nothing is waiting on a router for this call any more")
}

fn overdue(spec: &Spec) -> Failure {
    Failure::new(Code::OuterTimeout, format!("{} did not end within its time", spec.name))
        .hint("the router may still be working; raise timeout, or ask for less")
}

/// `c-` and 12 hexadecimal digits.
fn call_id() -> String {
    let mut bytes = [0; 6];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random numbers do not run out");
    bytes.iter().fold("c-".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}
