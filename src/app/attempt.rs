//! One run of a call: compatibility, schema, scope, the tool, output.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    App, Caller, Reply,
    request::{Begun, Request},
};
use crate::{
    output::Caps,
    tools::{self, Call, CallHead, Code, Dialogue, Digest, Effect, Failure, Object, Outcome, Spec, Stop},
    work::Work,
};

/// Time for a call that sets none: its routers set theirs, and a batch its own.
const UNTIMED: Duration = Duration::from_secs(86_400);

/// What a call gets after its deadline to say how it ended, before it is ended from outside.
const SETTLING: Duration = Duration::from_secs(30);

/// The same for a change, whose outcome may have to be read back from the router's history before it is settled.
const SETTLING_CHANGE: Duration = Duration::from_secs(150);

/// How a run ended without a reply.
pub(super) enum Cut {
    Panicked,
    Stopped(Stop),
}

impl<T: Into<Stop>> From<T> for Cut {
    fn from(stop: T) -> Self {
        Cut::Stopped(stop.into())
    }
}

impl App {
    /// Everything that may fail or panic.
    pub(super) async fn answered(&self, request: &Request, arguments: Object, begun: &mut Begun) -> Result<Reply, Cut> {
        let started = Instant::now();
        let spec = begun.spec.clone();
        let refuse_hidden = self.is_read_only() && spec.effect.changes();
        if refuse_hidden {
            return Err(read_only(&spec).into());
        }
        let (arguments, spelled) = fitted(&spec, arguments)?;
        if !request.caller.may_use(&spec) {
            return Err(tool_scope_denied(&request.caller, &spec).into());
        }
        let _slot = self.admit()?;
        let ended = CancellationToken::new();
        // Whatever the call started and left behind learns that nobody waits for it any more.
        let _ended = ended.clone().drop_guard();
        self.announce(&spec, &arguments, begun).await?;
        let marked = arguments.values().any(tools::holds_marker);
        let (arguments, dialogue) = confirming(&spec, arguments, request);
        let (arguments, timeout, caps) = common(&spec, arguments);
        let work = Work::new(timeout.unwrap_or(UNTIMED), ended.clone()).reporting_to(Arc::clone(&request.progress));
        let settling = if spec.effect.changes() {
            SETTLING_CHANGE
        } else {
            SETTLING
        };
        let deadline = work.deadline() + settling;
        let head = CallHead {
            id: begun.id.clone(),
            caller: request.caller.clone(),
            work,
            timeout,
            caps,
            spelled,
            marked,
            notes: begun.record.notes(),
            dialogue,
        };
        let call = Call::new(head, spec.clone(), Arc::clone(&self.services), self.inventory());
        call.refuse_used()?;
        let running = spec.run(call.clone(), arguments);
        let outcome = self.outcome(&spec, running, &request.cancel, &ended, deadline).await;
        if let Some(time) = call.work().queued() {
            begun.record.notes().queued(time);
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
        mut running: impl Future<Output = Result<Outcome, Stop>> + Unpin,
        cancel: &CancellationToken,
        ended: &CancellationToken,
        deadline: Instant,
    ) -> Result<Outcome, Stop> {
        let unwanted = tokio::select! {
            // A call that has ended is not cancelled any more.
            biased;
            outcome = &mut running => return outcome,
            // Losing these waits is harmless: they hold nothing. Dropping the tool drops its sessions unhealed.
            () = cancel.cancelled() => cancelled("the call was cancelled before it ended"),
            () = self.stopping.cancelled() => cancelled("the server is shutting down"),
            () = tokio::time::sleep_until(deadline) => return Err(overdue(spec).into()),
        };
        if !spec.effect.changes() {
            return Err(unwanted.into());
        }
        ended.cancel();
        // A wait that is lost holds nothing here, either; what was sent goes on in a task of its own.
        tokio::time::timeout_at(deadline, running)
            .await
            .unwrap_or_else(|_| Err(overdue(spec).into()))
    }

    /// Writes down what is about to change, and refuses what may change something while the operator's records cannot be written.
    async fn announce(&self, spec: &Spec, arguments: &Object, begun: &mut Begun) -> Result<(), Failure> {
        if spec.effect == Effect::Read || begun.announced {
            return Ok(());
        }
        let announced = match spec.effect.changes() {
            true => begun.record.intends(&asked_routers(arguments)).await.is_ok(),
            false => self.audit.permits_changes(),
        };
        if announced {
            begun.announced = true;
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
    let arguments = without_needless_confirm(spec, arguments);
    let none = Map::new();
    let properties = spec.input.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let canonical = tools::canonical(spec.name, properties, arguments)?;
    let arguments = tools::checked(spec.name, &spec.input, canonical.arguments)?;
    Ok((arguments, canonical.spelled))
}

/// Who repeats a call with its plan token may say `confirm` as well, also where only the token is asked for.
fn without_needless_confirm(spec: &Spec, mut arguments: Object) -> Object {
    if spec.confirmed && spec.effect != Effect::Destroy && arguments.get("confirm") == Some(&Value::Bool(true)) {
        arguments.shift_remove("confirm");
    }
    arguments
}

/// Takes the arguments of the confirmation out of those of the tool.
fn confirming(spec: &Spec, mut arguments: Object, request: &Request) -> (Object, Dialogue) {
    let mut take = |name: &str| spec.confirmed.then(|| arguments.shift_remove(name)).flatten();
    let confirm = take("confirm") == Some(Value::Bool(true));
    let plan_token = take("plan_token").and_then(|token| token.as_str().map(str::to_owned));
    // Most calls are never asked about, and a configuration may be large.
    let matters = spec.confirmed || request.can_ask;
    let dialogue = Dialogue {
        can_ask: request.can_ask,
        answers: request.answers.clone(),
        confirm,
        plan_token,
        arguments: matters.then(|| Digest::of_members(&arguments)),
    };
    (arguments, dialogue)
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
