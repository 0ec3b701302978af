//! Commits, checks and confirmed commits, in Junos' own form and in the base protocol's.

use chrono::{DateTime, Utc};

use super::{Answer, Call, refused};
use crate::lab::candidate::{Editor, Window};
use crate::lab::config::{ConfigError, Severity, Tree};
use crate::lab::configuration;
use crate::lab::errors;
use crate::lab::history::Origin;
use crate::lab::profile::{CommitMark, Family, Wrapper};
use crate::lab::state::State;

/// Longest log text a commit may carry, in bytes.
const LONGEST_LOG: usize = 512;

/// Minutes of the native window when none are given.
const DEFAULT_MINUTES: u32 = 10;

/// Seconds of the base window when none are given.
const DEFAULT_SECONDS: u32 = 600;

pub(super) fn answer(call: &Call<'_>) -> Option<Answer> {
    let body = match call.operation.name.as_str() {
        "commit-configuration" => native(call),
        "commit" => base(call),
        "validate" => validate(call),
        _ => return None,
    };
    Some(Answer::body(body))
}

/// How a commit came out.
enum Outcome {
    /// Done, with these remarks.
    Done(Vec<ConfigError>),
    /// The checks failed with these errors and remarks.
    Failed(Vec<ConfigError>),
    /// The database did not allow it; the error.
    Refused(String),
}

fn native(call: &Call<'_>) -> String {
    let window = match window(call, DEFAULT_MINUTES) {
        Ok(window) => window.map(Window::Minutes),
        Err(error) => return error,
    };
    let log = call.operation.child("log").map(|log| log.text.clone());
    if let Some(log) = log.as_deref().filter(|log| log.len() > LONGEST_LOG) {
        return errors::parser(
            &format!("Length {} is not within range (1..{LONGEST_LOG})", log.len()),
            None,
        );
    }
    let check = call.operation.has("check");
    let mark = match check {
        true => "<commit-check-success/>",
        false => "<commit-success/>",
    };
    match run(call, check, window, log) {
        Outcome::Refused(error) => error,
        Outcome::Failed(findings) => {
            let findings = configuration::rpc_errors(&findings);
            format!("<commit-results>\n{findings}</commit-results>\n")
        }
        Outcome::Done(remarks) => {
            let remarks = configuration::rpc_errors(&remarks);
            results(call, &remarks, mark)
        }
    }
}

/// The results of a commit that went well, in the way of this kind of router.
fn results(call: &Call<'_>, remarks: &str, mark: &str) -> String {
    let profile = call.session.router.profile();
    let ok = call.session.envelope.ok();
    let engine = |name: &&str| {
        format!("<routing-engine junos:style=\"normal\">\n<name>{name}</name>\n{mark}\n</routing-engine>\n")
    };
    match profile.commit_mark {
        CommitMark::Engines => {
            let engines = match profile.wrapper {
                // One of two engines commits for itself unless it is told to synchronize: then it checks, the other
                // commits, and it commits last.
                Wrapper::InvokeOn(engines) => {
                    let synchronize = ["synchronize", "force-synchronize"]
                        .iter()
                        .any(|word| call.operation.has(word));
                    match (synchronize, engines) {
                        (true, [own, others @ ..]) => {
                            let checked = engine(own).replace(mark, "<commit-check-success/>");
                            let others: String = others.iter().map(engine).collect();
                            match mark == "<commit-check-success/>" {
                                true => format!("{checked}{others}"),
                                false => format!("{checked}{others}{}", engine(own)),
                            }
                        }
                        (false, engines) => engines.iter().take(1).map(engine).collect(),
                        (true, []) => String::new(),
                    }
                }
                Wrapper::Always(_) | Wrapper::Never => profile.wrapper.members().iter().map(engine).collect(),
            };
            format!("<commit-results>\n{remarks}{engines}</commit-results>\n{ok}")
        }
        // Clusters were seen to leave the engine open and to send no results around it.
        CommitMark::Unclosed => {
            let name = profile.wrapper.members().first().copied().unwrap_or("node0");
            format!("{remarks}<routing-engine junos:style=\"show-name\">\n<name>{name}</name>\n{mark}\n{ok}")
        }
        CommitMark::Empty => format!("<commit-results>\n{remarks}</commit-results>\n{ok}"),
    }
}

