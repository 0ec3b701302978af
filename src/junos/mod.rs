//! The words of Junos as types: commands, pipes, paths, set lines, counted minutes, and what a router said.

mod command;
mod engine;
mod line;
mod message;
mod numbers;
mod path;
mod pattern;
mod pipe;
pub(crate) mod set_line;
mod text;
mod words;

pub(crate) use command::{Command, CommandFault, Format};
pub(crate) use engine::EngineName;
pub(crate) use line::{char_ceil, char_floor, judged_line, split_at_semicolons, tokens, unquoted, without_pipes};
pub(crate) use message::{DeviceMessage, Severity};
pub(crate) use numbers::{Minutes, RollbackNumber};
pub(crate) use path::ConfigPath;
pub(crate) use pattern::Pattern;
pub(crate) use pipe::{Pipe, apply};
pub(crate) use text::DeviceText;
pub(crate) use words::abbreviates;
