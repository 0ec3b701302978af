//! The whole program, started as an operator or a client starts it.

mod audit;
mod check;
mod client_config;
mod connect;
mod economy;
mod healthcheck;
mod lab_run;
mod offered;
pub(crate) mod program;
mod refusals;
mod rules;
mod samples;
mod serve;
mod token;
mod tour;
mod usage;
