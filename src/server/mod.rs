//! MCP: protocol in and out, nothing else.

mod definition;
mod dispatch;
mod handler;
mod instructions;
mod lines;
mod outputs;
mod progress;
mod stdio;

pub(crate) use stdio::serve as serve_stdio;

#[cfg(test)]
mod surface;
#[cfg(test)]
mod tests;
