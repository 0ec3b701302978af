//! MCP over streamable HTTP: who may come in, in which order that is asked, and the way in and out.

mod accept;
mod authenticate;
mod body;
mod client;
mod errand;
mod flight;
mod gate;
mod held;
mod host;
mod idle;
mod listen;
mod mcp;
mod message;
mod pages;
mod patient;
mod rates;
mod refusal;
mod responder;
mod serve;
mod session;
mod session_door;
mod settings;
mod tls;
mod unread;

pub(crate) use errand::{Errand, errand};
pub(crate) use host::{AllowedHost, AllowedOrigin, Hosts};
pub(crate) use listen::{Bound, Heart};
pub use responder::Responder;
pub(crate) use serve::serve;
pub(crate) use settings::{HttpSettings, Limits, Rate, SessionLimits};
pub(crate) use tls::TlsFiles;

#[cfg(test)]
mod tests;
