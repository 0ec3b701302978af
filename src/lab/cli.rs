//! A router's command line: what SSH executes and what a person types.
//!
//! [`console::Console`] takes lines and gives text; it knows neither SSH nor terminals. [`shell`] and [`exec`] bring lines to
//! it over a channel.

mod commit;
mod configure;
mod console;
pub(super) mod display;
mod edit;
mod exec;
mod load;
mod operational;
mod pipes;
mod shell;
mod terminal;
#[cfg(test)]
mod tests;
mod unix;
mod user;

pub(super) use exec::exec;
pub(super) use shell::shell;
pub(super) use user::User;