fn base(call: &Call<'_>) -> String {
    let window = match window(call, DEFAULT_SECONDS) {
        Ok(window) => window.map(Window::Seconds),
        Err(error) => return error,
    };
    plain(call, run(call, false, window, None))
}

fn validate(call: &Call<'_>) -> String {
    match super::edit_config::datastore(call.operation, "source") {
        Some("candidate") | None => plain(call, run(call, true, None, None)),
        Some(_) => errors::unsupported(),
    }
}

fn plain(call: &Call<'_>, outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused(error) => error,
        Outcome::Failed(findings) => configuration::rpc_errors(&findings),
        Outcome::Done(remarks) => format!("{}{}", configuration::rpc_errors(&remarks), call.session.envelope.ok()),
    }
}

/// The number in `confirm-timeout`, when the commit is to be confirmed.
fn window(call: &Call<'_>, default: u32) -> Result<Option<u32>, String> {
    if !call.operation.has("confirmed") {
        return Ok(None);
    }
    let Some(written) = call.operation.value("confirm-timeout") else {
        return Ok(Some(default));
    };
    match written.parse::<u32>() {
        Ok(number @ 1..=65_535) => Ok(Some(number)),
        Ok(number) => Err(errors::parser(
            &format!("Value {number} is not within range (1..65535)"),
            None,
        )),
        Err(_) => Err(errors::parser(
            &format!("Invalid numeric value: '{written}'"),
            Some(written),
        )),
    }
}

fn run(call: &Call<'_>, check: bool, window: Option<Window>, log: Option<String>) -> Outcome {
    let who = call.session.editor();
    let host = call.session.router.name.clone();
    let family = call.session.router.profile().family;
    call.session.work(|state, now| {
        let tree = match state.databases.committable(&who, window.is_some()) {
            Ok(tree) => tree,
            Err(refusal) => return Outcome::Refused(refused(&refusal, now)),
        };
        let mut findings = configuration::check(&tree);
        if family == Family::Ex {
            findings.splice(0..0, unlicensed(&tree));
        }
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            state.databases.check_failed();
            return Outcome::Failed(findings);
        }
        if check {
            state.databases.checked();
        } else {
            let origin = Origin {
                user: who.user.clone(),
                client: "netconf",
                log: log.clone(),
            };
            state.databases.activate(&who, tree, origin, window, now);
            log_commit(state, now, &host, &who, log.as_deref());
        }
        Outcome::Done(findings)
    })
}

/// Switches speak BGP only with a license, of which each commit reminds; it works without one.
fn unlicensed(tree: &Tree) -> Option<ConfigError> {
    tree.set_lines(&["protocols", "bgp"])
        .filter(|lines| !lines.is_empty())?;
    Some(ConfigError {
        path: Some("[edit protocols]".to_owned()),
        bad_element: Some("bgp".to_owned()),
        ..ConfigError::warning("mgd: requires 'bgp' license")
    })
}

/// What a commit leaves in the log.
pub(in crate::lab) fn log_commit(state: &mut State, now: DateTime<Utc>, host: &str, who: &Editor, log: Option<&str>) {
    let daemon = format!("mgd[{}]", who.id);
    let comment = log.unwrap_or("none");
    let request = format!(
        "UI_COMMIT: User '{}' requested 'commit' operation (comment: {comment})",
        who.user
    );
    state.log.write(now, host, &daemon, &request);
    state
        .log
        .write(now, host, &daemon, "UI_COMMIT_COMPLETED: commit complete");
}
