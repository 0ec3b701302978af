//! One tool call on its way in and out: request to pipeline, reply to result, progress meanwhile.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::FutureExt;
use rmcp::{
    RoleServer,
    handler::server::{router::tool::ToolRoute, tool::ToolCallContext},
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, JsonObject, MetaObject,
        ProtocolVersion,
    },
    service::RequestContext,
};
use serde_json::Map;
use tokio::sync::watch;

use super::{
    asking::{self, Broken, Way},
    asserted, definition,
    handler::Handler,
    progress::Pacer,
    resources,
};
use crate::{
    app::{Action, Answered, Era, Reply, Request, UnknownTool},
    tools::Spec,
    work::Step,
};

/// How long one progress message may take to go out before the call goes on without it.
const PROGRESS_WAIT: Duration = Duration::from_secs(1);

/// The route of a tool: all tools share one way.
pub(super) fn route(spec: &Spec, read_only: bool) -> ToolRoute<Handler> {
    ToolRoute::new_dyn(definition::tool(spec, read_only), |context| dispatch(context).boxed())
}

async fn dispatch(context: ToolCallContext<'_, Handler>) -> Result<CallToolResponse, ErrorData> {
    let ToolCallContext {
        request_context,
        service,
        name,
        arguments,
        input_responses,
        request_state,
        ..
    } = context;
    let arguments = arguments.unwrap_or_default();
    let way = Way::of(&request_context);
    let bound = match way == Way::Result || request_state.is_some() {
        true => asking::bound(service.caller(&request_context.extensions), &name, &arguments),
        false => Vec::new(),
    };
    let (steps, news) = watch::channel(Step::default());
    let request = request(service, &request_context, &name, arguments).reporting_to(Arc::new(steps));
    let answers = match asking::brought(service.seal(), &bound, request_state, input_responses) {
        Ok(answers) => answers,
        Err(Broken) => {
            service.app().unasked(&request);
            return Err(ErrorData::invalid_params(
                "requestState is not one that was given out for this call",
                None,
            ));
        }
    };
    let request = request.asking(way != Way::None, answers);
    let answered = conversed(service, request, way, &request_context);
    match with_progress(answered, &request_context, news).await {
        Ok(Answered::Reply(reply)) => Ok(result(reply, &request_context).into()),
        Ok(Answered::Asks(paused)) => {
            let asks = asking::as_result(&paused, service.seal(), &bound);
            service.app().leave(*paused);
            Ok(asks)
        }
        Err(unknown) => Err(unknown_tool(&unknown.0)),
    }
}

/// One call on behalf of the client that asks with `context`, which may cancel it and is told of its progress.
pub(super) async fn call(
    service: &Handler,
    tool: &str,
    arguments: JsonObject,
    context: &RequestContext<RoleServer>,
) -> Result<Reply, UnknownTool> {
    let (steps, news) = watch::channel(Step::default());
    let request = request(service, context, tool, arguments).reporting_to(Arc::new(steps));
    with_progress(service.app().call(request), context, news).await
}

/// The call as the pipeline takes it: whose it is, in which era, and what the client says about itself.
fn request(service: &Handler, context: &RequestContext<RoleServer>, tool: &str, arguments: JsonObject) -> Request {
    let caller = service.caller(&context.extensions).clone();
    let era = if is_modern(context) { Era::Modern } else { Era::Legacy };
    Request::new(caller.speaking(era), tool, arguments)
        .cancelled_by(context.ct.clone())
        .asserting(context.id.to_string(), asserted::claims(context))
}

/// Whether a request belongs to the revision without sessions, or to a later one.
pub(super) fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    let version = context.protocol_version();
    version.is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str())
}

/// Runs a call to its end, or to a question that goes out as its result. Where the client is asked on the stream of the call
/// it waits here, which counts neither as its time nor as a running call.
async fn conversed(
    service: &Handler,
    request: Request,
    way: Way,
    context: &RequestContext<RoleServer>,
) -> Result<Answered, UnknownTool> {
    let app = service.app();
    let mut answered = app.converse(request).await?;
    loop {
        let paused = match answered {
            Answered::Asks(paused) if way == Way::Request => paused,
            answered => return Ok(answered),
        };
        let given = match paused.answers().len() {
            asking::MOST_QUESTIONS.. => Some((Action::Cancel, Map::new())),
            _ => asking::by_request(paused.question(), context, app.closing()).await,
        };
        answered = match given {
            Some((action, content)) => app.resume(paused.answered(action, content)).await,
            None => return Ok(Answered::Reply(app.give_up(*paused))),
        };
    }
}

/// A tool that nobody knows: a protocol error, because no result could mean anything.
pub(super) async fn unknown(
    service: &Handler,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    // Nothing runs under an unknown name, so there is no reply to hand on.
    let _ = call(service, &request.name, request.arguments.unwrap_or_default(), context).await;
    Err(unknown_tool(&request.name))
}

fn unknown_tool(name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("Unknown tool: {name}"), None)
}

/// Runs a call and tells the client how it comes along, if it asked for that. Nothing is sent after the answer is known.
async fn with_progress<T>(
    call: impl Future<Output = T>,
    context: &RequestContext<RoleServer>,
    news: watch::Receiver<Step>,
) -> T {
    let Some(token) = context.meta.get_progress_token() else {
        return call.await;
    };
    let mut call = pin!(call);
    let mut pacer = Pacer::new(token, news);
    loop {
        tokio::select! {
            biased;
            reply = &mut call => return reply,
            message = pacer.next() => {
                // A message that cannot go out is not worth waiting for: the answer matters more.
                let _ = tokio::time::timeout(PROGRESS_WAIT, context.peer.notify_progress(message)).await;
            }
        }
    }
}

fn result(reply: Reply, context: &RequestContext<RoleServer>) -> CallToolResult {
    let knows_links = context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2025_06_18.as_str());
    let mut content: Vec<ContentBlock> = reply.blocks.into_iter().map(ContentBlock::text).collect();
    if let Some(id) = reply.output_id.filter(|_| knows_links) {
        content.push(resources::link(&id));
    }
    let mut result = CallToolResult::success(content);
    result.is_error = Some(reply.failed);
    result.structured_content = reply.structured;
    result.meta = Some(MetaObject(reply.meta));
    result
}
