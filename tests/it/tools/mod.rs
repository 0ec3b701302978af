//! What tools answer, against routers of the lab over real SSH.

mod arguments;
mod batch;
mod changes;
mod colleague;
mod command;
mod configuration;
mod facts;
mod inventory;
mod outputs;
mod secrets;
mod status;
