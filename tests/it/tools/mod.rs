//! What tools answer, against routers of the lab over real SSH.

mod arguments;
mod batch;
mod blocklist;
mod changes;
mod colleague;
mod command;
mod compact;
mod config_paths;
mod configuration;
mod facts;
mod files;
mod guarded;
mod inventory;
mod jobs;
mod outputs;
mod pfe;
mod reload;
mod secrets;
mod status;
mod template;
mod verify;
