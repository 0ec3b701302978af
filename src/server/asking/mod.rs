//! A question of a tool, asked in the client's own way, and the answer on its way back.
//!
//! A modern client gets the question as the result of its call and calls again with the answer; an older one is asked on the
//! stream of its call, which waits meanwhile. Either way the tool is run again from its beginning.

mod form;
mod seal;

use std::time::Duration;

use rmcp::{
    RoleServer,
    model::{CallToolResponse, ElicitResult, ElicitationAction, InputRequest, InputRequiredResult, InputResponses},
    service::{RequestContext, ServiceError},
};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::dispatch::is_modern;
use crate::app::{Action, Answers, Caller, PATIENCE, Paused, Question};
pub(super) use seal::{Broken, Seal};

/// How often one call asks at most: a client that never answers as it was asked is not asked for ever.
pub(super) const MOST_QUESTIONS: usize = 8;

/// A question outlives its patience by this, so that an answer in the last moment is one.
const GRACE: Duration = Duration::from_secs(1);

/// How a client asks its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By the result of the call, which the client repeats with the answer.
    Result,
    /// By a request on the stream of the call.
    Request,
    /// Not at all.
    None,
}

impl Way {
    /// That of the client of this request, as it declares it.
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Self {
        let elicitation = context
            .client_capabilities()
            .and_then(|capabilities| capabilities.elicitation);
        // Who names no kind of question means forms: there was nothing else when it was first declared.
        let asks_forms = elicitation.is_some_and(|kinds| kinds.form.is_some() || kinds.url.is_none());
        match (asks_forms, is_modern(context)) {
            (false, _) => Way::None,
            (true, true) => Way::Result,
            (true, false) => Way::Request,
        }
    }
}

/// What a person did, and what was filled in.
pub(super) type Given = (Action, Map<String, Value>);

/// The result that asks.
pub(super) fn as_result(paused: &Paused, seal: &Seal, bound: &[u8]) -> CallToolResponse {
    let question = paused.question();
    let state = seal.close(question, paused.answers(), bound);
    let request = InputRequest::Elicitation(form::request(question));
    let requests = [(question.key.to_owned(), request)].into_iter().collect();
    InputRequiredResult::new(Some(requests), Some(state)).into()
}

/// The answers that a repeated call brings. One that is missing or has no form that could be an answer is none, so that the
/// tool asks again.
pub(super) fn brought(
    seal: &Seal,
    bound: &[u8],
    state: Option<String>,
    responses: Option<InputResponses>,
) -> Result<Answers, Broken> {
    let Some(state) = state else {
        return Ok(Answers::default());
    };
    let Some(mut opened) = seal.open(&state, bound)? else {
        return Ok(Answers::default());
    };
    let response = responses.and_then(|mut responses| responses.remove(&opened.key));
    let given = response.and_then(|response| serde_json::from_value::<ElicitResult>(response).ok());
    if let Some((action, content)) = given.map(read) {
        opened.answer(action, content);
    }
    Ok(Answers::new(opened.answers))
}

/// Asks on the stream of the call. None when the call is over before there is an answer.
pub(super) async fn by_request(
    question: &Question,
    context: &RequestContext<RoleServer>,
    closing: &CancellationToken,
) -> Option<Given> {
    let params = form::request(question).params;
    let asking = context
        .peer
        .create_elicitation_with_timeout(params, Some(PATIENCE + GRACE));
    let asked = tokio::select! {
        asked = asking => asked,
        // What is lost with these is only the question; nothing else is held.
        () = tokio::time::sleep(PATIENCE) => return Some((Action::Silence, Map::new())),
        () = context.ct.cancelled() => return None,
        () = closing.cancelled() => return Some((Action::Cancel, Map::new())),
    };
    Some(match asked {
        Ok(result) => read(result),
        Err(ServiceError::Timeout { .. }) => (Action::Silence, Map::new()),
        // A client that declared what it cannot do, or that is gone.
        Err(_) => (Action::Cancel, Map::new()),
    })
}

fn read(result: ElicitResult) -> Given {
    let action = match result.action {
        ElicitationAction::Accept => Action::Accept,
        ElicitationAction::Decline => Action::Decline,
        // A word that later revisions add is no consent.
        _ => Action::Cancel,
    };
    let content = match result.content {
        Some(Value::Object(content)) => content,
        _ => Map::new(),
    };
    (action, content)
}

/// What a sealed question is bound to besides its own digest: who asked for what.
pub(super) fn bound(caller: &Caller, tool: &str, arguments: &Map<String, Value>) -> Vec<u8> {
    let digest = crate::app::Digest::of_members(arguments);
    format!("{}\0{tool}\0{}", caller.owner(), digest.as_str()).into_bytes()
}

#[cfg(test)]
mod tests;
