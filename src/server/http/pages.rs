//! Everything but `/mcp`: health, counters, and where tokens come from.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{
        HeaderValue, Method, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::any,
};
use futures::FutureExt as _;
use serde_json::json;
use uuid::Uuid;

use super::{
    client::{Client, Peer},
    gate::{RequestId, Welcome},
    mcp,
    refusal::{Counted, Refusal, json_response},
    serve::Server,
};
use crate::app::App;

/// All pages.
pub(super) fn router(server: &Arc<Server>) -> Router {
    let mut router = Router::new()
        .route("/mcp", any(mcp::serve))
        .route("/mcp/", any(mcp::serve))
        .route("/.well-known/oauth-protected-resource", any(metadata))
        .route("/.well-known/oauth-protected-resource/mcp", any(metadata))
        .route("/healthz", any(health))
        .route("/readyz", any(readiness));
    if server.settings.metrics {
        router = router.route("/metrics", any(metrics));
    }
    finished(router, server)
}

/// Counters and probes alone, for those who reach a listener that nobody else does.
pub(super) fn probes(server: &Arc<Server>) -> Router {
    let router = Router::new()
        .route("/healthz", any(health))
        .route("/readyz", any(readiness))
        .route("/metrics", any(open_metrics));
    finished(router, server)
}

fn finished(router: Router<Arc<Server>>, server: &Arc<Server>) -> Router {
    router
        .fallback(async || Refusal::not_found())
        .layer(middleware::from_fn_with_state(Arc::clone(server), mark))
        .with_state(Arc::clone(server))
}

/// Marks every answer as for this client alone, counts it, and answers even when we have failed.
async fn mark(State(server): State<Arc<Server>>, mut request: Request, next: Next) -> Response {
    let path = known(request.uri().path());
    let peer = request.extensions().get::<Peer>().cloned();
    let client = peer.map(|peer| Client::of(&peer, request.headers(), &server.settings.trusted_proxies));
    let id = Uuid::now_v7().to_string();
    request.extensions_mut().insert(RequestId(id.clone()));
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answered.unwrap_or_else(|_| {
        tracing::error!(request_id = id, "a request failed within the server");
        Refusal::internal(&id).into_response()
    });
    count(&server, path, client.as_ref(), &response);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-request-id", id);
    }
    response
}

/// The word for a path in counters.
fn known(path: &str) -> &'static str {
    match path {
        "/mcp" | "/mcp/" => "mcp",
        "/metrics" => "metrics",
        "/healthz" => "healthz",
        "/readyz" => "readyz",
        path if path.starts_with("/.well-known/") => "well_known",
        _ => "other",
    }
}

fn count(server: &Server, path: &'static str, client: Option<&Client>, response: &Response) {
    let (metrics, status) = (server.app.http_metrics(), response.status().as_u16());
    metrics.answered(path, status);
    let Some(counted) = response.extensions().get::<Counted>() else {
        return;
    };
    let peer = client.map_or_else(String::new, |client| client.address.to_string());
    record(&server.app, response.status(), *counted, &peer);
}

/// Counts and records that a client was refused something.
pub(super) fn record(app: &App, status: StatusCode, counted: Counted, peer: &str) {
    let metrics = app.http_metrics();
    match counted {
        Counted::Form(reason) => metrics.rejected(reason),
        Counted::Credential(reason) => metrics.unauthenticated(reason),
        Counted::Limit(limit) => metrics.limited(limit),
        Counted::Nowhere => {}
    }
    app.rejected(status.as_u16(), counted.reason(), peer);
}

async fn health(request: Request) -> Response {
    match only_get(&request) {
        Ok(()) => json_response(StatusCode::OK, &json!({"status": "ok"}), Vec::new()),
        Err(refusal) => refusal.into_response(),
    }
}

async fn readiness(State(server): State<Arc<Server>>, request: Request) -> Response {
    if let Err(refusal) = only_get(&request) {
        return refusal.into_response();
    }
    let reasons = server.app.unready();
    if reasons.is_empty() {
        return json_response(StatusCode::OK, &json!({"status": "ready"}), Vec::new());
    }
    let body = json!({"status": "not_ready", "reasons": reasons});
    json_response(StatusCode::SERVICE_UNAVAILABLE, &body, Vec::new())
}

fn only_get(request: &Request) -> Result<(), Refusal> {
    if request.method() == Method::GET {
        Ok(())
    } else {
        Err(Refusal::method("GET"))
    }
}

async fn metrics(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(peer) = parts.extensions.get::<Peer>() else {
        return Refusal::not_found().into_response();
    };
    let judged = async {
        let welcome = Welcome::judge(&server, &parts, peer)?;
        welcome.admit(&server, &parts, peer).await?;
        Ok::<_, Refusal>(welcome)
    };
    match judged.await {
        Err(refusal) => refusal.into_response(),
        Ok(_) if parts.method != Method::GET => Refusal::method("GET").into_response(),
        Ok(welcome) => {
            let mut response = exposition(&server).await;
            response.headers_mut().extend(welcome.permissions());
            response
        }
    }
}

async fn open_metrics(State(server): State<Arc<Server>>, request: Request) -> Response {
    match only_get(&request) {
        Ok(()) => exposition(&server).await,
        Err(refusal) => refusal.into_response(),
    }
}

async fn exposition(server: &Server) -> Response {
    let metrics = server.app.http_metrics();
    let size = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    metrics.sessions().set(size(server.sessions.count()));
    let ends = server.tls.as_ref().and_then(|tls| tls.ends());
    metrics.certificate_ends(ends.unwrap_or_default());
    let free = server.places.available_permits();
    metrics
        .connections()
        .set(size(server.settings.limits.connections - free));
    let mut response = Response::new(Body::from(server.app.metrics().await));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Where tokens for us come from, as RFC 9728 has it.
async fn metadata(State(server): State<Arc<Server>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(peer) = parts.extensions.get::<Peer>().filter(|_| server.app.asks_for_tokens()) else {
        return Refusal::not_found().into_response();
    };
    match Welcome::judge(&server, &parts, peer) {
        Err(refusal) => refusal.into_response(),
        Ok(_) if parts.method != Method::GET => Refusal::method("GET").into_response(),
        Ok(welcome) => {
            let mut body = json!({
                "resource": format!("{}/mcp", welcome.base(&server)),
                "resource_name": "rust-junosmcp",
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["effect:read", "effect:operate", "effect:write", "effect:destroy"],
            });
            // Without an issuer the tokens come from this program's own command.
            if let Some(issuer) = server.app.issuer() {
                body["authorization_servers"] = json!([issuer]);
            }
            let mut response = json_response(StatusCode::OK, &body, Vec::new());
            response.headers_mut().extend(welcome.permissions());
            response
        }
    }
}
