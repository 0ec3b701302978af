//! `add_device`: a router and its host key, for good.

mod details;
mod form;
mod trust;

use std::{path::Path, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    devices::Found,
    inventory::{AddFault, Entry, Router},
    tools::{
        asking::Stop,
        call::Call,
        code::Code,
        failure::Failure,
        outcome::Structured,
        spec::{Effect, Spec},
    },
    work::Work,
};
use details::{Args, Details};
use trust::Trusted;

/// Time for everything but people.
const WHOLE: Duration = Duration::from_secs(600);

/// What a refusal leaves behind.
const NOT_ADDED: &str = "nothing was added";

/// What became of it.
#[derive(Default, Serialize, JsonSchema)]
struct Output {
    /// `added`, or `host_key_confirmation_required`: then nothing was saved.
    status: &'static str,
    /// The router's name.
    added: Option<String>,
    /// How many routers there are now.
    router_count: Option<usize>,
    /// The file that holds it.
    inventory_file: Option<String>,
    /// `known`, `enrolled` or `not_checked`.
    host_key: Option<&'static str>,
    /// Of its host key.
    fingerprint: Option<String>,
    /// Of its host key.
    key_type: Option<String>,
    /// Whether a login was tried.
    tested: Option<bool>,
    /// Its release, if a login was tried and the router tells it.
    version: Option<String>,
    /// Whether you may use it.
    visible_to_caller: Option<bool>,
    /// What to do next.
    message: Option<String>,
}

pub(super) fn spec() -> Spec {
    Spec::structured("add_device", "Add a router", Effect::Write, run)
}

async fn run(call: Call, args: Args) -> Result<Structured<Output>, Stop> {
    if call.services().settings.inventory_readonly {
        let text = "inventory is read-only (--inventory-readonly)";
        return Err(Failure::new(Code::InventoryReadonly, text)
            .hint("the operator decides whether routers may be added from here")
            .into());
    }
    if call.inventory().path().is_none() {
        // Nobody is asked for what could not be kept.
        return Err(refused(
            "",
            &AddFault::Unwritable("the routers of this server are in no file".to_owned()),
        )
        .into());
    }
    let filled = form::filled(&call, args)?;
    let details = &filled.details;
    call.notes().router(&details.device_name);
    call.refuse_declined(trust::KEY, NOT_ADDED)?;
    call.refuse_declined(trust::UNREACHABLE, NOT_ADDED)?;
    let entry = usable(&call, details)?;
    let work = call.work().narrowed(WHOLE);
    let trusted = match filled.wants_key {
        true => trust::trusted(&call, details, filled.vouched.as_deref(), &entry, filled.by_form).await?,
        false => Trusted::NotChecked,
    };
    let found = match trusted {
        Trusted::NotChecked => None,
        Trusted::Found(found) => Some(*found),
        Trusted::Unconfirmed(found) => return Ok(unconfirmed(details, &found)),
    };
    let version = match (details.test_connection, &found) {
        (true, Some(found)) => tried(&call, &entry, found, &work).await?,
        _ => None,
    };
    let output = saved(&call, details, found, version).await?;
    Ok(output.into())
}

/// The entry as it would be used, once nothing speaks against it that can be known without contacting the router.
fn usable(call: &Call, details: &Details) -> Result<Arc<Entry>, Failure> {
    let name = &details.device_name;
    if call.inventory().get(name).is_some() {
        return Err(exists(name));
    }
    let router = call.inventory().would_be(name, &details.entry());
    let judged = router
        .as_ref()
        .map(|router: &Router| (router.entry.clone(), router.problem()));
    match judged {
        Some((Some(_), Some(problem))) if problem.key_file => {
            let text = format!("router '{name}': the private key file is not there or cannot be used; {NOT_ADDED}");
            Err(Failure::new(Code::KeyFileMissing, text)
                .hint("give the path of an OpenSSH private key on the server's host, or use type ssh_agent"))
        }
        Some((Some(entry), _)) => Ok(entry),
        _ => Err(Failure::new(
            Code::InvalidArgument,
            format!("router '{name}' would not be usable; {NOT_ADDED}"),
        )
        .hint("compare each argument with its description")),
    }
}

