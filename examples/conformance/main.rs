//! A server for the conformance suite of the protocol: the HTTP front of the product with the suite's fixtures behind it.
//!
//! Its command line is that of the product; `docs/conformance.md` says what to run against it.
#![allow(deprecated, reason = "what later revisions drop is still part of the older ones")]

mod dialogue;
mod fixtures;
mod handler;
mod prompts;
mod resources;
mod rounds;
mod tools;

use std::process::ExitCode;

use rust_junosmcp::{Responder, cli};

fn main() -> ExitCode {
    let suite = handler::Suite::new();
    cli::serve(std::env::args_os(), Responder::new(move || suite.for_client()))
}
