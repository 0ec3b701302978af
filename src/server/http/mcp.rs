//! `/mcp`: from a request that came in to the SDK, and from its answer to one in our words.

use std::sync::{Arc, Mutex};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse as _, Response},
};
use rmcp::transport::StreamableHttpServerConfig;
use serde_json::Value;

use super::{
    body,
    client::Peer,
    gate::{self, Welcome},
    held::{Held, Occupied},
    message::{Head, INVALID_REQUEST},
    refusal::{Counted, Refusal},
    serve::Server,
    session_door::Door,
    unread::Unread,
};
use crate::app::{Caller, Era, SessionEnd};

/// One text for a session that never was, has ended, or is somebody else's.
const NO_SESSION: &str = "no such session: it has ended or never was; begin with initialize";

/// Serves one request.
pub(super) async fn serve(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut body = Unread::new(&parts, body);
    let mut response = respond(&server, parts, &mut body).await;
    body.settle(&mut response).await;
    response
}

async fn respond(server: &Arc<Server>, parts: Parts, body: &mut Unread) -> Response {
    // Every connection says where it comes from; a request without one is not served.
    let Some(peer) = parts.extensions.get::<Peer>().cloned() else {
        return Refusal::not_found().into_response();
    };
    let welcome = match Welcome::judge(server, &parts, &peer) {
        Ok(welcome) => welcome,
        Err(refusal) => return refusal.into_response(),
    };
    let mut response = if welcome.is_preflight(&parts.method) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        let answered = answer(server, &welcome, parts, body, &peer).await;
        answered.unwrap_or_else(|refusal| refusal.into_response())
    };
    response.headers_mut().extend(welcome.permissions());
    response
}

async fn answer(
    server: &Arc<Server>,
    welcome: &Welcome,
    parts: Parts,
    body: &mut Unread,
    peer: &Peer,
) -> Result<Response, Refusal> {
    if server.app.closing().is_cancelled() {
        return Err(Refusal::draining());
    }
    let caller = welcome.admit(server, &parts, peer).await?;
    gate::judge_form(&parts, server.settings.stateless)?;
    if parts.method == Method::POST {
        return post(server, caller, parts, body).await;
    }
    let id = gate::session_id(&parts.headers).ok_or_else(|| outside(session_needed(Value::Null)))?;
    let used = server.sessions.use_by(id, caller.owner());
    let used = used.ok_or_else(|| outside(no_session(Value::Null)))?;
    let over = used.over.clone();
    let used: Occupied = Arc::new(used);
    let is_stream = parts.method == Method::GET;
    let token_over = server.app.token_over(&caller);
    let door = door(server, &caller, None, SessionEnd::Deleted);
    let response = hand_on(server, caller, door, parts, Body::empty(), Value::Null).await?;
    let held = |body| Held::new(body, vec![used]);
    Ok(response.map(|body| match is_stream {
        // A stream that waits for news would keep a server from ending, and outlive its principal.
        true => held(body)
            .until(server.app.closing().clone().cancelled_owned())
            .until(over.cancelled_owned())
            .until(token_over)
            .into_body(),
        false => held(body).into_body(),
    }))
}

