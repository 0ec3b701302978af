//! Commands that change the file of tokens.

use std::io::{self, IsTerminal as _};

use anyhow::bail;
use chrono::Utc;
use rustix::process::{Pid, Signal, kill_process};
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    super::{environment::Parsed, output},
    Add, Revoke, Rotate, SetScope, Written, scope,
};
use crate::{
    tokens::{Document, EditFault, Row, Wanted},
    tools,
};

/// `token add`.
pub(super) fn add(parsed: &Parsed, request: &Add) -> anyhow::Result<()> {
    scope::judged(&request.routers, &request.tools)?;
    let now = Utc::now();
    let wanted = Wanted {
        routers: Some(request.routers.clone()),
        tools: Some(request.tools.clone()),
        expires_at: request.ends.moment(now).map(Some),
        description: request.description.clone(),
    };
    let secret = Document::edit(&request.written.place.tokens_file, |document| {
        document.add(&request.name, wanted, now)
    })?;
    scope::warn_of_strangers(parsed, &request.routers);
    hand_over(&secret)?;
    tell_server(&request.written);
    Ok(())
}

/// `token revoke`.
pub(super) fn revoke(request: &Revoke) -> anyhow::Result<()> {
    let name = &request.name;
    let was_there = Document::edit(&request.written.place.tokens_file, |document| Ok(document.revoke(name)))?;
    if was_there {
        eprintln!("revoked '{name}'");
    } else {
        eprintln!("no token named '{name}'");
    }
    tell_server(&request.written);
    Ok(())
}

/// `token rotate`.
pub(super) fn rotate(request: &Rotate) -> anyhow::Result<()> {
    let now = Utc::now();
    let wanted = Wanted {
        expires_at: request.ends.moment(now).map(Some),
        ..Wanted::default()
    };
    let secret = Document::edit(&request.written.place.tokens_file, |document| {
        document.rotate(&request.name, wanted, now)
    })?;
    hand_over(&secret)?;
    tell_server(&request.written);
    Ok(())
}

/// `token set-scope`.
pub(super) fn set_scope(parsed: &Parsed, request: &SetScope) -> anyhow::Result<()> {
    let end = request.ends.moment(Utc::now());
    let asked = [
        request.routers.is_some(),
        request.tools.is_some(),
        end.is_some(),
        request.no_expiry,
        request.description.is_some(),
    ];
    if !asked.contains(&true) {
        bail!("nothing to change: give --routers, --tools, --expires-in, --expires-at, --no-expiry or --description");
    }
    let none = Vec::new();
    let routers = request.routers.as_ref().unwrap_or(&none);
    scope::judged(routers, request.tools.as_ref().unwrap_or(&none))?;
    let wanted = Wanted {
        routers: request.routers.clone(),
        tools: request.tools.clone(),
        expires_at: if request.no_expiry { Some(None) } else { end.map(Some) },
        description: request.description.clone(),
    };
    let registry = tools::registry();
    let edited = Document::edit(&request.written.place.tokens_file, |document| {
        let (before, after) = document.change(&request.name, wanted)?;
        if !request.yes && scope::widens(&before, &after, &registry) {
            return Err(EditFault::Widens(request.name.clone()));
        }
        Ok((before, after))
    });
    let (before, after) = edited?;
    scope::warn_of_strangers(parsed, routers);
    output::write(&format!("before: {}\nafter:  {}\n", words(&before), words(&after)))?;
    tell_server(&request.written);
    Ok(())
}

fn words(row: &Row) -> String {
    format!(
        "routers={} tools={} expires={}",
        row.routers.join(","),
        row.tools.join(","),
        row.expires_at.as_deref().unwrap_or("never")
    )
}

/// The secret, and on a terminal what to do with it.
fn hand_over(secret: &SecretString) -> io::Result<()> {
    output::write(&format!("{}\n", secret.expose_secret()))?;
    if io::stdout().is_terminal() && io::stderr().is_terminal() {
        eprintln!("this is shown once; clients send it as 'Authorization: Bearer …'");
    }
    Ok(())
}

/// Lets a running server take over the file at once; its watch would do so a little later.
pub(super) fn tell_server(written: &Written) {
    let Some(pid) = written.server_pid else { return };
    let told = Pid::from_raw(pid).ok_or(rustix::io::Errno::SRCH);
    if let Err(error) = told.and_then(|pid| kill_process(pid, Signal::HUP)) {
        eprintln!("rust-junosmcp: warning: process {pid} cannot be told: {error}");
    }
}
