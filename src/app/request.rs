//! One call as it comes in, and the call that waits for a person.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Caller, Reply};
use crate::{
    audit::{Asserted, OpenRecord},
    tools::{Action, Answer, Answers, Question, Spec},
    work::Step,
};

/// One call as it comes in.
pub struct Request {
    pub(super) caller: Caller,
    pub(super) tool: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) cancel: CancellationToken,
    pub(super) progress: Arc<watch::Sender<Step>>,
    pub(super) rpc_id: Option<String>,
    pub(super) asserted: Asserted,
    /// Whether the client can put a form before a person.
    pub(super) can_ask: bool,
    pub(super) answers: Answers,
}

/// No tool of this name is offered.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownTool(pub String);

/// How far a call has come.
pub(crate) enum Answered {
    /// It has ended.
    Reply(Reply),
    /// A person is to be asked. Nothing is held meanwhile but the record of the call.
    Asks(Box<Paused>),
}

/// A call between two runs.
pub(crate) struct Paused {
    pub(super) request: Request,
    pub(super) begun: Begun,
    pub(super) question: Question,
}

/// What a call keeps from one run to the next.
pub(super) struct Begun {
    pub(super) spec: Spec,
    pub(super) id: String,
    pub(super) record: OpenRecord,
    /// Time that its runs took, without the time of people.
    pub(super) spent: Duration,
    /// Whether the record of what it is about to change is written.
    pub(super) announced: bool,
    pub(super) span: tracing::Span,
}

impl Request {
    /// A call of `tool` that nobody cancels, nobody watches, and that can ask nobody.
    pub fn new(caller: Caller, tool: &str, arguments: Map<String, Value>) -> Self {
        Self {
            caller,
            tool: tool.to_owned(),
            arguments,
            cancel: CancellationToken::new(),
            progress: Arc::new(watch::Sender::new(Step::default())),
            rpc_id: None,
            asserted: Asserted::default(),
            can_ask: false,
            answers: Answers::default(),
        }
    }

    /// The same call, ended when `cancel` fires.
    pub fn cancelled_by(mut self, cancel: CancellationToken) -> Self {
        self.cancel = cancel;
        self
    }

    /// The same call, as the client numbers it and what the client says about itself, for the audit record.
    pub(crate) fn asserting(mut self, rpc_id: String, asserted: Asserted) -> Self {
        self.rpc_id = Some(rpc_id);
        self.asserted = asserted;
        self
    }

    /// The same call, telling `progress` how it comes along.
    pub(crate) fn reporting_to(mut self, progress: Arc<watch::Sender<Step>>) -> Self {
        self.progress = progress;
        self
    }

    /// The same call from a client that can put a form before a person, with what a person has answered so far.
    pub(crate) fn asking(mut self, can_ask: bool, answers: Answers) -> Self {
        self.can_ask = can_ask;
        self.answers = answers;
        self
    }
}

impl Paused {
    /// What a person is asked.
    pub(crate) fn question(&self) -> &Question {
        &self.question
    }

    /// What was answered before.
    pub(crate) fn answers(&self) -> &Answers {
        &self.request.answers
    }

    /// The call with one more answer, to be run again.
    pub(crate) fn answered(mut self, action: Action, content: Map<String, Value>) -> Self {
        self.request.answers.push(Answer {
            key: self.question.key.to_owned(),
            digest: self.question.digest.clone(),
            action,
            content,
            nonce: None,
        });
        self
    }
}
