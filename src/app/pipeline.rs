//! The way of one call: its record is opened, it is run, perhaps again with what a person answered, and its record is closed.

use std::{panic::AssertUnwindSafe, sync::atomic::Ordering, time::Duration};

use futures::FutureExt;
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    App, Caller, Reply,
    attempt::Cut,
    request::{Answered, Begun, Paused, Request, UnknownTool},
    verdict,
};
use crate::{
    audit::{self, Denial, End, RecordNotes},
    metrics::Ended,
    tools::{Action, Answers, Code, Failure, Spec, Stop},
};

impl App {
    /// Runs one call of a client that can ask nobody, from its arguments to its reply. Leaves exactly one audit record,
    /// whatever happens.
    pub async fn call(&self, request: Request) -> Result<Reply, UnknownTool> {
        let mut answered = self.converse(request.asking(false, Answers::default())).await?;
        loop {
            match answered {
                Answered::Reply(reply) => return Ok(reply),
                // No tool asks where nobody can be asked; one that does is told so.
                Answered::Asks(paused) => answered = self.resume(paused.answered(Action::Silence, Map::new())).await,
            }
        }
    }

    /// Runs one call until it has ended or asks a person. Leaves exactly one audit record when it ends, and when a call that
    /// asks is given up.
    pub(crate) async fn converse(&self, request: Request) -> Result<Answered, UnknownTool> {
        let id = call_id();
        let request_id = request.caller.request_id();
        let span = tracing::info_span!("call", call_id = %id, request_id, tool = tracing::field::Empty);
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
        span.record("tool", spec.name);
        let begun = Begun {
            spec: spec.clone(),
            id,
            record,
            spent: Duration::ZERO,
            announced: false,
            span: span.clone(),
        };
        Ok(self.run(request, begun).instrument(span).await)
    }

    /// Goes on with a call once the person has answered.
    pub(crate) async fn resume(&self, paused: Paused) -> Answered {
        let Paused { request, begun, .. } = paused;
        let span = begun.span.clone();
        self.run(request, begun).instrument(span).await
    }

    /// Ends a call whose question goes out with its answer: the client asks, and calls again.
    pub(crate) fn leave(&self, paused: Paused) {
        let Paused { begun, .. } = paused;
        self.count(&begun.spec, None, &End::ok(), &begun.record.notes(), begun.spent);
        begun.record.finish(&End::ok());
    }

    /// Ends a call that is over before there was an answer.
    pub(crate) fn give_up(&self, paused: Paused) -> Reply {
        let Paused { begun, .. } = paused;
        let failure = Failure::new(Code::Cancelled, "the call was cancelled while the user was asked")
            .hint("nothing was held and nothing was done meanwhile");
        let end = verdict::failed(&failure);
        self.count(
            &begun.spec,
            Some(failure.code()),
            &end,
            &begun.record.notes(),
            begun.spent,
        );
        begun.record.finish(&end);
        self.failed(failure, &begun.spec)
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

    /// Notes that a caller brought an answer that it was never asked for.
    pub(crate) fn unasked(&self, request: &Request) {
        let spec = self.offered.iter().find(|spec| spec.name == request.tool);
        self.audit
            .open(head(request, spec, &call_id()))
            .finish(&verdict::unasked());
    }

    async fn run(&self, mut request: Request, mut begun: Begun) -> Answered {
        let started = Instant::now();
        let notes = begun.record.notes();
        let spec = begun.spec.clone();
        // Only who can be asked may have to run it again.
        let arguments = match request.can_ask {
            true => request.arguments.clone(),
            false => std::mem::take(&mut request.arguments),
        };
        // Until the end is known: a shutdown that waits for it asks then whether the call was cut short.
        let _running = (
            self.calls.token(),
            self.services.metrics.calls.running(spec.effect.as_str()),
        );
        let guarded = AssertUnwindSafe(self.answered(&request, arguments, &mut begun)).catch_unwind();
        let answered = guarded.await.unwrap_or(Err(Cut::Panicked));
        begun.spent += started.elapsed();
        let (mut reply, end) = match answered {
            Ok(reply) => (reply, End::ok()),
            Err(Cut::Stopped(Stop::Asks(question))) => {
                notes.result(|facts| facts.asked = Some("person"));
                return Answered::Asks(Box::new(Paused {
                    request,
                    begun,
                    question: question.redacted(&self.services.outputs),
                }));
            }
            Err(Cut::Stopped(Stop::Offers(offer))) => {
                notes.result(|facts| facts.asked = Some("plan"));
                (Reply::offer(*offer, &self.services.outputs), End::ok())
            }
            Err(Cut::Stopped(Stop::Failed(failure))) => {
                let end = verdict::failed(&failure);
                (self.failed(failure, &spec), end)
            }
            Err(Cut::Panicked) => (self.panicked(&spec, &begun.id), verdict::panicked()),
        };
        reply.meta.insert("call_id".to_owned(), begun.id.into());
        if self.stopping.is_cancelled() && reply.code == Some(Code::Cancelled) {
            self.abandoned.store(true, Ordering::Relaxed);
        }
        notes.result(|facts| {
            let size = reply.meta.get("bytes").and_then(Value::as_u64);
            facts.bytes = size.and_then(|bytes| bytes.try_into().ok());
            facts.truncated = reply.meta.get("truncated").and_then(Value::as_bool);
            facts.output_id = reply.output_id.clone();
        });
        self.count(&spec, reply.code, &end, &notes, begun.spent);
        begun.record.finish(&end);
        Answered::Reply(reply)
    }

    fn count(&self, spec: &Spec, code: Option<Code>, end: &End, notes: &RecordNotes, duration: Duration) {
        let mut ended = Ended {
            tool: spec.name,
            outcome: end.outcome.as_str(),
            code: code.map(Code::as_str),
            denial: end.denial.map(Denial::as_str),
            refused: code.is_some_and(Code::is_refusal),
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

    fn failed(&self, failure: Failure, spec: &Spec) -> Reply {
        Reply::failure(failure, spec.effect, &self.services.outputs)
    }

    fn panicked(&self, spec: &Spec, id: &str) -> Reply {
        tracing::error!(
            tool = spec.name,
            "a tool panicked; its reply names this call as the incident"
        );
        let failure = Failure::new(Code::Internal, format!("internal error, incident {id}"))
            .hint("repeating the call will probably fail again; report the incident to the operator");
        self.failed(failure, spec)
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

/// `c-` and 12 hexadecimal digits.
fn call_id() -> String {
    let mut bytes = [0; 6];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system's random numbers do not run out");
    bytes.iter().fold("c-".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}
