//! Words on a command line.

mod assemble;
mod auditing;
mod check;
mod client_config;
mod commands;
mod convert;
mod environment;
mod files;
mod findings;
mod healthcheck;
mod host_keys;
mod http;
mod http_options;
mod lab_memory;
mod lab_run;
mod logging;
mod manager;
mod manual;
mod modes;
mod oauth;
mod options;
mod output;
mod places;
mod policy;
mod selection;
mod serve;
mod signals;
mod token;
mod tour;

use std::{ffi::OsString, future::Future, process::ExitCode};

use anyhow::Context as _;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::{server::Responder, template};
use commands::{AuditCommand, Command, KnownHostsCommand, LabCommand};
use environment::Parsed;
use findings::{Findings, Refusal};

/// The operation failed, or found problems.
const FAILED: u8 = 1;
/// A router could not be contacted as it should.
const ROUTERS_FAILED: u8 = 4;
/// The start was refused.
const REFUSED: u8 = 3;

/// Does what the command line asks for.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    with(arguments, run)
}

/// Serves over HTTP as the command line asks for, but lets `responder` answer in place of the tools.
pub fn serve(arguments: impl IntoIterator<Item = OsString>, responder: Responder) -> ExitCode {
    with(arguments, |parsed, findings| {
        serve::run(parsed, findings, Some(responder))
    })
}

fn with(
    arguments: impl IntoIterator<Item = OsString>,
    run: impl FnOnce(&Parsed, Findings) -> anyhow::Result<ExitCode>,
) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // Before any thread, and before the environment is read: a renderer has none.
    if arguments.get(1).is_some_and(|word| word == template::SUBCOMMAND) {
        return template::run_child();
    }
    let mut findings = Findings::default();
    let parsed = match environment::parse(arguments, &mut findings) {
        Ok(parsed) => parsed,
        // Help and version come this way too; clap knows their stream and code.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED));
        }
    };
    logging::start(&parsed, &mut findings);
    match run(&parsed, findings) {
        Ok(code) => code,
        Err(error) if output::is_closed(&error) => ExitCode::from(FAILED),
        Err(error) => {
            eprintln!("rust-junosmcp: error: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn run(parsed: &Parsed, findings: Findings) -> anyhow::Result<ExitCode> {
    match &parsed.line.command {
        None => serve::run(parsed, findings, None),
        Some(Command::Check(request)) => check::run(parsed, request, findings),
        Some(Command::KnownHosts(KnownHostsCommand::Scan(request))) => host_keys::scan(parsed, request, findings),
        Some(Command::Audit(AuditCommand::Verify(request))) => auditing::verify(parsed, request),
        Some(Command::Token(command)) => token::run(parsed, command),
        Some(Command::ClientConfig(request)) => {
            client_config::run(request, &parsed.line.options.device_mapping)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Healthcheck) => healthcheck::run(&parsed.line.options),
        Some(Command::Completions { shell }) => manual::completions(*shell).map(|()| ExitCode::SUCCESS),
        Some(Command::Man { directory }) => manual::man(directory.as_deref()).map(|()| ExitCode::SUCCESS),
        Some(Command::Lab(LabCommand::Run(request))) => block_on(lab_run::run(request))?.map(|()| ExitCode::SUCCESS),
        Some(Command::Lab(LabCommand::Tour(request))) => Ok(code(block_on(tour::run(request.fast))??)),
    }
}

/// As many files as macOS lets a process open whose limit is called infinite.
const UNLIMITED_FILES: u64 = 10_240;

/// Lets the process open as many files as it may: each router and each client is one, and many systems start with 1,024.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(limit.maximum.unwrap_or(UNLIMITED_FILES));
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!("the limit of open files stays as it is: {error}");
    }
}

/// Runs a future on a runtime of its own.
fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let done = runtime.block_on(work);
    // A thread that reads stdin would be waited for until the client closes it.
    runtime.shutdown_background();
    Ok(done)
}

fn code(is_good: bool) -> ExitCode {
    if is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    }
}

/// Prints all refusals; the exit code that says so.
fn refuse(findings: &Findings) -> ExitCode {
    for Refusal { text, hint, .. } in findings.refusals() {
        eprintln!("rust-junosmcp: refused: {text}");
        if let Some(hint) = hint {
            eprintln!("rust-junosmcp: hint: {hint}");
        }
    }
    ExitCode::from(REFUSED)
}