async fn post(server: &Arc<Server>, caller: Caller, mut parts: Parts, body: &mut Unread) -> Result<Response, Refusal> {
    let mut occupied = vec![gate::occupy(server, &caller)?];
    let body = body::read(&parts.headers, body.take(), server.settings.limits.body).await?;
    let unreadable = |refusal: Refusal| {
        // Its record is that of a call; among the counters it is a request of no acceptable form.
        server.app.http_metrics().rejected("malformed");
        server.app.unreadable(&caller, refusal.message());
        refusal
    };
    let head = Head::read(&body).map_err(unreadable)?;
    head.check_version(&parts.headers).map_err(unreadable)?;
    let mut opening = None;
    if !server.settings.stateless && !head.stands_alone(&parts.headers) {
        match gate::session_id(&parts.headers) {
            Some(id) => {
                let used = server.sessions.use_by(id, caller.owner());
                let mut used = used.ok_or_else(|| unreadable(no_session(head.shown_id())))?;
                if let Some(asked) = head.asked() {
                    used = used
                        .asking(asked)
                        .ok_or_else(|| unreadable(id_in_use(head.shown_id())))?;
                }
                occupied.push(Arc::new(used));
            }
            None if head.initializes() => {
                let place = server.sessions.open(&caller);
                opening = Some(place.map_err(|limit| Refusal::too_many_sessions(head.shown_id(), limit))?);
            }
            None => return Err(unreadable(session_needed(head.shown_id()))),
        }
    }
    gate::spell_out_accept(&mut parts.headers);
    // The handler holds on to it too: a call goes on when its client has left.
    parts.extensions.insert(Running(occupied.clone()));
    let door = door(server, &caller, opening, SessionEnd::Unopened);
    let response = hand_on(server, caller, door, parts, Body::from(body), head.shown_id()).await?;
    Ok(response.map(|body| Held::new(body, occupied).into_body()))
}

/// What a call occupies, as long as its handler runs.
#[derive(Clone)]
struct Running(#[allow(dead_code, reason = "held, not read")] Vec<Occupied>);

fn door(server: &Server, caller: &Caller, opening: Option<super::session::Opening>, end: SessionEnd) -> Door {
    Door {
        app: Arc::clone(&server.app),
        sessions: Arc::clone(&server.sessions),
        caller: caller.clone().speaking(Era::Legacy),
        opening: Mutex::new(opening),
        end,
    }
}

/// Hands a request to the SDK on behalf of its caller.
async fn hand_on(
    server: &Arc<Server>,
    caller: Caller,
    door: Door,
    mut parts: Parts,
    body: Body,
    id: Value,
) -> Result<Response, Refusal> {
    parts.extensions.insert(caller.clone());
    parts.extensions.insert(server.app.mark());
    let request = Request::from_parts(parts, body);
    let response = server.responder.answer(caller, door, server.mcp.clone(), request).await;
    let status = response.status();
    let is_message = response.headers().contains_key(CONTENT_TYPE);
    if status.is_success() || is_message {
        return Ok(response);
    }
    // The SDK speaks of these in plain text.
    Err(match status {
        StatusCode::NOT_FOUND => no_session(id),
        StatusCode::METHOD_NOT_ALLOWED => Refusal::method("POST"),
        StatusCode::INTERNAL_SERVER_ERROR => Refusal::rpc(status, id, super::message::INTERNAL_ERROR, "internal error"),
        _ => Refusal::rpc(
            StatusCode::BAD_REQUEST,
            id,
            INVALID_REQUEST,
            "the object is not a message of the protocol, or lacks the session it needs",
        ),
    })
}

fn session_needed(id: Value) -> Refusal {
    let text = "the Mcp-Session-Id header is missing: begin with initialize";
    Refusal::rpc(StatusCode::BAD_REQUEST, id, INVALID_REQUEST, text)
}

/// A refusal of a request that is no message and so leaves no record of a call.
fn outside(refusal: Refusal) -> Refusal {
    refusal.counted(Counted::Form("session"))
}

fn id_in_use(id: Value) -> Refusal {
    let text = "a request with this id is still running in this session: give each request an id of its own";
    Refusal::rpc(StatusCode::BAD_REQUEST, id, INVALID_REQUEST, text)
}

fn no_session(id: Value) -> Refusal {
    Refusal::rpc(StatusCode::NOT_FOUND, id, INVALID_REQUEST, NO_SESSION)
}

/// How the SDK is set up: what stands before it has judged names, pages and sizes already.
pub(super) fn config(stateless: bool, body: usize) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_legacy_session_mode(!stateless)
        .with_json_response(true)
        .with_sse_retry(None)
        .with_max_request_body_bytes(body)
}