fn exists(name: &str) -> Failure {
    Failure::new(
        Code::DeviceExists,
        format!("router '{name}' already exists; {NOT_ADDED}"),
    )
    .hint("choose another device_name; the operator changes or removes entries in the file")
}

/// Logs in once and asks for the release.
async fn tried(call: &Call, entry: &Arc<Entry>, found: &Found, work: &Work) -> Result<Option<String>, Failure> {
    let services = call.services();
    let time = services.devices.connect_timeout(entry) + services.settings.command_timeout;
    let probe = services.devices.try_with(entry, found, &work.narrowed(time)).await;
    match probe.fault {
        None => Ok(probe.version),
        Some(fault) => Err(not_added(fault.into())),
    }
}

/// What the router or the way to it said, with what that means here.
fn not_added(failure: Failure) -> Failure {
    let message = format!("{}; {NOT_ADDED}", failure.message());
    failure.saying(message)
}

fn unconfirmed(details: &Details, found: &Found) -> Structured<Output> {
    let (fingerprint, key_type) = (found.key().fingerprint(), found.key().kind());
    let message = format!(
        "nothing was saved: '{}' shows the host key {key_type} {fingerprint}, which nobody has vouched for; compare it with the \
         router's console, then repeat the call with host_key_fingerprint",
        details.device_name
    );
    let output = Output {
        status: "host_key_confirmation_required",
        fingerprint: Some(fingerprint),
        key_type: Some(key_type),
        message: Some(message.clone()),
        ..Output::default()
    };
    Structured::with_text(output, message)
}

/// Writes key and router down, under one lock; the file must still be what was read.
async fn saved(
    call: &Call,
    details: &Details,
    found: Option<Found>,
    version: Option<String>,
) -> Result<Output, Failure> {
    let (services, name, entry) = (
        Arc::clone(call.services()),
        details.device_name.clone(),
        details.entry(),
    );
    let shown = found.clone();
    let writing = tokio::task::spawn_blocking(move || {
        let turn = services.stock.turn();
        let edit = turn.edit(&name, &entry).map_err(|fault| refused(&name, &fault))?;
        // A key without its router is harmless, a router without its key cannot be reached.
        if let Some(found) = shown.filter(|found| !found.is_known()) {
            services
                .devices
                .trust(&name, &found)
                .map_err(|fault| not_added(fault.into()))?;
        }
        edit.write().map_err(|fault| refused(&name, &fault))
    });
    let count = writing
        .await
        .map_err(|_| Failure::new(Code::Internal, "the inventory could not be written"))??;
    let path = call.inventory().path().and_then(Path::file_name);
    let key = found.as_ref().map(Found::key);
    let (host_key, message) = match &found {
        None => (
            "not_checked",
            "its host key was not looked at; unless it is on file already, connecting is refused until \
             rust-junosmcp known-hosts scan has written it down",
        ),
        Some(found) if found.is_known() => ("known", "it can be used at once"),
        Some(_) => ("enrolled", "it can be used at once"),
    };
    Ok(Output {
        status: "added",
        added: Some(details.device_name.clone()),
        router_count: Some(count),
        inventory_file: path.map(|name| name.to_string_lossy().into_owned()),
        host_key: Some(host_key),
        fingerprint: key.map(|key| key.fingerprint()),
        key_type: key.map(|key| key.kind()),
        tested: Some(details.test_connection),
        version,
        visible_to_caller: Some(call.caller().reaches(&details.device_name, &details.tags)),
        message: Some(message.to_owned()),
    })
}

fn refused(name: &str, fault: &AddFault) -> Failure {
    match fault {
        AddFault::Exists => exists(name),
        AddFault::Changed => Failure::new(Code::InventoryChanged, format!("{fault}; {NOT_ADDED}"))
            .hint("somebody edited the file: call reload_devices, look at what is there, and repeat the call"),
        AddFault::Unwritable(_) => Failure::new(
            Code::InventoryWriteFailed,
            format!("the inventory cannot be written: {fault}; {NOT_ADDED}"),
        )
        .hint("the operator has to make the file and its folder writable for this server"),
    }
}
