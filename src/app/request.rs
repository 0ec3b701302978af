//! One call as it comes in: what is asked, by whom, who watches it and who may end it.

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Caller;
use crate::{audit::Asserted, work::Step};

/// One call as it comes in.
pub struct Request {
    pub(super) caller: Caller,
    pub(super) tool: String,
    pub(super) arguments: Map<String, Value>,
    pub(super) cancel: CancellationToken,
    pub(super) progress: Arc<watch::Sender<Step>>,
    pub(super) rpc_id: Option<String>,
    pub(super) asserted: Asserted,
}

impl Request {
    /// A call of `tool` that nobody cancels and nobody watches.
    pub fn new(caller: Caller, tool: &str, arguments: Map<String, Value>) -> Self {
        Self {
            caller,
            tool: tool.to_owned(),
            arguments,
            cancel: CancellationToken::new(),
            progress: Arc::new(watch::Sender::new(Step::default())),
            rpc_id: None,
            asserted: Asserted::default(),
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
}
