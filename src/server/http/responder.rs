//! Whoever answers the requests that the front lets through: the handler of the routers, or another one.

use std::sync::Arc;

use axum::{body::Body, extract::Request, response::Response};
use futures::{FutureExt as _, future::BoxFuture};
use rmcp::{
    ServerHandler,
    transport::{StreamableHttpServerConfig, StreamableHttpService},
};

use super::session_door::Door;
use crate::app::Caller;

/// Answers requests that came in through the HTTP front of the server.
///
/// The front is the same whoever answers: Host and Origin, the order of checks, limits, sessions and messages.
pub struct Responder(Box<Answer>);

type Answer =
    dyn Fn(Caller, Door, StreamableHttpServerConfig, Request) -> BoxFuture<'static, Response> + Send + Sync + 'static;

impl Responder {
    /// Answers with handlers from `make`: one for each session, or for each request that has none.
    pub fn new<H: ServerHandler>(make: impl Fn() -> H + Send + Sync + 'static) -> Self {
        Self::for_callers(move |_| make())
    }

    /// The same with handlers that know who asks.
    pub(crate) fn for_callers<H: ServerHandler>(make: impl Fn(Caller) -> H + Send + Sync + 'static) -> Self {
        let make = Arc::new(make);
        Self(Box::new(move |caller, door, config, request| {
            let make = Arc::clone(&make);
            let service = StreamableHttpService::new(move || Ok(make(caller.clone())), Arc::new(door), config);
            async move { service.handle(request).await.map(Body::new) }.boxed()
        }))
    }

    /// Answers one request of `caller`, to whom the sessions behind `door` belong.
    pub(super) async fn answer(
        &self,
        caller: Caller,
        door: Door,
        config: StreamableHttpServerConfig,
        request: Request,
    ) -> Response {
        (self.0)(caller, door, config, request).await
    }
}
