//! MCP: protocol in and out, nothing else.

mod asking;
mod asserted;
mod completions;
mod definition;
mod desk;
mod dispatch;
mod handler;
mod http;
mod instructions;
mod lines;
mod progress;
mod prompts;
mod resources;
mod stdio;
mod subscriptions;

use std::sync::Arc;

use crate::app::App;
use desk::Desk;

pub use http::Responder;
pub(crate) use http::{
    AllowedHost, AllowedOrigin, Bound, Errand, Heart, Hosts, HttpSettings, Limits, Rate, SessionLimits, TlsFiles,
    errand, serve as serve_http,
};
pub(crate) use stdio::serve as serve_stdio;

/// Answers with the tools of `app`, to clients of the older era without a session where it is `stateless`.
pub(crate) fn responder(app: &Arc<App>, stateless: bool) -> Responder {
    let desk = Desk::new(Arc::clone(app), !stateless);
    Responder::for_callers(move |caller| desk.handler(caller))
}

#[cfg(test)]
mod search;
#[cfg(test)]
mod surface;
#[cfg(test)]
mod tests;
