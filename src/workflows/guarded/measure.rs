//! Asking the router what a check is about.

use std::time::Duration;

use super::{Reader, check::Check};
use crate::{
    devices::{Fault, Lease, Node, Reply, Rpc},
    work::Work,
};

/// Echo requests of one ping.
const ECHOES: u8 = 5;

/// The longest that one request may take: echo requests that nobody answers take some ten seconds.
const REQUEST: Duration = Duration::from_secs(30);

/// Whether a check holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It could not be found out.
    Unknown,
}

impl State {
    /// The word for results.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }

    fn of(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Fail }
    }
}

/// What was found for one check. The evidence holds nothing of a router's output but counts and states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) state: State,
    /// Neighbors, where they are counted.
    pub(super) count: Option<usize>,
    pub(super) evidence: String,
}

impl Reading {
    pub(super) fn new(state: State, evidence: impl Into<String>) -> Self {
        Self {
            state,
            count: None,
            evidence: evidence.into(),
        }
    }

    pub(super) fn unknown(evidence: impl Into<String>) -> Self {
        Self::new(State::Unknown, evidence)
    }
}

/// Measures one check on a session that has answered before.
pub(super) async fn measure(check: &Check, lease: &mut Lease, reader: &Reader, work: &Work) -> Result<Reading, Fault> {
    match check {
        Check::Session => Ok(Reading::new(State::Pass, "the router answers")),
        Check::Ping(host) => ping(host, &ask(lease, &Rpc::ping(host, ECHOES), work).await?),
        Check::Bgp => {
            let reply = ask(lease, &Rpc::bgp_summary(), work).await?;
            counted(&reply, "bgp-peer", "peer-state", "Established")
        }
        Check::Ospf => {
            let reply = ask(lease, &Rpc::ospf_neighbors(), work).await?;
            counted(&reply, "ospf-neighbor", "ospf-neighbor-state", "Full")
        }
        Check::Interfaces(names) => interfaces(names, lease, work).await,
        Check::Command { command, pattern } => {
            let reply = ask(lease, &Rpc::command(command), work).await?;
            let command = command.command();
            let mut text = reply.into_text().piped(command.pipes().to_vec());
            if let Some(path) = command.config_path() {
                text = text.under(path);
            }
            // What is hidden from readers is hidden from patterns, lest one guess a secret by trying.
            let found = pattern.is_match(&reader.read(text));
            let evidence = if found { "match found in" } else { "match not found in" };
            Ok(Reading::new(
                State::of(found),
                format!("{evidence} the output of '{}'", command.whole()),
            ))
        }
    }
}

async fn ask(lease: &mut Lease, request: &Rpc, work: &Work) -> Result<Reply, Fault> {
    lease.ask(request, &work.narrowed(REQUEST)).await
}

/// What the router refused to answer, in place of a tree.
fn tree(reply: &Reply) -> Result<Node, Reading> {
    if reply.errors().next().is_some() {
        return Err(Reading::unknown("the router refused the request"));
    }
    reply
        .tree()
        .ok_or_else(|| Reading::unknown("the reply is too large to be read"))
}

fn ping(host: &str, reply: &Reply) -> Result<Reading, Fault> {
    // A host that is not known is an error of the router, and no answer.
    let answered = reply
        .tree()
        .and_then(|tree| number(&tree, "responses-received"))
        .unwrap_or(0);
    Ok(Reading::new(
        State::of(answered > 0),
        format!("{answered} of {ECHOES} echo requests to {host} answered"),
    ))
}

fn number(tree: &Node, name: &str) -> Option<usize> {
    tree.descendants(name).first()?.text().parse().ok()
}

fn counted(reply: &Reply, element: &str, state: &str, good: &str) -> Result<Reading, Fault> {
    let tree = match tree(reply) {
        Ok(tree) => tree,
        Err(reading) => return Ok(reading),
    };
    let neighbors = tree.descendants(element);
    let up = neighbors
        .iter()
        .filter(|neighbor| neighbor.value(state) == Some(good))
        .count();
    Ok(Reading {
        count: Some(up),
        ..Reading::new(State::Pass, format!("{up} of {} neighbors {good}", neighbors.len()))
    })
}

async fn interfaces(names: &[String], lease: &mut Lease, work: &Work) -> Result<Reading, Fault> {
    let mut down = Vec::new();
    for name in names {
        let reply = ask(lease, &Rpc::interface_terse(name), work).await?;
        match condition(reply.tree().as_ref(), name) {
            Some(true) => {}
            Some(false) => down.push(format!("{name} is down")),
            None => down.push(format!("{name} is absent")),
        }
    }
    Ok(match down.is_empty() {
        true => Reading::new(State::Pass, format!("{} up", names.join(", "))),
        false => Reading::new(State::Fail, down.join(", ")),
    })
}

/// Whether an interface is up; none if there is no such interface.
fn condition(tree: Option<&Node>, name: &str) -> Option<bool> {
    let tree = tree?;
    let named = |element| {
        tree.descendants(element)
            .into_iter()
            .find(|node| node.value("name") == Some(name))
    };
    let node = named("logical-interface").or_else(|| named("physical-interface"))?;
    let is_up = |status| {
        node.value(status)
            .is_none_or(|status| status.eq_ignore_ascii_case("up"))
    };
    Some(is_up("admin-status") && is_up("oper-status"))
}
