//! A Model Context Protocol server for Junos routers, switches and firewalls, and a lab of simulated routers.
//!
//! Data goes down this list and comes back up it; a module names only modules below it:
//!
//! - `cli/` words on a command line
//! - `settings.rs` assembles and validates the settings structs that the modules below declare
//! - `server/` MCP over stdio and HTTP: protocol in and out, nothing else
//! - `app/` what a running process owns, and the pipeline of one call
//! - `tools/` what a model may ask: one file per tool, one folder per toolset
//! - `workflows/` work of several steps
//! - `jobs/` `output/` `transfer/` `template/` siblings that do not name one another
//! - `devices/` sessions to routers
//! - `inventory/` devices.json
//! - `blocklist/` `tokens/` `audit/` `secrets/` `metrics/` guards and counters
//! - `junos/` `work.rs` `news.rs` `clock.rs` `whole_file.rs` the words of Junos as types; what work carries; what listeners are
//!   told; time; files replaced as a whole
//! - `lab/` apart: simulated routers; names only `clock.rs`

pub mod app;
pub mod cli;
pub mod lab;
pub mod settings;

mod audit;
mod blocklist;
mod clock;
mod devices;
mod inventory;
mod jobs;
mod junos;
mod metrics;
mod news;
mod output;
mod secrets;
mod server;
mod template;
mod tokens;
mod tools;
mod transfer;
mod whole_file;
mod work;
mod workflows;

pub use clock::Clock;
pub use server::Responder;
