//! `token`: who may come in over HTTP.

mod audit;
mod end;
mod import;
mod list;
mod scope;
mod write;

use std::{path::PathBuf, process::ExitCode};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};

use super::environment::Parsed;

/// What can be done with tokens.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum TokenCommand {
    /// Make a token and print its secret, which is kept nowhere
    Add(Add),
    /// Show the tokens, never their secrets
    List(List),
    /// Take a token away
    Revoke(Revoke),
    /// Give a token another secret and print it; the old one is dead
    Rotate(Rotate),
    /// Change what a token may do
    SetScope(SetScope),
    /// Look for tokens that are too wide, too old or unused
    Audit(Audit),
    /// Take over the tokens of Juniper's server, so that clients keep theirs
    Import(Import),
}

/// The file of tokens.
#[derive(Args, Clone, Debug)]
pub(super) struct Place {
    /// File of tokens
    #[arg(long, value_name = "PATH", env = "JMCP_TOKENS_FILE")]
    tokens_file: PathBuf,
}

/// The file of tokens, and the server that reads it.
#[derive(Args, Clone, Debug)]
pub(super) struct Written {
    #[command(flatten)]
    place: Place,
    /// Server to tell at once, by SIGHUP
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    server_pid: Option<i32>,
}

/// When a token ends.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub(super) struct Ends {
    /// It ends after this, such as 90d, 12h or 30m
    #[arg(long, value_name = "TIME", value_parser = end::span)]
    expires_in: Option<chrono::TimeDelta>,
    /// It ends then, such as 2027-02-18T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = end::moment)]
    expires_at: Option<DateTime<Utc>>,
}

/// Makes a token.
#[derive(Args, Clone, Debug)]
pub(super) struct Add {
    #[command(flatten)]
    written: Written,
    /// Its name
    #[arg(long, value_name = "N")]
    name: String,
    /// Routers it reaches: names, patterns, tag:x, or * alone
    #[arg(long, alias = "devices", value_name = "R", value_delimiter = ',', required = true)]
    routers: Vec<String>,
    /// Tools it may use: names, toolset:x, effect:x, or * alone for all that cannot change a router
    #[arg(long, value_name = "T", value_delimiter = ',', required = true)]
    tools: Vec<String>,
    #[command(flatten)]
    ends: Ends,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// Shows tokens.
#[derive(Args, Clone, Debug)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Takes a token away.
#[derive(Args, Clone, Debug)]
pub(super) struct Revoke {
    #[command(flatten)]
    written: Written,
    /// Its name
    #[arg(long, value_name = "N")]
    name: String,
}

/// Makes a secret anew.
#[derive(Args, Clone, Debug)]
pub(super) struct Rotate {
    #[command(flatten)]
    written: Written,
    /// Its name
    #[arg(long, value_name = "N")]
    name: String,
    #[command(flatten)]
    ends: Ends,
}

/// Changes a token.
#[derive(Args, Clone, Debug)]
pub(super) struct SetScope {
    #[command(flatten)]
    written: Written,
    /// Its name
    #[arg(long, value_name = "N")]
    name: String,
    /// Routers it reaches from now on
    #[arg(long, alias = "devices", value_name = "R", value_delimiter = ',')]
    routers: Option<Vec<String>>,
    /// Tools it may use from now on
    #[arg(long, value_name = "T", value_delimiter = ',')]
    tools: Option<Vec<String>>,
    #[command(flatten)]
    ends: Ends,
    /// It does not end
    #[arg(long, conflicts_with_all = ["expires_in", "expires_at"])]
    no_expiry: bool,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Do so even if the token may do more afterwards
    #[arg(long)]
    yes: bool,
}

/// Judges tokens.
#[derive(Args, Clone, Debug)]
pub(super) struct Audit {
    #[command(flatten)]
    place: Place,
    /// Where the server keeps its state, for when tokens were used
    #[arg(long, value_name = "DIR", env = "JMCP_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    /// Fail when a finding is as bad as this
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Error)]
    fail_on: FailOn,
}

/// What makes an audit fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Warn,
    Error,
}

/// Takes tokens over.
#[derive(Args, Clone, Debug)]
pub(super) struct Import {
    #[command(flatten)]
    written: Written,
    /// The file of tokens of Juniper's server
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Routers they reach
    #[arg(long, alias = "devices", value_name = "R", value_delimiter = ',', required = true)]
    routers: Vec<String>,
    /// Tools they may use
    #[arg(long, value_name = "T", value_delimiter = ',', required = true)]
    tools: Vec<String>,
}

/// Does what the command asks for.
pub(super) fn run(parsed: &Parsed, command: &TokenCommand) -> anyhow::Result<ExitCode> {
    match command {
        TokenCommand::Add(request) => write::add(parsed, request)?,
        TokenCommand::List(request) => list::run(request)?,
        TokenCommand::Revoke(request) => write::revoke(request)?,
        TokenCommand::Rotate(request) => write::rotate(request)?,
        TokenCommand::SetScope(request) => write::set_scope(parsed, request)?,
        TokenCommand::Audit(request) => return audit::run(parsed, request),
        TokenCommand::Import(request) => import::run(parsed, request)?,
    }
    Ok(ExitCode::SUCCESS)
}
