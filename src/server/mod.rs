//! MCP: protocol in and out, nothing else.

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

pub(crate) use http::{
    AllowedHost, AllowedOrigin, Bound, Hosts, HttpSettings, Limits, Rate, SessionLimits, TlsFiles, serve as serve_http,
};
pub(crate) use stdio::serve as serve_stdio;

#[cfg(test)]
mod surface;
#[cfg(test)]
mod tests;
